"""How layers and optimizers are judged, which are made first and hold Parameters.

`layer` pairs two functions that make a layer. Our layer gets the weights of PyTorch's by the names of its Parameters;
then results, the gradients of a random projection by inputs and by weights, and what the layer keeps from one step to
the next (moving averages) are compared. `optimizer` pairs two functions that make an optimizer for given parameters;
the parameters are compared after each of several steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from comparing import Verdict, attempt, flat, has_floats, numeric, refusals, same, same_results
from table import Arguments, Case, arguments, case, floats, random

import mindspore
from mindspore import Parameter, Tensor

RENAMED = {
    "gamma": "weight",
    "beta": "bias",
    "embedding_table": "weight",
    "a": "weight",
    "moving_mean": "running_mean",
    "moving_variance": "running_var",
    "dense1": "linear1",
    "dense2": "linear2",
    "bn2d": "",
}


def layer(name: str, theirs: Callable, *sets: Any, ours: Callable, train: bool = True, tolerance: float = 5e-5) -> None:
    """Add a case of a layer; `ours` and `theirs` make it."""

    def run(entry: Case, chosen: Arguments, double: bool) -> Verdict:
        return _compare(entry, chosen, train)

    case(name, theirs, *sets, ours=ours, double=False, tolerance=tolerance, run=run)


def _compare(entry: Case, chosen: Arguments, train: bool) -> Verdict:
    torch.manual_seed(1)
    there, their_refusal = attempt_making(entry.theirs)
    here, our_refusal = attempt_making(entry.ours)
    verdict = refusals(our_refusal, their_refusal, "making the layer: ")
    if verdict:
        return verdict
    there.train(train)
    here.set_train(train)
    pairs = _paired(here, there)
    inputs = [each for each in chosen.positional if has_floats(arguments("", each)) and isinstance(each, np.ndarray)]
    tensors = [torch.tensor(each, requires_grad=True) for each in inputs]
    right, their_refusal = attempt(there, tuple(_placed(chosen, tensors, torch.tensor)), {})
    places: list = []

    def projected(*arrays: Tensor) -> Any:
        results = list(flat(here(*_placed(chosen, arrays, Tensor))))
        total: Any = 0.0
        for place in places:
            total = total + (results[place] * Tensor(_weights(place, results[place].shape))).sum()
        return total

    saved = {name: each.asnumpy().copy() for name, each in here.parameters_and_names()}
    left, our_refusal = attempt(here, tuple(_placed(chosen, [Tensor(each) for each in inputs], Tensor)), {})
    verdict = refusals(our_refusal, their_refusal, "")
    if verdict:
        return verdict
    right = list(flat(right))
    same_results(list(flat(left)), right, entry, entry.tolerance)
    buffers = dict(there.named_buffers())
    for path, ours, theirs in pairs:
        if theirs in buffers:
            same(ours, buffers[theirs].reshape(ours.shape), f"{path} after the step", entry.tolerance)
    for name, each in here.parameters_and_names():
        each.set_data(Tensor(saved[name]))
    places += [place for place, each in enumerate(right) if getattr(each, "requires_grad", False)]
    if not places:
        return Verdict("agreed")
    total = sum((right[place] * torch.tensor(_weights(place, right[place].shape))).sum() for place in places)
    weights = [
        (path, ours, dict(there.named_parameters())[theirs])
        for path, ours, theirs in pairs
        if theirs not in buffers and ours.requires_grad
    ]
    wanted = torch.autograd.grad(total, tensors + [each for _, _, each in weights], allow_unused=True)
    arrays = [Tensor(each) for each in inputs]
    positions = tuple(range(len(arrays))) or None
    if not positions and not weights:
        return Verdict("agreed")
    found, refusal = attempt(
        lambda: mindspore.grad(projected, positions, [ours for _, ours, _ in weights] or None)(*arrays)
    )
    verdict = refusals(refusal, None, "gradient: ")
    if verdict:
        return verdict
    names = [f"input {place}" for place in range(len(inputs))] + [path for path, _, _ in weights]
    for name, one, two in zip(names, flat(found), wanted):
        two = np.zeros(one.shape, np.float32) if two is None else two.reshape(one.shape)
        same(one, two, f"gradient by {name}", entry.tolerance * 4)
    return Verdict("agreed")


def attempt_making(make: Callable) -> tuple[Any, Exception | None]:
    """The layer, or the error by which it is refused."""
    try:
        return make(), None
    except (TypeError, ValueError, RuntimeError) as error:
        return None, error


def _paired(here: Any, there: torch.nn.Module) -> list[tuple[str, Parameter, str]]:
    """Give our Parameters the values of PyTorch's; each with the name that it has there."""
    state = there.state_dict()
    pairs = []
    for path, parameter in here.parameters_and_names():
        candidates = [
            ".".join(part for part in (RENAMED.get(each, each) for each in full.split(".")) if part)
            for full in (path, parameter.name)
        ]
        theirs = next((each for each in candidates if each in state), None)
        if theirs is None:
            raise AssertionError(f"the layer's Parameter {path} ({parameter.name}) is none of {list(state)}")
        values = state[theirs].detach().numpy()
        parameter.set_data(Tensor(values.reshape(parameter.shape).copy()))
        pairs.append((path, parameter, theirs))
    return pairs


def _placed(chosen: Arguments, arrays: Any, convert: Callable) -> list:
    """The positional arguments, float arrays replaced in order by the given tensors."""
    remaining = iter(arrays)

    def one(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return next(remaining) if value.dtype.kind == "f" else convert(value)
        if isinstance(value, (tuple, list)):
            return type(value)(convert(each) for each in value)
        return value

    return [one(each) for each in chosen.positional]


def _weights(place: int, shape: Any) -> np.ndarray:
    return random(f"projection {place}").uniform(0.5, 1.5, tuple(shape)).astype(np.float32)


def optimizer(name: str, theirs: Callable, ours: Callable, steps: int = 6, tolerance: float = 2e-5) -> None:
    """Add a case of an optimizer that two parameters go through `steps` steps with."""
    starts = [floats(2, 3, key="start"), floats(4, key="start")]
    gradients = [[floats(2, 3, key=f"step {step}"), floats(4, key=f"step {step}")] for step in range(steps)]

    def run(entry: Case, chosen: Arguments, double: bool) -> Verdict:
        here = [Parameter(Tensor(each.copy()), name=f"p{place}") for place, each in enumerate(starts)]
        there = [torch.nn.Parameter(torch.tensor(each)) for each in starts]
        our_steps, our_refusal = attempt_making(lambda: entry.ours(here))
        their_steps, their_refusal = attempt_making(lambda: entry.theirs(there))
        verdict = refusals(our_refusal, their_refusal, "making the optimizer: ")
        if verdict:
            return verdict
        for step, arrays in enumerate(gradients):
            for parameter, array in zip(there, arrays):
                parameter.grad = torch.tensor(array)
            their_steps.step()
            our_steps(tuple(Tensor(each) for each in arrays))
            for place, (one, two) in enumerate(zip(here, there)):
                same(one, numeric(two), f"parameter {place} after step {step + 1}", entry.tolerance)
        return Verdict("agreed")

    case(name, theirs, arguments("steps"), ours=ours, double=False, tolerance=tolerance, run=run)
