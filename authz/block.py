"""Who sees the blocks on a child (C2, R1)."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, and_, or_

from authz import child
from authz.engine.policy import Line, settled
from authz.engine.sql import TODAY, Keys, exists_in, fact, holds
from models import Block, Kinship

LINES: dict[str, Line] = {
    **{
        f"Block.{name}": settled(child.STRICT, "C2", "R1")
        for name in ("id", "child", "name", "since", "until", "reason", "setBy", "setAs", "setAt", "liftedAt", "lifts")
    },
    **{f"BlockLift.{name}": settled(child.STRICT, "C2", "R1") for name in ("by", "actedAs", "at", "reason")},
}

ALLOWED: dict[str, Line] = {
    "Mutation.setBlock": settled(child.STRICT, "R1", "R2", says="a leader of a unit that the child goes to now"),
    "Mutation.liftBlock": settled(
        child.STRICT, "R1", "R2", says="two people, one of them from the administration; never whom it blocks"
    ),
}


def visible(block: FromClause, keys: Keys) -> ColumnElement[bool]:
    """Those that have ended too; the blocked person has no relation, and so sees none (R1)."""
    return child.related(block.c.child_id, child.STRICT, keys)


def stands(block: FromClause) -> ColumnElement[bool]:
    """Today, or on a later day."""
    return or_(block.c.until.is_(None), and_(block.c.until > TODAY, block.c.until > block.c.since))


def voice_counts(voice: FromClause, block: FromClause) -> ColumnElement[bool]:
    """Whoever has been blocked from the child since, or turned out to be family, has no say any more (R1, R2)."""
    blocked, kinship = fact(Block, "blocked_since"), fact(Kinship, "family_since")
    return and_(
        ~exists_in(
            blocked,
            blocked.c.child_id == block.c.child_id,
            blocked.c.person_id == voice.c.lifted_by,
            holds(blocked),
        ),
        ~exists_in(kinship, kinship.c.child_id == block.c.child_id, kinship.c.person_id == voice.c.lifted_by),
    )
