"""Gradients as functions of functions: `grad`, `value_and_grad`, `vjp` and `GradOperation`, made of `linearize`.

In graph mode a gradient function called from plain Python is compiled as a whole.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mindspore import context
from mindspore.common.dtype import float32
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.cotangents import given_cotangents, seeds
from mindspore.graph import tree
from mindspore.graph.compiled import CompiledFunction
from mindspore.graph.dynamic import described_by, is_constant
from mindspore.graph.fall_back import fall_back
from mindspore.graph.trace import current_trace
from mindspore.linearization import Linearized, linearize
from mindspore.runtime.record import wrap

__all__ = ["grad", "value_and_grad", "vjp", "GradOperation", "get_grad"]



def grad(fn: Callable, grad_position=0, weights=None, has_aux: bool = False, return_ids: bool = False,
         sens_param: bool = False) -> Callable:
    """A function that computes the gradient of `fn`.

    Args:
        fn: a function or Cell whose (first) output is differentiated; a result of several elements is summed.
        grad_position: which positional inputs to differentiate by: an int gives one gradient, a tuple of two or more a
            tuple; None with `weights` gives the weights' gradients only. An input may be a Tensor, or a tuple, list or
            dict of Tensors, nested as you like; its gradient has the same structure. Of several inputs those without
            tensors (an axis, a text, None) are left out of the result; where one is left, its gradient is not in a
            tuple. Where none is a tensor, a Python float is a Float32 tensor.
        weights: a Parameter, or a tuple, list or ParameterTuple of them.
        has_aux: only the first output is differentiated; the others are returned beside the gradients.
        return_ids: pair each gradient with its position or parameter name, for `get_grad`.
        sens_param: the last positional argument of the call is no input of `fn`, but the cotangent of its outputs: a
            tensor, or a tuple of tensors where there are several.

    Returns:
        gradients in the shapes and dtypes of the inputs: inputs', weights', or (inputs', weights'); with has_aux
        (gradients, (auxiliary outputs...)).

    Raises:
        ValueError: nothing to differentiate by, a negative, repeated or missing position. TypeError: wrong types.
    """
    return _gradient_function(fn, grad_position, weights, has_aux, return_ids, sens_param, with_value=False)


def value_and_grad(fn: Callable, grad_position=0, weights=None, has_aux: bool = False,
                   return_ids: bool = False, sens_param: bool = False) -> Callable:
    """Like `grad`, but the function returns (outputs of `fn`, gradients)."""
    return _gradient_function(fn, grad_position, weights, has_aux, return_ids, sens_param, with_value=True)


def vjp(fn: Callable, *inputs, weights=None, has_aux: bool = False):
    """The outputs of `fn` at `inputs` and the function from output cotangents to input gradients.

    Returns:
        (outputs, vjp_fn) or, with has_aux, (first output, vjp_fn, the others). `vjp_fn(*cotangents)` gives a tuple of
        input gradients, each in its input's structure, with weights ((inputs' gradients), (weights' gradients)).
    """
    params = _weights(weights)
    wanted: list = []
    inputs = _distinct(inputs, range(len(inputs)))
    specs = [tree.flatten(x, wanted) for x in inputs if not tree.is_static(tree.flatten(x, []))]
    point = _linearize_at(fn, inputs, {}, wanted, params or [], has_aux)
    single = tree.is_single(point.spec)
    point.hold()

    def vjp_fn(*sens):
        given, outputs = given_cotangents(sens, "vjp"), len(point.outputs)
        if len(given) > outputs:
            raise TypeError(f"vjp: got {len(given)} cotangents for {outputs} outputs; expected at most one for each")
        grads = point.pull(seeds([*given, *[None] * (outputs - len(given))], point.outputs, "vjp"))
        count, found = len(grads) - len(params or []), iter(grads)
        shaped = tuple([tree.rebuild(spec, found) for spec in specs])
        return shaped if params is None else (shaped, _shaped_weights(weights, grads[count:]))

    if has_aux and not single:
        result = point.result()
        return result[0], vjp_fn, result[1] if len(result) == 2 else tuple(result[1:])
    return point.result(), vjp_fn


def get_grad(gradients, identifier):
    """The gradient of one position or parameter from the result of a gradient function with return_ids=True.

    Raises:
        RuntimeError: none of the gradients is that one's.
    """
    wanted = identifier.name if isinstance(identifier, Parameter) else identifier
    for item in _pairs(gradients):
        if item[0] == wanted:
            return item[1]
    raise RuntimeError(f"get_grad: no gradient is identified by {identifier!r}")


def _pairs(value):
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], int | str):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _pairs(item)


def _gradient_function(fn, grad_position, weights, has_aux, return_ids, sens_param, with_value) -> Callable:
    _check_function(fn)
    if not isinstance(sens_param, bool):
        raise TypeError(f"grad: sens_param must be a bool, got {type(sens_param).__name__}")
    positions = _positions(grad_position, weights)
    params = _weights(weights)

    def gradient(*args, **kwargs):
        """The gradient of the wrapped function at these arguments."""
        args, sens = _without_cotangents(args, "grad") if sens_param else (args, [])
        args = _floats_as_tensors(_distinct(args, positions), positions)
        found = _with_tensors(positions, args)
        wanted, specs = _wanted(found, args)
        point = _linearize_at(fn, args, kwargs, wanted, params or [], has_aux)
        grads = point.pull_seeds(lambda outputs: seeds(sens if sens_param else [None] * len(outputs), outputs, "grad"))
        inputs = _shaped_inputs(grad_position, found, specs, grads[:len(wanted)], return_ids)
        if params is None:
            grads = inputs
        else:
            by_weight = _shaped_weights(weights, grads[len(wanted):], return_ids)
            grads = by_weight if grad_position is None else (inputs, by_weight)
        result = point.result()
        if with_value:
            return result, grads
        return (grads, tuple(result[1:])) if has_aux else grads

    return _dual_mode(gradient, fn)


def _without_cotangents(args: tuple, caller: str) -> tuple[tuple, list]:
    """The arguments without the last one, and the cotangents in that."""
    if not args:
        raise TypeError(f"{caller}: sens_param is set, so the last argument must be the cotangent of the output; "
                        f"got none")
    return args[:-1], given_cotangents(args[-1], caller)


def _dual_mode(recorded: Callable, fn: Callable) -> Callable:
    """A function that runs as it is in PyNative mode and inside compilations, and is compiled in graph mode."""
    compiled = CompiledFunction(recorded, f"grad_{getattr(fn, '__name__', type(fn).__name__)}", described_by(fn),
                                fall_back(recorded))

    def gradient(*args, **kwargs):
        if current_trace() is None and (context.mode.graph or _is_jit(fn)):
            return compiled(*args, **kwargs)
        return recorded(*args, **kwargs)

    gradient.__name__ = f"grad_{getattr(fn, '__name__', type(fn).__name__)}"
    gradient.compiled = compiled
    return gradient


def _is_jit(fn: Callable) -> bool:
    return hasattr(fn, "__ms_function__")


def _linearize_at(fn, args, kwargs, wanted, params, has_aux) -> Linearized:
    def differentiated(outputs: list, spec: Any) -> list[int]:
        if not has_aux:
            return list(range(len(outputs)))
        if not isinstance(getattr(spec, "items", None), list) or len(spec.items) < 2:
            raise ValueError("has_aux=True needs a function with several outputs: the first is differentiated, the "
                             "others are returned; this one returned a single output")
        first: list = []
        tree.flatten(tree.rebuild(spec.items[0], iter(outputs)), first)
        return list(range(len(first)))

    return linearize(fn, args, kwargs, wanted, params, differentiated)


def _check_function(fn) -> None:
    if not callable(fn):
        raise TypeError(f"grad: fn must be a function or a Cell, got {type(fn).__name__}")


def _positions(grad_position, weights) -> tuple[int, ...]:
    if grad_position is None:
        if weights is None:
            raise ValueError("grad: grad_position and weights are both None, there is nothing to differentiate by")
        return ()
    positions = grad_position if isinstance(grad_position, tuple) else (grad_position,)
    for position in positions:
        if isinstance(position, bool) or not isinstance(position, int):
            raise TypeError(f"grad: grad_position must be an int or a tuple of ints, got {grad_position!r}")
        if position < 0:
            raise ValueError(f"grad: grad_position must not be negative, got {grad_position!r}")
    if len(set(positions)) != len(positions):
        raise ValueError(f"grad: grad_position {grad_position!r} names a position twice")
    return positions


def _weights(weights) -> list[Parameter] | None:
    """The weights as a list: Parameters, and tensors of classes of a program's own that say they are (`param_info`)."""
    if weights is None:
        return None
    params = [weights] if isinstance(weights, Tensor) else list(weights)
    for param in params:
        if not isinstance(param, Tensor) or param.param_info is None:
            raise TypeError(f"grad: weights must be Parameters, got {type(param).__name__}")
    return params


def _floats_as_tensors(args: tuple, positions: tuple[int, ...]) -> tuple:
    """The arguments with Float32 tensors in place of Python's floats at these positions, where no tensor is at one."""
    there = [p for p in positions if p < len(args)]
    if not any(type(args[p]) is float for p in there) or any(
            not tree.is_static(tree.flatten(args[p], [])) for p in there):
        return args
    return tuple([Tensor(x, float32) if p in there and type(x) is float else x for p, x in enumerate(args)])


def _with_tensors(positions: tuple[int, ...], args: tuple) -> tuple[int, ...]:
    """The positions without those whose argument holds no tensor, such as an axis, a size, a dtype or None, which has
    no gradient. All of them where no argument holds one: there is nothing to differentiate by."""
    found = tuple([p for p in positions if p >= len(args) or _holds_tensors(args[p])])
    return found or positions


def _holds_tensors(argument: Any) -> bool:
    held: list = []
    tree.flatten(argument, held)
    return bool(held)


def _wanted(positions: tuple[int, ...], args: tuple) -> tuple[list[Tensor], list]:
    """The tensors in the arguments at these positions, and the structure of each of these arguments."""
    wanted: list[Tensor] = []
    specs = []
    for position in positions:
        if position >= len(args):
            raise ValueError(f"grad: position {position} is to be differentiated, but the function was called with "
                             f"{len(args)} positional argument{'s' * (len(args) != 1)}")
        count = len(wanted)
        specs.append(tree.flatten(args[position], wanted))
        others = [v for v in tree.static_values(specs[-1]) if v is not None]
        if others or len(wanted) == count:
            what = type(args[position]).__name__
            holds = f" that holds a {type(others[0]).__name__}" if others and not tree.is_static(specs[-1]) else ""
            raise TypeError(f"grad: argument {position} is to be differentiated, but it is a {what}{holds}; pass a "
                            f"Tensor, or a tuple, list or dict of Tensors")
    for k, tensor in enumerate(wanted):
        if any(tensor is t for t in wanted[:k]):
            raise ValueError("grad: one Parameter was passed at two of the differentiated positions; "
                             "pass parameter.copy() for one of them")
    return wanted, specs


def _distinct(args: tuple, positions: Iterable[int]) -> tuple:
    """The arguments with handles of their own for a tensor that is passed twice: each place has its own gradient."""
    seen: set[int] = set()

    def handle(tensor: Tensor) -> Tensor:
        if id(tensor) in seen and not isinstance(tensor, Parameter):
            return wrap(tensor._value)
        seen.add(id(tensor))
        return tensor

    return tuple([tree.map_tensors(handle, a) if k in positions else a for k, a in enumerate(args)])


def _shaped_inputs(grad_position, positions, specs, grads, return_ids):
    found = iter(grads)
    shaped = [tree.rebuild(spec, found) for spec in specs]
    if return_ids:
        shaped = list(zip(positions, shaped))
    return tuple(shaped) if isinstance(grad_position, tuple) and len(positions) > 1 else shaped[0] if shaped else None


def _shaped_weights(weights, grads, return_ids: bool = False):
    if isinstance(weights, Parameter):
        return (weights.name, grads[0]) if return_ids else grads[0]
    return tuple([(w.name, g) for w, g in zip(weights, grads)] if return_ids else grads)


def _is_constant(value: Any) -> bool:
    """Whether an input is a container that the outermost call was given and `mutable` did not make."""
    trace = current_trace()
    if trace is None or not tree.is_traced(value):
        return is_constant(value)
    while trace.parent is not None:
        trace = trace.parent
    return any(value is each for each in trace.constants)


class GradOperation:
    """The 1.x form of gradients: `GradOperation(get_all, get_by_list, sens_param)(net)` or `(net, params)`.

    (False, False): the gradient of the first input; get_all: a tuple over all inputs, those given by name at the end;
    get_by_list: a tuple over the parameters, of a single Parameter its gradient; both: (inputs, parameters).
    sens_param: the last call argument, or the one called `sens`, is the cotangent of the output. Inputs are tensors and
    containers of tensors, whose gradients are such containers; other arguments have none. With get_all a container that
    is an argument of the outermost call counts only if `mutable` made it: others are constants.
    """

    def __init__(self, get_all: bool = False, get_by_list: bool = False, sens_param: bool = False):
        for name, value in (("get_all", get_all), ("get_by_list", get_by_list), ("sens_param", sens_param)):
            if not isinstance(value, bool):
                raise TypeError(f"GradOperation: {name} must be a bool, got {type(value).__name__}")
        self.get_all, self.get_by_list, self.sens_param = get_all, get_by_list, sens_param

    def __call__(self, fn: Callable, weights=None) -> Callable:
        _check_function(fn)
        if self.get_by_list and weights is None:
            if not hasattr(fn, "trainable_params"):
                raise TypeError("GradOperation: get_by_list=True needs the parameters as the second argument")
            weights = fn.trainable_params()
        params = _weights(weights) if self.get_by_list else []

        def gradient(*args, **kwargs):
            """The gradients of the wrapped network at these arguments."""
            if self.sens_param and "sens" in kwargs:
                args = (*args, kwargs.pop("sens"))
            args, sens = _without_cotangents(args, "GradOperation") if self.sens_param else (args, [])
            constants = [_is_constant(a) for a in (*args, *kwargs.values())] if self.get_all else []
            count, given = len(args), _distinct((*args, *kwargs.values()), range(len(args) + len(kwargs)))
            args, kwargs = given[:count], dict(zip(kwargs, given[count:]))
            inputs = [a for k, a in enumerate((*args, *kwargs.values())) if not (constants and constants[k])
                      and not tree.is_static(tree.flatten(a, held := [])) and held]
            wanted: list[Tensor] = []
            specs = [tree.flatten(a, wanted) for a in (
                inputs if self.get_all else [] if self.get_by_list else inputs[:1])]
            point = _linearize_at(fn, args, kwargs, wanted, params, False)
            grads = point.pull_seeds(
                lambda outputs: seeds(sens if self.sens_param else [None] * len(outputs), outputs, "GradOperation"))
            found = iter(grads)
            inputs = tuple([tree.rebuild(spec, found) for spec in specs])
            by_weight = _shaped_weights(weights if params else (), grads[len(wanted):])
            if self.get_all:
                return (inputs, by_weight) if self.get_by_list else inputs
            return by_weight if self.get_by_list else inputs[0] if inputs else ()

        return _dual_mode(gradient, fn)
