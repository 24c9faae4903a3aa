"""GraphiQL as people meet it: in a real browser, with the demo's municipality behind it and no way to the internet.

Wants Chromium on the machine and the dependency group `browser`; is skipped, and says so, where one of them is missing.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from graphql import parse, print_ast

from server.graphiql import GraphiqlBuild, GraphiqlNotBuilt
from tests.browser.stage import MILLISECONDS_TO_SHOW, Seen


@pytest.fixture(scope="module")
async def address(browser: Any, demo: str) -> str:
    """Where the page is, built."""
    try:
        await asyncio.to_thread(GraphiqlBuild().finish)
    except GraphiqlNotBuilt as problem:
        pytest.skip(f"GraphiQL cannot be built here. {problem}")
    return demo


@pytest.fixture
async def page(browser: Any, seen: Seen) -> AsyncIterator[Any]:
    context = await browser.new_context(locale="en-GB", viewport={"width": 1360, "height": 800})
    await seen.watch(context)
    opened = await context.new_page()
    opened.set_default_timeout(MILLISECONDS_TO_SHOW)
    yield opened
    await context.close()


async def personas(address: str) -> list[dict[str, str]]:
    async with httpx.AsyncClient(trust_env=False) as client:
        listed: list[dict[str, str]] = (await client.get(f"{address}/dev/personas")).json()
    return listed


def is_question(response: Any) -> bool:
    """Whether it answers a question of the viewer's; the editor itself asks for the schema."""
    request = response.request
    return (
        urlsplit(response.url).path == "/graphql"
        and request.method == "POST"
        and "__schema" not in json.loads(request.post_data)["query"]
    )


async def chosen(page: Any, persona: dict[str, str]) -> Any:
    """Choose a persona, on the door or in the pane; the answer that comes by itself."""
    async with page.expect_response(is_question) as waited:
        await page.locator(f'[data-persona="{persona["id"]}"]').click()
    response = await waited.value
    assert response.status == 200
    return await response.json()


def assert_kept_to_itself(seen: Seen, address: str) -> None:
    assert len(seen.requests) > 10
    here = f"{address}/"
    assert [url for url in seen.requests if not url.startswith((here, f"blob:{here}", "data:"))] == []
    assert seen.complaints == []


async def test_three_personas_ask_the_same_and_get_different_answers(page: Any, seen: Seen, address: str) -> None:
    listed = await personas(address)
    by_login = {persona["login"]: persona for persona in reversed(listed)}
    three = [by_login["private"], by_login["employee"], next(p for p in listed if p not in by_login.values())]
    await page.goto(address)
    await page.get_by_role("heading", name="Who asks?").wait_for()

    await chosen(page, three[0])
    await page.locator(".graphiql-query-editor .view-line").first.wait_for()
    async with page.expect_response(is_question) as waited:
        await page.get_by_label("Example queries").select_option(label="Who am I?")
    said = [(await (await waited.value).json())]
    for persona in three[1:]:
        said.append(await chosen(page, persona))
        assert said[-1] != said[-2]
        assert persona["title"] in await page.locator(".signed-in").inner_text()

    assert [answer for answer in said if "errors" in answer] == []
    people = [answer["data"]["viewer"]["person"] for answer in said]
    assert len({person["id"] for person in people if person}) == 3
    # What stands in the editor is the last one's, and nobody else's.
    name = people[-1]["name"].replace(" ", "\N{NO-BREAK SPACE}")
    shown = page.locator(".result-window .view-lines")
    await shown.get_by_text(f'"{name}"').wait_for()
    for person in people[:-1]:
        assert person["name"].replace(" ", "\N{NO-BREAK SPACE}") not in await shown.inner_text()
    assert_kept_to_itself(seen, address)


async def test_every_persona_has_a_link_whose_query_is_answered(page: Any, seen: Seen, address: str) -> None:
    listed = await personas(address)
    assert len(listed) >= 10
    for persona in listed:
        async with page.expect_response(is_question) as waited:
            await page.goto(f"{address}/#persona={persona['id']}")
        response = await waited.value
        asked = json.loads(response.request.post_data)["query"]
        assert print_ast(parse(asked)) == print_ast(parse(persona["query"]))
        assert "errors" not in await response.json(), persona["id"]
        await page.locator(".about-answer .cost").wait_for()
    assert_kept_to_itself(seen, address)


async def test_what_was_hidden_stands_beside_the_answer(page: Any, seen: Seen, address: str) -> None:
    for persona in await personas(address):
        async with page.expect_response(is_question) as waited:
            await page.goto(f"{address}/#persona={persona['id']}")
        answer = await (await waited.value).json()
        if hidden := answer["extensions"].get("hidden"):
            break
    else:
        raise AssertionError("nothing is hidden from anybody")
    told = page.locator(".hidden-fields li")
    await told.first.wait_for()
    assert sorted(await told.all_inner_texts()) == sorted(f"{name} {count:,}" for name, count in hidden.items())
    assert persona["title"] in await page.locator(".about-answer h2").inner_text()
    assert f"{answer['extensions']['cost']:,}" in await page.locator(".about-answer .cost").inner_text()


async def test_a_token_is_nowhere_but_in_memory(page: Any, seen: Seen, address: str) -> None:
    persona = (await personas(address))[0]
    async with page.expect_response(lambda response: response.url.endswith("/dev/token")) as waited:
        await page.goto(f"{address}/#persona={persona['id']}")
    token = (await (await waited.value).json())["token"]
    await page.locator(".about-answer .cost").wait_for()
    # The editor writes its tabs down half a second late.
    await page.wait_for_timeout(1000)
    kept = await page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href,"
        " document.documentElement.outerHTML])"
    )
    assert token not in kept
    assert [url for url in seen.requests if token in url] == []
    assert await page.context.cookies() == []
    assert await page.evaluate("Object.keys(localStorage)") == []


async def test_a_query_of_ones_own_is_kept_and_not_asked_when_somebody_else_is_chosen(page: Any, address: str) -> None:
    first, second = (await personas(address))[:2]
    await page.goto(f"{address}/#persona={first['id']}")
    await page.locator(".about-answer .cost").wait_for()
    own = "query Mine { viewer { unreadCount } }"
    editor = page.locator(".graphiql-query-editor .view-lines")
    await editor.click()
    await page.keyboard.press("ControlOrMeta+A")
    await page.keyboard.press("Delete")
    await page.keyboard.insert_text(own)
    asked: list[str] = []
    page.on("response", lambda response: asked.append(response.url) if is_question_by_anyone(response) else None)
    await page.locator(f'[data-persona="{second["id"]}"]').click()
    await page.locator(".signed-in", has_text=second["title"]).wait_for()
    await page.get_by_text("Run the query").wait_for()
    await page.wait_for_timeout(500)
    assert asked == []
    assert "Mine" in await editor.inner_text()
    async with page.expect_response(is_question) as waited:
        await page.get_by_label("Execute query").click()
    assert json.loads((await waited.value).request.post_data)["query"] == own


def is_question_by_anyone(response: Any) -> bool:
    return response.request.method == "POST" and urlsplit(response.url).path == "/graphql" and is_question(response)


async def test_a_link_to_nobody_says_so(page: Any, address: str) -> None:
    await page.goto(f"{address}/#persona=nobody-at-all")
    assert "nobody-at-all" in await page.get_by_role("alert").inner_text()


async def test_a_norwegian_browser_is_spoken_to_in_norwegian(browser: Any, address: str) -> None:
    context = await browser.new_context(locale="nb-NO")
    opened = await context.new_page()
    await opened.goto(address)
    await opened.get_by_role("heading", name="Hvem spør?").wait_for()
    assert await opened.evaluate("document.documentElement.lang") == "nb"
    await opened.get_by_role("button", name="English").click()
    await opened.get_by_role("heading", name="Who asks?").wait_for()
    await context.close()


async def test_the_policy_stops_what_the_page_never_should_do(page: Any, seen: Seen, address: str) -> None:
    """The other tests see no complaint; this one sees that there would have been one."""
    await page.goto(address)
    await page.get_by_role("heading", name="Who asks?").wait_for()
    assert seen.complaints == []
    await page.evaluate("fetch('https://example.com/').catch(() => 0)")
    assert [said for said in seen.complaints if "connect-src" in said] != []
    refused = await page.evaluate(
        "(() => { const script = document.createElement('script'); script.textContent = 'window.ran = true';"
        " document.head.append(script); return window.ran !== true; })()"
    )
    assert refused
