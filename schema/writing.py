"""What is given to and told by the acts on threads and messages, and the preview of whom they reach."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import strawberry

from schema.node import Person
from schema.scalars import Relation, ThreadSide

if TYPE_CHECKING:
    from schema.person import StaffMember
    from schema.thread import Message, Thread
    from schema.unit import Unit

KEY = (
    "Made by the client, at most 200 characters. The same key from the same viewer is carried out once; a repeat gives "
    "what the first act made, and the same key with another input is a CONFLICT."
)
ACKNOWLEDGED = "The viewer has been told of sensitive content (SENSITIVE_CONTENT) and sends it all the same."
ATTACHED = "Files that the viewer has uploaded by POST /attachments and not attached yet; at most 10."
PROBLEMS = "Why nothing was done; empty when it was."


@strawberry.enum(description="Why an act was refused.")
class ProblemCode(Enum):
    NOT_FOUND = strawberry.enum_value("NOT_FOUND", description="It does not exist, or not for the viewer.")
    NOT_ALLOWED = strawberry.enum_value("NOT_ALLOWED", description="The viewer sees it and may not do this with it.")
    INVALID = strawberry.enum_value("INVALID", description="The input does not fit; `field` says where.")
    SENSITIVE_CONTENT = strawberry.enum_value(
        "SENSITIVE_CONTENT", description="The text holds what should not be written here; `details` say what and where."
    )
    TOO_LATE = strawberry.enum_value("TOO_LATE", description="It could have been done before.")
    CONFLICT = strawberry.enum_value("CONFLICT", description="Something has changed since, or was done otherwise.")


@strawberry.type(description="One reason why an act was refused.")
class Problem:
    code: ProblemCode = strawberry.field(description="For programs; stable.")
    message: str = strawberry.field(description="For people, in the language of Accept-Language (nb, nn or en).")
    field: list[str] = strawberry.field(description="Path of the input that it is about.")
    details: list[str] = strawberry.field(description="More to tell, by code.")


@strawberry.input(description="A new thread about a child at a unit.")
class StartThreadInput:
    unit_id: strawberry.ID = strawberry.field(description="The unit that it belongs to; the child is enrolled there.")
    child_id: strawberry.ID = strawberry.field(description="The child that it is about.")
    subject: str = strawberry.field(description="What it is about; at most 200 characters.")
    body: str = strawberry.field(description="The first message; at most 20,000 characters.")
    recipient_ids: list[strawberry.ID] = strawberry.field(
        description="Guardian, OtherAdult or StaffMember ids, at most 50. Empty from the guardian side means the unit. "
        "Several guardians: a thread each, unless joint."
    )
    joint: bool | None = strawberry.field(default=False, description="One thread that all who are named see (T8).")
    on_behalf_of_unit: bool | None = strawberry.field(
        default=False, description="Written on behalf of the unit, by its staff or leader."
    )
    attachment_ids: list[strawberry.ID] | None = strawberry.field(default=strawberry.UNSET, description=ATTACHED)
    acknowledge_sensitive: bool | None = strawberry.field(default=False, description=ACKNOWLEDGED)
    preview_token: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Of `recipientPreview`; needed where several recipients are named, and a CONFLICT when whom it "
        "reaches has changed since.",
    )
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="A message in a thread.")
class SendMessageInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    body: str = strawberry.field(description="The text; at most 20,000 characters.")
    on_behalf_of_unit: bool | None = strawberry.field(
        default=False, description="Written on behalf of the unit, by its staff or leader."
    )
    attachment_ids: list[strawberry.ID] | None = strawberry.field(default=strawberry.UNSET, description=ATTACHED)
    acknowledge_sensitive: bool | None = strawberry.field(default=False, description=ACKNOWLEDGED)
    idempotency_key: strawberry.ID = strawberry.field(description=KEY)


@strawberry.input(description="How far the viewer has read.")
class MarkThreadReadInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    up_to_message_id: strawberry.ID = strawberry.field(description="The last message that was read.")


@strawberry.input(description="A message to be taken back.")
class RetractMessageInput:
    message_id: strawberry.ID = strawberry.field(description="One of the viewer's own.")


@strawberry.input(description="A colleague to be taken in.")
class AddParticipantInput:
    thread_id: strawberry.ID = strawberry.field(description="The thread.")
    person_id: strawberry.ID = strawberry.field(description="A StaffMember id.")


@strawberry.type(description="What came of startThread.")
class StartThreadPayload:
    threads: list[Thread] = strawberry.field(description="The threads that were made.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of sendMessage.")
class SendMessagePayload:
    message: Message | None = strawberry.field(description="The message; null when it was not sent.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of markThreadRead.")
class MarkThreadReadPayload:
    thread: Thread | None = strawberry.field(description="The thread; null when nothing was done.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of retractMessage.")
class RetractMessagePayload:
    message: Message | None = strawberry.field(description="The message without its text; null when it was refused.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.type(description="What came of addParticipant.")
class AddParticipantPayload:
    thread: Thread | None = strawberry.field(description="The thread; null when nothing was done.")
    problems: list[Problem] = strawberry.field(description=PROBLEMS)


@strawberry.input(description="A new thread, or with `threadId` a message in a thread, before it is written.")
class RecipientPreviewInput:
    thread_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The thread that is to be written in; the others are left out then."
    )
    unit_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="As in startThread.")
    child_id: strawberry.ID | None = strawberry.field(default=strawberry.UNSET, description="As in startThread.")
    recipient_ids: list[strawberry.ID] | None = strawberry.field(
        default=strawberry.UNSET, description="As in startThread."
    )
    joint: bool | None = strawberry.field(default=False, description="As in startThread.")


@strawberry.type(description="Somebody whom it reaches.")
class PreviewRecipient:
    person: Person | None = strawberry.field(description="Who; null where the viewer may not see who.")
    side: ThreadSide = strawberry.field(description="On which side.")


@strawberry.type(description="Somebody who is not written to and can read it.")
class PreviewReader:
    person: StaffMember | None = strawberry.field(description="Who; null where the viewer may not see who.")
    relation: Relation = strawberry.field(description="The relation to the child by which they can.")


@strawberry.type(description="Whom a thread or message would reach, and who else could read it.")
class RecipientPreview:
    recipients: list[PreviewRecipient] = strawberry.field(description="Those it is for, without the viewer.")
    readers: list[PreviewReader] = strawberry.field(
        description="Leader, contact teachers, the unit's staff: whoever else reads every thread about the child there."
    )
    unit: Unit | None = strawberry.field(description="The unit, when it is for the unit as such.")
    threads: int | None = strawberry.field(description="How many threads it would be in.")
    preview_token: str | None = strawberry.field(
        description="For the act: it is refused when whom it reaches has changed since. Null when it would be refused."
    )
    problems: list[Problem] = strawberry.field(description="Why it would be refused; empty when it would not.")
