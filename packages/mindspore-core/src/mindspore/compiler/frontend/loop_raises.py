"""Exceptions that leave a loop on a tensor for a handler outside of it.

Such a loop is left by a code, as by `break` and `return` (`loops.py`). An exception that leaves a trip ends it with a
code of its own: RAISES and a number, which the loop gives each kind of exception that it meets. Exceptions are of one
kind if they are raised at one place of the program and differ only in the values of tensors in them. These tensors
leave the loop together with the code. Behind the loop a decision on the code raises the exception again, made anew
with the tensors, and the program's handlers see it there.

Within the trip, what raises is a decision like any other. The whole trip is protected (`protected.py`), so the
variables are those of the moment of the raise, and `finally` and `with` within it have run.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NoReturn

from mindspore.compiler.frontend.decisions import decide
from mindspore.compiler.frontend.errors import GraphCompileError, Unwinding, refuse_raises
from mindspore.compiler.frontend.frames import Frame, Run
from mindspore.compiler.frontend.internal_errors import raise_if_internal
from mindspore.compiler.frontend.leaving import RAISES, Exit
from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.protected import run_protected
from mindspore.compiler.frontend.tracebacks import remember_site

__all__ = ["Raises"]

_MOST_KINDS = 64


class Raises:
    """The kinds of exceptions that may leave one loop."""

    def __init__(self, effects: Any, site: Site) -> None:
        self.effects, self.site = effects, site
        self.signatures: list[Any] = []
        self.makers: list[Any] = []

    def run_trip(self, frame: Frame, body: Run) -> Any:
        """Run a trip; its signal."""
        return run_protected(frame, partial(self._caught, body=body), self.site)

    def _caught(self, frame: Frame, body: Run) -> Any:
        try:
            return body(frame)
        except (GraphCompileError, Unwinding, RecursionError):
            raise
        except Exception as error:
            raise_if_internal(error)
            remember_site(error, frame)
            signature, tensors, make = self.effects.taken_apart(error)
            if signature not in self.signatures:
                if len(self.signatures) == _MOST_KINDS:
                    refuse_raises(_MOST_KINDS, self.site)
                self.signatures.append(signature)
                self.makers.append(make)
            code = RAISES + self.signatures.index(signature)
            return Exit(code, frozenset({code}), {code: tuple(tensors)})

    def raise_again(self, frame: Frame, code: Any, codes: list[int], payloads: dict[int, tuple[Any, ...]],
                    otherwise: Run | None) -> Any:
        """After a loop that may have been left by the exceptions of `codes`: raise the one that `code` says; else the
        signal of `otherwise`, or None if there is always an exception."""
        control, first, others = frame.session.policy.control, codes[0], codes[1:]
        go_on = partial(self.raise_again, code=code, codes=others, payloads=payloads,
                        otherwise=otherwise) if others else otherwise
        fail = partial(self._fail, code=first, payload=payloads.get(first, ()))
        if go_on is None:
            fail(frame)
        return decide(frame, control.code_is(code, first), self.site, "while", fail, go_on, False)

    def _fail(self, frame: Frame, code: int, payload: tuple[Any, ...]) -> NoReturn:
        frame.site = self.site
        raise self.makers[code - RAISES](payload)
