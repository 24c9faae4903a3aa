"""Who sees who was confirmed for a protected child (C2, R3)."""

from __future__ import annotations

from authz import child
from authz.engine.policy import Line, settled

LINES: dict[str, Line] = {
    f"Confirmation.{name}": settled(child.STRICT, "C2", "R3")
    for name in ("name", "guardian", "since", "confirmedBy", "confirmedAs", "confirmedAt")
}

ALLOWED: dict[str, Line] = {
    "Mutation.confirmGuardian": settled(
        child.STRICT, "R2", "R3", says="a leader of a unit that the child goes to now, who has the task"
    ),
}
