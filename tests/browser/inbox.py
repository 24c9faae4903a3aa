"""People in front of the example client, each in a browser of their own, and all that they were sent."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from typing import Any

from tests.browser.stage import MILLISECONDS_TO_SHOW, Seen


class Visitor:
    """Somebody with a browser; nothing in it is shared with another's."""

    def __init__(self, page: Any, seen: Seen) -> None:
        self.page = page
        self.seen = seen
        self.frames: list[str] = []
        self._bodies: list[asyncio.Task[str]] = []
        page.on("response", lambda response: self._bodies.append(asyncio.ensure_future(body(response))))
        page.on("websocket", self._listen)

    def _listen(self, socket: Any) -> None:
        socket.on("framereceived", lambda frame: self.frames.append(str(frame)))

    async def received(self) -> str:
        """Everything that any server has sent to this browser."""
        return "\n".join([*self.frames, *await asyncio.gather(*self._bodies)])

    async def sign_in(self, persona: str) -> None:
        await self.page.locator(f'[data-persona="{persona}"]').click()
        await self.heading("Inbox")
        # From here on, a page that was loaded anew would have lost this.
        await self.page.evaluate("window.notLoadedAnew = true")

    async def heading(self, name: str) -> None:
        await self.page.get_by_role("heading", name=name, level=1, exact=True).wait_for()

    async def go(self, link: str) -> None:
        await self.page.get_by_role("navigation").get_by_role("link", name=re.compile(f"^{link}")).click()

    async def open_thread(self, subject: str) -> None:
        await self.page.locator(".threads").get_by_role("link", name=subject).click()
        await self.heading(subject)

    async def begin_to_unit(self, child: str, unit: str, subject: str, text: str) -> None:
        """Fill in a new conversation of the home with a unit; it is not sent yet."""
        await self.go("Write")
        await self.heading("New conversation")
        await self.page.get_by_label("Whom is it about?").select_option(label=child)
        await self.page.get_by_label("Which unit?").select_option(label=unit)
        await self.fill_in(subject, text)

    async def begin_to_guardians(self, group: str, guardians: Sequence[str], subject: str, text: str) -> None:
        """Fill in a new conversation with guardians of a child of the class; it is not sent yet."""
        await self.go(group)
        card = self.page.locator(".cards > li", has_text=guardians[0])
        await card.get_by_role("link", name="Write about").click()
        await self.heading("New conversation")
        for guardian in guardians:
            await self.page.get_by_role("group", name="To").get_by_label(guardian).check()
        await self.fill_in(subject, text)

    async def fill_in(self, subject: str, text: str) -> None:
        await self.page.get_by_label("Subject").fill(subject)
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.preview().get_by_role("heading", name="Goes to").wait_for()

    def preview(self) -> Any:
        return self.page.get_by_role("region", name="Who will see this")

    async def send(self) -> None:
        await self.page.get_by_role("button", name="Send", exact=True).click()

    async def reply(self, text: str) -> None:
        await self.page.get_by_label("Message", exact=True).fill(text)
        await self.send()
        await self.message(text).wait_for()

    def message(self, text: str) -> Any:
        return self.page.locator(".messages > li", has_text=text)

    async def was_not_loaded_anew(self) -> bool:
        kept: bool = await self.page.evaluate("window.notLoadedAnew === true")
        return kept


class Line:
    """The websockets of a page, which break and come back as a network does."""

    def __init__(self) -> None:
        self.broken = False
        self.sockets: list[Any] = []
        self.tries = 0

    @classmethod
    async def of(cls, page: Any) -> Line:
        line = cls()
        await page.route_web_socket("**/graphql", line.connect)
        return line

    async def connect(self, socket: Any) -> None:
        self.tries += 1
        if self.broken:
            await socket.close(code=1012)
        else:
            socket.connect_to_server()
            self.sockets.append(socket)

    async def breaks(self) -> None:
        self.broken = True
        for socket in self.sockets:
            await socket.close(code=1012)

    def comes_back(self) -> None:
        self.broken = False


async def body(response: Any) -> str:
    try:
        text: str = await response.text()
    except Exception:  # noqa: BLE001 a redirect, or an answer to a page that has been left, has none
        return ""
    return text


class Crowd:
    """Opens browsers, and closes them all in the end."""

    def __init__(self, browser: Any, address: str) -> None:
        self.browser = browser
        self.address = address
        self.contexts: list[Any] = []
        self.visitors: list[Visitor] = []

    async def visitor(self, persona: str | None = None, **options: Any) -> Visitor:
        """At the sign-in, or signed in as a persona of the demo."""
        options = {"locale": "en-GB", "viewport": {"width": 1000, "height": 800}} | options
        context = await self.browser.new_context(**options)
        self.contexts.append(context)
        seen = Seen()
        await seen.watch(context)
        page = await context.new_page()
        page.set_default_timeout(MILLISECONDS_TO_SHOW)
        visitor = Visitor(page, seen)
        self.visitors.append(visitor)
        await page.goto(self.address)
        if persona is not None:
            await visitor.sign_in(persona)
        return visitor

    async def leave(self) -> None:
        for context in self.contexts:
            await context.close()
