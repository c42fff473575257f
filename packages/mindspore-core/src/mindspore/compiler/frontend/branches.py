"""Decisions: the one place where a value becomes True or False.

Everything that Python decides by truth (`if`, `while`, `assert`, `not`, `and`, `or`, `in`, chained comparisons,
conditional expressions, filters of comprehensions, guards of `match`) asks `truth`. Values known now are decided now,
concrete tensors included. A traced tensor has no value yet: `branch_on_tensor` takes over.
"""

from __future__ import annotations

from typing import Any, NoReturn

from mindspore.compiler.frontend.conditions import predicate
from mindspore.compiler.frontend.decisions import fork
from mindspore.compiler.frontend.errors import TensorConditionError, describe
from mindspore.compiler.frontend.frames import Frame
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.special import has_special, is_special, special_outcome
from mindspore.compiler.frontend.variants import is_varied

__all__ = ["branch_on_tensor", "branches_on", "can_branch", "contains", "lacks", "refuse_condition", "truth"]

_REMEDIES = {
    "if": "compute both results and choose one of them element by element with ops.where(condition, a, b)",
    "conditional expression": "ops.where(condition, a, b)",
    "while": "loop a fixed number of times and keep finished elements with ops.where(condition, a, b)",
    "assert": "check the value outside of the graph, or assert something static, such as a shape or a dtype",
    "and": "ops.logical_and(a, b)",
    "or": "ops.logical_or(a, b)",
    "not": "ops.logical_not(x)",
    "in": "(items == x).any()",
    "chained comparison": "ops.logical_and(a < b, b < c)",
    "comprehension": "decide by something static, such as a shape, a dtype or a Python number",
    "bool": "keep it a tensor",
    "any": "ops.any(x)",
    "all": "ops.all(x)",
    "filter": "take all items at once, as list and sum do; or use ops.where",
    "next": "subscript a list, or use ops.where",
    "sorted": "ops.sort(x)",
    "min": "ops.minimum(a, b)",
    "max": "ops.maximum(a, b)",
    "subscript": "subscript by something static",
    "match": "match something static, such as a shape, a dtype or a Python number",
}


def truth(frame: Frame, value: Any, site: Site, construct: str) -> bool:
    """Whether `value` counts as true. `construct` (a key of the table of remedies) is what asks."""
    if value is True or value is False:
        return value
    if frame.session.is_traced(value):
        branch_on_tensor(frame, value, site, construct)
    frame.site = site
    if is_special(frame.session, value):
        outcome = special_outcome(frame, "__bool__", value)
        if type(outcome) is bool or frame.session.is_traced(outcome):
            return truth(frame, outcome, site, construct)
    return bool(value)


def branches_on(frame: Frame, value: Any) -> bool:
    """Whether `value` is a traced tensor, a variant, or an object whose `__bool__` may give a tensor, of whose decision
    all sides can be compiled."""
    session = frame.session
    if session.varies and is_varied(session, value):
        return True
    return (session.is_traced(value) or has_special(session, value, "__bool__")) and can_branch(frame)


def can_branch(frame: Frame) -> bool:
    """Whether both sides of a decision that stands in this frame can be compiled."""
    return frame.session.policy.control is not None and frame.namespace is None


def branch_on_tensor(frame: Frame, value: Any, site: Site, construct: str) -> NoReturn:
    """The program decides by a traced tensor.

    Raises:
        TensorConditionError: always; the message names the construct, the place, the tensor, and an alternative.
    """
    frame.site = site
    raise TensorConditionError(
        f"The condition of '{construct}' is a tensor whose value is not known while the graph is compiled.",
        found=describe(value),
        remedy=_REMEDIES[construct],
        site=site,
    )


def contains(frame: Frame, item: Any, container: Any, site: Site) -> Any:
    """`item in container`, without asking a traced tensor for its truth behind the interpreter's back: a bool, or a
    predicate."""
    frame.site = site
    if frame.session.varies:
        return fork(frame, _contains, item, container, deep=True)
    return _contains(frame, item, container)


def lacks(frame: Frame, item: Any, container: Any, site: Site) -> Any:
    """`item not in container`."""
    frame.site = site
    if frame.session.varies:
        return fork(frame, _lacks, item, container, deep=True)
    return _lacks(frame, item, container)


def _lacks(frame: Frame, item: Any, container: Any) -> Any:
    found = _contains(frame, item, container)
    return frame.session.policy.control.negate(found) if frame.session.is_traced(found) else not found


def _contains(frame: Frame, item: Any, container: Any) -> Any:
    session, site = frame.session, frame.site
    is_traced = session.is_traced
    assert site is not None
    if is_special(session, container):
        outcome = special_outcome(frame, "__contains__", container, item)
        if outcome is NotImplemented:
            return item in container
        if is_traced(outcome) and session.policy.control is not None:
            return predicate(frame, outcome, site, "in")
        return truth(frame, outcome, site, "in")
    if session.policy.control is None and is_traced(container):
        branch_on_tensor(frame, container, site, "in")
    if is_traced(container):
        return session.policy.control.has(container, item)
    if isinstance(container, dict) or type(container) is set or type(container) is frozenset:
        if is_traced(item) and any(each is not item for each in container):
            container = [key for key in container if is_traced(key) or isinstance(key, (int, float, complex))]
        else:
            return item in container
    if type(container) not in (list, tuple) or not (is_traced(item) or any(map(is_traced, container))):
        return item in container
    found: Any = False
    for each in container:
        if each is item:
            return True
        outcome = each == item
        if is_traced(outcome) and session.policy.control is None:
            branch_on_tensor(frame, outcome, site, "in")
        if is_traced(outcome):
            outcome = predicate(frame, outcome, site, "in")
            found = outcome if found is False else session.policy.control.either(found, outcome)
        elif truth(frame, outcome, site, "in"):
            return True
    return found


def refuse_condition(value: Any, construct: str = "bool") -> NoReturn:
    """Raise the error for native code that asks a traced tensor for a Python value (`bool(x)`, `max(x, y)`).

    It points at the expression of the user's program that called the native code.

    Raises:
        TensorConditionError: always.
    """
    raise TensorConditionError(
        f"For '{construct}', the tensor has no value while the graph is compiled.",
        found=describe(value),
        remedy="keep it a tensor: ops.where, ops.maximum, ops.logical_and and others decide element by element",
    )
