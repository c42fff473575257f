"""The `match` statement (PEP 634).

A pattern is compiled to a closure `matches(frame, subject, captured) -> bool` that appends (store, value) pairs to
`captured`; names are bound once the whole pattern has matched, before its guard is evaluated.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable
from typing import Any

from mindspore.compiler.frontend.attributes import load_attribute
from mindspore.compiler.frontend.branches import truth
from mindspore.compiler.frontend.compile_names import Store, compile_store_name
from mindspore.compiler.frontend.dispatch import compile_block, compile_node, compiles
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.scopes import Scope

_Captured = list[tuple[Store, Any]]
_Matcher = Callable[[Frame, Any, _Captured], bool]

_IS_SEQUENCE, _IS_MAPPING, _MATCHES_ITSELF = 1 << 5, 1 << 6, 1 << 22
_MISSING = object()


@compiles(ast.Match)
def _match(node: ast.Match, scope: Scope) -> Run:
    subject_run = compile_node(node.subject, scope)
    cases = [
        (
            _pattern(case.pattern, scope),
            None if case.guard is None else compile_node(case.guard, scope),
            scope.site(case.guard or case.pattern),
            compile_block(case.body, scope),
        )
        for case in node.cases
    ]

    def match(frame: Frame) -> Any:
        subject = subject_run(frame)
        for matches, guard, site, body in cases:
            captured: _Captured = []
            frame.site = site
            if not matches(frame, subject, captured):
                continue
            for store, value in captured:
                store(frame, value)
            if guard is None or truth(frame, guard(frame), site, "match"):
                return body(frame)
        return None

    return match


def _pattern(node: ast.pattern, scope: Scope) -> _Matcher:
    return _PATTERNS[type(node)](node, scope)


def _value(node: ast.MatchValue, scope: Scope) -> _Matcher:
    expected, site = compile_node(node.value, scope), scope.site(node)

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        wanted = expected(frame)
        frame.site = site
        return truth(frame, subject == wanted, site, "match")

    return matches


def _singleton(node: ast.MatchSingleton, scope: Scope) -> _Matcher:
    wanted = node.value
    return lambda frame, subject, captured: subject is wanted


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
    alternatives = [_pattern(each, scope) for each in node.patterns]

    def matches(frame: Frame, subject: Any, captured: _Captured) -> bool:
        before = len(captured)
        for alternative in alternatives:
            if alternative(frame, subject, captured):
                return True
            del captured[before:]
        return False

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
            captured.append((rest, [subject[index] for index in range(before, length - after)]))
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
            captured.append((rest, {key: subject[key] for key in subject if key not in found}))
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
        if not isinstance(subject, cls):
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
