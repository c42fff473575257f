"""`vmap`: a function of one example as a function of a batch, without a loop.

The function is recorded for one lane into a graph of its own, the graph is batched (`compiler.autodiff.vmap`) and
becomes part of the graph around it. Tensors and Parameters from outside are the same in all lanes. In PyNative mode the
batched function is compiled as in graph mode, and so the function may decide on the tensors that it is given.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.autodiff.vmap import VmapError, vmap_graph
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.ir import Builder, Node, tensor_aval
from mindspore.graph import index_checks, tree
from mindspore.graph.call import call_function
from mindspore.graph.compiled import current_guards
from mindspore.graph.inner import Recorded, move_axis, record
from mindspore.graph.trace import current_trace
from mindspore.transforms import compiled

__all__ = ["vmap"]


class VmapTypeError(TypeError, RuntimeError):
    """`in_axes` or `out_axes` does not have the structure of the arguments or outputs."""


class VmapValueError(ValueError, RuntimeError):
    """An axis is out of range, or there is none."""


def vmap(fn, in_axes: Any = 0, out_axes: Any = 0) -> Callable:
    """`fn` for many examples at once.

    Args:
        fn: a function or Cell of tensors; or a list, tuple or CellList of Cells of one structure, an ensemble: cell k,
            with its own parameters, runs lane k.
        in_axes: for each positional argument the axis along which it holds the examples, None where all share it. An
            int stands for all arguments; for a tuple, list or dict argument there may be a tuple, list or dict of
            axes, nested to any depth. Keyword arguments hold examples along axis 0.
        out_axes: the axis of the examples in the outputs, in the structure of the outputs or an int for all of them;
            None for an output that does not depend on the example.

    Returns:
        a function of the same arguments with one axis more. Random operators draw other numbers in each lane. An
        argument that the function assigns has the new values of all lanes afterwards. A Parameter from outside must be
        given a value that does not depend on the lane, except in an ensemble.

    Raises:
        TypeError: an argument with an axis is not a tensor; `in_axes` or `out_axes` does not have the structure of the
        arguments or outputs. ValueError: an axis is out of range; there is no axis at all. VmapError: sizes differ;
        something in `fn` cannot be run on many lanes at once. All of these are RuntimeErrors, too.
    """
    cells = _ensemble(fn)
    target = cells[0] if cells else fn
    if not callable(target):
        raise TypeError(f"vmap: fn must be a function, a Cell or a list of Cells, got {type(fn).__name__}")

    def recorded(*args, **kwargs):
        flat = _Arguments(cells, in_axes, args, kwargs)
        return _run(target, cells, flat, out_axes)

    options = (_frozen(in_axes), _frozen(out_axes))
    run = compiled(target, "vmap", options, recorded)

    def batched(*args, **kwargs):
        return run(*args, **kwargs)

    batched.__name__ = f"vmap_{getattr(target, '__name__', type(target).__name__)}"
    batched.compiled = run
    return batched


class _Arguments:
    """A call's arguments: their tensors (`leaves`), the axis of each, and the number of lanes."""

    def __init__(self, cells: list, in_axes: Any, args: tuple, kwargs: dict):
        self.leaves: list = []
        self.spec = tree.flatten((args, kwargs), self.leaves)
        self.axes: list = []
        if in_axes is None or isinstance(in_axes, int) and not isinstance(in_axes, bool):
            in_axes = (in_axes,) * len(args)
        if not isinstance(in_axes, tuple | list):
            raise VmapTypeError(
                f"vmap: in_axes is {in_axes!r}; expected an int, None, or a tuple with one element for "
                f"each argument")
        if len(in_axes) != len(args):
            raise VmapTypeError(
                f"vmap: in_axes has {len(in_axes)} elements, but the function was called with {len(args)} "
                f"positional argument{'s' * (len(args) != 1)}; expected one for each")
        for place, (value, axis) in enumerate(zip(args, in_axes)):
            _argument_axes(value, axis, f"argument {place}", self.axes)
        for name, value in kwargs.items():
            _argument_axes(value, 0, f"argument {name!r}", self.axes)
        self.size = self._lanes(len(cells))

    def _lanes(self, cells: int) -> int:
        sizes = {f"shape {t.shape} with axis {a}": t.shape[a] for t, a in zip(self.leaves, self.axes) if a is not None}
        if cells:
            sizes[f"a list of {cells} Cells"] = cells
        if not sizes:
            raise VmapValueError(
                "vmap: no argument has an axis to map over; give at least one element of in_axes an int")
        if len(set(sizes.values())) > 1:
            raise VmapError("vmap: the arguments have different numbers of examples.",
                            found=", ".join(f"{size} in {what}" for what, size in sizes.items()),
                            remedy="arguments of one size along their axes, and None in in_axes for what all share")
        size = next(iter(sizes.values()))
        if size == 0:
            raise VmapValueError("vmap: there are no examples: the axis to map over has size 0")
        return size


def _run(fn: Callable, cells: list, flat: _Arguments, out_axes: Any) -> Any:
    """Record the function for one lane, batch it, and emit it into the present trace."""
    own = [[p for _, p in cell.parameters_and_names()] for cell in cells]
    avals = [_lane_aval(t, axis) for t, axis in zip(flat.leaves, flat.axes)]
    avals += [p._value.aval for p in own[0]] if cells else []

    changed: list[int] = []  # places of the arguments that the function assigns

    def call(trace, given: list):
        for parameter, stand_in in zip(own[0] if cells else (), given[len(flat.leaves):]):
            trace.nodes[id(parameter)] = stand_in._value.node
        lanes = given[:len(flat.leaves)]
        before = [t._value for t in lanes]
        args, kwargs = tree.rebuild(flat.spec, iter(given))
        result = _with_tensors(call_function(fn, *args, **kwargs))
        changed.extend([k for k, (t, value) in enumerate(zip(lanes, before)) if t._value is not value])
        return result, [lanes[k] for k in changed]

    for cell in cells[1:]:
        if current_guards() is not None:
            current_guards().add_layer(cell)
    rec = record(getattr(fn, "__name__", type(fn).__name__), call, avals)
    trace, size = current_trace(), flat.size
    b = trace.builder
    explicit = [trace.node_of(t) if axis is None else move_axis(b, trace.node_of(t), axis, 0)
                for t, axis in zip(flat.leaves, flat.axes)]
    explicit += [_stacked(b, [trace.node_of(ps[k]) for ps in own]) for k in range(len(own[0]) if cells else 0)]
    sources = rec.sources(explicit)
    found = b.inline(vmap_graph(rec.graph, tuple([s.aval for s in sources]), size), sources)
    _write(b, rec, own, found[rec.count:], size)
    axes = _output_axes(out_axes, rec.spec.items[0])
    axes += [flat.axes[k] for k in changed]
    plain = rec.graph.out_avals
    nodes = [_placed(b, node, plain[k], axes[k], size) for k, node in enumerate(found[:rec.count])]
    for place, node in zip(changed, nodes[rec.count - len(changed):]):
        trace.take_over(flat.leaves[place], node)
    return rec.result(nodes)[0]


def _with_tensors(result: Any) -> Any:
    """A result with tensors in place of its numbers, which are the same in all lanes."""
    if type(result) in (bool, int, float, complex):
        return Tensor(result)
    if type(result) in (tuple, list):
        return type(result)(map(_with_tensors, result))
    return {key: _with_tensors(value) for key, value in result.items()} if type(result) is dict else result


def _write(b: Builder, rec: Recorded, own: list, values: list[Node], size: int) -> None:
    """What the function assigned: in an ensemble each Cell's own; otherwise the same in all lanes."""
    places = {id(p): k for k, p in enumerate(own[0])} if own else {}
    plain, trace = rec.graph.out_avals[rec.count:], current_trace()
    for tensor, node, aval in zip(rec.written, values, plain, strict=True):
        if id(tensor) in places:
            for lane, parameters in enumerate(own):
                value = node if node.aval is aval else b.reshape(
                    b.slice(node, begin=(lane, *(0,) * aval.ndim), end=(lane + 1, *aval.shape),
                            strides=(1,) * (aval.ndim + 1)), shape=aval.shape)
                trace.write(parameters[places[id(tensor)]], value)
        elif node.aval is not aval and tensor is index_checks.channel():
            trace.write(tensor, b.max(node, axis=(0,), keepdims=False))
        elif node.aval is not aval:
            what = "A tensor from outside of the function is assigned a value that" if trace.can_lift(tensor) else \
                "What the function leaves in an object from outside"
            raise VmapError(f"{what} differs from lane to lane.",
                            found=f"{_named(tensor)}, and {size} values for it",
                            remedy="return the value, and assign outside of vmap; or use an ensemble of Cells")
        else:
            trace.take_over(tensor, node)


def _named(tensor: Tensor) -> str:
    return f"the Parameter '{tensor.name}'" if isinstance(tensor, Parameter) else describe(tensor)


def _placed(b: Builder, node: Node, aval, axis: int | None, size: int) -> Node:
    """An output with the lanes where they are wanted."""
    shared = node.aval is aval
    if axis is None:
        if not shared:
            raise VmapValueError(
                f"vmap: out_axes is None for an output of shape {aval.shape} that differs from lane to "
                f"lane; give it an axis")
        return node
    if not -aval.ndim - 1 <= axis <= aval.ndim:
        raise VmapValueError(
            f"vmap: out_axes has {axis} for an output of shape {aval.shape}; expected {-aval.ndim - 1} to "
            f"{aval.ndim}")
    if shared:
        node = b.broadcast_to(node, shape=(size, *aval.shape))
    return move_axis(b, node, 0, axis % (aval.ndim + 1))


def _stacked(b: Builder, nodes: list[Node]) -> Node:
    return b.concat(*[b.reshape(n, shape=(1, *n.shape)) for n in nodes], axis=0)


def _lane_aval(tensor: Tensor, axis: int | None):
    aval = tensor._value.aval
    return aval if axis is None else tensor_aval(aval.shape[:axis] + aval.shape[axis + 1:], aval.dtype)


# -- axes --------------------------------------------------------------------------------------------------------------


def _argument_axes(value: Any, axis: Any, where: str, found: list) -> None:
    """Append the axis of each tensor in an argument, in the order of `tree.flatten`."""
    if isinstance(axis, bool) or not (axis is None or isinstance(axis, int | tuple | list | dict)):
        raise VmapTypeError(f"vmap: in_axes has {axis!r} for {where}; expected an int, None, or a container of these")
    if isinstance(value, Tensor):
        found.append(_tensor_axis(value, axis, where))
    elif isinstance(value, dict):
        if isinstance(axis, dict) and set(axis) != set(value) or isinstance(axis, tuple | list):
            raise VmapTypeError(
                f"vmap: in_axes has {axis!r} for {where}, a dict with the keys {list(value)}; expected an "
                f"int, None, or a dict with these keys")
        for key, item in value.items():
            _argument_axes(item, axis[key] if isinstance(axis, dict) else axis, f"{where}[{key!r}]", found)
    elif isinstance(value, tuple | list):
        if isinstance(axis, dict) or isinstance(axis, tuple | list) and len(axis) != len(value):
            raise VmapTypeError(
                f"vmap: in_axes has {axis!r} for {where}, a {type(value).__name__} of {len(value)}; "
                f"expected an int, None, or a tuple of {len(value)}")
        for place, item in enumerate(value):
            _argument_axes(item, axis[place] if isinstance(axis, tuple | list) else axis, f"{where}[{place}]", found)
    elif axis is not None:
        raise VmapTypeError(
            f"vmap: {where} is {value!r} of type {type(value).__name__}, which has no axis {axis}; pass a "
            f"Tensor, or give it None in in_axes")


def _tensor_axis(value: Tensor, axis: Any, where: str) -> int | None:
    if axis is None:
        return None
    if not isinstance(axis, int):
        raise VmapTypeError(f"vmap: in_axes has {axis!r} for {where}, a tensor; expected an int or None")
    if not -value.ndim <= axis < value.ndim:
        raise VmapValueError(
            f"vmap: in_axes has {axis} for {where} of shape {value.shape}; expected "
            + (f"{-value.ndim} to {value.ndim - 1}" if value.ndim else "None, since it has no axes"))
    return axis % value.ndim


def _output_axes(axes: Any, spec: Any) -> list:
    """The axis of each tensor in the outputs."""
    found: list = []
    _collect_axes(axes, spec, found)
    return found


def _collect_axes(axes: Any, spec: Any, found: list) -> None:
    if isinstance(axes, bool) or not (axes is None or isinstance(axes, int | tuple | list)):
        raise VmapTypeError(f"vmap: out_axes has {axes!r}; expected an int, None, or a tuple of these")
    items = getattr(spec, "items", None)
    if isinstance(items, list):
        if isinstance(axes, tuple | list) and len(axes) != len(items):
            raise VmapTypeError(
                f"vmap: out_axes has {axes!r} for {len(items)} outputs; expected an int or one element for "
                f"each")
        for place, item in enumerate(items):
            _collect_axes(axes[place] if isinstance(axes, tuple | list) else axes, item, found)
    elif tree.is_single(spec):
        if isinstance(axes, tuple | list):
            if len(axes) != 1:
                raise VmapTypeError(f"vmap: out_axes has {axes!r} for one output; expected an int or None")
            axes = axes[0]
        found.append(axes)
    elif spec.value is not None:
        raise TypeError(f"vmap: the function returned {spec.value!r} of type {type(spec.value).__name__}; expected "
                        f"tensors")


def _frozen(axes: Any) -> Any:
    """Axes as a dictionary key."""
    if isinstance(axes, dict):
        return tuple([(k, _frozen(v)) for k, v in axes.items()])
    return (type(axes), *[_frozen(a) for a in axes]) if isinstance(axes, tuple | list) else axes


# -- ensembles ---------------------------------------------------------------------------------------------------------


def _ensemble(fn: Any) -> list:
    """The Cells of an ensemble, which have one structure; none for a single function."""
    from mindspore.nn import Cell, CellList
    if not isinstance(fn, tuple | list | CellList):
        return []
    cells = list(fn)
    if not cells or not all(isinstance(cell, Cell) for cell in cells):
        raise TypeError("vmap: a list is an ensemble of Cells; expected at least one Cell and nothing else")

    def structure(cell: Cell) -> list:
        return [type(cell), cell.training, *[(name.rpartition(".")[2], p.shape, p.dtype)
                                             for name, p in cell.parameters_and_names()]]

    for place, cell in enumerate(cells):
        if structure(cell) != structure(cells[0]):
            raise VmapValueError(
                f"vmap: Cell {place} of the ensemble differs from Cell 0 in its class, its parameters or "
                f"whether it trains; expected Cells of one structure")
    return cells
