"""The example client as people meet it: a server behind it, and no way to the internet.

Wants Chromium, the dependency group `browser`, and Node with a way to an npm registry, the first time; is skipped, and
says so, where one of them is missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from lint.inbox import FOLDER, PackagesNotFetched, environment, prepare
from server.graphiql import GraphiqlNotBuilt
from tests.browser.inbox import Crowd, Visitor
from tests.browser.stage import LOOPBACK, free_port, running

AXE = FOLDER / "node_modules/axe-core/axe.min.js"
NARROW = {"width": 320, "height": 640}
CHILD, SCHOOL, SFO = "Vakker Blomst", "Kurland skole", "Kurland SFO"


@pytest.fixture(scope="module")
async def address(browser: Any, demo: str, folder: Path) -> AsyncIterator[str]:
    """The built client, served as `npm run preview` does."""
    try:
        node = await asyncio.to_thread(prepare)
    except (GraphiqlNotBuilt, PackagesNotFetched) as problem:
        pytest.skip(f"The example client cannot be built here. {problem}")
    port = free_port()
    command = [str(node.command), "node_modules/vite/bin/vite.js", "preview", "--port", str(port), "--strictPort"]
    where = f"http://{LOOPBACK}:{port}"
    told = environment(node) | {"INNSYN_ADDRESS": demo}
    async with running(command, where, "/", folder / "preview.log", cwd=FOLDER, env=told):
        yield where


@pytest.fixture
async def crowd(browser: Any, address: str) -> AsyncIterator[Crowd]:
    opened = Crowd(browser, address)
    yield opened
    await opened.leave()


def assert_kept_to_itself(visitor: Visitor, address: str) -> None:
    here = (f"{address}/", f"ws{address.removeprefix('http')}/")
    assert [url for url in visitor.seen.requests if not url.startswith(here)] == []
    assert visitor.seen.complaints == []


async def test_a_teacher_takes_back_what_the_guardian_has_not_been_given(crowd: Crowd) -> None:
    teacher = await crowd.visitor("contact-teacher")
    await teacher.begin_to_guardians("4A", ["Modig Blomst"], "Taken back", "Not what I meant to say")
    await teacher.send()
    await teacher.heading("Taken back")
    await teacher.page.get_by_role("button", name="Retract the message").click()
    await teacher.message("The message was retracted.").wait_for()
    guardian = await crowd.visitor("guardian")
    await guardian.open_thread("Taken back")
    await guardian.message("The message was retracted.").wait_for()
    assert "Not what I meant" not in await guardian.received()


# --- writing -----------------------------------------------------------------------------------------------------


async def test_a_message_whose_answer_is_lost_is_sent_again_and_arrives_once(crowd: Crowd) -> None:
    guardian = await crowd.visitor("guardian")
    await guardian.begin_to_unit(CHILD, SFO, "Sent twice", "The line went dead")
    keys: list[str] = []

    async def answer_is_lost(route: Any) -> None:
        asked = json.loads(route.request.post_data)
        if "StartThread" not in asked["query"]:
            await route.continue_()
            return
        keys.append(asked["variables"]["input"]["idempotencyKey"])
        if len(keys) == 1:
            # The server carries it out, and nobody hears.
            await route.fetch()
            await route.abort()
        else:
            await route.continue_()

    await guardian.page.route("**/graphql", answer_is_lost)
    await guardian.send()
    await guardian.page.get_by_text("It is safe to send again").wait_for()
    await guardian.page.get_by_role("button", name="Send again").click()
    await guardian.heading("Sent twice")
    assert len(keys) == 2
    assert keys[0] == keys[1]
    await guardian.go("Inbox")
    await guardian.page.locator(".threads > li", has_text="Sent twice").first.wait_for()
    assert await guardian.page.locator(".threads > li", has_text="Sent twice").count() == 1


async def test_a_teacher_writes_to_both_guardians_and_each_gets_a_thread_of_their_own(crowd: Crowd) -> None:
    teacher = await crowd.visitor("contact-teacher")
    await teacher.begin_to_guardians("4A", ["Modig Blomst", "Rolig Fjell"], "To each of you", "The same to both")
    await teacher.preview().get_by_text("It becomes 2 conversations").wait_for()
    await teacher.send()
    await teacher.heading("Inbox")
    await teacher.page.locator(".threads > li", has_text="To each of you").nth(1).wait_for()
    guardian = await crowd.visitor("guardian")
    threads = guardian.page.locator(".threads > li", has_text="To each of you")
    await threads.first.wait_for()
    assert await threads.count() == 1


# --- who sees what -----------------------------------------------------------------------------------------------


async def test_a_contact_teacher_sees_the_class_with_its_guardians_and_newest_threads(crowd: Crowd) -> None:
    teacher = await crowd.visitor("contact-teacher")
    await teacher.go("4A")
    await teacher.heading("4A, Kurland skole")
    card = teacher.page.locator(".cards > li", has_text="Modig Blomst")
    await card.get_by_role("heading", name=CHILD).wait_for()
    assert await card.locator('a[href^="tel:"]').count() >= 1
    assert await card.locator('a[href*="/thread/"]').count() >= 1
    await card.locator('a[href*="/thread/"]').first.click()
    await teacher.page.get_by_role("heading", name="Who takes part").wait_for()


async def test_staff_of_an_sfo_page_through_the_whole_units_history(crowd: Crowd) -> None:
    """T5; and nothing of the school's."""
    member = await crowd.visitor("sfo-staff")
    await member.go(SFO)
    await member.heading(SFO)
    await member.page.get_by_role("status").filter(has_text="Showing 25 of").wait_for()
    await member.page.get_by_role("button", name="Show more").click()
    await member.page.get_by_role("status").filter(has_text="Showing 50 of").wait_for()
    about = await member.page.locator(".threads .about").all_inner_texts()
    assert len(about) == 50
    assert [line for line in about if SFO not in line] == []


async def test_a_guardian_filters_and_finds_the_same_when_the_page_is_loaded_anew(crowd: Crowd) -> None:
    guardian = await crowd.visitor("guardian")
    await guardian.page.get_by_label("Child").select_option(label=CHILD)
    await guardian.page.wait_for_url("**/#/inbox?child=*")
    await guardian.page.reload()
    await guardian.page.locator(".threads .about").first.wait_for()
    about = await guardian.page.locator(".threads .about").all_inner_texts()
    assert [line for line in about if CHILD not in line] == []


# --- for everyone ------------------------------------------------------------------------------------------------


async def test_somebody_without_a_mouse_signs_in_finds_a_thread_and_writes(crowd: Crowd) -> None:
    guardian = await crowd.visitor()
    page, keys = guardian.page, guardian.page.keyboard
    await guardian.heading("Who are you?")
    await page.get_by_text("Mother of four").wait_for()

    async def focus() -> str:
        text: str = await page.evaluate(
            "(document.activeElement.labels?.[0] ?? document.activeElement).innerText.trim().split('\\n')[0]"
        )
        return text

    async def tab_to(name: str, *, backwards: bool = False) -> None:
        for _ in range(60):
            if (await focus()).startswith(name):
                return
            await keys.press("Shift+Tab" if backwards else "Tab")
        raise AssertionError(f"no way to {name}")

    await tab_to("Find a person")
    await keys.type("mother of four")
    await tab_to("Guardian")
    await keys.press("Enter")
    await guardian.heading("Inbox")
    assert await focus() == "Inbox"
    await tab_to("Skip to content", backwards=True)
    await keys.press("Enter")
    assert await focus() == "Inbox"
    await tab_to("Write", backwards=True)
    await keys.press("Enter")
    await guardian.heading("New conversation")
    assert await focus() == "New conversation"
    await tab_to("Whom is it about?")
    await keys.type(CHILD)
    await page.get_by_label("Which unit?").wait_for()
    await tab_to("Which unit?")
    await keys.type(SCHOOL)
    await tab_to("Subject")
    await keys.type("By keyboard alone")
    await tab_to("Message")
    await keys.type("Not one click")
    await guardian.preview().get_by_role("heading", name="Goes to").wait_for()
    await tab_to("Send")
    await keys.press("Enter")
    await guardian.heading("By keyboard alone")
    assert await focus() == "By keyboard alone"
    await guardian.message("Not one click").wait_for()


async def test_the_audit_for_accessibility_finds_nothing_on_any_page(crowd: Crowd) -> None:
    """axe-core, by its rules for WCAG 2.2 AA and best practice, in both languages, wide and as narrow as 320 pixels."""
    source = await asyncio.to_thread(AXE.read_text, "utf-8")
    teacher = await crowd.visitor(viewport=NARROW, reduced_motion="reduce")
    found: dict[str, Any] = {"sign-in": await audited(teacher, source)}
    await teacher.sign_in("contact-teacher")
    await teacher.page.locator(".threads").wait_for()
    found["inbox"] = await audited(teacher, source)
    for link, heading in (("4A", "4A, Kurland skole"), (SCHOOL, SCHOOL)):
        await teacher.go(link)
        await teacher.heading(heading)
        await teacher.page.locator(".cards, .threads").first.wait_for()
        found[link] = await audited(teacher, source)
    await teacher.begin_to_guardians("4A", ["Modig Blomst"], "Audited", "An audit")
    found["write"] = await audited(teacher, source)
    await teacher.page.get_by_role("button", name="Norsk").click()
    await teacher.page.get_by_role("navigation").get_by_role("link", name="Innboks").click()
    await teacher.page.locator(".threads a").first.click()
    await teacher.page.get_by_role("heading", name="Hvem deltar").wait_for()
    found["thread"] = await audited(teacher, source)
    assert {page: wrong for page, wrong in found.items() if wrong} == {}
    assert len(found) == 6


async def audited(visitor: Visitor, source: str) -> list[str]:
    """What is wrong with the page as it stands; also that it is wider than a narrow screen, or than a wider one when
    letters are twice as large."""
    await visitor.page.evaluate(source)
    told = await visitor.page.evaluate("axe.run()")
    assert len(told["passes"]) > 10
    wrong = [
        f"{rule['id']}: {node['target']} {node.get('failureSummary', '')}"
        for rule in told["violations"]
        for node in rule["nodes"]
    ]
    for letters, size in (("100%", NARROW), ("200%", {"width": 640, "height": 640})):
        await visitor.page.set_viewport_size(size)
        await visitor.page.evaluate("size => { document.documentElement.style.fontSize = size; }", letters)
        wide = await visitor.page.evaluate("document.scrollingElement.scrollWidth")
        if wide > size["width"]:
            wrong.append(f"{wide} pixels wide on {size['width']} with letters of {letters}")
    await visitor.page.set_viewport_size(NARROW)
    await visitor.page.evaluate("document.documentElement.style.fontSize = ''")
    return wrong


async def test_a_norwegian_browser_is_spoken_to_in_norwegian_by_the_page_and_the_server(crowd: Crowd) -> None:
    visitor = await crowd.visitor(locale="nb-NO")
    page = visitor.page
    await visitor.heading("Hvem er du?")
    async with page.expect_request("**/graphql") as waited:
        await page.locator('[data-persona="guardian"]').click()
    assert (await waited.value).headers["accept-language"] == "nb"
    await visitor.heading("Innboks")
    assert await page.evaluate("document.documentElement.lang") == "nb"
    async with page.expect_request("**/graphql") as waited:
        await page.get_by_role("button", name="English").click()
    assert (await waited.value).headers["accept-language"] == "en"
    await visitor.heading("Inbox")
    assert await page.evaluate("document.documentElement.lang") == "en"
    assert await page.title() == "Inbox"


async def test_a_token_is_nowhere_but_in_memory_and_in_no_address(crowd: Crowd, address: str) -> None:
    visitor = await crowd.visitor()
    page = visitor.page
    async with page.expect_response("**/dev/token") as waited:
        await visitor.sign_in("contact-teacher")
    token = (await (await waited.value).json())["token"]
    await page.locator(".threads").wait_for()
    kept = await page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href,"
        " document.documentElement.outerHTML])"
    )
    assert token not in kept
    assert [url for url in visitor.seen.requests if token in url] == []
    assert await page.context.cookies() == []
    assert_kept_to_itself(visitor, address)
    await page.evaluate("fetch('https://example.com/').catch(() => 0)")
    assert [said for said in visitor.seen.complaints if "connect-src" in said] != []
