"""The table of personas: whom one can ask as, where to click and what to send with curl."""

from __future__ import annotations

import datetime as dt
import json
import shlex
from collections.abc import Mapping
from dataclasses import asdict

from rich.console import Console
from rich.table import Table
from rich.text import Text

from demo.facts import Municipality
from demo.files import contacts
from demo.recipe import kept_recipe
from server.data_folder import DataFolder, write_secret
from server.tokens import issue_development_token

TTL = dt.timedelta(hours=8)
SHOWN_QUERY = '{"query":"{ viewer { person { __typename name } children { name } pupils { totalCount } } }"}'


def write_personas(m: Municipality, folder: DataFolder, ids: Mapping[str, str]) -> None:
    """`personas.json` for the page and this table, `contacts.json` for the demo's contact register.

    `ids` are the global ids that stand in queries by a placeholder. Both files hold numbers, so only their owner reads.
    """
    personas = []
    for persona in m.personas:
        told = asdict(persona)
        for placeholder, value in ids.items():
            told["query"] = told["query"].replace(placeholder, value)
        personas.append(told | {"municipality": m.organisation})
    write_secret(folder.path / "contacts.json", json.dumps(contacts(m), ensure_ascii=False, indent=0) + "\n")
    write_secret(folder.path / "personas.json", json.dumps(personas, ensure_ascii=False, indent=2) + "\n")


def read_personas(folder: DataFolder) -> list[dict[str, str]]:
    told: list[dict[str, str]] = json.loads((folder.path / "personas.json").read_text("utf-8"))
    return told


def link(port: int, persona: str) -> str:
    """The part after # stays in the browser: no server and no referrer sees it, and it is no token."""
    return f"http://127.0.0.1:{port}/#persona={persona}"


def issue_tokens(folder: DataFolder, personas: list[dict[str, str]], ttl: dt.timedelta = TTL) -> dict[str, str]:
    """A token for each persona, also written to `tokens/`, a file each, for curl to read."""
    kept = folder.path / "tokens"
    kept.mkdir(mode=0o700, exist_ok=True)
    made: dict[str, str] = {}
    for persona in personas:
        login = persona["login"]
        assert login in {"private", "employee", "both"}  # noqa: S101 - our own file
        token = issue_development_token(folder.path, persona["number"], persona["municipality"], login, ttl)  # type: ignore[arg-type] # asserted
        write_secret(kept / persona["id"], token)
        made[persona["id"]] = token
    return made


def print_personas(folder: DataFolder, port: int, console: Console | None = None) -> None:
    """Tokens first, since they are long, then the table, then a command to try."""
    out = console or Console()
    personas = read_personas(folder)
    tokens = issue_tokens(folder, personas)
    out.print(f"Tokens for curl, good for {int(TTL.total_seconds() // 3600)} hours:", style="bold")
    for slug, token in tokens.items():
        out.print(Text.assemble((f"{slug} ", "cyan"), token), soft_wrap=True)
    out.print()
    table = Table(title="Personas", title_justify="left", show_lines=True)
    longest = max(len(link(port, persona["id"])) for persona in personas)
    table.add_column("Who", width=max(14, min(32, out.width - longest - 7)), overflow="fold")
    table.add_column("What to see, and the link into GraphiQL", min_width=longest, overflow="fold")
    for persona in personas:
        url = link(port, persona["id"])
        table.add_row(
            Text.assemble((persona["title"], "bold"), "\n", (persona["login"], "dim")),
            Text.assemble(persona["about"], "\n", (url, f"cyan link {url}")),
        )
    out.print(table)
    if (recipe := kept_recipe(folder)) is not None:
        out.print(
            f"\n{recipe.children:,} children and {recipe.messages:,} messages, made by seed {recipe.seed} as of "
            f"{recipe.today}; the files are in {folder.municipality_files}",
            soft_wrap=True,
            highlight=False,
        )
    first = personas[0]
    token_file = shlex.quote(str(folder.path / "tokens" / first["id"]))
    out.print("\nEach token is in a file of the persona's name too:", style="bold")
    out.print(
        f'curl -s http://127.0.0.1:{port}/graphql -H "Authorization: Bearer $(cat {token_file})" '
        f"-H 'Content-Type: application/json' -d '{SHOWN_QUERY}'",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
    out.print(
        f"A new one: INNSYN_DEV_LOGIN=1 uv run innsyn token --as {first['number']} --login {first['login']} --data "
        f"{shlex.quote(str(folder.path))}\n",
        soft_wrap=True,
        markup=False,
        highlight=False,
    )
