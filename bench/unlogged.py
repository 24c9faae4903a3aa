"""`innsyn` whose servers write no access log: the difference to it is what the log costs, and its only use."""

from __future__ import annotations

from server.app import AccessLogWriter
from server.command import main


async def append(*_: object) -> None:
    """In the place of an entry that is committed."""


if __name__ == "__main__":
    AccessLogWriter.append = append
    main()
