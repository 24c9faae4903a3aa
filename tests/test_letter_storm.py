"""A server that dies in the middle of a unit letter."""

from __future__ import annotations

import time

import httpx

from tests.conftest import Innsyn
from tests.letter_storm import LetterStorm, town


def test_every_home_gets_one_thread_when_the_server_is_killed_in_the_middle_of_a_letter(innsyn: Innsyn) -> None:
    innsyn.folder.path.parent.mkdir(parents=True, exist_ok=True)
    storm = LetterStorm(innsyn, town(25))
    storm.bring_in()
    try:
        storm.serve()
        with httpx.Client(timeout=60) as client:
            letter, unit, recipients = storm.send(client)
            assert recipients == 50
            deadline = time.monotonic() + 60
            while (begun := storm.progress(client, letter, unit)[0]) < 5:
                assert time.monotonic() < deadline
            storm.stop(kill=True)
            assert begun < recipients
            storm.serve()
            finished = False
            while not finished:
                delivered, finished, threads = storm.progress(client, letter, unit)
                assert time.monotonic() < deadline
        assert delivered == threads == recipients
    finally:
        storm.stop()
