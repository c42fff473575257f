"""What else programs ask of a Cell: flags, its phase, scopes and prefixes, casts, and what of it is compiled."""
from __future__ import annotations

import enum
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mindspore.common.dtype import as_dtype, bfloat16, float16, float32
from mindspore.common.jit_config import JitConfig
from mindspore.common.parameter import Parameter, ParameterTuple, refuse_shared_name
from mindspore.common.tensor import Tensor

if TYPE_CHECKING:
    from mindspore.nn.cell import Cell


class MixedPrecisionType(enum.Enum):
    """The precision that a Cell computes in: of what is around it, or a dtype."""

    NOTSET = 0
    FP16 = 1
    FP32 = 2
    BF16 = 5


_PRECISIONS = {MixedPrecisionType.NOTSET: None, MixedPrecisionType.FP16: float16, MixedPrecisionType.FP32: float32,
               MixedPrecisionType.BF16: bfloat16}
_PRECISION_FLAGS = {"fp16": float16, "fp32": float32, "bf16": bfloat16}


class CellMembers:
    """The part of `Cell` that the module's text describes."""

    UNGUARDED_MEMBERS = frozenset({"_phase", "_param_prefix", "_scope", "_jit_config"})

    if TYPE_CHECKING:
        _compiled: Any
        _low_precision: Any
        _cells: OrderedDict[str, Any]
        cells_and_names: Callable
        construct: Callable
        get_parameters: Callable
        set_precision: Callable
        check_names: Callable

    # -- flags -------------------------------------------------------------------------------------------------------

    def add_flags(self, **flags: Any) -> CellMembers:
        """Set attributes, and note them as flags (`get_flags`); the Cell itself. The flags `fp16`, `fp32` and `bf16`
        make this Cell, not those below it, compute in the precision (`to_float`), or no longer."""
        for name, value in flags.items():
            setattr(self, name, value)
            dtype = _PRECISION_FLAGS.get(name)
            if dtype is not None and value:
                self.set_precision(dtype)
            elif dtype is not None and self._low_precision is dtype:
                self.set_precision()
        self.__dict__.setdefault("_flags", {}).update(flags)
        return self

    def add_flags_recursive(self, **flags: Any) -> CellMembers:
        """`add_flags` for this Cell and all below it; the Cell itself."""
        for _, cell in self.cells_and_names():
            cell.add_flags(**flags)
        return self

    def get_flags(self) -> dict:
        """The flags that `add_flags` has set, by name."""
        return dict(self.__dict__.get("_flags", {}))

    def set_boost(self, boost_type: str) -> CellMembers:
        """Note in this Cell and all below it that `mindspore.boost` trains them with an algorithm, as a flag of that
        name: "less_bn", "grad_freeze" or "adasum"; the Cell itself. ValueError for another one."""
        if boost_type not in ("less_bn", "grad_freeze", "adasum"):
            raise ValueError(f"Cell.set_boost: boost_type must be 'less_bn', 'grad_freeze' or 'adasum', but got "
                             f"{boost_type!r}")
        return self.add_flags_recursive(**{boost_type: True})

    # -- names -------------------------------------------------------------------------------------------------------

    @property
    def phase(self) -> str:
        """'train' or 'predict', whichever `set_train` said last ('train' before), or what the program assigned."""
        return self.__dict__.get("_phase", "train")

    @phase.setter
    def phase(self, value: str) -> None:
        if not isinstance(value, str):
            raise TypeError(f"Cell.phase must be a str, got {type(value).__name__}")
        self.__dict__["_phase"] = value

    @property
    def param_prefix(self) -> str:
        """The path of this Cell, as the last `update_cell_prefix` of a Cell above it has found it."""
        return self.__dict__.get("_param_prefix", "")

    def update_cell_prefix(self) -> None:
        """Note for each Cell below this one its path (`param_prefix`)."""
        for path, cell in self.cells_and_names():
            cell.__dict__["_param_prefix"] = path

    def update_cell_type(self, cell_type: str) -> None:
        """Note a kind of Cell in `cell_type`."""
        self.cell_type = cell_type

    def generate_scope(self) -> None:
        """Note for each Cell below this one where it stands: "Default/block-Block/dense-Dense"."""
        for path, cell in self.cells_and_names():
            at: Any = self
            parts = ["Default"]
            for name in path.split(".") if path else ():
                at = at._cells[name]
                parts.append(f"{name}-{type(at).__name__}")
            cell.__dict__["_scope"] = "/".join(parts)

    def get_scope(self) -> str | None:
        """What the last `generate_scope` of a Cell above this one has noted for it; None before."""
        return self.__dict__.get("_scope")

    def check_names_and_refresh_name(self) -> None:
        """ValueError if two Parameters have one name; Parameters without a name get that of their attribute."""
        for name, param in self.parameters_and_names():
            if not param.named:
                param.name, param.named = name, True
        self.check_names()

    if TYPE_CHECKING:
        parameters_and_names: Callable

    def parameters_broadcast_dict(self, recurse: bool = True) -> OrderedDict[str, Parameter] | None:
        """The Parameters that all processes share (those that are not `layerwise_parallel`) by name; None if there are
        none."""
        found = OrderedDict((p.name, p) for p in self.get_parameters(expand=recurse) if not p.layerwise_parallel)
        return found or None

    # -- precision ---------------------------------------------------------------------------------------------------

    def cast_inputs(self, inputs: tuple, dst_type: Any) -> tuple:
        """The tensors of a tuple, and of tuples in it, cast to a dtype.

        Raises:
            TypeError: `inputs` is no tuple, or holds something else.
        """
        if not isinstance(inputs, tuple | list):
            raise TypeError(f"Cell.cast_inputs: inputs must be a tuple of Tensors, got {type(inputs).__name__}")
        dtype, found = as_dtype(dst_type), []
        for value in inputs:
            if isinstance(value, tuple | list):
                found.append(self.cast_inputs(value, dtype))
            elif isinstance(value, Tensor):
                found.append(value.astype(dtype))
            else:
                raise TypeError(f"Cell.cast_inputs: an input is a {type(value).__name__}, expected a Tensor")
        return tuple(found)

    def get_mixed_precision_type(self) -> MixedPrecisionType:
        """The precision that this Cell casts its inputs and Parameters to (`to_float`, `set_mixed_precision_type`)."""
        low = self._low_precision
        return next((kind for kind, dtype in _PRECISIONS.items() if dtype is low), MixedPrecisionType.NOTSET)

    def set_mixed_precision_type(self, arg0: MixedPrecisionType) -> None:
        """Compute this Cell, not those below it, in a precision; TypeError if it is no MixedPrecisionType."""
        if not isinstance(arg0, MixedPrecisionType):
            raise TypeError(f"set_mixed_precision_type: expected a MixedPrecisionType, got {type(arg0).__name__}")
        self.set_precision(_PRECISIONS[arg0])

    # -- compilation -------------------------------------------------------------------------------------------------

    def set_jit_config(self, jit_config: JitConfig) -> None:
        """Give the Cell options of compilation; see `mindspore.JitConfig`. They count where the Cell is compiled by
        itself, not where it is part of another one.

        Raises:
            TypeError: it is no JitConfig.
        """
        if not isinstance(jit_config, JitConfig):
            raise TypeError(f"set_jit_config: expected a JitConfig, got {type(jit_config).__name__}")
        self.__dict__["_jit_config"] = jit_config
        self.__dict__["_compiled"] = None  # what ran in PyNative mode may be refused now

    @property
    def jit_config_dict(self) -> dict:
        """The options that `set_jit_config` was given."""
        config = self.__dict__.get("_jit_config")
        return {} if config is None else dict(config.jit_config_dict)

    @property
    def compiled(self) -> bool:
        """Whether the Cell has been compiled as a whole."""
        return bool(self.compile_cache)

    @property
    def compile_cache(self) -> set:
        """The signatures for which the Cell has been compiled as a whole."""
        compiled = self.__dict__.get("_compiled")
        return set() if compiled is None else set(compiled.entries)

    def compile_and_run(self, *args: Any, **kwargs: Any) -> Any:
        """Run the Cell compiled as a whole, whatever the mode."""
        return self._whole()(*args, **kwargs)

    def run_construct(self, cast_inputs: tuple, kwargs: dict) -> Any:
        """`construct` and the hooks around it, as a call in PyNative mode runs them."""
        return self._natively(*cast_inputs, **kwargs)

    if TYPE_CHECKING:
        _whole: Callable
        _natively: Callable

    # -- truth and pickles -------------------------------------------------------------------------------------------

    def __bool__(self) -> bool:
        """True, also for a container without Cells."""
        return True

    def __getstate__(self) -> dict:
        return {name: None if name == "_compiled" else value for name, value in self.__dict__.items()}

    def __setstate__(self, state: dict) -> None:
        self.__dict__.update(state)


def cells_of(cells: Any) -> list[Cell]:
    """What `cells_and_names` starts from: one Cell, or several."""
    from mindspore.nn.cell import Cell
    found = [cells] if isinstance(cells, Cell) else list(cells)
    for cell in found:
        if not isinstance(cell, Cell):
            raise TypeError(f"cells_and_names: cells must be Cells, got {type(cell).__name__}")
    return found


def check_listed_names(attributes: dict[str, Any], name: str, value: list | tuple) -> None:
    """ValueError if two Parameters of a Cell, or in its lists and tuples, of which `value` becomes one, have one
    name."""
    lists = [each for key, each in attributes.items()
             if key != name and isinstance(each, list | tuple) and not isinstance(each, ParameterTuple)]
    lists += [value, attributes["_params"].values()]
    refuse_shared_name((param for each in lists for param in each if isinstance(param, Parameter)), f"Cell.{name}")
