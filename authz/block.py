"""Who sees the blocks on a child (C2, R1)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause

from authz import child
from authz.engine.policy import Line, settled
from authz.engine.sql import Keys

LINES: dict[str, Line] = {
    **{
        f"Block.{name}": settled(child.STRICT, "C2", "R1")
        for name in ("id", "child", "name", "since", "until", "reason", "setBy", "setAs", "setAt", "liftedAt", "lifts")
    },
    **{f"BlockLift.{name}": settled(child.STRICT, "C2", "R1") for name in ("by", "actedAs", "at", "reason")},
}


def visible(block: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Those that have ended too; the blocked person has no relation, and so sees none (R1)."""
    return child.related(block.c.child_id, child.STRICT, keys)
