"""Cell: the base of layers and networks.

A Cell owns parameters and child cells, by attribute. When a cell becomes an attribute of another, every parameter
below it is renamed to the path of attribute names (checkpoints depend on these names); the renaming happens at the
assignment. In graph mode a call compiles `construct` as a whole; in PyNative mode it runs as plain Python.
"""
from __future__ import annotations

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from mindspore import context
from mindspore.common.dtype import as_dtype
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.deprecation import LAYERS, deprecated
from mindspore.eager import segment as _segment
from mindspore.graph.call import call_construct, is_framework_class
from mindspore.graph.compiled import CompiledFunction, current_blocks, current_guards
from mindspore.graph.dynamic import Described
from mindspore.graph.fall_back import fall_back
from mindspore.graph.guards import CELL_EPOCH
from mindspore.graph.handed_out import note_assigned
from mindspore.graph.trace import _stack
from mindspore.nn.casting import cast_floats, is_of
from mindspore.nn.hooks import CellHooks, hooked_parameter, run_hooked
from mindspore.nn.members import CellMembers, cells_of, check_listed_names
from mindspore.nn.placement import CellPlacement
from mindspore.nn.state import CellState
from mindspore.runtime import record
from mindspore.runtime.mixing import mixed

__all__ = ["Cell"]

_VALUES = (Tensor, bool, int, float, complex, np.number)  # what may be written into a Parameter
_TABLES = ("_params", "_cells", "_buffers")  # where attributes are that do not stand in the Cell's __dict__


class Cell(CellState, CellHooks, CellMembers, CellPlacement):
    """Base class of all networks and layers.

    Subclasses create parameters and child cells in `__init__` (after `super().__init__()`) and define `construct`.

    Args:
        auto_prefix: whether parameters of child cells get the path of attribute names as prefix.
        flags: attributes to set, as a dict.
    """

    UNGUARDED = frozenset({"_compiled", "_varying", "_hooked_reads", "cls_name",
                           "_computing", "_state_hooks", "_transient"}) | CellMembers.UNGUARDED_MEMBERS \
        | CellPlacement.UNGUARDED_PLACEMENT

    def __init__(self, auto_prefix: bool = True, flags: dict | None = None):
        own = self.__dict__
        own["_params"] = OrderedDict()
        own["_cells"] = OrderedDict()
        self._init_state()
        own["_auto_prefix"] = auto_prefix
        own["training"] = False
        own["requires_grad"] = False
        name = own["cls_name"] = type(self).__name__
        if name in LAYERS and type(self).__module__.startswith("mindspore."):
            deprecated(f"nn.{name}", LAYERS[name])
        own["_low_precision"] = own["_mixing"] = own["_result_dtype"] = None
        own["_converts"] = False  # whether one of these three is set
        own["_computing"] = 0
        own["_recompute"] = False
        own["_saving"] = None
        own["_compiled"] = own["_varying"] = None
        own["_hooks"] = ()
        own["_hooked_reads"] = 0
        self.add_flags(**(flags or {}))

    # -- attributes --------------------------------------------------------------------------------------------------

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        if "_params" not in own:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}: call super().__init__() "
                                 f"first in __init__")
        found = own["_params"].get(name)
        if found is None:
            found = own["_cells"].get(name)
            if found is None:
                found = own["_buffers"].get(name)
            if found is None and not any(name in own[table] for table in _TABLES):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            return found
        if own["_hooked_reads"]:
            found = hooked_parameter(self, found)
        if own["_computing"] and found.requires_grad and found.dtype.is_floating:
            return found.astype(own["_low_precision"])
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        own = self.__dict__
        if "_params" not in own:
            if isinstance(value, Parameter | Cell):
                raise AttributeError(f"{type(self).__name__!r} object has no attribute '_params': call "
                                     f"super().__init__() first in __init__, before {name!r} is set")
            object.__setattr__(self, name, value)
            return
        params, cells = own["_params"], own["_cells"]
        if params.get(name) is not None and isinstance(value, _VALUES) and not isinstance(value, Parameter):
            record.assign(params[name], _fitting(value, params[name], name))
            return
        if name in own["_buffers"]:
            self._set_buffer(name, value)
            return
        CELL_EPOCH[0] += 1
        if isinstance(value, Parameter):
            own.pop(name, None)
            cells.pop(name, None)
            self.insert_param_to_cell(name, value)
        elif isinstance(value, Cell):
            own.pop(name, None)
            params.pop(name, None)
            cells[name] = value
            if self._auto_prefix:
                value.update_parameters_name(name + ".")
        elif value is None and (name in params or name in cells):
            (params if name in params else cells)[name] = None
        elif params.get(name) is not None:
            raise TypeError(f"{type(self).__name__}.{name} is a Parameter, which takes a Tensor, a number, another "
                            f"Parameter or None, but got {value!r} of type {type(value).__name__}: assign Tensor(...), "
                            f"or delete the attribute first")
        else:
            if isinstance(value, ParameterTuple):
                for param in value:
                    params.setdefault(param.name, param)
            elif isinstance(value, list | tuple) and value and isinstance(value[0], Parameter):
                check_listed_names(own, name, value)
            if _stack.trace is not None:
                note_assigned(current_guards(), self, name, value)
            params.pop(name, None)
            cells.pop(name, None)
            object.__setattr__(self, name, value)

    def __delattr__(self, name: str) -> None:
        CELL_EPOCH[0] += 1
        for table in (self._params, self._cells, self._buffers, self.__dict__):
            if name in table:
                del table[name]
                return
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *self._params, *self._cells, *self._buffers})

    def __deepcopy__(self, memo: dict) -> Cell:
        """A cell with its own parameters, children and other attributes; compiled graphs stay with the original."""
        twin = memo[id(self)] = object.__new__(type(self))
        twin.__dict__.update((name, None if name == "_compiled" else copy.deepcopy(value, memo))
                             for name, value in self.__dict__.items() if not hasattr(value, "__ms_function__"))
        return twin

    def insert_param_to_cell(self, param_name: str, param: Parameter, check_name_contain_dot: bool = True) -> None:
        """Register a parameter under an attribute name.

        Raises:
            TypeError: `param` is not a Parameter. KeyError: the name is empty or contains a dot.
        """
        if not param_name or (check_name_contain_dot and "." in param_name):
            raise KeyError(f"{type(self).__name__}: {param_name!r} cannot name a parameter: it is empty or has a dot")
        if param is not None and not isinstance(param, Parameter):
            raise TypeError(f"{type(self).__name__}: {param_name!r} must be a Parameter, got {type(param).__name__}")
        if param is not None and not param.named:
            param.name = param_name
            param.named = True
        CELL_EPOCH[0] += 1
        self._params[param_name] = param

    def insert_child_to_cell(self, child_name: str, child_cell: Cell | None) -> None:
        """Register a child cell under a name, or None for no cell. A child that had the name is replaced.

        Raises:
            TypeError: it is not a Cell. KeyError: the name is empty, contains a dot or is that of another attribute.
        """
        if child_cell is not None and not isinstance(child_cell, Cell):
            raise TypeError(f"{type(self).__name__}: child {child_name!r} must be a Cell, "
                            f"got {type(child_cell).__name__}")
        if not child_name or "." in child_name:
            raise KeyError(f"{type(self).__name__}: {child_name!r} cannot name a child: it is empty or has a dot")
        if child_name not in self._cells and hasattr(self, child_name):
            raise KeyError(f"{type(self).__name__}: {child_name!r} is an attribute that is no child; choose another "
                           f"name for the child")
        CELL_EPOCH[0] += 1
        self._cells[child_name] = child_cell
        if self._auto_prefix and child_cell is not None:
            child_cell.update_parameters_name(child_name + ".")

    # -- calling -----------------------------------------------------------------------------------------------------

    def __call__(self, *args, **kwargs) -> Any:
        if _stack.trace is not None:
            return self._run(_recorded, args, kwargs)
        has_bprop = hasattr(type(self), "bprop")
        if context.mode.graph or ((self._recompute or has_bprop) and self._is_compiled_here()):
            return self._whole()(*args, **kwargs)
        if has_bprop or self._hooks or self._converts or self._saving:
            return self._run(_construct_natively, args, kwargs)
        return self.construct(*args, **kwargs)

    def _is_compiled_here(self) -> bool:
        """Whether a cell with `recompute` or a bprop is compiled in PyNative mode: inside of a gradient, and a bprop
        inside of two, since a derivative of a derivative has to know which cotangents are zero."""
        return len(_segment.current().regions) > (0 if self._recompute else 1)

    def _natively(self, *args, **kwargs) -> Any:
        return self._run(_construct_natively, args, kwargs)

    def _whole(self) -> CompiledFunction:
        """The compiled form of the whole Cell."""
        return self.__dict__.get("_compiled") or self._compiled_construct()

    def _compiled_construct(self) -> CompiledFunction:
        if "_params" not in self.__dict__:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute '_params': call super().__init__() "
                                 f"first in __init__")

        def whole(*args, **kwargs):
            return self._run(_recorded, args, kwargs)

        policy = fall_back(self._natively, options=lambda: self.jit_config_dict)
        compiled = self.__dict__["_compiled"] = CompiledFunction(whole, type(self).__name__, self._varying, policy)
        return compiled

    def set_inputs(self, *inputs, **kwargs) -> None:
        """Say which sizes of the arguments vary from call to call: in graph mode one graph serves all of them.

        Args:
            inputs, kwargs: for each argument of `construct` `Tensor(shape=[None, 3], dtype=...)`, with None where a
                size varies (a `mindspore.Symbol` where more is known of it); a tensor whose sizes do not vary; or
                containers of such tensors. Other arguments are described by any value. Without arguments what was said
                is forgotten.
        """
        said = {**dict(enumerate(inputs)), **kwargs}
        self._varying = Described(f"{type(self).__name__}.set_inputs", said) if said else None
        self._compiled = None

    def get_inputs(self) -> tuple | None:
        """What `set_inputs` was given by position; None if it was not called."""
        said = None if self._varying is None else self._varying.described
        return said and tuple([value for key, value in said.items() if isinstance(key, int)])

    @property
    def __ms_dynamic__(self) -> Any:
        return self._varying

    def _run(self, runner: Callable, args: tuple, kwargs: dict) -> Any:
        """construct with what goes around it: casts of inputs and outputs, hooks."""
        if self._saving:
            runner = _saving(self._saving, runner)
        if self._converts:
            runner = self._converting(runner)
        if self._hooks:
            return run_hooked(self, runner, args, kwargs)
        return runner(self, args, kwargs)

    def _converting(self, runner: Callable) -> Callable:
        """`runner` in the precision that the cell computes in: inputs, and what a user's construct reads of its own
        trainable parameters, are cast to the dtype of `to_float`; operators compute as a `Mixing` says; the result is
        cast to the result's dtype."""
        low, mixing, result_dtype = self._low_precision, self._mixing, self._result_dtype

        def run(cell: Cell, args: tuple, kwargs: dict) -> Any:
            own = low is not None and not is_framework_class(type(cell))
            if low is not None and (kwargs or not all(is_of(arg, low) for arg in args)):
                args, kwargs = cast_floats((args, kwargs), low)
            cell.__dict__["_computing"] += own
            try:
                with mixed(_stack.mixing if mixing is None else mixing):
                    result = runner(cell, args, kwargs)
            finally:
                cell.__dict__["_computing"] -= own
            return result if result_dtype is None or is_of(result, result_dtype) else \
                cast_floats(result, result_dtype)

        return run

    def construct(self, *args, **kwargs) -> Any:
        """What the cell computes; subclasses define it."""
        raise AttributeError(f"{type(self).__name__!r} has no construct method: define construct(self, ...)")

    def compile(self, *args, **kwargs) -> None:
        """Compile for these arguments without running."""
        self._whole().graph(*args, **kwargs)

    def graph(self, *args, **kwargs):
        """The graph of `construct` for these arguments."""
        return self._whole().graph(*args, **kwargs)

    # -- parameters and cells ----------------------------------------------------------------------------------------

    def parameters_and_names(self, name_prefix: str = "", expand: bool = True) -> Iterator[tuple[str, Parameter]]:
        """(attribute path, parameter): own parameters first, then those of child cells in order, each once."""
        seen: set[int] = set()
        for path, cell in self.cells_and_names(name_prefix=name_prefix) if expand else ((name_prefix, self),):
            for name, param in cell._params.items():
                if param is not None and id(param) not in seen:
                    seen.add(id(param))
                    yield f"{path}.{name}" if path else name, param

    def cells_and_names(self, cells: Cell | Iterable[Cell] | None = None,
                        name_prefix: str = "") -> Iterator[tuple[str, Cell]]:
        """(attribute path, cell) for this cell and all below it, parents first, each once.

        Args:
            cells: a cell, or several, to start from in place of this one. name_prefix: stands before the paths.
        """
        start = [self] if cells is None else cells_of(cells)
        pending: list[tuple[str, Cell]] = [(name_prefix, cell) for cell in reversed(start)]
        seen: set[int] = set()
        while pending:
            path, cell = pending.pop()
            if id(cell) in seen:
                continue
            seen.add(id(cell))
            yield path, cell
            children = [(f"{path}.{name}" if path else name, child)
                        for name, child in cell._cells.items() if child is not None]
            pending.extend(reversed(children))

    def get_parameters(self, expand: bool = True) -> Iterator[Parameter]:
        """All parameters."""
        return (param for _, param in self.parameters_and_names(expand=expand))

    def trainable_params(self, recurse: bool = True) -> list[Parameter]:
        """The parameters with requires_grad."""
        return [p for p in self.get_parameters(expand=recurse) if p.requires_grad]

    def untrainable_params(self, recurse: bool = True) -> list[Parameter]:
        """The parameters without requires_grad."""
        return [p for p in self.get_parameters(expand=recurse) if not p.requires_grad]

    def parameters_dict(self, recurse: bool = True) -> OrderedDict[str, Parameter]:
        """Parameters by `Parameter.name`, as in checkpoints."""
        return OrderedDict((p.name, p) for p in self.get_parameters(expand=recurse))

    def cells(self):
        """The direct child cells."""
        return self.name_cells().values()

    def name_cells(self) -> OrderedDict[str, Cell]:
        """The direct child cells by attribute name, each once."""
        found: OrderedDict[str, Cell] = OrderedDict()
        seen: set[int] = set()
        for name, cell in self._cells.items():
            if cell is not None and id(cell) not in seen:
                seen.add(id(cell))
                found[name] = cell
        return found

    def update_parameters_name(self, prefix: str = "", recurse: bool = True) -> None:
        """Name every parameter `prefix` + its attribute path."""
        if not isinstance(prefix, str):
            raise TypeError(f"update_parameters_name: prefix must be a str, got {type(prefix).__name__}")
        if prefix:
            for path, param in self.parameters_and_names(expand=recurse):
                param.name = prefix + path
                param.named = True

    def check_names(self) -> None:
        """ValueError if two parameters have one name."""
        seen: set[str] = set()
        for param in self.get_parameters():
            if param.name in seen:
                raise ValueError(f"the parameter name {param.name!r} is used twice; give one of the parameters "
                                 f"another name")
            seen.add(param.name)

    # -- modes -------------------------------------------------------------------------------------------------------

    def set_train(self, mode: bool = True) -> Cell:
        """Training mode for this cell and all below it (dropout, batch statistics)."""
        for _, cell in self.cells_and_names():
            cell.__dict__["_phase"] = "train" if mode else "predict"
            if cell.__dict__["training"] is not bool(mode):
                cell.training = bool(mode)
        return self

    def set_grad(self, requires_grad: bool = True) -> Cell:
        """Mark the cell as differentiated (kept for compatibility: gradients need no mark)."""
        self.requires_grad = requires_grad
        return self

    def to_float(self, dst_type) -> Cell:
        """Compute in another floating dtype: inputs and parameters are cast where they are used.

        Raises:
            ValueError: `dst_type` is not a floating dtype.
        """
        dst_type = as_dtype(dst_type)
        if not dst_type.is_floating:
            raise ValueError(f"to_float: expected float16, bfloat16, float32 or float64, got {dst_type}")
        for _, cell in self.cells_and_names():
            cell.set_precision(dst_type)
        return self

    def set_precision(self, low_precision=None, mixing=None, result_dtype=None) -> None:
        """In which precision this cell computes, not those below it: see `to_float` and `mindspore.amp`.

        Args:
            low_precision: the dtype of inputs and parameters. mixing: the `runtime.mixing.Mixing` for the operators
                that run within. result_dtype: the dtype of floating results. None: as they are.
        """
        self._low_precision, self._mixing, self._result_dtype = low_precision, mixing, result_dtype
        self._converts = any(v is not None for v in (low_precision, mixing, result_dtype))

    def recompute(self, mode: bool = True, **kwargs) -> None:
        """From now on the gradient computes again what the cell computes, in place of keeping it (see
        `mindspore.recompute`).

        Args:
            mode: whether to do so.
            mp_comm_recompute, parallel_optimizer_comm_recompute: accepted for compatibility, without effect.
        """
        unknown = kwargs.keys() - {"mp_comm_recompute", "parallel_optimizer_comm_recompute"}
        if unknown:
            raise TypeError(f"recompute: unexpected keyword {min(unknown)!r}")
        self._recompute = bool(mode)

    def apply(self, fn: Callable[[Cell], Any]) -> Cell:
        """Call `fn` on every child cell, deepest first, then on this one."""
        for cell in self.cells():
            cell.apply(fn)
        fn(self)
        return self

    def init_parameters_data(self, auto_parallel_mode: bool = False) -> dict:
        """Draw the parameters that have no value yet (see `mindspore.common.deferred`); returns a dict of each
        parameter and what it has become: itself."""
        return {p: p.init_data() for p in self.get_parameters()}

    # -- printing ----------------------------------------------------------------------------------------------------

    def extend_repr(self) -> str:
        """What a layer prints of itself beside its name."""
        return ""

    def __repr__(self) -> str:
        extra = self.extend_repr()
        lines = []
        for name, cell in self._cells.items():
            text = repr(cell).replace("\n", "\n  ")
            lines.append(f"  ({name}): {text}")
        if not lines:
            return f"{type(self).__name__}({extra})"
        head = f"{type(self).__name__}({extra}" if extra else f"{type(self).__name__}("
        return "\n".join([head, *lines, ")"])


def _recorded(cell: Cell, args: tuple, kwargs: dict) -> Any:
    """construct while a graph is recorded; a derivative that the cell brings is kept with it."""
    guards, blocks = current_guards(), current_blocks()
    if guards is not None:
        for name in ("_recompute", "_saving", "_low_precision", "_mixing", "_result_dtype", "_hooks"):
            guards.add_attr(cell, name, cell.__dict__[name], True)
    if hasattr(type(cell), "bprop"):
        from mindspore.graph.custom import call_with_bprop
        return call_with_bprop(cell, args, kwargs)
    construct = _construct_again if cell._recompute else call_construct
    return construct(cell, args, kwargs) if blocks is None else blocks.call(cell, args, kwargs, construct)


def _construct_again(cell: Cell, args: tuple, kwargs: dict) -> Any:
    """construct of a cell whose gradient computes it again."""
    from mindspore.recomputation import record_again
    return record_again(cell, args, kwargs, lambda *args, **kwargs: call_construct(cell, args, kwargs))


def _saving(hooks: tuple, runner: Callable) -> Callable:
    """`runner` with hooks on what is kept for its gradient."""
    def run(cell: Cell, args: tuple, kwargs: dict) -> Any:
        from mindspore.saved_tensors import call_saving
        return call_saving(hooks, lambda *args, **kwargs: runner(cell, args, kwargs), args, kwargs)

    return run


def _construct_natively(cell: Cell, args: tuple, kwargs: dict) -> Any:
    if hasattr(type(cell), "bprop") and _segment.current().regions:
        from mindspore.graph.custom import run_with_bprop
        return run_with_bprop(cell, args, kwargs)
    return cell.construct(*args, **kwargs)


def _fitting(value: Any, param: Parameter, name: str) -> Tensor:
    if not isinstance(value, Tensor):
        if isinstance(value, float) and not param.dtype.is_inexact:
            raise TypeError(f"parameter {name!r} has dtype {param.dtype}, the assigned number is {value!r}; assign "
                            f"Tensor({value!r}) to have it converted")
        value = Tensor(value, param.dtype)
    if value.shape != param.shape:
        raise ValueError(f"parameter {name!r} has shape {param.shape}, the assigned tensor has {value.shape}")
    return value if value.dtype is param.dtype else value.astype(param.dtype)
