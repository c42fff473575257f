"""Builtins that ask tensors for their truth or their order: `min`, `max`, `bool`, `int`, `float`.

Called natively they would need values. Here they do what Python does, with the questions kept in the graph: a result
that depends on tensors is a tensor without dimensions, or a variant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mindspore.compiler.frontend.branches import branches_on, truth
from mindspore.compiler.frontend.calls import call
from mindspore.compiler.frontend.decisions import decide, outcome_of
from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.special import compare
from mindspore.compiler.ir.dims import Symbolic, whole

__all__ = ["FOLDS"]

_MISSING: Any = object()


def _extreme(name: str, native: Callable[..., Any], operator_name: str) -> Callable[..., Any]:
    def fold(frame: Frame, *args: Any, key: Any = None, default: Any = _MISSING) -> Any:
        session, site = frame.session, frame.site
        given = {} if default is _MISSING else {"default": default}
        if not args or session.policy.control is None or (len(args) > 1 and given):
            return native(*args, **({"key": key} if key is not None else {}), **given)
        items = args if len(args) > 1 else args[0]
        if session.is_traced(items):
            if key is None and items.ndim == 1 and items.shape[0]:
                return session.policy.control.extreme(items, name)
            items = session.policy.control.items_of(items)
        if not isinstance(items, Iterable):
            return native(items)
        items = iter(items)
        best = next(items, _MISSING)
        if best is _MISSING:
            return native((), **given)
        best_key = best if key is None else call(frame, key, (best,), None)
        for item in items:
            item_key = item if key is None else call(frame, key, (item,), None)
            frame.site = site
            better = compare(frame, operator_name, item_key, best_key)
            if branches_on(frame, better):
                best, best_key = _better(frame, better, (item, item_key), (best, best_key), name)
            elif truth(frame, better, site, name):
                best, best_key = item, item_key
        return best

    return fold


def _better(frame: Frame, better: Any, new: tuple[Any, Any], old: tuple[Any, Any], name: str) -> Any:
    control, site = frame.session.policy.control, frame.site
    assert site is not None
    if new[0] is old[0]:
        return old
    if new[0] is new[1] and frame.session.is_traced(better):
        chosen = control.where(better, new[0], old[0])
        if chosen is not None:
            return chosen, chosen
    return decide(frame, better, site, name, lambda frame: new, lambda frame: old, True)


def _bool(frame: Frame, *args: Any) -> Any:
    if len(args) != 1 or frame.session.policy.control is None:
        return bool(*args)
    assert frame.site is not None
    return outcome_of(frame, args[0], frame.site, "bool")


def _number(native: Callable[..., Any]) -> Callable[..., Any]:
    def convert(frame: Frame, *args: Any, **kwargs: Any) -> Any:
        control = frame.session.policy.control
        if len(args) == 1 and not kwargs and control is not None and frame.session.is_traced(args[0]):
            return control.number(args[0], native)
        if len(args) == 1 and not kwargs and isinstance(args[0], Symbolic):
            return whole(args[0]) if native is int else args[0] * 1.0
        return native(*args, **kwargs)

    return convert


FOLDS: dict[Any, Callable[..., Any]] = {
    min: _extreme("min", min, "lt"),
    max: _extreme("max", max, "gt"),
    bool: _bool,
    int: _number(int),
    float: _number(float),
}
