"""The viewer, as the database's session knows them: every parameter of the policy as a setting.

`enter` sees to it that they are the viewer's when a connection is taken; `leave` empties them where nobody takes it.
An empty or missing setting is null, and nothing equals null: without a viewer everything is closed.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    LargeBinary,
    Select,
    Text,
    Uuid,
    literal_column,
)
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.sql.visitors import replacement_traverse

from authz.engine.sql import Keys

PREFIX = "innsyn"
SETS = frozenset(
    {
        "closed",
        "guardian",
        "delegate",
        "contact",
        "subject_staff",
        "employed",
        "led",
        "staffed",
        "history",
        "cases",
        "oneself",
        "own_threads",
    }
)
"""What a viewer may have: key sets, and whether there are threads that the second wall judges one by one."""
WHOEVER = Keys(SETS | {"close", "whole_sides"}, known=False, entered=True)
"""The keys of a viewer of whom nothing is known when the statement is written."""
ACTING = Keys(SETS | {"close"}, known=False)
"""The same for rows that an act adds, which may have begun a thread since the viewer was entered."""
GIVEN = {"municipality_id": Uuid(), "private": Boolean(), "employee": Boolean(), "today": Date(),
         "now": DateTime(timezone=True)}  # fmt: skip
"""Of the request, beside what the keys tell."""
SOMEBODY = f"current_setting('{PREFIX}.today', true) <> ''"
"""A viewer is set. It asks nothing of a row, so that PostgreSQL asks it before it reads one, without a subquery."""
DIALECT = asyncpg.dialect(paramstyle="pyformat")  # type: ignore[no-untyped-call] # SQLAlchemy has it untyped


def kind_of(parameter: Any) -> str:
    """The name of a parameter's type in PostgreSQL."""
    if isinstance(parameter, ARRAY):
        return f"{kind_of(parameter.item_type)}[]"
    names: tuple[tuple[type, str], ...] = (
        (Uuid, "uuid"),
        (BigInteger, "bigint"),
        (DateTime, "timestamptz"),
        (Date, "date"),
        (Boolean, "boolean"),
        (LargeBinary, "bytea"),
        (Text, "text"),
    )
    return next(name for one, name in names if isinstance(parameter, one))


def setting(name: str, parameter: Any) -> str:
    """Read once a statement: a subquery that depends on no row."""
    kind = kind_of(parameter)
    value = f"(select nullif(current_setting('{PREFIX}.{name}', true), '')::{kind})"
    # Without the outer cast `any ((select ...))` would mean the subquery's rows, not its array.
    return f"({value}::{kind})" if kind.endswith("[]") else value


def of_session(expression: Any) -> Any:
    """An expression over a viewer's parameters as one over the session's settings."""

    def replaced(element: Any, **_: Any) -> Any:
        if getattr(element, "__visit_name__", "") == "bindparam":
            return literal_column(setting(element.key, element.type), element.type)
        return None

    return replacement_traverse(expression, {}, replaced)


def written(expression: ColumnElement[Any] | Select[Any]) -> str:
    """As SQL, without a parameter."""
    made = of_session(expression).compile(dialect=DIALECT)
    assert not made.params, made.params  # noqa: S101 - a fault of ours, met when the page is made
    return " ".join(str(made).replace("%%", "%").split())
