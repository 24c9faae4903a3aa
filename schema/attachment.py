"""Files, as a client sees them."""

from __future__ import annotations

import strawberry

from schema.node import Node


@strawberry.type(
    description="A file that belongs to a message or a record. It is uploaded by POST /attachments first (see "
    "docs/records.md) and attached by the act that writes the message or the record."
)
class Attachment(Node):
    id: strawberry.ID = strawberry.field(description="Opaque, and stable.")
    name: str | None = strawberry.field(description="The file's name, as it was uploaded.")
    media_type: str = strawberry.field(description="As `image/jpeg`; found in the file itself.")
    size: int = strawberry.field(description="In bytes.")
    url: str | None = strawberry.field(
        description="Where it is fetched, as a path on this server: for five minutes, and with the viewer's own token."
    )
