"""What can be done: one mutation for each act, each with an input and a payload of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from schema.scalars import acted
from schema.writing import (
    AddParticipantInput,
    MarkThreadReadInput,
    RetractMessageInput,
    SendMessageInput,
    StartThreadInput,
)

if TYPE_CHECKING:
    from schema.writing import (
        AddParticipantPayload,
        MarkThreadReadPayload,
        RetractMessagePayload,
        SendMessagePayload,
        StartThreadPayload,
    )


@strawberry.type(
    description="Everything that can be done. A refused act changes nothing, and `problems` say why. What the viewer "
    "may not see is answered with NOT_FOUND, as what never was."
)
class Mutation:
    start_thread: StartThreadPayload = acted("Starts a thread, or one for each recipient.", StartThreadInput)
    send_message: SendMessagePayload = acted("Writes in a thread.", SendMessageInput)
    mark_thread_read: MarkThreadReadPayload = acted(
        "Moves the viewer's own pointer in a thread forward.", MarkThreadReadInput
    )
    retract_message: RetractMessagePayload = acted(
        "Takes back a message that nobody of the other side has been given.", RetractMessageInput
    )
    add_participant: AddParticipantPayload = acted("Takes a colleague into a thread.", AddParticipantInput)
