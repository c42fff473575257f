"""Conditions: what a decision asks, of a traced tensor or a variant.

The same predicate asks the same question, so that what is known of one decision is known at the next by the same
tensor; what follows from it for other predicates is known as well (`and`, `or`, chained comparisons).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from mindspore.compiler.frontend.errors import ManyElementsError
from mindspore.compiler.frontend.frames import Frame, Session
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.trip_numbers import TripNumber
from mindspore.compiler.frontend.variants import Tag, Variant, narrowed

__all__ = ["Question", "ask", "predicate", "remember", "truth_of"]


class Question(NamedTuple):
    """A condition: it holds for the alternatives `holds` of the tag. `implied`: what else is known on either side.
    `of_variant`: whether the members of a variant say so."""

    tag: Tag
    holds: tuple[int, ...]
    implied: tuple[dict[Tag, tuple[int, ...]], dict[Tag, tuple[int, ...]]] = ({}, {})
    of_variant: bool = False


def ask(frame: Frame, value: Any, site: Site, construct: str) -> bool | Question:
    """What a condition depends on; a bool if it is known here."""
    session = frame.session
    frame.site = site
    value = narrowed(session, value)
    if isinstance(value, bool):
        return value
    if type(value) is Variant:
        left = session.known.get(value.tag, range(value.tag.count))
        if all(isinstance(value.members[k], bool) for k in left):
            return Question(value.tag, tuple(k for k in left if value.members[k]), of_variant=True)
        implied = tuple({value.tag: tuple(k for k in left if value.members[k] is not excluded)}
                        for excluded in (False, True))
        return _question(frame, session.policy.control.select(session.known, value), site, construct, implied)
    if not session.is_traced(value):
        value = truth_of(frame, value, site, construct)
        if isinstance(value, bool):
            return value
    if type(value) is TripNumber:
        value = predicate(frame, value, site, construct)
    return _question(frame, value, site, construct)


def truth_of(frame: Frame, value: Any, site: Site, construct: str) -> Any:
    """The truth of one value: a bool, or a predicate."""
    from mindspore.compiler.frontend.branches import truth
    from mindspore.compiler.frontend.special import has_special, special_outcome

    if has_special(frame.session, value, "__bool__"):
        frame.site = site
        value = special_outcome(frame, "__bool__", value)
    if frame.session.is_traced(value):
        return predicate(frame, value, site, construct)
    return truth(frame, value, site, construct)


def _question(frame: Frame, value: Any, site: Site, construct: str, implied: Any = ({}, {})) -> Question | bool:
    """The question that a traced tensor asks. The same predicate asks the same question."""
    session = frame.session
    key, inverted, tensor = session.policy.control.identity(value)
    tag = session.tags.get(key)
    if tag is None:
        if tensor is None:
            tensor = predicate(frame, value, site, construct)
        tag = session.tags[key] = Tag(2, tensor, site)
    known = session.known.get(tag)
    if known is not None and len(known) == 1:
        return (known[0] == 0) is not inverted
    if key in session.implied:
        more = session.implied[key][::-1] if inverted else session.implied[key]
        implied = tuple({**a, **b} for a, b in zip(more, implied))
    return Question(tag, (1,) if inverted else (0,), implied)


def predicate(frame: Frame, value: Any, site: Site, construct: str) -> Any:
    """A traced tensor as a predicate. ManyElementsError if it has more than one element."""
    control = frame.session.policy.control
    frame.site = site
    try:
        return control.predicate(value)
    except control.Mismatch as error:
        raise ManyElementsError(
            f"The condition of '{construct}' is a tensor of more than one element.", found=str(error),
            remedy="reduce it with .all() or .any(), or choose element by element with ops.where(condition, a, b)",
            site=site,
        ) from None


def remember(session: Session, question: Question, result: Any, inverted: bool) -> None:
    """If `a and b` is true, so is `a`; if `a or b` is false, so is `a`."""
    key, _, tensor = session.policy.control.identity(result)
    if tensor is not None:
        others = tuple(k for k in range(question.tag.count) if k not in question.holds)
        session.implied[key] = ({}, {question.tag: others}) if inverted else ({question.tag: question.holds}, {})
