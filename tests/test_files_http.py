"""Files over HTTP: what is taken in and what is not, what is left of what breaks off, and who is given a file."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import asyncpg
import httpx
import pytest

from server.app import Edge, build_app
from server.files_http import Files
from server.settings import EdgeLimits, Settings
from server.storage import FolderStorage
from server.tokens import Tokens, development_key, issue_development_token
from tests.acts import RETRACT, Acts, codes
from tests.conftest import Innsyn
from tests.edge import served
from tests.files import FILES, PDF
from tests.test_record_acts import OPEN, REMOVE, rewrite, write, written
from tests.worlds.files import write_persons, write_roster
from tests.worlds.village import village
from tests.worlds.world import TODAY, World
from vault.chunks import CHUNK, SEALED_CHUNK

LIMITS = EdgeLimits(file_bytes=2_000_000, seconds_idle=0.5, seconds_to_upload=3.0)
FILE_CELLS = "id name mediaType size url"


@dataclass
class Still:
    """The clock of the acts: it is as late as they say, whenever the tests are run."""

    acts: Acts
    ahead: dt.timedelta = dt.timedelta(0)

    def now(self) -> dt.datetime:
        return self.acts.now + self.ahead


@dataclass
class Desk:
    """A village whose people send files over HTTP."""

    acts: Acts
    client: httpx.AsyncClient
    storage: FolderStorage
    folder: Path
    files: Files
    url: str

    def bearer(self, who: str, login: Any = "both") -> dict[str, str]:
        number = self.acts.world.people[who].number
        assert number is not None
        told = issue_development_token(self.folder, number, self.acts.world.organisation_number, login)
        return {"authorization": f"Bearer {told}"}

    async def upload(
        self, who: str, data: bytes = PDF, name: str = "vurdering.pdf", kind: str = "application/pdf"
    ) -> httpx.Response:
        return await self.client.post("/attachments", files={"file": (name, data, kind)}, headers=self.bearer(who))

    async def uploaded(self, who: str, data: bytes = PDF, **more: str) -> str:
        answer = await self.upload(who, data, **more)
        assert answer.status_code == 201, answer.text
        told: str = answer.json()["id"]
        return told

    async def attachments(self, who: str, message: str) -> list[dict[str, Any]] | None:
        text = f"query ($id: ID!) {{ node(id: $id) {{ ... on Message {{ attachments {{ {FILE_CELLS} }} }} }} }}"
        node = (await self.acts.ask(who, text, {"id": message}))["node"]
        return None if node is None else node["attachments"]

    async def of_record(self, who: str, record: str) -> list[list[dict[str, Any]]]:
        versions = f"versions {{ attachments {{ {FILE_CELLS} }} }}"
        text = f"query ($id: ID!) {{ node(id: $id) {{ ... on Record {{ {versions} }} }} }}"
        node = (await self.acts.ask(who, text, {"id": record}))["node"]
        return [version["attachments"] for version in (node and node["versions"]) or ()]

    async def fetch(self, who: str, url: str, login: str = "both") -> httpx.Response:
        return await self.client.get(url, headers=self.bearer(who, login))

    async def rows(self) -> list[asyncpg.Record]:
        """Of this village, oldest first."""
        connection = await asyncpg.connect(**self.acts.place.database.admin_connect)
        try:
            return await connection.fetch(
                "select * from attachment where municipality_id = $1 order by id", self.acts.loaded.municipality
            )
        finally:
            await connection.close()

    def a_day_later(self) -> Files:
        clock: Any = Still(self.acts, dt.timedelta(days=1))
        return Files(self.files.engine, self.files.tokens, clock, LIMITS, self.storage)

    def stored(self) -> list[Path]:
        return [path for path in self.folder.glob("attachments/**/*") if path.is_file()]

    async def clean(self) -> bool:
        """Waits until what broke off is cleared away, which the client is not told of."""
        for _ in range(100):
            if not self.stored() and all(row["deleted_at"] for row in await self.rows()):
                return True
            await asyncio.sleep(0.05)
        return False


@asynccontextmanager
async def opened_desk(place, folder: Path, world: World | None = None) -> AsyncIterator[Desk]:
    acts = await Acts.of(place, world or village())
    storage = FolderStorage(folder / "attachments")
    clock: Any = Still(acts)
    tokens = Tokens(place.vault, (), development_key(folder).public_key())

    @asynccontextmanager
    async def open_engine():
        yield place.engine

    async def ready() -> None: ...

    settings = Settings(edge=LIMITS, development_login=True)
    app = build_app(Edge(settings, open_engine, tokens, clock, ready, storage=storage))
    files = Files(place.engine, tokens, clock, LIMITS, storage)
    async with app.router.lifespan_context(app), served(app) as (url, _), httpx.AsyncClient(base_url=url) as client:
        yield Desk(acts, client, storage, folder, files, url)


@pytest.fixture
async def desk(place, tmp_path: Path) -> AsyncIterator[Desk]:
    async with opened_desk(place, tmp_path) as opened:
        yield opened


def code(answer: httpx.Response) -> str:
    told: str = answer.json()["errors"][0]["extensions"]["code"]
    return told


# --- in ---


@pytest.mark.parametrize("kind", FILES)
async def test_a_file_of_every_type_is_taken_in_and_comes_out_as_it_was(desk: Desk, kind: str) -> None:
    file = await desk.uploaded("mother", FILES[kind], name="fil", kind=kind)
    [thread] = (await desk.acts.start("mother", "school", "pupil", attachmentIds=[file]))["threads"]
    [attachment] = await desk.attachments("teacher", thread["messages"]["nodes"][0]["id"]) or []
    assert (attachment["mediaType"], attachment["size"]) == (kind, len(FILES[kind]))
    answer = await desk.fetch("teacher", attachment["url"])
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, FILES[kind], kind)


async def test_an_upload_tells_its_id_name_type_and_size(desk: Desk) -> None:
    answer = await desk.upload("mother", name="C:\\bilder\\Årsrapport.pdf")
    told = answer.json()
    assert (answer.status_code, told["name"], told["mediaType"]) == (201, "Årsrapport.pdf", "application/pdf")
    assert told["size"] == len(PDF)


async def test_a_stored_file_and_its_name_cannot_be_read_where_they_lie(desk: Desk) -> None:
    data = PDF[:-6] + b"hemmelig " * 20_000 + b"%%EOF\n"
    await desk.uploaded("mother", data, name="helseopplysninger.pdf")
    [file] = desk.stored()
    assert b"hemmelig" not in file.read_bytes()
    [row] = await desk.rows()
    assert b"helse" not in row["name_cipher"]


async def test_nobody_uploads_without_a_token(desk: Desk) -> None:
    answer = await desk.client.post("/attachments", files={"file": ("x.pdf", PDF, "application/pdf")})
    assert (answer.status_code, code(answer)) == (401, "UNAUTHENTICATED")
    assert await desk.rows() == []


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [("text/html", b"<p>", "FILE_TYPE_NOT_TAKEN"), ("image/svg+xml", b"<svg/>", "FILE_TYPE_NOT_TAKEN"),
     ("application/zip", b"PK", "FILE_TYPE_NOT_TAKEN"), ("application/octet-stream", PDF, "FILE_TYPE_NOT_TAKEN"),
     ("image/png", PDF, "FILE_TYPE_DISAGREES"), ("application/pdf", b"", "FILE_TYPE_DISAGREES"),
     ("application/pdf", PDF + b"PK\x05\x06" + bytes(18), "FILE_TYPE_DISAGREES"),
     ("text/plain", b"ok\0", "FILE_TYPE_DISAGREES")],
)  # fmt: skip
async def test_a_file_that_is_not_what_is_taken_is_refused_and_leaves_nothing(desk: Desk, kind, data, expected) -> None:
    answer = await desk.upload("mother", data, kind=kind)
    assert (answer.status_code, code(answer)) == (415, expected)
    assert await desk.clean()


async def test_a_file_that_says_it_is_too_large_is_refused_before_it_comes(desk: Desk) -> None:
    answer = await desk.upload("mother", PDF + bytes(2_100_000))
    assert (answer.status_code, code(answer)) == (413, "FILE_TOO_LARGE")
    assert await desk.rows() == []


BOUNDARY = "grense"
HEAD = (
    f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n'
    "Content-Type: application/pdf\r\n\r\n"
).encode()
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
MULTIPART = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}


async def test_a_file_that_shows_to_be_too_large_on_the_way_is_refused_and_leaves_nothing(desk: Desk) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield HEAD + PDF
        for _ in range(100):
            yield bytes(100_000)

    try:
        answer = await desk.client.post("/attachments", content=endless(), headers=MULTIPART | desk.bearer("mother"))
        assert (answer.status_code, code(answer)) == (413, "FILE_TOO_LARGE")
    except httpx.TransportError:
        pass  # the server closed while the client was still sending
    assert await desk.clean()


@pytest.mark.parametrize(
    ("content", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"no multipart", 400, id="no multipart"),
        pytest.param(HEAD + PDF, 400, id="no end"),
        pytest.param(HEAD[:40], 400, id="half a header"),
        pytest.param(HEAD + PDF + TAIL[:-4], 400, id="half an end"),
        pytest.param(HEAD.replace(b'"file"', b'"other"') + PDF + TAIL, 400, id="another field"),
        pytest.param(HEAD.replace(b'; filename="a.pdf"', b"") + PDF + TAIL, 400, id="no file name"),
        pytest.param(HEAD.replace(b"a.pdf", b"\xff\xfe") + PDF + TAIL, 400, id="a name that cannot be read"),
        pytest.param(HEAD + PDF + b"\r\n" + HEAD + PDF + TAIL, 400, id="two files"),
        pytest.param(HEAD.replace(b"Content-Type", b"X-" + b"x" * 5000) + PDF + TAIL, 400, id="a long header"),
    ],
)
async def test_a_broken_upload_is_refused_and_leaves_nothing(desk: Desk, content: bytes, status: int) -> None:
    answer = await desk.client.post("/attachments", content=content, headers=MULTIPART | desk.bearer("mother"))
    assert (answer.status_code, code(answer)) == (status, "BAD_UPLOAD")
    assert await desk.clean()


@pytest.mark.parametrize("kind", ["application/json", "multipart/form-data", "application/pdf", ""])
async def test_what_is_no_multipart_form_is_refused(desk: Desk, kind: str) -> None:
    answer = await desk.client.post("/attachments", content=PDF, headers={"content-type": kind} | desk.bearer("mother"))
    assert (answer.status_code, code(answer)) == (415, "UPLOAD_NOT_MULTIPART")


def slowly(pieces: Iterable[bytes], seconds: float) -> AsyncIterator[bytes]:
    async def sent() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece
            await asyncio.sleep(seconds)

    return sent()


@pytest.mark.parametrize(("seconds", "pieces"), [(1.0, 3), (0.2, 30)], ids=["idle", "a drop at a time"])
async def test_a_slow_client_is_refused_and_leaves_nothing(desk: Desk, seconds: float, pieces: int) -> None:
    content = slowly([HEAD + PDF, *[b"x"] * pieces, TAIL], seconds)
    try:
        answer = await desk.client.post("/attachments", content=content, headers=MULTIPART | desk.bearer("mother"))
        assert (answer.status_code, code(answer)) == (408, "UPLOAD_TOO_SLOW")
    except httpx.TransportError:
        pass
    assert await desk.clean()


async def test_a_client_that_goes_away_leaves_no_file(desk: Desk) -> None:
    host, port = desk.url.removeprefix("http://").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    told = desk.bearer("mother")["authorization"]
    head = f"POST /attachments HTTP/1.1\r\nHost: x\r\nAuthorization: {told}\r\nContent-Length: 900000\r\n"
    writer.write(f"{head}Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n".encode() + HEAD + PDF * 3000)
    await writer.drain()
    for _ in range(100):
        if desk.stored():
            break
        await asyncio.sleep(0.02)
    assert [path.suffix for path in desk.stored()] == [".part"]
    writer.transport.abort()
    assert await desk.clean()


async def test_one_person_does_not_fill_the_storage_with_what_is_attached_to_nothing(desk: Desk, monkeypatch) -> None:
    monkeypatch.setattr("resolvers.uploads.LOOSE", 3)
    answers = await asyncio.gather(*(desk.upload("mother") for _ in range(5)))
    assert sorted(answer.status_code for answer in answers) == [201, 201, 201, 429, 429]
    assert (await desk.upload("father")).status_code == 201


# --- what is left lying ---


async def test_an_upload_that_nothing_is_done_with_is_deleted_after_a_day(desk: Desk) -> None:
    left, used = await desk.uploaded("mother"), await desk.uploaded("mother")
    await desk.acts.start("mother", "school", "pupil", attachmentIds=[used])
    assert await desk.files.sweep() == 0
    later = desk.a_day_later()
    assert await later.sweep() >= 1
    assert len(desk.stored()) == 1
    assert codes(await desk.acts.start("mother", "school", "pupil", attachmentIds=[left])) == ["NOT_FOUND"]
    assert await later.sweep() == 0


async def test_a_sweep_that_breaks_off_is_finished_by_the_next(desk: Desk, monkeypatch) -> None:
    await desk.uploaded("mother")
    later = desk.a_day_later()

    async def broken(self, file_id) -> None:
        raise OSError("disk")

    with monkeypatch.context() as patch:
        patch.setattr(FolderStorage, "delete", broken)
        with pytest.raises(OSError, match="disk"):
            await later.sweep()
    assert len(desk.stored()) == 1
    await later.sweep()
    assert await desk.clean()


# --- attaching ---


async def test_a_file_is_seen_by_whoever_sees_the_message_and_by_nobody_else(desk: Desk) -> None:
    file = await desk.uploaded("mother")
    assert not await desk.acts.sees("mother", file)
    [thread] = (await desk.acts.start("mother", "school", "pupil", attachmentIds=[file]))["threads"]
    message = thread["messages"]["nodes"][0]["id"]
    [attachment] = await desk.attachments("mother", message) or []
    seen = {who for who in desk.acts.people() if await desk.acts.sees(who, attachment["id"])}
    assert seen == {"mother", "teacher", "leader"}


@pytest.mark.parametrize("ids", ["another's", "used", "twice over", "nothing", "message"])
async def test_only_an_own_upload_is_attached_and_once(desk: Desk, ids: str) -> None:
    own, others, used = [await desk.uploaded(who) for who in ("mother", "father", "mother")]
    [thread] = (await desk.acts.start("mother", "school", "pupil", attachmentIds=[used]))["threads"]
    message = thread["messages"]["nodes"][0]["id"]
    wanted = {"another's": [own, others], "used": [own, used], "twice over": [own, own], "nothing": ["x"],
              "message": [message]}[ids]  # fmt: skip
    told = await desk.acts.send("mother", thread["id"], attachmentIds=wanted)
    assert codes(told) == ([] if ids == "twice over" else ["NOT_FOUND"])
    if ids == "twice over":
        assert len(await desk.attachments("mother", told["message"]["id"]) or []) == 1
    else:
        assert len(await desk.acts.bodies("mother", thread["id"]) or []) == 1


async def test_more_than_ten_files_are_refused(desk: Desk) -> None:
    files = [await desk.uploaded("mother") for _ in range(11)]
    assert codes(await desk.acts.start("mother", "school", "pupil", attachmentIds=files)) == ["INVALID"]


async def test_an_upload_is_attached_by_one_of_two_acts_at_once(desk: Desk) -> None:
    file = await desk.uploaded("mother")
    told = await asyncio.gather(
        *(desk.acts.start("mother", unit, "pupil", attachmentIds=[file]) for unit in ("school", "sfo", "school"))
    )
    assert sorted(len(one["threads"]) for one in told) == [0, 0, 1]


async def test_a_file_to_several_guardians_is_in_each_thread_and_each_sees_only_their_own(desk: Desk) -> None:
    file = await desk.uploaded("teacher")
    to = [desk.acts.id("Guardian", who) for who in ("mother", "father")]
    preview = await desk.acts.preview(
        "teacher", unitId=desk.acts.id("Unit", "school"), childId=desk.acts.id("Child", "pupil"), recipientIds=to
    )
    started = await desk.acts.start("teacher", "school", "pupil", *to, attachmentIds=[file],
                                    previewToken=preview["previewToken"])  # fmt: skip
    assert started["problems"] == []
    found: dict[str, list[dict[str, Any]]] = {}
    for who in ("mother", "father"):
        for thread in started["threads"]:
            if shown := await desk.attachments(who, thread["messages"]["nodes"][0]["id"]):
                found.setdefault(who, []).extend(shown)
    assert {who: len(shown) for who, shown in found.items()} == {"mother": 1, "father": 1}
    assert found["mother"][0]["id"] != found["father"][0]["id"]
    for who, [shown] in found.items():
        answer = await desk.fetch(who, shown["url"])
        assert (answer.content, shown["name"]) == (PDF, "vurdering.pdf")
    assert not await desk.acts.sees("mother", found["father"][0]["id"])


async def test_a_message_cannot_be_taken_back_once_the_other_side_was_given_its_file(desk: Desk) -> None:
    file = await desk.uploaded("mother")
    [thread] = (await desk.acts.start("mother", "school", "pupil", attachmentIds=[file]))["threads"]
    message = thread["messages"]["nodes"][0]["id"]
    assert await desk.attachments("teacher", message)
    assert codes(await desk.acts.act("mother", RETRACT, {"messageId": message})) == ["TOO_LATE"]


# --- out ---


async def sent_file(desk: Desk, data: bytes = PDF, name: str = "vurdering.pdf") -> tuple[dict[str, Any], str, str]:
    """From the mother to the school: the attachment as the mother sees it, and the ids of thread and message."""
    file = await desk.uploaded("mother", data, name=name)
    [thread] = (await desk.acts.start("mother", "school", "pupil", attachmentIds=[file]))["threads"]
    message = thread["messages"]["nodes"][0]["id"]
    [attachment] = await desk.attachments("mother", message) or []
    return attachment, thread["id"], message


async def test_a_file_is_given_to_be_saved_and_never_shown_or_kept(desk: Desk) -> None:
    attachment, _, _ = await sent_file(desk, name='Årsrapport "3B".pdf')
    answer = await desk.fetch("mother", attachment["url"])
    headers = answer.headers
    assert answer.content == PDF
    assert headers["content-disposition"].startswith('attachment; filename="')
    assert "filename*=UTF-8''%C3%85rsrapport%20" in headers["content-disposition"]
    assert (headers["x-content-type-options"], headers["cache-control"]) == ("nosniff", "no-store")
    assert headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert headers["content-length"] == str(len(PDF))


@pytest.mark.parametrize("size", [CHUNK - 46, CHUNK, 3 * CHUNK + 5, 1_900_000])
async def test_a_large_file_streams_in_and_out(desk: Desk, size: int) -> None:
    data = PDF[:-6] + Random(size).randbytes(size) + b"%%EOF\n"
    attachment, _, _ = await sent_file(desk, data)
    assert (await desk.fetch("mother", attachment["url"])).content == data


async def test_a_link_is_for_the_viewer_it_was_given_to(desk: Desk) -> None:
    attachment, _, _ = await sent_file(desk)
    for who in ("teacher", "father", "neighbour"):
        answer = await desk.fetch(who, attachment["url"])
        assert (answer.status_code, code(answer)) == (404, "ATTACHMENT_NOT_FOUND")
    assert (await desk.client.get(attachment["url"])).status_code == 401


@pytest.mark.parametrize("change", ["cut", "changed", "nothing", "other"])
async def test_a_link_that_was_tampered_with_is_none(desk: Desk, change: str) -> None:
    attachment, _, _ = await sent_file(desk)
    url = attachment["url"]
    changed = {"cut": url[:-4], "changed": url[:-6] + ("AAAAAA" if url[-6:] != "AAAAAA" else "BBBBBB"),
               "nothing": "/attachments/x", "other": f"/attachments/{attachment['id']}"}[change]  # fmt: skip
    answer = await desk.fetch("mother", changed)
    assert (answer.status_code, code(answer)) == (404, "ATTACHMENT_NOT_FOUND")


async def test_a_link_expires_after_some_minutes(desk: Desk) -> None:
    _, _, message = await sent_file(desk)
    [shown] = await desk.attachments("mother", message) or []
    for minutes, status in ((4, 200), (2, 404)):
        desk.acts.now += dt.timedelta(minutes=minutes)
        assert (await desk.fetch("mother", shown["url"])).status_code == status


async def test_a_link_is_no_leave_when_the_relation_has_ended_since(desk: Desk) -> None:
    _, _, message = await sent_file(desk)
    [shown] = await desk.attachments("teacher", message) or []
    assert (await desk.fetch("teacher", shown["url"])).status_code == 200
    connection = await asyncpg.connect(**desk.acts.place.database.admin_connect)
    try:
        await connection.execute(
            """update group_membership m set until = $2 from person p where p.id = m.person_id
               and p.municipality_id = $1 and m.role = 'CONTACT_TEACHER'""",
            desk.acts.loaded.municipality, TODAY,
        )  # fmt: skip
    finally:
        await connection.close()
    assert (await desk.fetch("teacher", shown["url"])).status_code == 404


async def test_a_link_of_a_guardian_does_not_work_for_the_same_person_as_an_employee(desk: Desk) -> None:
    attachment, _, _ = await sent_file(desk)
    assert (await desk.fetch("mother", attachment["url"], "employee")).status_code == 404


async def test_a_retracted_messages_file_is_nobodys_by_t9(desk: Desk) -> None:
    attachment, _, message = await sent_file(desk)
    assert codes(await desk.acts.act("mother", RETRACT, {"messageId": message})) == []
    assert await desk.attachments("mother", message) == []
    for who in ("mother", "teacher", "leader"):
        assert not await desk.acts.sees(who, attachment["id"])
    assert (await desk.fetch("mother", attachment["url"])).status_code == 404


async def test_a_file_that_was_tampered_with_where_it_lies_is_not_given(desk: Desk) -> None:
    attachment, _, _ = await sent_file(desk, PDF[:-6] + bytes(3 * CHUNK) + b"%%EOF\n")
    [file] = desk.stored()
    whole = file.read_bytes()
    file.write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    answer = await desk.fetch("mother", attachment["url"])
    assert (answer.status_code, code(answer)) == (500, "UNEXPECTED")
    for broken in (whole[: 2 * SEALED_CHUNK], whole[:SEALED_CHUNK] + whole[2 * SEALED_CHUNK :]):
        file.write_bytes(broken)
        with pytest.raises(httpx.RemoteProtocolError):
            await desk.fetch("mother", attachment["url"])
    file.unlink()
    assert (await desk.fetch("mother", attachment["url"])).status_code == 500


# --- records ---


async def test_a_records_files_are_for_whoever_reads_it_by_c2(desk: Desk) -> None:
    acts = desk.acts
    record = await written(acts, "teacher", "HEALTH", attachmentIds=[await desk.uploaded("teacher")],
                           readerIds=[acts.id("StaffMember", "assistant")])  # fmt: skip
    [[shown]] = await desk.of_record("assistant", record)
    assert (await desk.fetch("assistant", shown["url"])).content == PDF
    seen = {who for who in acts.people() if await acts.sees(who, shown["id"])}
    assert seen == {"teacher", "assistant"}
    given = {"recordId": record, "reason": "Klage", "idempotencyKey": acts.key()}
    assert codes(await acts.act("leader", OPEN, given)) == []
    assert await acts.sees("leader", shown["id"])
    await acts.act("teacher", REMOVE, {"recordId": record, "personId": acts.id("StaffMember", "assistant")})
    assert (await desk.fetch("assistant", shown["url"])).status_code == 404


async def test_a_new_version_keeps_the_files_that_are_named(desk: Desk) -> None:
    acts = desk.acts
    kept, dropped = await desk.uploaded("teacher"), await desk.uploaded("teacher")
    record = await written(acts, "teacher", "INDIVIDUAL_PLAN", attachmentIds=[kept, dropped])
    new = await desk.uploaded("leader")
    told = await rewrite(acts, "leader", record, attachmentIds=[kept, new])
    assert codes(told) == []
    first, second = await desk.of_record("mother", record)
    assert [len(first), len(second)] == [2, 2]
    assert {one["id"] for one in first} == {kept, dropped}
    assert kept not in {one["id"] for one in second}
    for shown in (await desk.of_record("mother", record))[1]:
        assert (await desk.fetch("mother", shown["url"])).content == PDF


async def test_another_records_file_is_not_attached(desk: Desk) -> None:
    acts = desk.acts
    file = await desk.uploaded("teacher")
    await written(acts, "teacher", attachmentIds=[file])
    other = await written(acts, "teacher")
    assert codes(await rewrite(acts, "teacher", other, attachmentIds=[file])) == ["NOT_FOUND"]
    assert codes(await write(acts, "teacher", attachmentIds=[file])) == ["NOT_FOUND"]


# --- the whole server ---


async def test_nobody_unknown_here_uploads_a_file(desk: Desk) -> None:
    number = "01817512345"
    told = issue_development_token(desk.folder, number, desk.acts.world.organisation_number)
    answer = await desk.client.post(
        "/attachments", files={"file": ("x.pdf", PDF, "application/pdf")}, headers={"authorization": f"Bearer {told}"}
    )
    assert (answer.status_code, code(answer)) == (403, "UPLOAD_NOT_ALLOWED")
    assert await desk.rows() == []


def test_a_file_goes_in_and_out_of_a_server_with_two_workers(innsyn: Innsyn, tmp_path: Path) -> None:
    world = village()
    today = ("--today", TODAY.isoformat())
    innsyn.told("import", "roster", write_roster(world, tmp_path / "roster"), "--yes", *today)
    documents = write_persons(world, world.readings[0].documents, tmp_path / "persons.ndjson")
    innsyn.told("import", "persons", documents, "--yes", *today)
    tokens = {who: innsyn.token(world.people[who].number or "") for who in ("mother", "teacher")}
    with innsyn.serving("--workers", "2", *today) as url:
        clients = {
            who: httpx.Client(base_url=url, headers={"authorization": f"Bearer {token}"}, timeout=120)
            for who, token in tokens.items()
        }

        def ask(who: str, text: str, **variables: Any) -> dict[str, Any]:
            answer = clients[who].post("/graphql", json={"query": text, "variables": variables}).json()
            assert "errors" not in answer, answer
            told: dict[str, Any] = answer["data"]
            return told

        file = clients["mother"].post("/attachments", files={"file": ("a.pdf", PDF, "application/pdf")}).json()["id"]
        [child] = ask("mother", "{ viewer { children { id units { id kind } } } }")["viewer"]["children"]
        [school] = [unit["id"] for unit in child["units"] if unit["kind"] == "SCHOOL"]
        given = {"unitId": school, "childId": child["id"], "subject": "Emne", "body": "Se vedlegg", "recipientIds": [],
                 "idempotencyKey": "1", "attachmentIds": [file]}  # fmt: skip
        start = (
            "mutation ($input: StartThreadInput!) { startThread(input: $input) { threads { id } problems { code } } }"
        )
        assert ask("mother", start, input=given)["startThread"]["problems"] == []
        read = "{ viewer { threads { nodes { latestMessage { attachments { url } } } } } }"
        [thread] = ask("teacher", read)["viewer"]["threads"]["nodes"]
        [attachment] = thread["latestMessage"]["attachments"]
        assert clients["teacher"].get(attachment["url"]).content == PDF
        assert clients["mother"].get(attachment["url"]).status_code == 404
        for client in clients.values():
            client.close()
    stored = [path for path in (innsyn.folder.path / "attachments").rglob("*") if path.is_file()]
    assert len(stored) == 1
