"""Cursors and global ids: opaque, and worth nothing where they do not belong."""

import datetime as dt
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as some

from resolvers import ids
from resolvers.engine.cursor import Cursors

KEY = bytes(range(32))
WHERE = "viewer|Viewer.threads|{}|None"
INSTANT = dt.datetime(2026, 11, 23, 6, 30, tzinfo=dt.UTC)
ROW = uuid4()


def test_cursor_gives_back_its_values_where_it_was_made():
    cursors = Cursors(KEY)
    sealed = cursors.seal([INSTANT, ROW], WHERE)
    assert cursors.open(sealed, WHERE, [dt.datetime, UUID]) == [INSTANT, ROW]


@pytest.mark.parametrize(
    "elsewhere",
    ["another|Viewer.threads|{}|None", "viewer|Unit.threads|{}|None", "viewer|Viewer.threads|{}|parent"],
)
def test_cursor_is_none_for_another_viewer_connection_or_parent(elsewhere):
    cursors = Cursors(KEY)
    assert cursors.open(cursors.seal([INSTANT, ROW], WHERE), elsewhere, [dt.datetime, UUID]) is None


def test_cursor_is_spelt_in_one_way():
    cursors = Cursors(KEY)
    sealed = cursors.seal([INSTANT], WHERE)
    for other in (f"{sealed}=", f"{sealed}\n", f"{sealed[:9]}!{sealed[9:]}"):
        assert cursors.open(other, WHERE, [dt.datetime]) is None
    last = {letter: cursors.open(sealed[:-1] + letter, WHERE, [dt.datetime]) for letter in "AEIMQUYcgkosw048_-Bh3"}
    assert {letter for letter, values in last.items() if values} <= {sealed[-1]}


def test_cursor_tells_nothing_of_its_values():
    sealed = Cursors(KEY).seal(["Ærlig Fjell", ROW], WHERE)
    assert "rlig" not in sealed
    assert ROW.hex not in sealed


def test_cursor_of_another_key_is_none():
    sealed = Cursors(KEY).seal([ROW], WHERE)
    assert Cursors(bytes(32)).open(sealed, WHERE, [UUID]) is None


@given(some.text(max_size=80))
def test_cursor_that_was_never_made_is_none(told):
    assert Cursors(KEY).open(told, WHERE, [UUID]) is None


@given(some.uuids(), some.sampled_from(sorted(ids.TYPE_BYTES)))
def test_id_gives_back_its_type_and_key(key, type_name):
    told = ids.encode(ids.TYPE_BYTES[type_name], key)
    assert ids.decode(told) == (type_name, key)
    assert ids.decode_as(type_name, told) == key


@given(some.text(max_size=40))
def test_id_that_was_never_made_is_none(told):
    decoded = ids.decode(told)
    assert decoded is None or ids.encode(ids.TYPE_BYTES[decoded[0]], decoded[1]) == told


def test_id_of_another_type_is_none():
    told = ids.encode(ids.TYPE_BYTES["Child"], ROW)
    assert ids.decode_as("Unit", told) is None
