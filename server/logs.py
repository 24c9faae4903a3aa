"""Logs for machines, one JSON object a line on standard error, without anything that tells of a person.

What is logged of a request: its id, what was asked by its digest, how long it took, how much it was. Never a variable,
a query's text, an id, a name, an address of a client, or the text of an exception, which may quote any of these.
"""

from __future__ import annotations

import logging
import sys
import traceback
from types import TracebackType
from typing import Any

import orjson
import structlog


def configure_logs(*, verbose: bool = False) -> None:
    """Send every log of the process through one form. Called once in each process."""
    level = logging.DEBUG if verbose else logging.INFO
    shared: list[structlog.typing.Processor] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.processors.JSONRenderer(serializer=orjson.dumps)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.BytesLoggerFactory(sys.stderr.buffer),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                without_exception_text,
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(
                    serializer=lambda event, **_: orjson.dumps(event, default=str).decode()
                ),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name, quiet in (("httpx", logging.WARNING), ("httpcore", logging.WARNING), ("asyncio", logging.WARNING)):
        logging.getLogger(name).setLevel(quiet)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = name != "uvicorn.access"


def without_exception_text(_logger: Any, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """An exception of a library as its type and its places, for its text may hold a row."""
    told = event.pop("exc_info", None)
    record = event.get("_record")
    if told is None and isinstance(record, logging.LogRecord):
        told = record.exc_info
    if record is not None:
        record.exc_info, record.exc_text = None, None
    if isinstance(told, tuple) and isinstance(told[1], BaseException):
        event.update(described(told[1]))
    return event


def described(error: BaseException) -> dict[str, Any]:
    """An exception and what caused it: types and places, no texts and no values."""
    types: list[str] = []
    current: BaseException | None = error
    while current is not None and len(types) < 8:
        types.append(type(current).__qualname__)
        current = current.__cause__ or current.__context__
    return {"raised": types, "places": places(error.__traceback__)}


def places(trace: TracebackType | None) -> list[str]:
    return [f"{frame.name} {short(frame.filename)}:{frame.lineno}" for frame in traceback.extract_tb(trace)][-20:]


def short(file: str) -> str:
    return "/".join(file.split("/")[-2:])
