"""What the screening finds in a message, where it says that it stands, and how well it does on the kept sentences."""

from __future__ import annotations

import re
import sys
import unicodedata
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from norway.national_id import is_national_id, with_check_digits
from screening.advice import Language, advice
from screening.folding import fold
from screening.kinds import Finding, Kind
from screening.lexicon import lexicon
from screening.screen import screen
from tests.corpus import PARTS, figures, sentences

# Numbers of Tenor's range, which nobody bears: born on 1 January 2015, and a D-number.
NUMBER = "01811599839"
D_NUMBER = "41811599903"


def kinds(text: str) -> set[Kind]:
    return {finding.kind for finding in screen(text)}


def test_the_numbers_of_these_tests_are_valid() -> None:
    assert is_national_id(NUMBER)
    assert is_national_id(D_NUMBER)


# The figures that are promised


KEPT = list(sentences())


@pytest.mark.parametrize("part", PARTS)
def test_the_screening_does_not_miss_or_accuse_more_than_is_promised(part: str) -> None:
    measured = figures(sentence for sentence in KEPT if sentence.part == part)
    assert measured.overall.recall >= 0.9
    assert measured.overall.precision >= 0.8
    for score in (*measured.by_language.values(), *measured.by_kind.values()):
        assert score.recall >= 0.75
        assert score.precision >= 0.75
    assert measured.by_kind[Kind.NATIONAL_ID].missed == 0


def test_the_sentences_are_as_many_and_as_hard_as_is_promised() -> None:
    assert len(KEPT) >= 1000
    assert sum(sentence.hard for sentence in KEPT) >= 300
    assert len({sentence.text for sentence in KEPT}) == len(KEPT)
    by_language = [
        sum(sentence.language == language for sentence in KEPT) / len(KEPT) for language in ("nb", "nn", "en")
    ]
    assert by_language[0] > 0.45
    assert min(by_language[1:]) > 0.18
    assert all(
        any(kind in sentence.kinds for sentence in KEPT if sentence.part == part) for part in PARTS for kind in Kind
    )


def test_the_sentences_bear_nobodys_number() -> None:
    """Tenor adds 80 to the month."""
    for sentence in KEPT:
        for finding in screen(sentence.text):
            if finding.kind is Kind.NATIONAL_ID:
                digits = "".join(letter for letter in sentence.text[finding.start : finding.end] if letter.isdigit())
                assert 81 <= int(digits[2:4]) <= 92


# National identity numbers


@pytest.mark.parametrize(
    "text",
    [
        NUMBER,
        f"fnr{NUMBER}.",
        "018115 99839",
        "018115-99839",
        "018115 – 99839",
        "01.81.15 99839",
        "01 81 15 998 39",
        "01/81/15-99839",
        "0 1 8 1 1 5 9 9 8 3 9",
        "0,1,8,1,1,5,9,9,8,3,9",
        "018115\u00a099839",
        "018115\u200b99839",
        "018115\u00ad99839",
        "018115\n99839",
        "０１８１１５９９８３９",
        "٠١٨١١٥٩٩٨٣٩",
        "01.81.2015 99839",
        "2015-81-01 99839",
        "hun er født 018115, personnummer 99839",
        "født 01.81.2015 (personnr. 99839)",
        "born 018115 and the last five are 99839",
        "Tlf 22 33 44 55 018115 99839",
        D_NUMBER,
        "418115 99903",
    ],
)
def test_a_sender_does_not_slip_a_national_identity_number_through(text: str) -> None:
    assert Kind.NATIONAL_ID in kinds(text)


@pytest.mark.parametrize(
    "text",
    [
        "01811599838",  # the last check digit
        "33811599839",
        "101811599839",
        "018115998390",
        "9999018115998399999",
        "Timene er 08.15-09.00, 09.10-09.55 og 10.10-10.55.",
        "12.05.2026 til 14.05.2026",
        "Ring 22 86 40 00 eller 40 00 22 86",
        "født 018115, telefon 99839",
    ],
)
def test_a_sender_is_not_refused_for_other_digits(text: str) -> None:
    assert Kind.NATIONAL_ID not in kinds(text)


@given(st.integers(0, 999_999_999), st.sampled_from([0, 1, 2, 3]), st.sampled_from(["", " ", "-", ".", " - "]))
def test_a_number_of_today_or_of_2032_is_not_let_through_however_it_is_spaced(
    seed: int, rest: int, between: str
) -> None:
    day, month = seed % 28 + 1, seed // 28 % 12 + 81
    number = with_check_digits(
        f"{day:02}{month:02}{seed // 336 % 100:02}{seed // 33600 % 1000:03}", first_remainder=rest
    )
    if number is not None:
        text = f"Hun heter Ida. {between.join([number[:6], number[6:]])} er nummeret."
        found = [finding for finding in screen(text) if finding.kind is Kind.NATIONAL_ID]
        assert [text[one.start : one.end] for one in found] == [between.join([number[:6], number[6:]])]


def test_a_national_identity_number_alone_may_not_be_acknowledged() -> None:
    assert [kind for kind in Kind if not kind.may_be_acknowledged] == [Kind.NATIONAL_ID]


# Words in their forms, and in disguise


@pytest.mark.parametrize(
    "text",
    [
        "Hun tar diabetesmedisinen sin klokka elleve.",
        "ASTMAANFALL I GÅR, VI VAR PÅ LEGEVAKTEN",
        "Han har ast\u00adma.",
        "Han har as\u200btma.",
        "Han har epilepsi".replace("e", "e\u200d"),
        unicodedata.normalize("NFD", "Hun har høreapparat og cøliaki."),
        "Ｈｕｎ ｈａｒ ａｎｇｓｔ.",
        "Utredet for ADHD-lignende vansker.",
        "Han har A D H D.",
        "Han har A.D.H.D.",
        "Skolen\nhar ikke fått vite om epilepsien hans.",
        "She has in\ufb02uenza.",
    ],
)
def test_a_word_is_found_in_its_forms_and_under_characters_that_do_not_show(text: str) -> None:
    assert Kind.HEALTH in kinds(text)


def test_a_finding_stands_where_the_words_were_sent() -> None:
    text = "Hei! 😀 Han har as\u00adtma, og 018115\u200b 99839 er nummeret."
    found = {finding.kind: text[finding.start : finding.end] for finding in screen(text)}
    assert found[Kind.NATIONAL_ID] == "018115\u200b 99839"
    assert found[Kind.HEALTH].endswith("as\u00adtma")


def test_findings_come_by_place_and_overlap_with_none_of_their_kind() -> None:
    text = " ".join(sentence.text for sentence in KEPT[:300])
    found = screen(text)
    assert found == sorted(found, key=lambda one: (one.start, one.end, one.kind.name))
    for kind in Kind:
        row = [finding for finding in found if finding.kind is kind]
        assert all(one.end <= other.start for one, other in pairwise(row))


@given(st.text())
def test_any_text_is_screened_and_every_finding_stands_in_it(text: str) -> None:
    for finding in screen(text):
        assert 0 <= finding.start < finding.end <= len(text)


@given(st.text())
def test_every_place_of_a_folded_text_is_a_place_of_the_text(text: str) -> None:
    folded = fold(text)
    assert len(folded.text) == len(folded.cased) == len(folded.origins) - 1
    assert list(folded.origins) == sorted(folded.origins)
    assert folded.origins[-1] == len(text)


# Words in context


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Hun er kristen.", Kind.RELIGION_OR_BELIEF),
        ("She is a Christian.", Kind.RELIGION_OR_BELIEF),
        ("Nora er syk.", Kind.HEALTH),
        ("Far sitter i kommunestyret for Høyre.", Kind.POLITICAL_OPINION),
    ],
)
def test_an_ambiguous_word_counts_where_a_person_is_spoken_of(text: str, kind: Kind) -> None:
    assert kinds(text) == {kind}


@pytest.mark.parametrize(
    "text",
    [
        "Kristen kommer og henter.",
        "Det er Kristen som henter.",
        "Det var en helt syk tur.",
        "Sykt bra!",
        "Ta til høyre ved kirken.",
        "For eksempel et eksemplar av boka.",
        "Bekreft at du kommer.",
        "Vi lærer om islam, kristendom og jødedom.",
        "He runs faster than she does.",
    ],
)
def test_an_ambiguous_word_does_not_count_where_none_is(text: str) -> None:
    assert screen(text) == []


# The lexicon


def test_no_pattern_of_the_lexicon_is_empty_or_finds_nothing_but_noise() -> None:
    known = lexicon()
    assert len(known.entries) > 2000
    assert screen("") == []
    assert screen(" og det er på i at som en et til av for med ".join("abcdefgh")) == []


# Hostile texts


HOSTILE = (
    *("a", "1", "1 ", "0,", "syk ", "syk", "har vondt i ", "01 81 15 ", "fritak fra den ", "\u00ad", "e\u0301"),
    *("\ufb02", "Ø ", ". ", "stemmer på den ", "født 010115 ", "Han er Nora. ", "Nora har ADHD kurs om "),
)


def work(text: str) -> int:
    """The calls that the screening of a text takes, those into C among them: the same on every machine."""
    calls = 0

    def count(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += 1

    sys.setprofile(count)
    try:
        screen(text)
    finally:
        sys.setprofile(None)
    return calls


@pytest.mark.parametrize("unit", HOSTILE)
def test_work_does_not_grow_faster_than_the_text(unit: str) -> None:
    screen(unit)
    short, long = (work(unit * (length // len(unit))) for length in (2_000, 16_000))
    assert long <= 8 * short * 1.1


@pytest.mark.parametrize("unit", HOSTILE)
def test_a_text_of_two_hundred_thousand_characters_is_screened(unit: str) -> None:
    """What no call counts, a pattern that goes back and forth, would not come to an end here."""
    screen(unit * (200_000 // len(unit)))


def test_no_pattern_repeats_without_bound() -> None:
    rests = {entry.rest.pattern for entries in lexicon().entries for entry in entries if entry.rest is not None}
    assert [rest for rest in rests if re.search(r"(?<!\\)[*+]", rest)] == []


# What is said, and what is kept quiet


def test_a_finding_says_its_kind_and_place_and_nothing_of_the_text() -> None:
    (finding,) = screen("Hennes epilepsi.")
    assert str(finding) == "HEALTH 7–15"
    assert "epilepsi" not in repr(finding)
    assert Finding.__slots__ == ("kind", "start", "end")


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("nb", "Meldingen ser ut til å inneholde opplysninger om helse og barnevern. Slikt bør ikke skrives her. "),
        ("nn", "Meldinga ser ut til å innehalde opplysningar om helse og barnevern. Slikt bør ikkje skrivast her. "),
        ("en", "The message seems to hold information about health and child welfare. It is better not to write "),
    ],
)
def test_a_sender_is_told_the_kinds_and_whom_to_call(language: Language, said: str) -> None:
    told = advice([Kind.CHILD_WELFARE, Kind.HEALTH, Kind.HEALTH], "Bjørkelia skole", "22 33 44 55", language)
    assert told.startswith(said)
    assert "Bjørkelia skole" in told
    assert "22 33 44 55" in told


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_a_sender_is_told_to_take_a_number_out_and_not_that_it_may_be_sent(language: Language) -> None:
    told = advice([Kind.NATIONAL_ID], "Bjørkelia skole", "22 33 44 55", language)
    assert "22 33 44 55" in told
    assert advice([Kind.HEALTH], "Bjørkelia skole", "22 33 44 55", language).split(". ")[-1] not in told


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
@pytest.mark.parametrize("phone", ["22 33 44 55", None])
def test_every_kind_has_advice_in_every_language(language: Language, phone: str | None) -> None:
    for kind in Kind:
        told = advice([kind], "{phone} {kinds}", phone, language)
        assert "None" not in told
        assert told.replace("{phone} {kinds}", "").count("{") == 0
