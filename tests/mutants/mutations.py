"""Makes mutants: for each fact, prevention, period check and bit of a mask, the source of one module without it.

What a mutant is made of is found in the syntax tree, so a condition written tomorrow has its mutant tomorrow. The SQL
text of `authz/standing.py` has no tree here: its mutants are made by patterns.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from authz.engine.policy import ANY_RELATION, PRINTED_AS, Relation

ROOT = Path(__file__).parent.parent.parent
CONCEPTS = (
    *("child", "guardian", "staff", "other_adult", "unit", "thread", "message", "viewer", "absence", "photo_consent"),
    *("block", "confirmation", "delegate", "substitution", "task", "record", "attachment", "recipient", "broadcast"),
    *("access_log", "need_case"),
)
"""Each has a page in `authz/`; most have one in `resolvers/` and one in `resolvers/acts/`."""
UNTOLD = (".record", ".attachment", ".recipient", ".broadcast", ".substitution", ".access_log", ".need_case")
"""Concepts of which no world's files tell."""


def pages() -> Iterator[str]:
    yield from ("authz.engine.policy", "authz.engine.sql", "authz.relation", "authz.standing")
    for folder in ("authz", "resolvers", "resolvers.acts"):
        yield from (f"{folder}.{concept}" for concept in CONCEPTS if path_of(f"{folder}.{concept}").exists())


def path_of(module: str) -> Path:
    return ROOT / (module.replace(".", "/") + ".py")


MODULES = tuple(pages())
JOINING = {"and_": 0, "or_": 0, "all_of": 0, "any_of": 0, "bits": 0, "union": 0, "exists_in": 1}
"""Functions whose arguments are conditions, or relations, and how many come before those."""
TURNED = {ast.LtE: ast.Lt, ast.Lt: ast.LtE, ast.GtE: ast.Gt, ast.Gt: ast.GtE}
"""Inclusive to exclusive, and back."""
TRUE, FALSE = "__import__('sqlalchemy').true()", "__import__('sqlalchemy').false()"
MASK = "__import__('authz.engine.policy', fromlist=['_']).Relation({})"
SHOWING = {"printed", "relation_names", "names_of"}
"""Functions that put masks into words, and decide nothing."""
KEPT_WHOLE = {"LINES", "ALLOWED", "SOURCES", "ENTITIES", "THREADS"}
"""Tables that the catalogue checks for being whole."""


@dataclass(frozen=True)
class Mutant:
    module: str
    place: str
    """The function, or the constant, that is broken."""
    what: str
    start: int
    end: int
    text: str
    """Stands in the place of the source's bytes from `start` to `end`."""
    function: int | None
    """First line of the innermost function; null outside of any."""
    kind: str = "condition"
    """Or `mask`; `column`, a mask that opens a column of C2; `tested`, what the tests judge and no world; `printed`,
    one that only the printed schema shows, since the rows' predicate settles it."""

    @property
    def name(self) -> str:
        return f"{self.module} {self.place}: {self.what}"

    def source(self) -> bytes:
        whole = path_of(self.module).read_bytes()
        return whole[: self.start] + self.text.encode() + whole[self.end :]


def mutants_of(module: str) -> list[Mutant]:
    made = list(standing_mutants() if module == "authz.standing" else TreeMutants(module).make())
    seen: Counter[str] = Counter()
    numbered = []
    for mutant in made:
        seen[mutant.name] += 1
        count = seen[mutant.name]
        numbered.append(mutant if count == 1 else replace(mutant, what=f"{mutant.what} ({count})"))
    return numbered


def shown(node: ast.AST) -> str:
    text = ast.unparse(node)
    return text if len(text) < 120 else f"{text[:117]}..."


def called(node: ast.AST) -> str:
    """The name of the function or method that a node calls."""
    if not isinstance(node, ast.Call):
        return ""
    return getattr(node.func, "id", getattr(node.func, "attr", ""))


def is_constant_call(node: ast.AST) -> bool:
    return called(node) in {"true", "false"} and not node.args  # type: ignore[attr-defined]


class TreeMutants:
    """Of one module, by its syntax tree."""

    def __init__(self, module: str) -> None:
        self.module = module
        self.bytes = path_of(module).read_bytes()
        self.tree = ast.parse(self.bytes)
        self.names = vars(importlib.import_module(module))
        self.parents = {child: node for node in ast.walk(self.tree) for child in ast.iter_child_nodes(node)}
        self.starts = [0]
        for line in self.bytes.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.unread = {
            inner for node in ast.walk(self.tree) for told in self.annotations(node) for inner in ast.walk(told)
        }

    @staticmethod
    def annotations(node: ast.AST) -> Iterator[ast.AST]:
        for name in ("annotation", "returns"):
            told = getattr(node, name, None)
            if told is not None:
                yield told
        yield from getattr(node, "decorator_list", ())

    def make(self) -> Iterator[Mutant]:
        for node in ast.walk(self.tree):
            if node in self.unread or not hasattr(node, "lineno"):
                continue
            if self.module.startswith("resolvers.acts."):
                found = self.refusals(node) if isinstance(node, ast.If) else iter(())
            else:
                yield from self.masks(node)
                found = self.changes(node)
            for target, text, what in found:
                yield self.mutant(target, text, what)

    def above(self, node: ast.AST) -> Iterator[ast.AST]:
        while node in self.parents:
            node = self.parents[node]
            yield node

    def mutant(self, node: ast.AST, text: str, what: str, kind: str = "condition") -> Mutant:
        place, function = [], None
        for above in (node, *self.above(node)):
            if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
                first = min([above.lineno, *(one.lineno for one in getattr(above, "decorator_list", ()))])
                function = first if function is None else function
            if isinstance(above, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                place.append(above.name)
            elif isinstance(above, ast.Assign | ast.AnnAssign) and above in self.tree.body:
                target = above.targets[0] if isinstance(above, ast.Assign) else above.target
                place.append(ast.unparse(target))
            elif isinstance(above, ast.Dict):
                inside = (node, *self.above(node))
                place += [
                    str(key.value)
                    for key, value in zip(above.keys, above.values, strict=True)
                    if isinstance(key, ast.Constant) and value in inside
                ]
        start = self.starts[node.lineno - 1] + node.col_offset  # type: ignore[attr-defined]
        end = self.starts[node.end_lineno - 1] + node.end_col_offset  # type: ignore[attr-defined]
        if kind != "printed" and (self.module.startswith("resolvers.acts.") or self.module.endswith(UNTOLD)):
            kind = "tested"
        return Mutant(self.module, ".".join(reversed(place)), what, start, end, text, function, kind)

    # --- masks

    def masks(self, node: ast.AST) -> Iterator[Mutant]:
        """One bit more, one bit less; what is printed as another relation is one with it where only print tells."""
        value, parent = self.mask_value(node), self.parents.get(node)
        if value is None or parent is None or self.mask_value(parent) is not None or called(parent) == "bit":
            return
        if isinstance(parent, ast.Tuple) and isinstance(parent.elts[-1], ast.Call):
            return  # the name of a tie, as in `bit`
        if isinstance(parent, ast.Dict):
            return  # a table of names
        if isinstance(parent, ast.Attribute | ast.keyword) or any(
            getattr(above, "name", "") in SHOWING for above in self.above(node)
        ):
            return
        kind = {"settled": "printed", "opens": "column"}.get(called(parent), "mask")
        tried = ~Relation(0) if kind == "printed" else ANY_RELATION
        if kind != "printed" and Relation.SELF not in value:
            tried |= Relation.ADULT_SELF
        if called(parent) == "related_at":
            tried &= ~Relation.FORMER_LEADER  # no tie at a unit
        for bit in Relation:
            if kind == "printed" and bit in PRINTED_AS:
                continue
            alike = bit
            for finer, printed in PRINTED_AS.items():
                if kind == "printed" and bit == printed:
                    alike |= finer
            if bit in value:
                text, what = MASK.format(int(value & ~alike)), f"without {bit.name} in `{shown(node)}`"
            elif bit in tried:
                text, what = MASK.format(int(value | bit)), f"with {bit.name} in `{shown(node)}`"
            else:
                continue
            yield self.mutant(node, text, what, kind)

    def mask_value(self, node: ast.AST) -> Relation | None:
        """What an expression over relations alone comes to."""
        if not isinstance(node, ast.BinOp | ast.UnaryOp | ast.Attribute | ast.Name):
            return None
        if isinstance(node, ast.Name | ast.Attribute) and not isinstance(node.ctx, ast.Load):
            return None
        loose = {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name)}
        if not loose or any(name not in self.names for name in loose) or node in self.unread:
            return None
        if any(isinstance(inner, ast.Call) for inner in ast.walk(node)):
            return None
        try:
            told: Any = eval(compile(ast.Expression(node), "mask", "eval"), self.names)  # type: ignore[arg-type]
        except (TypeError, AttributeError):
            return None
        return told if isinstance(told, Relation) else None

    # --- conditions, periods, facts

    def changes(self, node: ast.AST) -> Iterator[tuple[ast.AST, str, str]]:
        if isinstance(node, ast.Call):
            yield from self.arguments(node)
            yield from self.cases(node)
            yield from self.calls(node)
        elif (
            isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert) and self.mask_value(node.operand) is None
        ):
            yield node, f"({ast.unparse(node.operand)})", f"`{shown(node)}` is no longer turned around"
        elif isinstance(node, ast.Compare):
            yield from self.bounds(node)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitAnd | ast.BitOr):
            in_words = any(getattr(above, "name", "") in SHOWING for above in self.above(node))
            in_shapes = any(isinstance(one, ast.Set) for one in (node.left, node.right))
            if self.mask_value(node) is None and not in_shapes and not in_words:
                yield node, f"({ast.unparse(node.left)})", f"drops `{shown(node.right)}`"
                yield node, f"({ast.unparse(node.right)})", f"drops `{shown(node.left)}`"
        elif isinstance(node, ast.IfExp):
            yield from self.choices(node)
        elif isinstance(node, ast.If) and isinstance(node.test, ast.Compare):
            if isinstance(node.test.ops[0], ast.Eq) and isinstance(node.body[0], ast.Return) and not node.orelse:
                yield node, "pass", f"never `if {shown(node.test)}`"
        elif isinstance(node, ast.Tuple | ast.List):
            yield from self.elements(node)
        elif isinstance(node, ast.Constant) and node.value == "Europe/Oslo":
            yield node, "'UTC'", "days of another time zone"
        elif isinstance(node, ast.Constant) and node.value == "interval '24 hours'":
            yield node, '''"interval '25 hours'"''', "25 hours"
            yield node, '''"interval '23 hours'"''', "23 hours"

    def refusals(self, node: ast.If) -> Iterator[tuple[ast.AST, str, str]]:
        """An act that never refuses what it should, or for one reason less."""
        is_elif = not self.bytes[self.starts[node.lineno - 1] :].lstrip().startswith(b"if ")
        if node.orelse or is_elif or not isinstance(node.body[-1], ast.Raise):
            return
        yield node, "pass", f"never refuses `if {shown(node.test)}`"
        if isinstance(node.test, ast.BoolOp):
            for value in node.test.values:
                if isinstance(value, ast.Compare) and isinstance(value.ops[0], ast.Is):
                    continue  # makes way for the next reason
                rest = [ast.unparse(one) for one in node.test.values if one is not value]
                joined = f" {'and' if isinstance(node.test.op, ast.And) else 'or'} ".join(f"({one})" for one in rest)
                yield node.test, f"({joined})", f"refuses without `{shown(value)}`"

    def arguments(self, node: ast.Call) -> Iterator[tuple[ast.AST, str, str]]:
        name = called(node)
        is_where = name == "where" and isinstance(node.func, ast.Attribute)
        starred = bool(node.args) and isinstance(node.args[0], ast.Starred)
        is_least = name in {"least", "greatest"} and not starred and not self.is_told_day(node)
        if not (name in JOINING or is_where or is_least):
            return
        for index, argument in enumerate(node.args):
            if index < JOINING.get(name, 0) or is_constant_call(argument):
                continue
            rest = [one for one in node.args if one is not argument]
            if is_where and not rest:
                text = ast.unparse(node.func.value)  # type: ignore[attr-defined]
            elif name in {"and_", "or_"} and not rest:
                text = TRUE if name == "and_" else FALSE
            elif not rest and name not in {"all_of", "any_of"}:
                continue
            else:
                text = ast.unparse(ast.Call(node.func, rest, node.keywords))
            yield node, text, f"{name} drops `{shown(argument)}`"

    def is_told_day(self, node: ast.AST) -> bool:
        """The days that an explanation tells open and close nothing."""
        return any(
            called(above) == "label" and getattr(above.args[0], "value", "") in {"since", "until"}  # type: ignore[attr-defined]
            for above in self.above(node)
        )

    def cases(self, node: ast.Call) -> Iterator[tuple[ast.AST, str, str]]:
        """A case that never holds, and one that always does."""
        if called(node) != "case":
            return
        for argument in node.args:
            if isinstance(argument, ast.Tuple):
                yield argument.elts[0], FALSE, f"never the case `{shown(argument.elts[0])}`"
                yield argument.elts[0], TRUE, f"always the case `{shown(argument.elts[0])}`"

    def calls(self, node: ast.Call) -> Iterator[tuple[ast.AST, str, str]]:
        name = called(node)
        if name == "has_pair":
            first, _, key = node.args
            text = ast.unparse(ast.Call(ast.Attribute(node.func.value, "has"), [first, key], []))  # type: ignore[attr-defined]
            yield node, text, f"`{shown(node)}` at any unit"
        if name == "join" and len(node.args) == 2 and called(node.args[1]) != "and_":
            yield node.args[1], TRUE, f"joins without `{shown(node.args[1])}`"
        if isinstance(node.func, ast.Call) and called(node.func) == "op":
            sign = node.func.args[0].value  # type: ignore[attr-defined]
            left, right = node.func.func.value, node.args[0]  # type: ignore[attr-defined]
            if sign in "-*":
                yield node, ast.unparse(left), f"drops `{sign} {shown(right)}`"
            if sign == "*":
                yield node, ast.unparse(right), f"drops `{shown(left)} *`"
        for keyword in node.keywords:
            value = keyword.value
            if name == "Road" and keyword.arg == "side" and getattr(value, "value", None) is not None:
                yield value, "None", f"road {ast.unparse(node.args[0])} without a side"
            if name == "Entity" and keyword.arg == "visible":
                yield value, f"lambda *_: {TRUE}", f"{ast.unparse(node.args[0])} visible to all"
            if keyword.arg in {"former", "pairs"} and getattr(value, "value", None) is True:
                yield value, "False", f"not {keyword.arg} in `{shown(node)}`"
            if keyword.arg == "when":
                yield value, "'true'", f"asked without `{shown(value)}`"

    def bounds(self, node: ast.Compare) -> Iterator[tuple[ast.AST, str, str]]:
        (sign, *more), right = node.ops, node.comparators[0]
        in_python = called(node.left) == "len" or isinstance(right, ast.Constant)
        if type(sign) in TURNED and not more and not in_python:
            turned = ast.Compare(node.left, [TURNED[type(sign)]()], [right])
            yield node, f"({ast.unparse(turned)})", f"`{shown(node)}` the other side of the bound"

    def choices(self, node: ast.IfExp) -> Iterator[tuple[ast.AST, str, str]]:
        by_shape = any(isinstance(inner, ast.In | ast.NotIn) for inner in ast.walk(node.test))
        if by_shape or self.module.startswith("authz.engine") or self.is_told_day(node):
            return
        test = node.test
        if isinstance(test, ast.Compare) and isinstance(test.ops[0], ast.Is):
            yield node, f"({ast.unparse(node.body)})", f"always as if {shown(test)}"
        elif isinstance(test, ast.Name | ast.Attribute):
            yield node, f"({ast.unparse(node.body)})", f"always as if {shown(test)}"
            yield node, f"({ast.unparse(node.orelse)})", f"never as if {shown(test)}"

    def elements(self, node: ast.Tuple | ast.List) -> Iterator[tuple[ast.AST, str, str]]:
        """One entry less of a constant, or of what is gone through; keys without their condition."""
        kinds = [getattr(one, "value", None) for one in node.elts]
        if len(kinds) == 3 and kinds[1] in {"uuid", "timestamptz"} and not isinstance(node.elts[2], ast.Constant):
            yield node.elts[2], "None", f"all of `{shown(node)}`"
            return
        parent = self.parents.get(node)
        of_rows = isinstance(node, ast.List) and called(parent) == "Rows" and parent.args[2] is node  # type: ignore[union-attr]
        tied = isinstance(parent, ast.Assign) and ast.unparse(parent.targets[0]) == "tied"
        gone_through = isinstance(parent, ast.comprehension | ast.For) and parent.iter is node
        constant = parent in self.tree.body and isinstance(parent, ast.Assign | ast.AnnAssign)
        if constant and ast.unparse(getattr(parent, "target", None) or parent.targets[0]) in KEPT_WHOLE | {"RULES"}:  # type: ignore[union-attr]
            return
        if not (gone_through or constant or of_rows or tied) or not isinstance(node.ctx, ast.Load):
            return
        for one in node.elts:
            rest = [ast.unparse(other) for other in node.elts if other is not one]
            text = ", ".join(rest)
            told = f"[{text}]" if isinstance(node, ast.List) else f"({text},)" if rest else "('',)"
            yield node, told, f"drops `{shown(one)}`"


# --- the SQL text of standing.py

PATTERNS = (
    (r" - \{+(?:blocked|unconfirmed)\}+", ""),
    (r" \* \{childhood\}", ""),
    (r" \* \(\{_days\([^)]*\)\}\)", ""),
    (r"\(\{_days\([^)]*\)\}\) \* ", ""),
    (r" \* l\.days", ""),
    (r" \* coalesce\(c\.days, [^)]*\)", ""),
    (r" and [\w.]+ (?:=|<>|>=) [\w.]+", ""),
    (r" and r\.is_current", ""),
    (r"(?<=where )[\w.]+ = [\w.]+\s+and ", ""),
    (r"where [\w.]+ = [\w.]+(?! *\s+and)(?![\w.])", "where true"),
    (r"\bon [\w.]+ = [\w.]+", "on true"),
    (r" where level is not null", ""),
    (r">= cp\.since", "> cp.since"),
    (r"min\(k\.since\)", "max(k.since)"),
    (r"least\(cp\.until, c\.since\)", "cp.until"),
    (r"least\(cp\.until, c\.since\)", "c.since"),
    (r"coalesce\(since, known_on\)", "since"),
    (r"\('FORTROLIG', 'FORTROLIG'\), ", ""),
    (r"\('FORTROLIG', 'STRENGT_FORTROLIG'\),\s*", ""),
    (r",\s*\('STRENGT_FORTROLIG', 'STRENGT_FORTROLIG'\)", ""),
    (r"'(?:felles|mor|far|medmor)', ", ""),
    (r", 'andre'", ""),
    (r"daterange\(s\.birth_date, ", "daterange(null, "),
    (r", s\.turns_18_on\)", ", null)"),
    (r"from residence where level is not null", "from residence where false"),
    (r"as days from protection", "as days from protection where false"),
    (r"on l\.person_id = s\.child_id", "on false"),
    (r"g\.days \* g\.consented", "g.consented"),
    (r"g\.days \* g\.consented", "g.days"),
    (r' - coalesce\(range_agg\(g\.days - [^"]*', ""),
    (r' where holder_id is not null', ""),
    (r"CONSENTED\[consent\]", "CONSENTED['ONE']"),
    (r"CONSENTED\[consent\]", "CONSENTED['ALL']"),
    (r'or "ONE"', 'or "ALL"'),
    (r"\{until\} <= \{since\}", "{until} < {since}"),
)  # fmt: skip
"""What is taken away from the statements; each must be found at least once."""
ENTRY = re.compile(r'^    "([a-z][^"]+)": f?(?:"""(?:.|\n)*?"""|"[^"\n]+"),\n', re.MULTILINE)


def standing_mutants() -> Iterator[Mutant]:
    """The patterns, and every entry of the tables of sources."""
    whole = path_of("authz.standing").read_text()
    begins = whole.index("def _days")
    for pattern, text in PATTERNS:
        found = [told for told in re.finditer(pattern, whole) if told.start() > begins]
        assert found, f"nothing in authz/standing.py looks like {pattern}"
        for told in found:
            what = f"`{' '.join(told[0].split())}` becomes `{text}`" if text else f"drops `{' '.join(told[0].split())}`"
            yield by_text(whole, told.start(), told.end(), text, what)
    for told in ENTRY.finditer(whole):
        yield by_text(whole, told.start(), told.end(), "", f"drops {told[1]}")


def by_text(whole: str, start: int, end: int, text: str, what: str) -> Mutant:
    before = whole[:start]
    names = re.findall(r"^(?:async )?(?:def )?([A-Za-z_]+)(?: = |\()", before, re.MULTILINE)
    return Mutant("authz.standing", names[-1], what, len(before.encode()), len(whole[:end].encode()), text, None)
