"""What the acts on threads and messages allow, refuse and leave behind (sections 3 and 5 of the rules)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import asyncpg
import pytest

from resolvers.ids import decode
from tests.acts import ADD, PREVIEW, READ, RETRACT, SEND, START, Acts, act, codes
from tests.worlds.village import village
from tests.worlds.world import DAY, oslo


@pytest.fixture
async def acts(place) -> Acts:
    return await Acts.of(place, village())


async def everything(acts: Acts) -> dict[str, list[asyncpg.Record]]:
    """All that acts on threads could change."""
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        tables = ("thread", "participant", "message", "read_pointer", "carried_out", "task")
        return {name: await connection.fetch(f"select * from {name} t order by t::text") for name in tables}
    finally:
        await connection.close()


# --- starting -----------------------------------------------------------------------------------------------------


async def test_guardian_starts_a_thread_to_the_unit(acts: Acts) -> None:
    started = await acts.start("mother", "school", "pupil")
    assert started["problems"] == []
    [thread] = started["threads"]
    assert [(one["side"], one["person"]["id"]) for one in thread["participants"]] == [
        ("GUARDIAN", acts.id("Guardian", "mother"))
    ]
    assert [one["body"] for one in thread["messages"]["nodes"]] == ["Hei"]


async def test_guardian_to_the_unit_is_read_by_contact_teacher_and_leader_only(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    seen = {who for who in acts.people() if await acts.sees(who, thread["id"])}
    assert seen == {"mother", "teacher", "leader"}


async def test_guardian_names_staff_of_the_child(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil", acts.id("StaffMember", "maths_teacher")))["threads"]
    assert await acts.bodies("maths_teacher", thread["id"]) == ["Hei"]
    assert await acts.bodies("assistant", thread["id"]) is None


STARTS = {
    "teacher": "school",
    "maths_teacher": "school",
    "assistant": "school",
    "leader": "school",
    "sfo_worker": "sfo",
    "sfo_leader": "sfo",
}
"""Everybody who stands in a staff relation to the pupil, and where."""


@pytest.mark.parametrize("who", STARTS)
async def test_staff_start_a_thread_with_whom_they_name_and_write_in_it_as_themselves(acts: Acts, who: str) -> None:
    [thread] = (await acts.start(who, STARTS[who], "pupil", acts.id("Guardian", "mother")))["threads"]
    [first] = thread["messages"]["nodes"]
    assert (first["author"], first["onBehalfOf"]) == ({"name": acts.world.people[who].name}, None)
    assert (await acts.send(who, thread["id"], "Mer"))["problems"] == []
    assert await acts.bodies("mother", thread["id"]) == ["Hei", "Mer"]


@pytest.mark.parametrize("who", STARTS)
async def test_staff_do_not_start_a_thread_with_nobody(acts: Acts, who: str) -> None:
    before = await everything(acts)
    assert codes(await acts.start(who, STARTS[who], "pupil")) == ["INVALID"]
    assert await everything(acts) == before


async def with_aunt(place) -> Acts:
    """The aunt is the mother's delegate at the SFO."""
    world = village()
    world.delegate("aunt", "pupil", "sfo")
    world.consent("mother", "pupil", "aunt", "sfo")
    return await Acts.of(place, world)


async def test_a_delegate_starts_threads_and_writes_at_the_own_unit_alone(place) -> None:
    acts = await with_aunt(place)
    [thread] = (await acts.start("aunt", "sfo", "pupil"))["threads"]
    assert (await acts.send("aunt", thread["id"], "Mer"))["problems"] == []
    assert {who for who in acts.people() if await acts.bodies(who, thread["id"]) == ["Hei", "Mer"]} == {
        "aunt", "sfo_worker", "sfo_leader",
    }  # fmt: skip
    before = await everything(acts)
    assert codes(await acts.start("aunt", "school", "pupil")) == ["NOT_ALLOWED"]
    assert codes(await acts.start("aunt", "sfo", "pupil", login="employee")) == ["NOT_FOUND"]
    assert await everything(acts) == before


async def test_a_delegate_is_written_to_by_staff_of_that_unit_alone(place) -> None:
    acts = await with_aunt(place)
    aunt = acts.id("OtherAdult", "aunt")
    [thread] = (await acts.start("sfo_worker", "sfo", "pupil", aunt))["threads"]
    assert await acts.bodies("aunt", thread["id"]) == ["Hei"]
    assert codes(await acts.start("teacher", "school", "pupil", aunt)) == ["NOT_FOUND"]


@pytest.mark.parametrize(
    ("who", "unit", "to"),
    [
        ("mother", "school", ("Guardian", "father")),
        ("mother", "school", ("StaffMember", "sfo_worker")),
        ("mother", "school", ("StaffMember", "other_leader")),
        ("mother", "school", ("Guardian", "mother")),
        ("teacher", "school", ("StaffMember", "leader")),
        ("teacher", "school", ("Child", "pupil")),
        ("teacher", "school", ("OtherAdult", "mother")),
    ],
)
async def test_nobody_names_a_recipient_whom_the_act_does_not_open(acts: Acts, who: str, unit: str, to) -> None:
    before = await everything(acts)
    assert codes(await acts.start(who, unit, "pupil", acts.id(*to))) == ["NOT_FOUND"]
    assert await everything(acts) == before


@pytest.mark.parametrize(
    ("who", "unit", "login", "code"),
    [
        ("stranger", "school", "both", "NOT_FOUND"),
        ("other_leader", "school", "both", "NOT_FOUND"),
        ("mother", "kindergarten", "both", "NOT_ALLOWED"),
        ("mother", "school", "employee", "NOT_FOUND"),
        ("teacher", "sfo", "both", "NOT_ALLOWED"),
        ("sfo_worker", "school", "both", "NOT_ALLOWED"),
    ],
)
async def test_nobody_starts_a_thread_without_a_relation_there(acts: Acts, who, unit, login, code) -> None:
    before = await everything(acts)
    assert codes(await acts.start(who, unit, "pupil", acts.id("Guardian", "father"), login=login)) == [code]
    assert await everything(acts) == before


async def test_t8_several_guardians_make_a_thread_each(acts: Acts) -> None:
    to = [acts.id("Guardian", "mother"), acts.id("Guardian", "father")]
    preview = await acts.preview(
        "teacher", unitId=acts.id("Unit", "school"), childId=acts.id("Child", "pupil"), recipientIds=to
    )
    assert preview["threads"] == 2
    assert [one["side"] for one in preview["recipients"]] == ["GUARDIAN", "GUARDIAN"]
    assert [one["relation"] for one in preview["readers"]] == ["UNIT_LEADER"]
    assert codes(await acts.start("teacher", "school", "pupil", *to)) == ["INVALID"]
    started = await acts.start("teacher", "school", "pupil", *to, previewToken=preview["previewToken"])
    seen = [
        [one["id"] for one in started["threads"] if await acts.sees(who, one["id"])] for who in ("mother", "father")
    ]
    assert sorted(len(one) for one in seen) == [1, 1]
    assert seen[0] != seen[1]


async def test_t8_joint_thread_is_one_for_all(acts: Acts) -> None:
    to = [acts.id("Guardian", "mother"), acts.id("Guardian", "father")]
    where = {"unitId": acts.id("Unit", "school"), "childId": acts.id("Child", "pupil")}
    preview = await acts.preview("teacher", **where, recipientIds=to, joint=True)
    [thread] = (await acts.start("teacher", "school", "pupil", *to, joint=True, previewToken=preview["previewToken"]))[
        "threads"
    ]
    assert thread["joint"]
    for guardian in ("mother", "father"):
        assert await acts.bodies(guardian, thread["id"]) == ["Hei"]


async def test_t8_joint_thread_cannot_be_had_while_a_block_on_the_child_stands(place) -> None:
    world = village()
    world.person("aunt")
    world.block("aunt", "pupil")
    acts = await Acts.of(place, world)
    to = [acts.id("Guardian", "mother"), acts.id("Guardian", "father")]
    assert codes(await acts.start("teacher", "school", "pupil", *to, joint=True)) == ["NOT_ALLOWED"]


@pytest.mark.parametrize(
    ("who", "to"),
    [
        ("teacher", [("Guardian", "mother")]),
        ("teacher", [("Guardian", "mother")] * 2),
        ("mother", [("StaffMember", "teacher"), ("StaffMember", "leader")]),
    ],
)
async def test_t8_a_joint_thread_is_of_two_homes_and_asked_for_by_staff(acts: Acts, who: str, to) -> None:
    before = await everything(acts)
    told = await acts.start(who, "school", "pupil", *(acts.id(*one) for one in to), joint=True)
    assert codes(told) == ["INVALID"]
    assert told["problems"][0]["field"] == ["input", "joint"]
    assert await everything(acts) == before


async def test_preview_token_of_other_recipients_is_a_conflict(acts: Acts) -> None:
    where = {"unitId": acts.id("Unit", "school"), "childId": acts.id("Child", "pupil")}
    mother, father = acts.id("Guardian", "mother"), acts.id("Guardian", "father")
    preview = await acts.preview("teacher", **where, recipientIds=[mother])
    told = await acts.start("teacher", "school", "pupil", mother, father, previewToken=preview["previewToken"])
    assert codes(told) == ["CONFLICT"]
    of_another = await acts.preview("leader", **where, recipientIds=[mother, father])
    told = await acts.start("teacher", "school", "pupil", mother, father, previewToken=of_another["previewToken"])
    assert codes(told) == ["CONFLICT"]


async def test_only_unit_staff_and_leaders_write_on_behalf_of_the_unit(acts: Acts) -> None:
    mother = acts.id("Guardian", "mother")
    [thread] = (await acts.start("sfo_worker", "sfo", "pupil", mother, onBehalfOfUnit=True))["threads"]
    assert thread["messages"]["nodes"][0]["onBehalfOf"]["name"] == "Fjellet SFO"
    assert codes(await acts.start("teacher", "school", "pupil", mother, onBehalfOfUnit=True)) == ["NOT_ALLOWED"]
    assert codes(await acts.start("mother", "school", "pupil", onBehalfOfUnit=True)) == ["NOT_ALLOWED"]
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    for who in ("mother", "teacher"):
        assert codes(await acts.send(who, thread["id"], onBehalfOfUnit=True)) == ["NOT_ALLOWED"]
    told = await acts.send("leader", thread["id"], onBehalfOfUnit=True)
    assert told["message"]["onBehalfOf"]["name"] == "Fjellet skole"


@pytest.mark.parametrize("field", ["subject", "body"])
@pytest.mark.parametrize("text", ["", "  \n ", "\u200b \u2060", "x" * 20_001, "a\x00b", "a\x7fb", "a\x9bb"])
async def test_text_that_cannot_be_kept_is_refused(acts: Acts, field: str, text: str) -> None:
    told = await acts.start("mother", "school", "pupil", **{field: text})
    assert codes(told) == ["INVALID"]
    assert told["problems"][0]["field"] == ["input", field]


# --- writing ------------------------------------------------------------------------------------------------------


async def test_answer_reaches_nobody_but_those_of_the_thread(acts: Acts) -> None:
    [thread] = (await acts.start("teacher", "school", "pupil", acts.id("Guardian", "mother")))["threads"]
    sent = await acts.send("mother", thread["id"], "Svar")
    assert sent["problems"] == []
    seen = {who: await acts.bodies(who, thread["id"]) for who in acts.people()}
    assert {who for who, bodies in seen.items() if bodies} == {"mother", "teacher", "leader"}


async def test_leader_who_writes_becomes_a_participant(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    await acts.send("leader", thread["id"], "Hei fra rektor")
    text = "query ($id: ID!) { node(id: $id) { ... on Thread { participants { person { id } } } } }"
    node = (await acts.ask("mother", text, {"id": thread["id"]}))["node"]
    assert acts.id("StaffMember", "leader") in [one["person"]["id"] for one in node["participants"]]


@pytest.mark.parametrize("who", ["father", "maths_teacher", "sfo_leader", "stranger"])
async def test_thread_that_is_not_seen_cannot_be_told_from_one_that_never_was(acts: Acts, who: str) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    never = thread["id"][:-4] + ("AAAA" if not thread["id"].endswith("AAAA") else "BBBB")
    assert await acts.send(who, thread["id"]) == await acts.send(who, never)


async def test_c6_leader_of_a_child_who_has_left_reads_and_does_not_write(place) -> None:
    world = village()
    then = oslo(world.today.replace(month=9))
    world.thread("talk", "school", "pupil", then, ("mother",), ("teacher", "leader"))
    world.message("note", "talk", "mother", then)
    world.message("own", "talk", "leader", then + DAY)
    left = await Acts.of(place, world)
    connection = await asyncpg.connect(**place.database.admin_connect)
    await connection.execute(
        "update enrolment set until = $1 from unit u where u.id = unit_id and u.municipality_id = $2",
        world.today, left.loaded.municipality,
    )  # fmt: skip
    await connection.close()
    assert await left.bodies("leader", left.id("Thread", "talk")) is not None
    assert codes(await left.send("leader", left.id("Thread", "talk"))) == ["NOT_ALLOWED"]
    colleague = {"threadId": left.id("Thread", "talk"), "personId": left.id("StaffMember", "teacher")}
    assert codes(await left.act("leader", ADD, colleague)) == ["NOT_ALLOWED"]
    assert codes(await left.act("leader", RETRACT, {"messageId": left.id("Message", "own")})) == ["NOT_ALLOWED"]
    assert codes(await left.start("leader", "school", "pupil", left.id("Guardian", "mother"))) == ["NOT_ALLOWED"]


# --- once ---------------------------------------------------------------------------------------------------------


async def test_same_key_is_carried_out_once(acts: Acts) -> None:
    first = await acts.start("mother", "school", "pupil", idempotencyKey="one")
    again = await acts.start("mother", "school", "pupil", idempotencyKey="one")
    assert again == first
    told = await acts.start("mother", "school", "pupil", body="Noe annet", idempotencyKey="one")
    assert codes(told) == ["CONFLICT"]


async def test_same_key_twice_at_once_is_carried_out_once(acts: Acts) -> None:
    told = await asyncio.gather(*(acts.start("mother", "school", "pupil", idempotencyKey="one") for _ in range(6)))
    assert len({one["threads"][0]["id"] for one in told}) == 1


async def test_key_of_one_is_no_key_of_another(acts: Acts) -> None:
    first = await acts.start("mother", "school", "pupil", idempotencyKey="one")
    other = await acts.start("father", "school", "pupil", idempotencyKey="one")
    assert first["threads"][0]["id"] != other["threads"][0]["id"]


async def test_refused_act_leaves_its_key_free(acts: Acts) -> None:
    assert codes(await acts.start("mother", "school", "pupil", body="", idempotencyKey="one")) == ["INVALID"]
    assert (await acts.start("mother", "school", "pupil", idempotencyKey="one"))["problems"] == []


# --- taking back, reading, taking in ------------------------------------------------------------------------------


async def test_author_retracts_while_the_other_side_has_not_been_given_it(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    message = thread["messages"]["nodes"][0]["id"]
    assert await acts.sees("teacher", thread["id"])
    told = await acts.act("mother", RETRACT, {"messageId": message})
    assert (told["problems"], told["message"]["body"]) == ([], None)
    assert await acts.bodies("teacher", thread["id"]) == [None]


async def test_author_retracts_too_late_once_somebody_of_the_other_side_was_given_it(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    message = thread["messages"]["nodes"][0]["id"]
    assert await acts.bodies("leader", thread["id"]) == ["Hei"]
    assert codes(await acts.act("mother", RETRACT, {"messageId": message})) == ["TOO_LATE"]


async def test_nobody_but_the_author_retracts(acts: Acts) -> None:
    [thread] = (await acts.start("teacher", "school", "pupil", acts.id("Guardian", "mother")))["threads"]
    given = {"messageId": thread["messages"]["nodes"][0]["id"]}
    assert codes(await acts.act("leader", RETRACT, given)) == ["NOT_ALLOWED"]
    assert codes(await acts.act("father", RETRACT, given)) == ["NOT_FOUND"]


async def test_viewer_marks_read_for_themself_and_never_backwards(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    later = (await acts.send("mother", thread["id"], "Mer"))["message"]["id"]
    first = thread["messages"]["nodes"][0]["id"]
    unread = []
    for message in (first, later, first):
        told = await acts.act("teacher", READ, {"threadId": thread["id"], "upToMessageId": message})
        unread.append(told["thread"]["unreadCount"])
    assert unread == [1, 0, 0]
    assert codes(await acts.act("father", READ, {"threadId": thread["id"], "upToMessageId": later})) == ["NOT_FOUND"]


async def test_message_of_another_thread_is_nothing_to_mark(acts: Acts) -> None:
    [one] = (await acts.start("mother", "school", "pupil"))["threads"]
    [other] = (await acts.start("mother", "school", "pupil"))["threads"]
    given = {"threadId": one["id"], "upToMessageId": other["messages"]["nodes"][0]["id"]}
    assert codes(await acts.act("mother", READ, given)) == ["NOT_FOUND"]


async def test_t7_colleague_who_is_taken_in_sees_what_is_written_since(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    given = {"threadId": thread["id"], "personId": acts.id("StaffMember", "maths_teacher")}
    assert codes(await acts.act("mother", ADD, given)) == ["NOT_ALLOWED"]
    assert (await acts.act("teacher", ADD, given))["problems"] == []
    await acts.send("mother", thread["id"], "Mer")
    assert await acts.bodies("maths_teacher", thread["id"]) == ["Mer"]


@pytest.mark.parametrize(
    "whom", [("StaffMember", "sfo_worker"), ("Guardian", "father"), ("StaffMember", "stranger"), ("Child", "pupil")]
)
async def test_nobody_is_taken_in_who_would_not_see_the_thread(acts: Acts, whom: tuple[str, str]) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    told = await acts.act("teacher", ADD, {"threadId": thread["id"], "personId": acts.id(*whom)})
    assert codes(told) == ["NOT_FOUND"]


# --- the shape of it ----------------------------------------------------------------------------------------------


async def test_problems_are_told_in_the_language_of_the_viewer(acts: Acts) -> None:
    engine, viewer = acts.place.engine, acts.place.viewer(acts.world, "mother", "both")
    given = {"threadId": "never", "body": "Hei", "idempotencyKey": "k"}
    told = set()
    for language in ("nb", "nn", "en"):
        answer = await engine.run(engine.documents.prepare(SEND, None), {"input": given}, viewer, acts.now, language)
        told.add(answer.data["sendMessage"]["problems"][0]["message"])
    assert len(told) == 3


async def test_acts_of_one_operation_are_carried_out_in_order(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    text = """mutation ($a: SendMessageInput!, $b: SendMessageInput!) {
        first: sendMessage(input: $a) { message { body } problems { code } }
        second: sendMessage(input: $b) { __typename message { thread { messages { nodes { body } } } } }
    }"""
    variables = {
        name: {"threadId": thread["id"], "body": f"Nummer {name}", "idempotencyKey": name} for name in ("a", "b")
    }
    told = await acts.ask("mother", text, variables)
    assert told["first"] == {"message": {"body": "Nummer a"}, "problems": []}
    bodies = [one["body"] for one in told["second"]["message"]["thread"]["messages"]["nodes"]]
    assert bodies == ["Hei", "Nummer a", "Nummer b"]


async def test_somebody_who_is_not_known_here_can_do_nothing(acts: Acts) -> None:
    engine = acts.place.engine
    viewer = replace(acts.place.viewer(acts.world, "mother", "both"), number_hash=b"nobody")
    given = {"unitId": acts.id("Unit", "school"), "childId": acts.id("Child", "pupil"), "subject": "a", "body": "b",
             "recipientIds": [], "idempotencyKey": "k"}  # fmt: skip
    answer = await engine.run(engine.documents.prepare(START, None), {"input": given}, viewer, acts.now)
    assert codes(answer.data["startThread"]) == ["NOT_FOUND"]


# --- sensitive content --------------------------------------------------------------------------------------------

NUMBER = "14831899779"


async def stored(acts: Acts, told: str) -> asyncpg.Record:
    connection = await asyncpg.connect(**acts.place.database.admin_connect)
    try:
        [row] = await connection.fetch("select * from message where id = $1", decode(told)[1])
        return row
    finally:
        await connection.close()


async def test_sensitive_content_is_refused_with_its_kind_its_place_and_a_number_to_call(acts: Acts) -> None:
    before = await everything(acts)
    told = await acts.start("mother", "school", "pupil", body="Hun har fått diagnosen diabetes.")
    assert codes(told) == ["SENSITIVE_CONTENT"]
    [problem] = told["problems"]
    assert problem["field"] == ["input", "body"]
    assert problem["details"][0].startswith("HEALTH ")
    assert "67900001" in problem["message"].replace(" ", "")
    assert "diabetes" not in str(problem)
    assert await everything(acts) == before


async def test_l4_acknowledged_sensitive_message_is_sent_and_lies_encrypted(acts: Acts) -> None:
    body = "Hun har fått diagnosen diabetes."
    [thread] = (await acts.start("mother", "school", "pupil", body=body, acknowledgeSensitive=True))["threads"]
    row = await stored(acts, thread["messages"]["nodes"][0]["id"])
    assert (row["body"], row["body_cipher"] is not None, body.encode() in row["body_cipher"]) == ("", True, False)
    assert thread["messages"]["nodes"][0]["body"] == body
    assert await acts.bodies("teacher", thread["id"]) == [body]


async def test_l4_body_below_a_sensitive_subject_lies_encrypted(acts: Acts) -> None:
    told = await acts.start(
        "mother", "school", "pupil", subject="Hun har diabetes", body="Se emnet.", acknowledgeSensitive=True
    )
    row = await stored(acts, told["threads"][0]["messages"]["nodes"][0]["id"])
    assert (row["body"], row["body_cipher"] is not None) == ("", True)


async def test_plain_message_lies_plain_even_where_the_sender_acknowledged(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil", acknowledgeSensitive=True))["threads"]
    assert (await stored(acts, thread["messages"]["nodes"][0]["id"]))["body_cipher"] is None


@pytest.mark.parametrize("field", ["subject", "body"])
async def test_national_identity_number_is_never_let_through(acts: Acts, field: str) -> None:
    text = f"Nummeret er {NUMBER[:6]} {NUMBER[6:]}"
    told = await acts.start("mother", "school", "pupil", **{field: text}, acknowledgeSensitive=True)
    assert codes(told) == ["SENSITIVE_CONTENT"]
    assert [problem["field"] for problem in told["problems"]] == [["input", field]]
    assert NUMBER[6:] not in str(told)


async def test_sensitive_answer_is_screened_too(acts: Acts) -> None:
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    told = await acts.send("teacher", thread["id"], "Han er til utredning for ADHD.")
    assert codes(told) == ["SENSITIVE_CONTENT"]


async def test_whoever_nobody_knows_is_refused_as_somebody_without_relations_is(acts: Acts) -> None:
    """Else whoever is known only by a block on them would learn from a refusal that somebody has named them."""
    [thread] = (await acts.start("mother", "school", "pupil"))["threads"]
    message = thread["messages"]["nodes"][0]["id"]
    acts.world.person("ghost", numbered=True, documented=False)  # after the import: no row is theirs
    child, unit, key = acts.id("Child", "pupil"), acts.id("Unit", "school"), {"idempotencyKey": "once"}
    day = acts.world.today.isoformat()
    number = acts.world.people["father"].number
    told = {
        SEND: {"threadId": thread["id"], "body": "Hei", **key},
        act("sendMessage", "message { body }"): {"threadId": thread["id"], "body": "Hei", "idempotencyKey": ""},
        START: {"childId": child, "unitId": unit, "subject": "E", "body": "B", "recipientIds": [], **key},
        READ: {"threadId": thread["id"], "upToMessageId": message},
        RETRACT: {"messageId": message},
        ADD: {"threadId": thread["id"], "personId": acts.id("StaffMember", "leader")},
        PREVIEW: {"threadId": thread["id"]},
        act("setBlock", "block { id }"): {
            "childId": child, "personId": acts.id("Guardian", "father"), "reason": "x", **key,
        },
        act("registerDelegate", "delegate { id }"): {
            "childId": child, "unitId": unit, "nationalId": number, "name": "x", **key,
        },
        act("appointSubstitute", "substitution { id }"): {
            "unitId": unit, "nationalId": number, "name": "x", "role": "TEACHER", "until": day, **key,
        },
        act("reportAbsence", "absence { id }"): {
            "childId": child, "unitId": unit, "firstDay": day, "lastDay": day, "reason": "ILLNESS", **key,
        },
        act("writeRecord", "record { id }"): {
            "childId": child, "unitId": unit, "kind": "NOTE", "title": "T", "body": "B", **key,
        },
        act("openNeedCase", "case { id }"): {"nationalId": number, "reason": "x", **key},
        act("sendUnitLetter", "broadcast { id }"): {
            "unitId": unit, "subject": "E", "body": "B", "previewToken": "x", **key,
        },
        act("givePhotoConsent", "child { id }"): {"childId": child, "unitId": unit, "purpose": "PRESS"},
    }  # fmt: skip
    for text, given in told.items():
        answers = [await acts.act(who, text, given) for who in ("ghost", "aunt")]
        assert answers[0] == answers[1]
        assert answers[0]["problems"]


async def test_preview_names_the_leader_who_reads_on_about_a_child_who_has_left(place) -> None:
    world = village()
    world.thread("talk", "school", "pupil", oslo(world.today.replace(month=9)), ("mother",), ("teacher",))
    acts = await Acts.of(place, world)
    connection = await asyncpg.connect(**place.database.admin_connect)
    await connection.execute(
        "update enrolment set until = $1 from unit u where u.id = unit_id and u.municipality_id = $2",
        world.today, acts.loaded.municipality,
    )  # fmt: skip
    await connection.close()
    preview = await acts.preview("mother", threadId=acts.id("Thread", "talk"))
    assert [one["relation"] for one in preview["readers"]] == ["UNIT_LEADER"]
    assert preview["recipients"] == []
