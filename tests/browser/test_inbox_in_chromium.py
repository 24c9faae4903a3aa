"""The example client as people meet it: several browsers at once, a server behind them, and no way to the internet.

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
from tests.browser.inbox import Crowd, Line, Visitor
from tests.browser.stage import LOOPBACK, free_port, running

AXE = FOLDER / "node_modules/axe-core/axe.min.js"
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
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


# --- two at once -------------------------------------------------------------------------------------------------


async def test_a_guardian_and_a_teacher_see_what_the_other_writes_and_a_third_never_does(
    crowd: Crowd, address: str
) -> None:
    """T3 opens it to the teacher, T1 to the guardian; T5 keeps the SFO out, C5 the other guardian, T2 a colleague."""
    everyone = ("guardian", "contact-teacher", "sfo-leader", "guardian-apart", "subject-teacher")
    guardian, teacher, *others = await asyncio.gather(*map(crowd.visitor, everyone))

    await guardian.begin_to_unit(CHILD, SCHOOL, "Canary in the subject", "Canary in the first message")
    assert "Kurland skole (the unit as a whole)" in await guardian.preview().inner_text()
    assert "contact teacher" in await guardian.preview().inner_text()
    await guardian.send()
    await guardian.heading("Canary in the subject")

    arrived = teacher.page.locator(".threads > li", has_text="Canary in the subject")
    await arrived.filter(has_text="1 unread").wait_for()
    assert "New message from Modig Blomst" in await teacher.page.get_by_test_id("announced").inner_text()
    await teacher.open_thread("Canary in the subject")
    await teacher.reply("Canary in the reply")
    await guardian.message("Canary in the reply").wait_for()
    await guardian.reply("Canary in the answer")
    await teacher.message("Canary in the answer").wait_for()
    # Nothing was clicked: the reply was on the guardian's screen.
    await teacher.page.locator(".participants > li", has_text="Modig Blomst").get_by_text("read up to").wait_for()

    assert await guardian.was_not_loaded_anew()
    assert await teacher.was_not_loaded_anew()
    assert "Canary in the reply" in await guardian.received()
    for other in others:
        assert any("connection_ack" in frame for frame in other.frames)
        await other.go("Inbox")
        await other.page.get_by_role("status").filter(has_text="Showing").wait_for()
        assert "Canary" not in await other.received()
        assert "Canary" not in await other.page.content()
    for visitor in crowd.visitors:
        assert_kept_to_itself(visitor, address)


async def test_a_guardian_whose_line_breaks_sees_and_hears_what_came_meanwhile(crowd: Crowd) -> None:
    guardian, teacher = await crowd.visitor(), await crowd.visitor("contact-teacher")
    line = await Line.of(guardian.page)
    await guardian.sign_in("guardian")
    await guardian.page.locator(".threads").wait_for()
    await line.breaks()
    await guardian.page.get_by_text("New messages do not come by themselves just now").wait_for()
    await teacher.begin_to_guardians("4A", ["Modig Blomst"], "While you were away", "Written while the line was broken")
    await teacher.send()
    await teacher.heading("While you were away")
    assert await guardian.page.get_by_role("link", name="While you were away").count() == 0
    tries = line.tries
    line.comes_back()
    await guardian.page.evaluate("dispatchEvent(new Event('online'))")
    await guardian.page.get_by_role("link", name="While you were away").wait_for()
    await guardian.page.get_by_test_id("announced").filter(has_text="While you were away").wait_for()
    await guardian.page.get_by_text("New messages do not come").wait_for(state="detached")
    assert tries > 1
    assert await guardian.was_not_loaded_anew()


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


async def test_a_colleague_who_is_taken_in_sees_what_is_written_from_then_on(crowd: Crowd) -> None:
    """T7, by T2."""
    teacher, colleague = await crowd.visitor("contact-teacher"), await crowd.visitor("subject-teacher")
    who = (await colleague.page.get_by_text("Signed in as").inner_text()).removeprefix("Signed in as ")
    await teacher.begin_to_guardians("4A", ["Modig Blomst"], "Two teachers", "Before the colleague came")
    await teacher.send()
    await teacher.heading("Two teachers")
    await teacher.page.get_by_text("Take a colleague in").click()
    await teacher.page.get_by_label("Colleague").select_option(label=who)
    await teacher.page.get_by_role("button", name="Take in").click()
    await teacher.page.locator(".participants > li", has_text=who).wait_for()
    await teacher.reply("After the colleague came")
    await colleague.open_thread("Two teachers")
    await colleague.message("After the colleague came").wait_for()
    assert "Before the colleague came" not in await colleague.received()


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


async def test_a_guardian_who_writes_while_the_server_is_away_keeps_the_text(crowd: Crowd) -> None:
    guardian = await crowd.visitor()
    line = await Line.of(guardian.page)
    await guardian.sign_in("guardian")
    await guardian.page.locator(".threads a").first.click()
    await guardian.page.get_by_label("Message", exact=True).fill("Written in a tunnel")
    await line.breaks()
    await guardian.page.route("**/graphql", lambda route: route.abort())
    await guardian.page.get_by_role("button", name="Update").click()
    await guardian.page.get_by_text("The server cannot be reached").first.wait_for()
    await guardian.page.unroute("**/graphql")
    line.comes_back()
    await guardian.send()
    await guardian.message("Written in a tunnel").wait_for()


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


async def test_a_guardian_is_told_before_something_sensitive_is_sent_and_may_go_on(crowd: Crowd) -> None:
    guardian = await crowd.visitor("guardian")
    await guardian.begin_to_unit(CHILD, SFO, "🙂 Epilepsi", "🙂 Vakker har fått diagnosen epilepsi.")
    await guardian.send()
    nudge = guardian.page.get_by_role("region", name="Perhaps this should not be written here")
    await nudge.get_by_text("(health)").first.wait_for()
    assert await nudge.locator("mark").all_inner_texts() == ["Epilepsi", "fått diagnosen", "epilepsi"]
    assert "+47 0000 0002" in await nudge.get_by_role("link").inner_text()
    assert await nudge.evaluate("box => box === document.activeElement")
    # What was agreed to is this text and no other.
    await guardian.page.get_by_label("Message", exact=True).press_sequentially(" Han")
    await nudge.wait_for(state="detached")
    await guardian.send()
    await nudge.get_by_role("button", name="Send anyway").click()
    await guardian.heading("🙂 Epilepsi")
    await guardian.message("diagnosen epilepsi").wait_for()


async def test_a_national_identity_number_is_never_sent(crowd: Crowd) -> None:
    guardian = await crowd.visitor("guardian")
    await guardian.begin_to_unit(CHILD, SFO, "A number", "Nummeret er 05838846582.")
    await guardian.send()
    nudge = guardian.page.get_by_role("region", name="Perhaps this should not be written here")
    await nudge.get_by_text("cannot be sent").wait_for()
    assert await nudge.locator("mark").all_inner_texts() == ["05838846582"]
    assert await nudge.get_by_role("button", name="Send anyway").count() == 0
    await nudge.get_by_role("button", name="Change the text").click()
    assert await guardian.page.get_by_label("Message", exact=True).evaluate("box => box === document.activeElement")


async def test_a_guardian_fetches_the_file_that_a_teacher_attached(crowd: Crowd) -> None:
    teacher, guardian = await asyncio.gather(*map(crowd.visitor, ("contact-teacher", "guardian")))
    await teacher.begin_to_guardians("4A", ["Modig Blomst"], "With a plan", "The plan is attached")
    attach = teacher.page.get_by_label("Attach a file")
    await attach.set_input_files({"name": "plan.exe", "mimeType": "application/x-msdownload", "buffer": b"MZ"})
    await teacher.page.get_by_role("alert").wait_for()
    await attach.set_input_files({"name": "plan.pdf", "mimeType": "application/pdf", "buffer": PDF})
    await teacher.page.get_by_role("button", name="Remove plan.pdf").wait_for()
    await teacher.send()
    await teacher.heading("With a plan")
    await guardian.open_thread("With a plan")
    async with guardian.page.expect_download() as waited:
        await guardian.page.get_by_role("button", name="plan.pdf (1 kB)").click()
    saved = await waited.value
    assert saved.suggested_filename == "plan.pdf"
    assert await asyncio.to_thread(Path(await saved.path()).read_bytes) == PDF
    assert [said for said in guardian.seen.complaints if "policy" in said] == []


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
    await teacher.begin_to_guardians("4A", ["Modig Blomst"], "Audited", "Nummeret er 05838846582.")
    found["write"] = await audited(teacher, source)
    await teacher.send()
    await teacher.page.get_by_role("button", name="Change the text").wait_for()
    found["nudge"] = await audited(teacher, source)
    await teacher.page.get_by_role("button", name="Norsk").click()
    await teacher.page.get_by_role("navigation").get_by_role("link", name="Innboks").click()
    await teacher.page.locator(".threads a").first.click()
    await teacher.page.get_by_role("heading", name="Hvem deltar").wait_for()
    found["thread"] = await audited(teacher, source)
    assert {page: wrong for page, wrong in found.items() if wrong} == {}
    assert len(found) == 7


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
    async with page.expect_request(lambda asked: asked.headers.get("accept-language") == "en"):
        await page.get_by_role("button", name="English").click()
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
