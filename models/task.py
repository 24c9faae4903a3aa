"""What somebody at a unit or in the administration has to look at."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped

from models.base import Base, Key, reference


class Task(Base):
    """Made by R2 to R4, and by need cases; the same task is not made twice while it is open."""

    __tablename__ = "task"
    __table_args__ = (
        Index(
            "uq_task_open",
            "kind",
            "child_id",
            "person_id",
            "unit_id",
            "need_case_id",
            unique=True,
            postgresql_where="done_at is null",
            postgresql_nulls_not_distinct=True,
        ),
        {"info": {"api": ("update (done_at, done_by)",)}},
    )

    id: Mapped[Key]
    municipality_id: Mapped[UUID] = reference("municipality.id")
    kind: Mapped[str]
    """DEPUTY_NEEDED (R2), CONFIRM_GUARDIAN (R3), UNCLEAR_RESPONSIBILITY (R4), CONFLICTING_RESPONSIBILITY (R4);
    NEED_CASE_REPORT."""
    unit_id: Mapped[UUID | None] = reference("unit.id", index=True)
    """The unit whose leader has it; null for the administration."""
    child_id: Mapped[UUID] = reference("person.id", index=True)
    person_id: Mapped[UUID | None] = reference("person.id")
    need_case_id: Mapped[UUID | None] = reference("need_case.id", index=True)
    """Of a report, which is made when the case opens, and there for the leader once it is over."""
    made_at: Mapped[dt.datetime]
    done_at: Mapped[dt.datetime | None]
    """When somebody did it, or when there was no longer anything to do."""
    done_by: Mapped[UUID | None] = reference("person.id")
    """Null where it was done by nobody: a register said something else."""
    over_at: Mapped[dt.datetime | None]
    """When its reason was gone. A task that somebody has done is not made again before that."""
