"""Where it comes from who has looked at a child's data."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from sqlalchemy import ColumnElement, FromClause, Text, any_, case, column, func, or_, select, true
from sqlalchemy.dialects.postgresql import array

from authz import access_log as policy
from authz.engine.policy import Relation, names_of
from authz.engine.sql import Keys, number, table, word
from models import AccessLogDocument
from models.seen import SeenAccessLog, SeenChild
from resolvers.engine.source import Column, Connection, Entity, One, Rows, Source

ENTITIES = (Entity("AccessLogEntry", SeenAccessLog, mask=policy.mask),)

SUBJECTS = {
    "Child": "CHILD",
    "PostalAddress": "ADDRESS",
    "Guardian": "FAMILY",
    "OtherAdult": "FAMILY",
    "Contact": "FAMILY",
    "ParentalResponsibility": "FAMILY",
    "Delegate": "FAMILY",
    "Consent": "FAMILY",
    "Confirmation": "PROTECTION",
    "Block": "PROTECTION",
    "BlockLift": "PROTECTION",
    "Thread": "MESSAGES",
    "Participant": "MESSAGES",
    "Message": "MESSAGES",
    "RecipientPreview": "MESSAGES",
    "PreviewRecipient": "MESSAGES",
    "PreviewReader": "MESSAGES",
    "Attachment": "FILES",
    "Absence": "ABSENCE",
    "PhotoConsent": "PHOTO_CONSENTS",
    "PhotoUse": "PHOTO_CONSENTS",
    "Record": "RECORDS",
    "RecordVersion": "RECORDS",
    "RecordReader": "RECORDS",
    "RecordOpening": "RECORDS",
    "Task": "TASKS",
    "NeedCase": "NEED_CASES",
    "NeedCaseLook": "NEED_CASES",
    "AccessLogEntry": "ACCESS_LOG",
}
"""By type, what a look was at in the words of `AccessLogSubject`."""
SINGLE = {"Child.protectionLevel": "PROTECTION", "Child.nationalId": "NATIONAL_ID", "Child.photoUseAllowed":
          "PHOTO_CONSENTS"}  # fmt: skip


ACTS = {
    "ABSENCE": ("reportAbsence", "registerAbsence", "confirmAbsence", "correctAbsence", "withdrawAbsence"),
    "PROTECTION": ("setBlock", "liftBlock", "confirmGuardian"),
    "FAMILY": ("registerDelegate", "revokeDelegate", "consentToDelegate", "withdrawConsent", "endDelegation"),
    "MESSAGES": ("startThread", "sendMessage", "retractMessage", "markThreadRead", "addParticipant", "sendUnitLetter"),
    "NEED_CASES": ("openNeedCase", "approveNeedCase", "extendNeedCase", "closeNeedCase"),
    "PHOTO_CONSENTS": ("givePhotoConsent", "withdrawPhotoConsent"),
    "RECORDS": ("writeRecord", "writeRecordVersion", "nameRecordReaders", "removeRecordReader", "openRecordBody",
                "holdRecord", "releaseRecord"),
    "TASKS": ("completeTask",),
}  # fmt: skip
"""What an act tells of by its outcome alone."""
SINGLE |= {f"Mutation.{act}": told for told, acts in ACTS.items() for act in acts}
MESSAGES = sorted(name for name, told in (SUBJECTS | SINGLE).items() if told == "MESSAGES")


def subjects(fields: Sequence[str]) -> list[str]:
    told = {SINGLE.get(field) or SUBJECTS.get(field.partition(".")[0]) for field in fields}
    return sorted(word for word in told if word is not None)


@cache
def role(relation: int) -> str:
    return names_of(Relation(relation))[0]


def looks(keys: Keys) -> Rows:
    """Newest first."""
    row, asked = table(SeenAccessLog, "look"), table(SeenChild, "looked_at")
    # Said twice: that the child is one of the entry's, by which the index finds it, and that it is this row's.
    holds_it = row.c.children.op("@>", is_comparison=True)(array([asked.c.id]))
    return Rows(
        row,
        row,
        [policy.visible(row, keys), holds_it],
        [row.c.at, row.c.chain_id, row.c.sequence],
        descending=True,
        link=row.c.child_id,
        beside=lambda child: [(asked, asked.c.id == child)],
    )


def looked_by(row: FromClause, _: Keys) -> ColumnElement[str]:
    """By name: whoever looked need not be among the staff that the viewer sees by now."""
    return func.coalesce(row.c.looker_name, row.c.client)


def fields_of(row: FromClause, _: Keys) -> ColumnElement:
    document = table(AccessLogDocument, "asked_document")
    return (
        select(document.c.fields)
        .where(document.c.digest == row.c.document)
        .correlate_except(document)
        .scalar_subquery()
    )


def fields_told(row: FromClause, keys: Keys) -> ColumnElement:
    """All to a leader; the administration does not learn that there was something to read in threads."""
    document = table(AccessLogDocument, "told_document")
    field = func.unnest(document.c.fields).table_valued(column("told", Text())).render_derived(name="told_field")
    kind_of_field = func.split_part(field.c.told, word("."), number(1))
    hidden = [word(one) for one in MESSAGES]
    others = (
        select(func.array_agg(field.c.told))
        .select_from(document.join(field, true()))
        .where(
            document.c.digest == row.c.document,
            kind_of_field.not_in(hidden),
            field.c.told.not_in(hidden),
            or_(kind_of_field != word("Attachment"), word("RecordVersion.attachments") == any_(document.c.fields)),
        )
        .correlate_except(document, field)
        .scalar_subquery()
    )
    return case((policy.leads_there(row, keys), fields_of(row, keys)), else_=others)


SOURCES: dict[str, Source] = {
    "Child.accessLog": Connection("AccessLogEntry", looks),
    "AccessLogEntry.at": Column(lambda row, _: row.c.at),
    "AccessLogEntry.role": Column(lambda row, _: row.c.relation, role),
    "AccessLogEntry.unit": One("Unit", lambda row, target, _: target.c.id == row.c.unit_id, optional=True),
    "AccessLogEntry.lookedByName": Column(looked_by),
    "AccessLogEntry.subjects": Column(fields_told, subjects),
    "AccessLogEntry.operation": Column(lambda row, _: row.c.operation),
}
