"""How a set of arguments is judged: values, dtypes, and the gradient of a random projection.

Both sides get the same numbers. Results are flattened (a tuple of tensors is its tensors, one after the other) and
compared by shape, dtype and element, NaN equal to NaN. Then every float result is multiplied by one and the same array
of random numbers and summed up, and the gradients of the sum by all float arguments are compared; where PyTorch's
result depends on no argument in a differentiable way there is nothing to compare.

A verdict is "agreed"; "refused", where a side raises one of the errors by which it says that it does not take the
arguments; or "failed".
"""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np
import torch
from table import Arguments, Case, Fixed, random

import mindspore
from mindspore import Tensor

REFUSALS = (TypeError, ValueError, RuntimeError, IndexError, NotImplementedError)


class Verdict(NamedTuple):
    """A status and, unless it is "agreed", why."""

    status: str
    reason: str = ""


class Mismatch(AssertionError):
    """The two sides gave different things."""


def judge(case: Case, chosen: Arguments, double: bool) -> Verdict:
    """The verdict on one set of arguments, in float32 as written or with all floats in float64."""
    try:
        return (case.run or compare)(case, chosen, double)
    except Mismatch as mismatch:
        return Verdict("failed", str(mismatch))
    except Exception as error:
        return Verdict("failed", f"{type(error).__name__}: {_line(error)}")


def has_floats(chosen: Arguments) -> bool:
    """Whether the set holds arrays of floats or complex numbers, which float64 would change."""
    def holds(value: Any) -> bool:
        if isinstance(value, np.ndarray):
            return value.dtype.kind in "fc"
        return isinstance(value, (list, tuple)) and any(holds(each) for each in value)
    return holds(chosen.positional) or holds(list(chosen.keywords.values()))


def compare(case: Case, chosen: Arguments, double: bool) -> Verdict:
    """Call both sides, compare the results, then the gradients."""
    leaves = _Leaves(chosen, double)
    ours, our_refusal = attempt(case.ours, *leaves.build(_ours))
    theirs, their_refusal = attempt(case.theirs, *leaves.build(_theirs))
    verdict = refusals(our_refusal, their_refusal, "")
    if verdict:
        return verdict
    left, right = list(flat(ours)), list(flat(theirs))
    tolerance = max(case.tolerance**2, 1e-10) if double else case.tolerance
    same_results(left, right, case, tolerance)
    if case.grad and leaves.floats:
        return _gradients(case, leaves, right, tolerance)
    return Verdict("agreed")


def _gradients(case: Case, leaves: _Leaves, results: list, tolerance: float) -> Verdict:
    """Compare the gradients of one random projection of the float results."""
    weights = [random(f"projection {place}").uniform(0.5, 1.5, np.shape(numeric(each)))
               for place, each in enumerate(results)]
    inputs = [_theirs(each).requires_grad_() for each in leaves.floats]
    positional, keywords = leaves.place(inputs, _theirs)
    outputs = list(flat(case.theirs(*positional, **keywords)))
    used = [place for place, each in enumerate(outputs) if getattr(each, "requires_grad", False)]
    if not used:
        return Verdict("agreed")

    def projected(*arrays: Tensor) -> Tensor:
        positional, keywords = leaves.place(arrays, _ours)
        results = list(flat(case.ours(*positional, **keywords)))
        total: Any = 0.0
        for place in used:
            total = total + (results[place] * Tensor(weights[place].astype(results[place].asnumpy().dtype))).sum()
        return total

    def ours() -> Any:
        found = mindspore.grad(projected, tuple(range(len(inputs))))(*[_ours(each) for each in leaves.floats])
        return found if isinstance(found, tuple) else (found,)

    def theirs() -> Any:
        total = sum((outputs[place] * torch.tensor(weights[place], dtype=outputs[place].dtype)).sum()
                    for place in used)
        return torch.autograd.grad(total, inputs, allow_unused=True)

    left, our_refusal = attempt(ours)
    right, their_refusal = attempt(theirs)
    verdict = refusals(our_refusal, their_refusal, "gradient: ")
    if verdict:
        return verdict
    for place, (one, two) in enumerate(zip(left, right)):
        two = torch.zeros_like(inputs[place]) if two is None else two
        same(one, two, f"gradient by float argument {place}", tolerance * 4)
    return Verdict("agreed")


def attempt(function: Callable, *arguments: Any) -> tuple[Any, Exception | None]:
    """The result, or the error by which the arguments are refused; other errors are raised."""
    try:
        if len(arguments) == 2 and isinstance(arguments[0], tuple) and isinstance(arguments[1], dict):
            result = function(*arguments[0], **arguments[1])
        else:
            result = function(*arguments)
        for each in flat(result):
            numeric(each)
        return result, None
    except REFUSALS as error:
        return None, error


def refusals(ours: Exception | None, theirs: Exception | None, what: str) -> Verdict | None:
    """The verdict if a side refused; None if neither did."""
    if ours and theirs:
        return Verdict("refused", f"{what}both: ours: {_line(ours)}; PyTorch: {_line(theirs)}")
    if ours:
        return Verdict("refused", f"{what}ours: {type(ours).__name__}: {_line(ours)}")
    if theirs:
        return Verdict("refused", f"{what}PyTorch: {type(theirs).__name__}: {_line(theirs)}")
    return None


def same_results(left: list, right: list, case: Case, tolerance: float) -> None:
    """Raise `Mismatch` unless the results are equal in number, shapes, dtypes and elements."""
    if len(left) != len(right):
        raise Mismatch(f"{len(left)} results, but PyTorch gives {len(right)}")
    for place, (one, two) in enumerate(zip(left, right)):
        here, there = str(numeric(one).dtype), str(numeric(two).dtype)
        wanted = case.dtypes.get(there, case.dtypes.get("*", there))
        if isinstance(one, Tensor) and isinstance(two, torch.Tensor) and here != wanted:
            raise Mismatch(f"result {place} is {here}, should be {wanted}")
        same(one, two, f"result {place}", tolerance)


def same(one: Any, two: Any, what: str, tolerance: float) -> None:
    """Raise `Mismatch` unless shapes are equal and elements are within the tolerance of the largest finite one."""
    left, right = numeric(one), numeric(two)
    if left.shape != right.shape:
        raise Mismatch(f"{what}: shape {left.shape}, but PyTorch gives {right.shape}")
    if left.size == 0:
        return
    if left.dtype.kind in "fc" or right.dtype.kind in "fc":
        wide = np.complex128 if "c" in (left.dtype.kind, right.dtype.kind) else np.float64
        widths = [each.dtype.itemsize for each in (left, right) if each.dtype.kind == "f"]
        if widths and min(widths) < 8:
            tolerance = max(tolerance, 2e-3 if min(widths) == 2 else 2e-6)
        left, right = left.astype(wide), right.astype(wide)
        finite = np.abs(right[np.isfinite(right)])
        scale = max(1.0, finite.max()) if finite.size else 1.0
        close = np.isclose(left, right, rtol=tolerance, atol=tolerance * min(scale, 1e4), equal_nan=True)
    else:
        close = left == right
    if not close.all():
        at = tuple(int(index) for index in np.argwhere(~close)[0])
        raise Mismatch(f"{what}: {int((~close).sum())} of {close.size} elements differ, the first at {at}:"
                       f" {left[at]}, but PyTorch gives {right[at]}")


def flat(result: Any) -> Iterator[Any]:
    """The tensors and numbers of a result, one after the other; None is left out."""
    if isinstance(result, (list, tuple)):
        for each in result:
            yield from flat(each)
    elif isinstance(result, dict):
        yield from flat(list(result.values()))
    elif result is not None:
        yield result


def numeric(value: Any) -> np.ndarray:
    """A result's elements."""
    if isinstance(value, Tensor):
        return value.asnumpy()
    if isinstance(value, torch.Tensor):
        return value.detach().resolve_conj().resolve_neg().numpy(force=True)
    return np.asarray(value)


class _Leaves:
    """A set of arguments as a structure with places for the float arrays by which gradients are taken."""

    def __init__(self, chosen: Arguments, double: bool) -> None:
        self.floats: list[np.ndarray] = []
        self._double = double
        self._positional = tuple(self._split(each) for each in chosen.positional)
        self._keywords = {key: self._split(each) for key, each in chosen.keywords.items()}

    def _split(self, value: Any) -> Any:
        if isinstance(value, Fixed):
            return Fixed(self._widened(value.array))
        if isinstance(value, np.ndarray):
            if value.dtype.kind not in "f":
                return Fixed(self._widened(value))
            self.floats.append(self._widened(value))
            return _Place(len(self.floats) - 1)
        if isinstance(value, (list, tuple)):
            return type(value)(self._split(each) for each in value)
        return value

    def _widened(self, array: np.ndarray) -> np.ndarray:
        wider = {"float32": np.float64, "complex64": np.complex128}.get(str(array.dtype))
        return array.astype(wider) if wider and self._double else array

    def build(self, convert: Callable) -> tuple[tuple, dict]:
        """The arguments with every array converted."""
        return self.place([convert(each) for each in self.floats], convert)

    def place(self, arrays: Any, convert: Callable) -> tuple[tuple, dict]:
        """The arguments with these tensors for the float arrays, and the fixed arrays converted."""
        def joined(value: Any) -> Any:
            if isinstance(value, _Place):
                return arrays[value.index]
            if isinstance(value, Fixed):
                return convert(value.array)
            if isinstance(value, (list, tuple)):
                return type(value)(joined(each) for each in value)
            return value
        return tuple(joined(each) for each in self._positional), {k: joined(v) for k, v in self._keywords.items()}


class _Place(NamedTuple):
    index: int


def _ours(array: np.ndarray) -> Tensor:
    return Tensor(array.copy())


def _theirs(array: np.ndarray) -> torch.Tensor:
    return torch.tensor(array)


def _line(error: Exception) -> str:
    return str(error).strip().splitlines()[0][:200] if str(error).strip() else ""
