"""Who may ask the schema about itself."""

from __future__ import annotations

from enum import StrEnum

from authz.viewer import Viewer


class Introspection(StrEnum):
    """`__schema` and `__type`; `__typename` is everybody's. The schema is no secret: the fewer ask for it, the fewer
    have a reason to send what is among the dearest that can be asked."""

    EMPLOYEES = "EMPLOYEES"
    """Whoever signed in as an employee. Not private persons, and not machine clients."""
    EVERYBODY = "EVERYBODY"
    NOBODY = "NOBODY"

    def allows(self, viewer: Viewer) -> bool:
        return self is Introspection.EVERYBODY or (self is Introspection.EMPLOYEES and viewer.employee)
