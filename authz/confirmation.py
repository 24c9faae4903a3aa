"""Who sees who was confirmed for a protected child (C2, R3)."""

from __future__ import annotations

from authz import child
from authz.engine.policy import Line, settled

LINES: dict[str, Line] = {
    f"Confirmation.{name}": settled(child.STRICT, "C2", "R3")
    for name in ("name", "guardian", "since", "confirmedBy", "confirmedAs", "confirmedAt")
}
