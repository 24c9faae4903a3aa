"""What a client may be told of when it happens, over a websocket or as server-sent events (docs/live.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import strawberry

from schema.scalars import argument, asked

if TYPE_CHECKING:
    from schema.thread import Message, Thread


@strawberry.type(description="The viewer's unread messages, and where something changed.")
class Inbox:
    unread_count: int = strawberry.field(description="Unread messages in all threads that the viewer may see.")
    thread: Thread | None = strawberry.field(
        description="The thread in which something changed; null in the first event, and where it is more than one "
        "thread or not a thread at all: then read the list of threads anew."
    )


@strawberry.type(description="What can be waited for.")
class Subscription:
    message_received: Message = asked(
        "A message that the viewer sees, when it is sent, and once more if it is retracted: then its body is null. Own "
        "messages come too. The same message may come twice, so take it by its id.",
        argument("thread_id", strawberry.ID | None, "Of this thread; of every thread that the viewer may see if not."),
        argument(
            "after",
            str | None,
            "A cursor of `extensions.cursor`: begins with the messages since then, or with the error TOO_MUCH_MISSED.",
        ),
    )
    inbox_changed: Inbox = strawberry.field(
        description="The viewer's inbox: at once, and whenever what is asked of it is another, once a second at most."
    )
