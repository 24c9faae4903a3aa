"""The mutants' own machinery: that every condition has its mutant, that mutants are code, and that the lists fit."""

from __future__ import annotations

import ast
from random import Random

import pytest

from tests.mutants.equivalent import EQUIVALENT, UNANSWERED
from tests.mutants.mutations import MODULES, Mutant, mutants_of, path_of
from tests.mutants.printed import as_lines


@pytest.fixture(scope="module")
def mutants() -> list[Mutant]:
    return [mutant for module in MODULES for mutant in mutants_of(module)]


def test_every_mutant_is_named_once(mutants: list[Mutant]) -> None:
    names = [mutant.name for mutant in mutants]
    assert len(names) == len(set(names))


def test_a_mutant_is_code_and_another_than_the_source(mutants: list[Mutant]) -> None:
    whole = {module: ast.dump(ast.parse(path_of(module).read_bytes())) for module in MODULES}
    for mutant in Random(1).sample(mutants, 100):
        assert ast.dump(ast.parse(mutant.source())) != whole[mutant.module], mutant.name


def test_every_mutant_known_to_be_equivalent_is_made(mutants: list[Mutant]) -> None:
    assert EQUIVALENT.keys() | UNANSWERED.keys() <= {mutant.name for mutant in mutants}


def test_a_mutant_drops_the_preventions_of_a_contact_teacher(mutants: list[Mutant]) -> None:
    names = {mutant.name for mutant in mutants}
    assert "authz.relation taught: where drops `theirs.c.person_id.not_in(select(closed.c.child_id))`" in names
    assert "authz.relation taught: where drops `holds(enrolment)`" in names
    assert "authz.standing GUARDIANSHIP: drops `- {blocked}`" in names
    assert "authz.engine.sql holds: `period.c.until > day` the other side of the bound" in names


def test_a_mutant_takes_and_adds_each_relation_of_a_column(mutants: list[Mutant]) -> None:
    number = [mutant.what for mutant in mutants if mutant.place == "LINES.Child.nationalId"]
    assert len([what for what in number if what.startswith("without")]) == 4
    assert len([what for what in number if what.startswith("with ")]) == 5


def test_a_line_with_a_bit_more_is_no_longer_as_printed(mutants: list[Mutant]) -> None:
    lines = [mutant for mutant in mutants if mutant.kind == "printed" and mutant.module == "authz.thread"]
    assert lines
    told = [as_lines(mutant) for mutant in lines if "with CASE_WORKER" in mutant.what]
    assert all("schema.graphql prints" in one for one in told)
