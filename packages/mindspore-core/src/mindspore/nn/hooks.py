"""Hooks of Cells: functions that run around `construct`, see the gradients of a Cell, or replace its Parameters.

Around `construct` run, in this order: forward pre-hooks, `construct` itself, forward hooks. In the derivative backward
pre-hooks see the gradients of what `construct` returned, then backward hooks see these and the gradients of its inputs;
what forward hooks compute before and behind is outside of both. Parameter hooks run whenever `construct` reads a
Parameter.

A Cell keeps its hooks in one tuple, which is replaced at each change, so that a compiled graph can tell whether they
are those that it was made with.
"""
from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.primitives.gradient_hook import HookPoint
from mindspore.eager import segment as _segment
from mindspore.graph import hooks as _points
from mindspore.graph import inner, tree
from mindspore.graph.guards import CELL_EPOCH
from mindspore.graph.trace import current_trace

if TYPE_CHECKING:
    from mindspore.nn.cell import Cell

__all__ = ["CellHookHandle", "CellHooks", "hooked_parameter", "run_hooked"]

PRE, POST, BACKWARD_PRE, BACKWARD, PARAMETER = "forward_pre", "forward", "backward_pre", "backward", "parameter"
_numbers = itertools.count()


class Hook(NamedTuple):
    """A hook of a Cell. params: of a parameter hook, the Parameters that it is for."""

    kind: str
    number: int
    function: Callable
    with_kwargs: bool = False
    always_call: bool = False
    params: tuple = ()


class CellHookHandle:
    """Takes a hook off the Cells that it was registered on. As a context manager it does so at the end of the block."""

    __slots__ = ("_cells", "_number")

    def __init__(self, cells: list, number: int):
        self._cells, self._number = [weakref.ref(cell) for cell in cells], number

    def remove(self) -> None:
        """Take the hook off; a second call does nothing."""
        for found in self._cells:
            cell = found()
            if cell is not None:
                _set(cell, tuple([h for h in cell._hooks if h.number != self._number]))

    def __enter__(self) -> CellHookHandle:
        return self

    def __exit__(self, *exc: object) -> None:
        self.remove()


def _set(cell: Any, hooks: tuple) -> None:
    cell.__dict__["_hooks"] = hooks
    CELL_EPOCH[0] += 1


class CellHooks:
    """The part of `Cell` that registers hooks. All of them work in both modes; where a network is compiled, hooks are
    compiled with it, and taking one off or adding one compiles anew. Every method returns a handle with `remove()`."""

    if TYPE_CHECKING:
        _hooks: tuple
        cells_and_names: Callable

    def register_forward_pre_hook(self, hook_fn: Callable, *, prepend: bool = False,
                                  with_kwargs: bool = False) -> CellHookHandle:
        """`hook_fn(cell, args)` runs before `construct`. What it returns, if it is not None, takes the place of the
        positional arguments: a tuple of them, or a single one.

        Args:
            prepend: run before the hooks that are there already. with_kwargs: call `hook_fn(cell, args, kwargs)`, which
                returns None or (args, kwargs).
        """
        return self._register(PRE, hook_fn, prepend, with_kwargs)

    def register_forward_hook(self, hook_fn: Callable, *, prepend: bool = False, with_kwargs: bool = False,
                              always_call: bool = False) -> CellHookHandle:
        """`hook_fn(cell, args, output)` runs after `construct`. What it returns, if it is not None, takes the place of
        the output.

        Args:
            prepend: run before the hooks that are there already. with_kwargs: call
                `hook_fn(cell, args, kwargs, output)`. always_call: also run, with None for the output, when `construct`
                or a hook before raises an exception (while it is compiled, in a compiled network).
        """
        return self._register(POST, hook_fn, prepend, with_kwargs, always_call)

    def register_backward_pre_hook(self, hook_fn: Callable) -> CellHookHandle:
        """`hook_fn(cell, grad_output)` sees a tuple of the gradients by the tensors that `construct` returned, None for
        those that have none. What it returns, if it is not None, takes their place: a tuple, or a Tensor for a single
        one."""
        return self._register(BACKWARD_PRE, hook_fn)

    def register_backward_hook(self, hook_fn: Callable) -> CellHookHandle:
        """`hook_fn(cell, grad_input, grad_output)` sees a tuple of the gradients by the tensors among the arguments,
        and one of those by the tensors that `construct` returned; None for those that have none. What it returns, if it
        is not None, takes the place of `grad_input`: a tuple, or a Tensor for a single one."""
        return self._register(BACKWARD, hook_fn)

    def register_saved_tensors_hooks(self, pack_hook: Callable, unpack_hook: Callable) -> None:
        """From now on what is kept of the cell for a gradient passes through hooks, in both modes (see
        `mindspore.saved_tensors_hooks`); a second call takes their place.

        Raises:
            TypeError: a hook cannot be called.
        """
        from mindspore.saved_tensors import check_hooks
        check_hooks(pack_hook, unpack_hook)
        self._saving = pack_hook, unpack_hook

    def register_parameter_forward_hook(self, hook: Callable | list) -> CellHookHandle:
        """`hook(parameter)` gives the tensor that `construct` of this Cell and those below it reads in place of each
        Parameter; it has the Parameter's shape and dtype.

        Args:
            hook: a function for all Parameters, or a list of {"params": [Parameters], "hook": function}.

        Raises:
            TypeError: it is neither. ValueError: a Parameter does not belong to this Cell or one below it.
        """
        groups = [(hook, None)] if callable(hook) else _groups(hook)
        number, touched, known = next(_numbers), [], set()
        cells = [cell for _, cell in self.cells_and_names()]
        for function, params in groups:
            for cell in cells:
                own = tuple([p for p in cell._params.values() if p is not None
                             and (params is None or any(p is q for q in params))])
                known.update(map(id, own))
                if own:
                    _set(cell, (*cell._hooks, Hook(PARAMETER, number, function, params=own)))
                    touched.append(cell)
            missing = [p for p in params or () if id(p) not in known]
            if missing:
                CellHookHandle(touched, number).remove()
                raise ValueError(f"register_parameter_forward_hook: the Parameter {missing[0].name!r} belongs to no "
                                 f"Cell of this {type(self).__name__}")
        return CellHookHandle(touched, number)

    @property
    def enable_backward_hook(self) -> bool:
        """Whether the Cell has backward hooks or backward pre-hooks."""
        return any(h.kind in (BACKWARD, BACKWARD_PRE) for h in self._hooks)

    def _register(self, kind: str, function: Callable, prepend: bool = False, with_kwargs: bool = False,
                  always_call: bool = False) -> CellHookHandle:
        if not callable(function):
            raise TypeError(f"register_{kind}_hook: a hook must be callable, got {type(function).__name__}")
        if current_trace() is not None:
            from mindspore.compiler.frontend.errors import GraphCompileError
            raise GraphCompileError(f"register_{kind}_hook is called while a function is compiled: the Cell would keep "
                                    f"the hook beyond the call.",
                                    remedy="register the hook once, before the function is called")
        hook = Hook(kind, next(_numbers), function, bool(with_kwargs), bool(always_call))
        _set(self, (hook, *self._hooks) if prepend else (*self._hooks, hook))
        return CellHookHandle([self], hook.number)


def _groups(hook: Any) -> list[tuple[Callable, list]]:
    if not isinstance(hook, list | tuple):
        raise TypeError(f"register_parameter_forward_hook: expected a function, or a list of "
                        f"{{'params': [...], 'hook': function}}, got {type(hook).__name__}")
    found = []
    for group in hook:
        if not isinstance(group, dict) or set(group) != {"params", "hook"} or not callable(group["hook"]):
            raise TypeError(f"register_parameter_forward_hook: a group must be a dict of 'params' and a function "
                            f"'hook', got {group!r}")
        for param in group["params"]:
            if not isinstance(param, Parameter):
                raise TypeError(f"register_parameter_forward_hook: 'params' must be Parameters, got "
                                f"{type(param).__name__}")
        found.append((group["hook"], list(group["params"])))
    return found


# -- running -----------------------------------------------------------------------------------------------------------


def run_hooked(cell: Cell, runner: Callable, args: tuple, kwargs: dict) -> Any:
    """`runner(cell, args, kwargs)` with the Cell's hooks around it."""
    hooks = cell._hooks
    waiting = [h for h in hooks if h.kind is POST]
    try:
        for hook in hooks:
            if hook.kind is PRE:
                args, kwargs = _before(cell, hook, args, kwargs)
        result = _differentiated(cell, hooks, runner, args, kwargs)
        while waiting:
            hook = waiting.pop(0)
            changed = _call(hook, cell, args, kwargs, result) if hook.with_kwargs else _call(hook, cell, args, result)
            result = result if changed is None else changed
        return result
    except Exception:
        for hook in waiting:
            if hook.always_call:
                _call(hook, cell, args, kwargs, None) if hook.with_kwargs else _call(hook, cell, args, None)
        raise


def _call(hook: Hook, *args: Any) -> Any:
    _points.note_outside(hook.function)
    return _points.call(hook.function, *args)


def _before(cell: Cell, hook: Hook, args: tuple, kwargs: dict) -> tuple[tuple, dict]:
    """The arguments after a forward pre-hook."""
    if not hook.with_kwargs:
        changed = _call(hook, cell, args)
        return args if changed is None else changed if isinstance(changed, tuple) else (changed,), kwargs
    changed = _call(hook, cell, args, kwargs)
    if changed is None:
        return args, kwargs
    if not (isinstance(changed, tuple) and len(changed) == 2 and isinstance(changed[1], dict)):
        raise TypeError(f"the forward pre-hook {_points.name_of(hook.function)} must return None or (args, kwargs), "
                        f"got {changed!r}")
    return changed[0] if isinstance(changed[0], tuple) else (changed[0],), changed[1]


def _differentiated(cell: Cell, hooks: tuple, runner: Callable, args: tuple, kwargs: dict) -> Any:
    """`runner` between the points at which backward hooks see gradients, and with parameter hooks at work."""
    before = [h for h in hooks if h.kind is BACKWARD_PRE]
    after = [h for h in hooks if h.kind is BACKWARD]
    own = cell.__dict__
    hooked = any(h.kind is PARAMETER for h in hooks)
    own["_hooked_reads"] += hooked
    try:
        if not (before or after) or (current_trace() is None and not _segment.current().regions):
            return runner(cell, args, kwargs)
        return _Points(cell, before, after).run(runner, args, kwargs)
    finally:
        own["_hooked_reads"] -= hooked


class _Points:
    """The two points of one call of a Cell: the tensors among its arguments and those that it returned."""

    def __init__(self, cell: Cell, before: list, after: list):
        self.cell, self.before, self.after = cell, before, after
        self.grad_output: tuple = ()
        self.inputs: list = []

    def run(self, runner: Callable, args: tuple, kwargs: dict) -> Any:
        """The call, between its points."""
        self.inputs = _leaves((args, kwargs))
        places = [k for k, t in enumerate(self.inputs) if _has_gradient(t)]
        trace = current_trace()
        if self.after and places and trace is not None and not trace.staged and not trace.in_block():
            return self._run_as_graph(trace, places, runner, args, kwargs)
        if self.after and places:
            point = HookPoint(_points.as_programs_see(lambda cts: self._leave(places, cts)), self._name(self.after),
                              self._key(self.after), always=True, graph=False)
            marked = _points.marked([self.inputs[k] for k in places], point)
            args, kwargs = _replaced((args, kwargs), dict(zip(places, marked)))
        result = runner(self.cell, args, kwargs)
        outputs = _leaves(result)
        outgoing = [k for k, t in enumerate(outputs) if _has_gradient(t)]
        if not outgoing:
            return result
        avals = [t._value.aval for t in outputs]
        point = HookPoint(_points.as_programs_see(lambda cts: self._enter(avals, outgoing, cts, not places)),
                          self._name(self.before or self.after), self._key(self.before or self.after),
                          graph=not self.after)
        marked = _points.marked([outputs[k] for k in outgoing], point)
        return _replaced(result, dict(zip(outgoing, marked)))

    def _run_as_graph(self, trace: Any, places: list, runner: Callable, args: tuple, kwargs: dict) -> Any:
        """The call where hooks must be graphs: the gradients of what was returned come to the first point as those of
        zeros that lead from there to the second."""
        def inside(_: Any, given: list) -> Any:
            own_args, own_kwargs = _replaced((args, kwargs), dict(zip(places, given)))
            return runner(self.cell, own_args, own_kwargs)

        given = [self.inputs[k] for k in places]
        rec = inner.record(type(self.cell).__name__, inside, [t._value.aval for t in given])
        avals = [node.aval for node in rec.graph.outputs[:rec.count]]
        outgoing = [k for k, aval in enumerate(avals) if aval.dtype.is_inexact]
        extras = tuple([avals[k] for k in outgoing])

        def enter(cotangents: list) -> list:
            found = self._enter(avals, outgoing, cotangents[:len(outgoing)], False)
            return [*found, *found]

        def leave(cotangents: list) -> list:
            grads: list = [None] * len(avals)
            for k, ct in zip(outgoing, cotangents[len(places):]):
                grads[k] = _points.zeros(avals[k]) if ct is None else ct
            self.grad_output = tuple(grads)
            return self._leave(places, cotangents[:len(places)])

        key = self._key(self.before + self.after)
        before = HookPoint(_points.as_programs_see(leave), self._name(self.after), key, always=True)
        marked = _points.marked(given, before, extras)
        sources = rec.sources([trace.node_of(t) for t in marked[:len(places)]])
        nodes = trace.builder.inline(rec.graph, sources)
        rec.assign(nodes[rec.count:])
        found = inner.tensors(nodes[:rec.count])
        after = HookPoint(_points.as_programs_see(enter), self._name(self.before or self.after), key)
        back = _points.marked([*[found[k] for k in outgoing], *marked[len(places):]], after)
        for k, tensor in zip(outgoing, back):
            found[k] = tensor
        return tree.rebuild(rec.spec, iter(found))

    def _enter(self, avals: list, places: list, cotangents: list, alone: bool) -> list:
        """Gradients of what was returned have come."""
        gradients: list = [None] * len(avals)
        for k, ct in zip(places, cotangents):
            gradients[k] = _points.zeros(avals[k]) if ct is None else ct
        for hook in self.before:
            gradients = _points.replaced(hook.function, _call(hook, self.cell, tuple(gradients)), gradients)
        self.grad_output = tuple(gradients)
        if alone:
            for hook in self.after:
                _call(hook, self.cell, (None,) * len(self.inputs), self.grad_output)
        return [gradients[k] for k in places]

    def _leave(self, places: list, cotangents: list) -> list:
        """Gradients of the arguments have come."""
        gradients: list = [None] * len(self.inputs)
        for k, ct in zip(places, cotangents):
            gradients[k] = _points.zeros(self.inputs[k]._value.aval) if ct is None else ct
        for hook in self.after:
            found = _call(hook, self.cell, tuple(gradients), self.grad_output)
            gradients = _points.replaced(hook.function, found, gradients)
        return [gradients[k] for k in places]

    def _name(self, hooks: list) -> str:
        return ", ".join(_points.name_of(h.function) for h in hooks)

    def _key(self, hooks: list) -> tuple:
        return tuple([_points.key_of(h.function) for h in hooks])


def _has_gradient(tensor: Tensor) -> bool:
    return tensor.dtype.is_inexact and not isinstance(tensor, Parameter)


def _leaves(value: Any) -> list:
    found: list = []
    tree.flatten(value, found)
    return found


def _replaced(value: Any, fresh: dict[int, Tensor]) -> Any:
    """A value with other tensors at some places among its tensors."""
    leaves: list = []
    spec = tree.flatten(value, leaves)
    return tree.rebuild(spec, iter([fresh.get(k, t) for k, t in enumerate(leaves)]))


def hooked_parameter(cell: Any, param: Parameter) -> Tensor:
    """What `construct` reads in place of a Parameter."""
    found: Any = param
    for hook in cell.__dict__["_hooks"]:
        if hook.kind is PARAMETER and any(p is param for p in hook.params):
            found = _call(hook, found)
            if not isinstance(found, Tensor) or found.shape != param.shape or found.dtype is not param.dtype:
                raise TypeError(f"the parameter hook {_points.name_of(hook.function)} must return a Tensor of "
                                f"{param._value.aval}, as {param.name!r} is, got "
                                f"{found._value.aval if isinstance(found, Tensor) else type(found).__name__}")
    return found
