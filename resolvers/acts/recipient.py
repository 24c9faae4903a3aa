"""Whom a thread or message reaches: told before it is written, and held to when it is.

A preview's token is a seal over the viewer, the child, the unit and all who would receive or could read it. An act that
names more than one recipient bears it, and is refused when the seal no longer fits.
"""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import Uuid, bindparam, select

from authz import child, recipient, thread
from authz.engine.policy import Relation
from authz.engine.sql import HERE, table
from models import Thread, Unit
from models.seen import SeenChild
from resolvers import ids
from resolvers.acting import Acting
from resolvers.engine.source import Looked, ReadBack, Source, Told
from resolvers.problems import ActRefused, Problem, ProblemCode, Text, invalid, not_allowed, not_found

MOST_RECIPIENTS = 50
WHICH = bindparam("which", type_=Uuid())
KEY = bindparam("key", type_=Uuid())

CHANGED = Text(
    nb="Mottakerne er ikke lenger de samme. Se hvem det når nå, og send på nytt.",
    nn="Mottakarane er ikkje lenger dei same. Sjå kven det når no, og send på nytt.",
    en="The recipients are no longer the same. See whom it reaches now, and send again.",
)
PREVIEW_NEEDED = Text(
    nb="Det er flere mottakere. Se hvem det når først, og send med koden derfra (previewToken).",
    nn="Det er fleire mottakarar. Sjå kven det når først, og send med koden derifrå (previewToken).",
    en="There are several recipients. See whom it reaches first, and send with the token from there (previewToken).",
)
NO_RECIPIENT = Text(nb="Velg hvem det skal gå til.", nn="Vel kven det skal gå til.", en="Choose whom it is for.")
TOO_MANY = Text(
    nb="Det er {found} mottakere, og grensen er {limit}.",
    nn="Det er {found} mottakarar, og grensa er {limit}.",
    en="There are {found} recipients, and the limit is {limit}.",
)
NOT_JOINT = Text(
    nb="En felles samtale har minst to foresatte.",
    nn="Ein felles samtale har minst to føresette.",
    en="A joint thread has at least two on the guardian side.",
)
JOINT_REFUSED = Text(
    nb="En felles samtale er ikke mulig for dette barnet. Skriv til hver for seg.",
    nn="Ein felles samtale er ikkje mogleg for dette barnet. Skriv til kvar for seg.",
    en="A joint thread cannot be had for this child. Write to each by themself.",
)


@dataclass(frozen=True)
class Place:
    """The child and the unit that a thread is about and belongs to, as the viewer may start one there."""

    child_id: UUID
    unit_id: UUID
    family: bool
    """The viewer is on the guardian side."""
    for_unit: bool
    """The viewer may speak for the unit."""


@dataclass(frozen=True)
class Named:
    """A recipient of a new thread."""

    person_id: UUID
    side: str
    type_name: str
    key: UUID


async def place_of(acting: Acting, given: Mapping[str, Any], *, changing: bool = False) -> Place:
    """Where a thread is to begin. NOT_FOUND for a child or unit that the viewer does not see; NOT_ALLOWED where they
    see both and may not write. Holds the child."""
    child_key = acting.key_of(given["childId"], "Child", "input", "childId")
    unit_id = acting.key_of(given["unitId"], "Unit", "input", "unitId")
    person, unit = table(SeenChild, "the_child"), table(Unit, "the_unit")
    known = await acting.row(
        select(person.c.id).where(
            person.c.child_key == KEY, person.c.municipality_id == HERE, child.visible(person.c.id, acting.keys)
        ),
        key=child_key,
    )
    if known is None:
        raise not_found("input", "childId")
    await acting.hold_child(known["id"], changing=changing)
    keys = acting.keys
    seen = await acting.row(
        select(child.visible(recipient.CHILD, keys).label("seen")), child_id=known["id"], unit_id=unit_id
    )
    if seen is None or not seen["seen"]:
        raise not_found("input", "childId")
    acting.met(known["id"], in_thread=True)
    there = await acting.row(select(unit.c.id).where(unit.c.id == WHICH, unit.c.municipality_id == HERE), which=unit_id)
    if there is None:
        raise not_found("input", "unitId")
    stands = await acting.row(
        select(
            thread.startable(recipient.CHILD, recipient.UNIT, keys).label("may"),
            thread.on_guardian_side(recipient.CHILD, recipient.UNIT, keys).label("family"),
            thread.speaks_for_unit(recipient.CHILD, recipient.UNIT, keys).label("for_unit"),
        ),
        child_id=known["id"],
        unit_id=unit_id,
    )
    if stands is None or not stands["may"]:
        raise not_allowed("input", "unitId")
    acting.met(known["id"], unit_id, in_thread=True)
    return Place(known["id"], unit_id, stands["family"], stands["for_unit"])


async def named(acting: Acting, place: Place, told: Sequence[str], *, joint: bool) -> list[Named]:
    """The recipients behind the ids, each once; NOT_FOUND for whoever may not be written to, known or not."""
    if len(told) > MOST_RECIPIENTS:
        raise invalid(TOO_MANY, "input", "recipientIds", found=len(told), limit=MOST_RECIPIENTS)
    if not told and not place.family:
        raise invalid(NO_RECIPIENT, "input", "recipientIds")
    by_key = {(one.type_name, one.key): one for one in await reachable(acting, place)}
    chosen: dict[UUID, Named] = {}
    for one in told:
        decoded = ids.decode(one)
        found = by_key.get(decoded) if decoded is not None else None
        if found is None or found.person_id == acting.viewer_id:
            raise not_found("input", "recipientIds")
        chosen[found.person_id] = found
    if joint:
        if place.family or len(chosen) < 2:
            raise invalid(NOT_JOINT, "input", "joint")
        refused = await acting.row(recipient.joint_refused(), child_id=place.child_id)
        if refused is not None and refused["refused"]:
            raise not_allowed("input", "joint", text=JOINT_REFUSED)
    return list(chosen.values())


async def reachable(acting: Acting, place: Place) -> list[Named]:
    """Everybody whom the viewer may name: the child's staff there, or the guardians and delegates."""
    of = {"child_id": place.child_id, "unit_id": place.unit_id}
    if place.family:
        staff = await acting.rows(recipient.staff_of_child(), **of)
        return [Named(row["id"], "UNIT", "StaffMember", row["staff_key"]) for row in staff]
    return [relative(row) for row in await acting.rows(recipient.family_of_child(), **of)]


def relative(row: Any) -> Named:
    if row["is_guardian"]:
        return Named(row["id"], "GUARDIAN", "Guardian", row["guardian_key"])
    return Named(row["id"], "GUARDIAN", "OtherAdult", row["adult_key"])


async def readers(acting: Acting, place: Place, but: Iterable[UUID]) -> list[tuple[UUID, UUID, Relation]]:
    """Id, key and relation of those who can read every thread about the child at the unit (T3 to T6), by name."""
    left_out = {*but, acting.viewer_id}
    rows = await acting.rows(recipient.staff_of_child(former=True), child_id=place.child_id, unit_id=place.unit_id)
    told = []
    for row in rows:
        by = Relation(row["relations"]) & recipient.READS_ALL
        if by and row["id"] not in left_out:
            told.append((row["id"], row["staff_key"], next(one for one in Relation if one in by)))
    return told


def token(acting: Acting, place: Place, reached: Iterable[UUID], reading: Iterable[UUID], *, joint: bool) -> str:
    """The seal: the same as long as nothing of it changes, for this viewer only."""
    parts = (acting.viewer_id, place.child_id, place.unit_id, joint, sorted(reached), sorted(reading))
    sealed = acting.services.vault.keyed_hash(repr(parts), "recipient preview")
    return urlsafe_b64encode(sealed).rstrip(b"=").decode()


async def agreed(acting: Acting, place: Place, given: Mapping[str, Any]) -> list[Named]:
    """The recipients of an act that is about to be carried out: as the preview said, where there are several."""
    told, joint, sealed = given["recipientIds"], bool(given.get("joint")), given.get("previewToken")
    changed = ActRefused(Problem(ProblemCode.CONFLICT, CHANGED, ("input", "previewToken")))
    try:
        chosen = await named(acting, place, told, joint=joint)
    except ActRefused as refusal:
        # Who can no longer be written to was one of those whom the preview named.
        if sealed is not None and refusal.problems[0].code is ProblemCode.NOT_FOUND:
            raise changed from None
        raise
    if sealed is None:
        if len(chosen) > 1:
            raise invalid(PREVIEW_NEEDED, "input", "previewToken")
        return chosen
    reached = [one.person_id for one in chosen]
    reading = [reader[0] for reader in await readers(acting, place, reached)]
    if not hmac.compare_digest(token(acting, place, reached, reading, joint=joint).encode(), sealed.encode()):
        raise changed
    return chosen


async def preview(acting: Acting, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Of a new thread; or, with `threadId`, of a message in a thread."""
    given = arguments["input"]
    if given.get("threadId") is not None:
        return await preview_of_message(acting, given["threadId"])
    for name in ("childId", "unitId"):
        if given.get(name) is None:
            raise not_found("input", name)
    place = await place_of(acting, given)
    joint = bool(given.get("joint"))
    chosen = await named(acting, place, given.get("recipientIds") or [], joint=joint)
    reached = [one.person_id for one in chosen]
    reading = await readers(acting, place, reached)
    return {
        "recipients": [{"person": (one.type_name, one.key), "side": one.side} for one in chosen],
        "readers": told_readers(reading),
        "unit": None if chosen else place.unit_id,
        "threads": 1 if joint or place.family else len(chosen),
        "previewToken": token(acting, place, reached, (reader[0] for reader in reading), joint=joint),
    }


async def preview_of_message(acting: Acting, told: str) -> Mapping[str, Any]:
    thread_id = acting.key_of(told, "Thread", "input", "threadId")
    row = table(Thread, "written_in")
    keys = acting.keys
    found = await acting.row(
        select(
            row.c.child_id,
            row.c.unit_id,
            thread.writable(row, keys).label("may"),
            thread.on_guardian_side(row.c.child_id, row.c.unit_id, keys).label("family"),
        ).where(row.c.id == WHICH, thread.visible(row, keys)),
        which=thread_id,
    )
    if found is None:
        raise not_found("input", "threadId")
    acting.met(found["child_id"], found["unit_id"], in_thread=True)
    if not found["may"]:
        raise not_allowed("input", "threadId")
    place = Place(found["child_id"], found["unit_id"], found["family"], False)
    of = {"child_id": place.child_id, "unit_id": place.unit_id}
    family = {row["id"]: relative(row) for row in await acting.rows(recipient.family_of_child(), **of)}
    staff = {row["id"]: row for row in await acting.rows(recipient.staff_of_child(), **of)}
    reached: list[Named] = []
    for part in await acting.rows(recipient.taking_part(), thread_id=thread_id):
        person_id = part["person_id"]
        if person_id == acting.viewer_id:
            continue
        if part["side"] == "GUARDIAN" and person_id in family:
            reached.append(family[person_id])
        elif part["side"] == "UNIT" and person_id in staff:
            reached.append(Named(person_id, "UNIT", "StaffMember", staff[person_id]["staff_key"]))
    reached.sort(key=lambda one: one.key)  # a person's id would tell who was known first
    to = [one.person_id for one in reached]
    reading = await readers(acting, place, to)
    to_unit = place.family and not any(one.side == "UNIT" for one in reached)
    return {
        "recipients": [{"person": (one.type_name, one.key), "side": one.side} for one in reached],
        "readers": told_readers(reading),
        "unit": place.unit_id if to_unit else None,
        "threads": 1,
        "previewToken": token(acting, place, to, (reader[0] for reader in reading), joint=False),
    }


def told_readers(reading: Iterable[tuple[UUID, UUID, Relation]]) -> list[dict[str, Any]]:
    return [{"person": key, "relation": relation.name} for _, key, relation in reading]


SOURCES: dict[str, Source] = {
    "Query.recipientPreview": Looked(preview),
    "RecipientPreview.recipients": Told(),
    "RecipientPreview.readers": Told(),
    "RecipientPreview.unit": ReadBack(("Unit",)),
    "RecipientPreview.threads": Told(),
    "RecipientPreview.previewToken": Told(),
    "RecipientPreview.problems": Told(),
    "PreviewRecipient.person": ReadBack(("Guardian", "OtherAdult", "StaffMember")),
    "PreviewRecipient.side": Told(),
    "PreviewReader.person": ReadBack(("StaffMember",)),
    "PreviewReader.relation": Told(),
}
