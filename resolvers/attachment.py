"""Where an attachment's fields come from."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from sqlalchemy import func

from authz import attachment as policy
from authz.engine.sql import Keys, table
from models.seen import SeenAttachment
from resolvers import ids
from resolvers.data_keys import data_keys
from resolvers.engine.run import Run
from resolvers.engine.source import Batch, Column, Entity, Many, Rows, Source
from vault.envelope import unseal
from vault.tickets import Tickets

ENTITIES = (Entity("Attachment", SeenAttachment, visible=policy.visible),)
PATH = "/attachments/"


def of_message(keys: Keys) -> Rows:
    """In the order in which they were uploaded."""
    row = table(SeenAttachment, "file")
    return Rows(row, row, [policy.of_message(row, keys)], [row.c.id], link=row.c.message_id)


async def names(run: Run, inputs: Sequence[Any]) -> list[str]:
    """Whoever is given the name of a message's file is given the message: it cannot be taken back after that."""
    keys = await data_keys(run, (child_id for _, child_id, *_ in inputs))
    told = []
    for file_id, child_id, key_cipher, name_cipher, given_with in inputs:
        if given_with is not None:
            run.given(given_with, None)
        file_key = unseal(keys[child_id], key_cipher, "attachment.key", file_id)
        told.append(unseal(file_key, name_cipher, "attachment.name", file_id).decode())
    return told


async def links(run: Run, inputs: Sequence[Any]) -> list[str]:
    """As with a name: a link is as good as the file."""
    for _, given_with in inputs:
        if given_with is not None:
            run.given(given_with, None)
    tickets = Tickets(run.services.vault)
    values = run.values
    subject = (values["issuer"], values["subject"]) if values["subject"] is not None else None
    holder = tickets.holder(values["number_hash"], subject)
    return [PATH + tickets.issue(file_id, holder, values["now"]) for file_id, _ in inputs]


SOURCES: dict[str, Source] = {
    "Message.attachments": Many("Attachment", of_message),
    "Attachment.id": Column(lambda row, _: row.c.id, partial(ids.encode, ids.TYPE_BYTES["Attachment"])),
    "Attachment.name": Batch(
        lambda row, keys: func.row(
            row.c.id, row.c.child_id, row.c.key_cipher, row.c.name_cipher, policy.newly_given(row, keys)
        ),
        names,
    ),
    "Attachment.mediaType": Column(lambda row, _: row.c.media_type),
    "Attachment.size": Column(lambda row, _: row.c.size),
    "Attachment.url": Batch(lambda row, keys: func.row(row.c.id, policy.newly_given(row, keys)), links),
}
