"""Which numbers are national identity numbers: Skatteetaten's own vectors, and what each part of the rule refuses."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from norway.national_id import (
    D_NUMBER,
    TENOR,
    NotANationalId,
    born_at_the_latest,
    checked_national_id,
    is_national_id,
    is_synthetic,
    with_check_digits,
)

with (Path(__file__).parent / "data" / "national_id_vectors.csv").open(encoding="utf-8") as file:
    VECTORS = list(csv.DictReader(file))


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["beskrivelse"] for vector in VECTORS])
def test_the_rule_agrees_with_the_register_s_own_vectors(vector: dict[str, str]) -> None:
    number = vector["fødselsnummer"]
    assert is_national_id(number) is (vector["erGyldig"] == "true")
    assert is_synthetic(number) is (vector["erSyntetisk"] == "true")


@pytest.mark.parametrize("number", ["14831899779", "21858649835", "09818445196", "02911995525", "57877940111"])
def test_the_rule_takes_synthetic_numbers(number: str) -> None:
    assert checked_national_id(number) == number
    assert is_synthetic(number)


@pytest.mark.parametrize("number", ["15507600333", "55507608360"])
def test_the_rule_takes_a_month_with_40_added_in_tests_alone(number: str) -> None:
    assert not is_national_id(number)
    assert is_national_id(number, dolly=True)


@pytest.mark.parametrize(
    "text",
    ["", "1483189977", "148318997790", "1483189977a", "14831899 779", "²4831899779", "١٤٨٣١٨٩٩٧٧٩", "14831899779\n"],
)
def test_the_rule_refuses_what_is_not_eleven_digits(text: str) -> None:
    with pytest.raises(NotANationalId):
        checked_national_id(text)


@pytest.mark.parametrize(
    "beginning", ["000199", "320199", "310499", "300299", "290201", "010099", "011399", "400199", "720199"]
)
def test_the_rule_refuses_a_day_that_does_not_exist(beginning: str) -> None:
    numbers = [with_check_digits(f"{beginning}{n:03}") for n in range(100)]
    assert any(numbers)
    assert not any(is_national_id(number) for number in numbers if number)


@given(st.integers(0, 9999), st.integers(1, 9))
def test_the_rule_refuses_a_number_with_a_wrong_second_check_digit(number: int, more: int) -> None:
    made = with_check_digits(f"01890{number:04}")
    if made:
        wrong = made[:-1] + str((int(made[-1]) + more) % 10)
        assert is_national_id(made)
        assert not is_national_id(wrong)


@given(st.integers(0, 9999), st.integers(0, 10))
def test_the_first_check_digit_may_leave_nought_to_three(number: int, remainder: int) -> None:
    made = with_check_digits(f"01890{number:04}", first_remainder=remainder)
    if made:
        assert is_national_id(made) is (remainder <= 3)


def test_a_refusal_does_not_tell_the_number() -> None:
    with pytest.raises(NotANationalId) as refused:
        checked_national_id("14831899778")
    assert "14831899778" not in str(refused.value)


@pytest.mark.parametrize(
    ("beginning", "today", "latest"),
    [
        ("141008", dt.date(2026, 10, 14), dt.date(2008, 10, 14)),
        ("141026", dt.date(2026, 10, 14), dt.date(2026, 10, 14)),
        ("151026", dt.date(2026, 10, 14), dt.date(1926, 10, 15)),
        ("141027", dt.date(2026, 10, 14), dt.date(1927, 10, 14)),
        ("010100", dt.date(2026, 10, 14), dt.date(2000, 1, 1)),
        ("010199", dt.date(2026, 10, 14), dt.date(1999, 1, 1)),
        ("290224", dt.date(2026, 10, 14), dt.date(2024, 2, 29)),
        ("290200", dt.date(2026, 10, 14), dt.date(2000, 2, 29)),
        ("290200", dt.date(2126, 10, 14), dt.date(2000, 2, 29)),
        ("290228", dt.date(2026, 10, 14), dt.date(1928, 2, 29)),
    ],
)
@pytest.mark.parametrize("day_more", [0, D_NUMBER])
@pytest.mark.parametrize("month_more", [0, TENOR])
def test_the_latest_birth_date_is_the_last_day_that_fits(
    beginning: str, today: dt.date, latest: dt.date, day_more: int, month_more: int
) -> None:
    """Whatever stands behind it: from 2032 that tells no century."""
    day, month, year = beginning[:2], beginning[2:4], beginning[4:]
    nine = (f"{int(day) + day_more:02}{int(month) + month_more:02}{year}{serial:03}" for serial in (0, 123, 505, 950))
    made = [number for one in nine if (number := with_check_digits(one))]
    assert made
    assert {born_at_the_latest(number, today) for number in made} == {latest}
