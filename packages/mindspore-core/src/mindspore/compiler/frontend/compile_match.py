"""The `match` statement (PEP 634).

A pattern is compiled to a closure `matches(frame, subject, captured) -> bool` that appends (store, value) pairs to
`captured`; names are bound once the whole pattern has matched, before its guard is evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from functools import partial, reduce
from typing import Any

from mindspore.compiler.frontend.attributes import load_attribute
from mindspore.compiler.frontend.branches import branches_on, truth
from mindspore.compiler.frontend.collected import Collector
from mindspore.compiler.frontend.compile_names import Store, compile_store_name
from mindspore.compiler.frontend.conditions import predicate
from mindspore.compiler.frontend.decisions import decide, fork_statement
from mindspore.compiler.frontend.dispatch import compile_block, compile_node, compiles
from mindspore.compiler.frontend.errors import unsupported
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.scopes import Scope
from mindspore.compiler.frontend.trip_numbers import TripNumber, TripValueNeeded
from mindspore.compiler.frontend.variants import Variant, narrowed


class _Captured(list[tuple[Store, Any]]):
    """What a pattern has captured so far, and the predicates on tensors that it depends on."""

    def __init__(self) -> None:
        self.conditions: list[Any] = []


_Matcher = Callable[[Frame, Any, _Captured], bool]

_IS_SEQUENCE, _IS_MAPPING, _MATCHES_ITSELF = 1 << 5, 1 << 6, 1 << 22
_MISSING = object()


@compiles(ast.Match)
def _match(node: ast.Match, scope: Scope) -> Run:
    subject_run, site_of_subject = compile_node(node.subject, scope), scope.site(node.subject)
    cases = [
        (
            _pattern(case.pattern, scope),
            None if case.guard is None else compile_node(case.guard, scope),
            scope.site(case.guard or case.pattern),
            compile_block(case.body, scope),
        )
        for case in node.cases
    ]

    def match_from(frame: Frame, subject: Any, start: int = 0) -> Any:
        for number in range(start, len(cases)):
            matches, guard, site, body = cases[number]
            captured = _Captured()
            frame.site = site
            if not matches(frame, subject, captured):
                continue
            otherwise = partial(match_from, subject=subject, start=number + 1)
            taken = partial(take, captured=captured, case=(guard, site, body), otherwise=otherwise)
            if captured.conditions:
                condition = _all_of(frame, captured.conditions)
                return decide(frame, condition, site, "match", taken, otherwise, False)
            return taken(frame)
        return None

    def take(frame: Frame, captured: _Captured, case: Any, otherwise: Run) -> Any:
        guard, site, body = case
        for store, value in captured:
            store(frame, value)
        if guard is None:
            return body(frame)
        value = guard(frame)
        if type(value) is not bool and branches_on(frame, value):
            return decide(frame, value, site, "match", body, otherwise, False)
        return body(frame) if truth(frame, value, site, "match") else otherwise(frame)

    def match(frame: Frame) -> Any:
        subject = subject_run(frame)
        if frame.session.varies:
            frame.site = site_of_subject
            return fork_statement(frame, match_from, subject, deep=True)
        return match_from(frame, subject)

    return match


def _all_of(frame: Frame, conditions: list[Any]) -> Any:
    """The predicate that all of these hold."""
    control = frame.session.policy.control
    return reduce(lambda a, b: control.negate(control.either(control.negate(a), control.negate(b))), conditions)


def _pattern(node: ast.pattern, scope: Scope) -> _Matcher:
    pattern, site = _PATTERNS[type(node)](node, scope), scope.site(node)

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        if type(subject) is Variant:
            subject = narrowed(frame.session, subject)
            if type(subject) is Variant:
                unsupported("a pattern for a part that differs with a decision on a tensor",
                            "match that part in a statement of its own", site)
        if type(subject) is Collector and not isinstance(node, ast.MatchAs):
            raise TripValueNeeded("a list to which each trip appends")
        return pattern(frame, subject, captured)

    return matches


def _value(node: ast.MatchValue, scope: Scope) -> _Matcher:
    expected, site = compile_node(node.value, scope), scope.site(node)

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        wanted = expected(frame)
        frame.site = site
        outcome = subject == wanted
        if branches_on(frame, outcome):
            captured.conditions.append(predicate(frame, outcome, site, "match"))
            return True
        return truth(frame, outcome, site, "match")

    return matches


def _singleton(node: ast.MatchSingleton, scope: Scope) -> _Matcher:
    wanted = node.value

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        if type(subject) is TripNumber and type(wanted) is type(subject.values[0]):
            raise TripValueNeeded
        return subject is wanted

    return matches


def _as(node: ast.MatchAs, scope: Scope) -> _Matcher:
    inner = None if node.pattern is None else _pattern(node.pattern, scope)
    store = None if node.name is None else compile_store_name(node.name, scope)

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        if inner is not None and not inner(frame, subject, captured):
            return False
        if store is not None:
            captured.append((store, subject))
        return True

    return matches


def _or(node: ast.MatchOr, scope: Scope) -> _Matcher:
    alternatives, site = [_pattern(each, scope) for each in node.patterns], scope.site(node)

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        """An alternative that depends on tensors leaves the others open, so it must capture nothing."""
        either: list[Any] = []
        for alternative in alternatives:
            found = _Captured()
            if not alternative(frame, subject, found):
                continue
            if not found.conditions and not (either and found):
                captured.extend(found)
                return True
            if found:
                unsupported("names in an alternative of a pattern that depends on a tensor", "write a case for each",
                            site)
            either.append(_all_of(frame, found.conditions))
        if either:
            captured.conditions.append(reduce(frame.session.policy.control.either, either))
        return bool(either)

    return matches


def _sequence(node: ast.MatchSequence, scope: Scope) -> _Matcher:
    starred = [number for number, each in enumerate(node.patterns) if isinstance(each, ast.MatchStar)]
    star = starred[0] if starred else None
    patterns = [_pattern(each, scope) for each in node.patterns if not isinstance(each, ast.MatchStar)]
    after = 0 if star is None else len(patterns) - star
    rest = None if star is None else _star_store(node.patterns[star], scope)

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        if not type(subject).__flags__ & _IS_SEQUENCE:
            return False
        length = len(subject)
        if length < len(patterns) or (star is None and length != len(patterns)):
            return False
        before = len(patterns) - after
        indices = [*range(before), *range(length - after, length)]
        for pattern, index in zip(patterns, indices, strict=True):
            if not pattern(frame, subject[index], captured):
                return False
        if rest is not None:
            items = [subject[index] for index in range(before, length - after)]
            captured.append((rest, frame.session.journal.made(items)))
        return True

    return matches


def _star_store(node: ast.pattern, scope: Scope) -> Store | None:
    assert isinstance(node, ast.MatchStar)
    return None if node.name is None else compile_store_name(node.name, scope)


def _mapping(node: ast.MatchMapping, scope: Scope) -> _Matcher:
    keys = [compile_node(each, scope) for each in node.keys]
    patterns = [_pattern(each, scope) for each in node.patterns]
    rest = None if node.rest is None else compile_store_name(node.rest, scope)

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        if not type(subject).__flags__ & _IS_MAPPING or len(subject) < len(keys):
            return False
        found: dict[Any, Any] = {}
        for key_run in keys:
            key = key_run(frame)
            if key in found:
                raise ValueError(f"mapping pattern checks duplicate key ({key!r})")
            found[key] = subject.get(key, _MISSING)
            if found[key] is _MISSING:
                return False
        for pattern, value in zip(patterns, found.values(), strict=True):
            if not pattern(frame, value, captured):
                return False
        if rest is not None:
            others = {key: subject[key] for key in subject if key not in found}
            captured.append((rest, frame.session.journal.made(others)))
        return True

    return matches


def _class(node: ast.MatchClass, scope: Scope) -> _Matcher:
    cls_run, site = compile_node(node.cls, scope), scope.site(node)
    positional = [_pattern(each, scope) for each in node.patterns]
    named = [(name, _pattern(each, scope)) for name, each in zip(node.kwd_attrs, node.kwd_patterns, strict=True)]

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        cls = cls_run(frame)
        frame.site = site
        if not isinstance(cls, type):
            raise TypeError("called match pattern must be a class")
        if not isinstance(subject.values[0] if type(subject) is TripNumber else subject, cls):
            return False
        names = _positional_names(cls, len(positional), [name for name, _ in named])
        if names is None:
            return positional[0](frame, subject, captured) and _attributes(frame, subject, named, captured)
        return _attributes(frame, subject, [*zip(names, positional, strict=True), *named], captured)

    return matches


def _positional_names(cls: type, count: int, keywords: list[str]) -> list[str] | None:
    """The attributes that positional sub-patterns look at; None for the builtin classes that match themselves."""
    if not count:
        return []
    names = getattr(cls, "__match_args__", _MISSING)
    allowed = 1 if names is _MISSING and cls.__flags__ & _MATCHES_ITSELF else 0
    if names is _MISSING:
        names = ()
    if not isinstance(names, tuple):
        raise TypeError(f"{cls.__name__}.__match_args__ must be a tuple (got {type(names).__name__})")
    allowed = allowed or len(names)
    if count > allowed:
        plural = "" if allowed == 1 else "s"
        raise TypeError(f"{cls.__name__}() accepts {allowed} positional sub-pattern{plural} ({count} given)")
    if not names:
        return None
    chosen: list[str] = []
    for name in names[:count]:
        if not isinstance(name, str):
            raise TypeError(f"__match_args__ elements must be strings (got {type(name).__name__})")
        if name in chosen or name in keywords:
            raise TypeError(f"{cls.__name__}() got multiple sub-patterns for attribute '{name}'")
        chosen.append(name)
    return chosen


def _attributes(frame: Frame, subject: Any, pairs: Iterable[tuple[str, _Matcher]], captured: _Captured) -> bool:
    for name, pattern in pairs:
        try:
            value = load_attribute(frame, subject, name)
        except AttributeError:
            return False
        if not pattern(frame, value, captured):
            return False
    return True


_PATTERNS: dict[type[ast.pattern], Callable[[Any, Scope], _Matcher]] = {
    ast.MatchValue: _value,
    ast.MatchSingleton: _singleton,
    ast.MatchAs: _as,
    ast.MatchOr: _or,
    ast.MatchSequence: _sequence,
    ast.MatchMapping: _mapping,
    ast.MatchClass: _class,
}
