"""Where the fields of another adult come from."""

from __future__ import annotations

from functools import partial

from authz import other_adult as policy
from models.seen import SeenOtherAdult
from resolvers import ids
from resolvers.engine.source import Column, Entity, Source

ENTITIES = (
    Entity("OtherAdult", SeenOtherAdult, visible=lambda row, keys: policy.visible(row.c.id, keys), key="adult_key"),
)

SOURCES: dict[str, Source] = {
    "OtherAdult.id": Column(lambda row, _: row.c.adult_key, partial(ids.encode, ids.TYPE_BYTES["OtherAdult"])),
    "OtherAdult.name": Column(lambda row, _: row.c.name),
}
