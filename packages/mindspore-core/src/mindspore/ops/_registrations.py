"""What is said of operators of one's own when they are registered: operands, results, and the dtypes that go together.

    info = (CustomRegOp("scaled").input(0, "x").output(0, "y")
            .dtype_format(DataType.F32_Default, DataType.F32_Default).target("CPU").get_op_info())

    @custom_info_register(info)
    def scaled(x):
        return 2 * x

An operator made of the function, `ops.Custom(scaled, ...)`, then refuses operands of dtypes that are not among these.
"""
from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

__all__ = ["AiCPURegOp", "AkgAscendRegOp", "AkgGpuRegOp", "CpuRegOp", "CustomRegOp", "DataType", "TBERegOp",
           "custom_info_register", "get_vm_impl_fn", "op_info_register", "vm_impl_registry"]

_TYPES = {"None": "", "BOOL": "bool", "I8": "int8", "U8": "uint8", "I16": "int16", "U16": "uint16", "I32": "int32",
          "U32": "uint32", "I64": "int64", "U64": "uint64", "F16": "float16", "F32": "float32", "F64": "float64",
          "C64": "complex64", "C128": "complex128", "BF16": "bfloat16"}
_FORMATS = {"None": "", "Default": "DefaultFormat", "NCHW": "NCHW", "NHWC": "NHWC", "HWCN": "HWCN", "NDHWC": "NDHWC",
            "5HD": "NC1HWC0", "FracZ": "FRACTAL_Z", "FracNZ": "FRACTAL_NZ", "C1HWNCoC0": "C1HWNCoC0"}


class DataType:
    """Pairs of an element type and the layout of a tensor: `DataType.F32_Default` is ("float32", "DefaultFormat")."""


for _type, _dtype in _TYPES.items():
    for _format, _layout in _FORMATS.items():
        setattr(DataType, f"{_type}_{_format}", (_dtype, _layout))


class RegOp:
    """Collects what is said of an operator; each method returns the collection.

    Args:
        op_name: the operator's name.

    Raises:
        TypeError: it is no str. ValueError: it is empty.
    """

    imply_type = ""

    def __init__(self, op_name: str):
        if not isinstance(op_name, str):
            raise TypeError(f"{type(self).__name__}: op_name must be a str, got {type(op_name).__name__}")
        if not op_name:
            raise ValueError(f"{type(self).__name__}: op_name is empty")
        self.op_name = op_name
        self.inputs: list[dict] = []
        self.outputs: list[dict] = []
        self.attr_: list[dict] = []
        self.dtype_format_: list[list] = []
        self.settings: dict[str, Any] = {}

    def input(self, index: int, name: str, param_type: str = "required", **more: Any) -> RegOp:
        """Say the name of operand number `index`, and whether it is "required", "optional" or "dynamic"."""
        self.inputs.append(_numbered("input", index, name, {"paramType": param_type, **more}))
        return self

    def output(self, index: int, name: str, param_type: str = "required", **more: Any) -> RegOp:
        """Say the name of result number `index`."""
        self.outputs.append(_numbered("output", index, name, {"paramType": param_type, **more}))
        return self

    def attr(self, name: str, param_type: str = "required", value_type: str = "all", **more: Any) -> RegOp:
        """Say the name of an attribute and the type of its value."""
        self.attr_.append({"name": name, "paramType": param_type, "type": value_type, **more})
        return self

    def dtype_format(self, *args: tuple) -> RegOp:
        """Say one combination of dtypes, a `DataType` for each operand and result. ValueError for another number."""
        expected = len(self.inputs) + len(self.outputs)
        if len(args) != expected or not all(isinstance(each, (tuple, list)) and len(each) >= 2 for each in args):
            raise ValueError(f"{self.op_name}: dtype_format got {args!r}; expected {expected} DataTypes, one for each "
                             f"of {len(self.inputs)} inputs and {len(self.outputs)} outputs, said before it")
        self.dtype_format_.append([list(each) for each in args])
        return self

    def target(self, target: str) -> RegOp:
        """Say the device target."""
        return self._set("target", target)

    def fusion_type(self, fusion_type: str) -> RegOp:
        """Say how the operator may be fused."""
        return self._set("fusion_type", fusion_type)

    def async_flag(self, async_flag: bool = False) -> RegOp:
        """Say whether it runs asynchronously."""
        return self._set("async_flag", async_flag)

    def partial_flag(self, partial_flag: bool = True) -> RegOp:
        """Say whether it may run in parts."""
        return self._set("partial_flag", partial_flag)

    def kernel_name(self, kernel_name: str) -> RegOp:
        """Say the name of the kernel."""
        return self._set("kernel_name", kernel_name)

    def binfile_name(self, binfile_name: str) -> RegOp:
        """Say the name of the kernel's file."""
        return self._set("binfile_name", binfile_name)

    def compute_cost(self, compute_cost: int = 10) -> RegOp:
        """Say what it costs, for choosing among kernels."""
        return self._set("compute_cost", compute_cost)

    def op_pattern(self, pattern: str = "") -> RegOp:
        """Say how layouts of operands and results go together."""
        return self._set("op_pattern", pattern)

    def reshape_type(self, reshape_type: str = "") -> RegOp:
        """Say how operands of fewer axes are filled up."""
        return self._set("reshape_type", reshape_type)

    def dynamic_shape(self, dynamic_shape: bool = False) -> RegOp:
        """Say whether one kernel serves all shapes."""
        return self._set("dynamic_shape", dynamic_shape)

    def need_check_supported(self, need_check_supported: bool = False) -> RegOp:
        """Say whether the kernel is asked for what it supports."""
        return self._set("need_check_supported", need_check_supported)

    def is_dynamic_format(self, is_dynamic_format: bool = False) -> RegOp:
        """Say whether the kernel is asked for layouts."""
        return self._set("is_dynamic_format", is_dynamic_format)

    def dynamic_rank_support(self, dynamic_rank_support: bool) -> RegOp:
        """Say whether one kernel serves any number of axes."""
        return self._set("dynamicRankSupport", dynamic_rank_support)

    def dynamic_compile_static(self, dynamic_compile_static: bool = False) -> RegOp:
        """Say whether a kernel for all shapes also serves known ones."""
        return self._set("dynamic_compile_static", dynamic_compile_static)

    def unknown_shape_formats(self, unknown_shape_formats: list) -> RegOp:
        """Say the layouts for shapes that are not known."""
        return self._set("unknown_shape_formats", unknown_shape_formats)

    def real_input_index(self, real_input_index: list) -> RegOp:
        """Say in which order the kernel takes the operands."""
        return self._set("real_input_index", real_input_index)

    def input_to_attr_index(self, input_to_attr_index: list) -> RegOp:
        """Say which operands the kernel takes as attributes."""
        return self._set("input_to_attr_index", input_to_attr_index)

    def _set(self, name: str, value: Any) -> RegOp:
        self.settings[name] = value
        return self

    def get_op_info(self) -> dict[str, Any]:
        """All that was said. ValueError where there is no operand and no result."""
        if not self.inputs and not self.outputs:
            raise ValueError(f"{self.op_name}: neither inputs nor outputs are said")
        found = {"op_name": self.op_name, "inputs": self.inputs, "outputs": self.outputs, "attr": self.attr_,
                 "dtype_format": self.dtype_format_, **self.settings}
        return {**found, "imply_type": self.imply_type} if self.imply_type else found


def _numbered(what: str, index: Any, name: Any, more: dict) -> dict:
    if isinstance(index, bool) or not isinstance(index, int) or not isinstance(name, str):
        raise TypeError(f"{what}: expected an int and a str, got {index!r} and {name!r}")
    return {"index": index, "name": name, **more}


class CustomRegOp(RegOp):
    """What is said of an operator made by `ops.Custom`."""

    def __init__(self, op_name: str = "Custom"):
        super().__init__(op_name)


class CpuRegOp(RegOp):
    """What is said of an operator with kernels for the CPU."""

    imply_type = "CPU"


class AiCPURegOp(RegOp):
    """What is said of an operator for Ascend's AI CPU."""

    imply_type = "AiCPU"


class TBERegOp(RegOp):
    """What is said of an operator for Ascend's cores, written in TBE."""

    imply_type = "TBE"

    def attr(self, name: str, param_type: str = "required", value_type: str = "all", value: str = "all",
             default_value: Any = None, **more: Any) -> RegOp:
        """Say the name of an attribute, the type of its value, which values it may have and which it usually has."""
        usual = {} if default_value is None else {"defaultValue": default_value}
        return super().attr(name, param_type, value_type, value=value, **usual, **more)

    def input(self, index: int, name: str, need_compile: bool | None = None, param_type: str = "required",
              shape: str = "", **more: Any) -> RegOp:
        """Say the name of operand number `index`, whether it is known at compile time, whether it is "required",
        "optional" or "dynamic", and which shapes it may have."""
        return super().input(index, name, param_type, needCompile=need_compile, shape=shape, **more)

    def output(self, index: int, name: str, need_compile: bool | None = None, param_type: str = "required",
               shape: str = "", **more: Any) -> RegOp:
        """Say the same of result number `index`."""
        return super().output(index, name, param_type, needCompile=need_compile, shape=shape, **more)


class AkgGpuRegOp(RegOp):
    """What is said of an operator for GPUs, written in AKG."""

    imply_type = "AKG"


class AkgAscendRegOp(RegOp):
    """What is said of an operator for Ascend's cores, written in AKG."""

    imply_type = "AKG"


registered: dict[str, list[dict]] = {}  # by the operator's name, what `op_info_register` was given


def op_info_register(op_info: dict | str) -> Callable:
    """Decorator that notes what is said of an operator, a dict of `get_op_info` or such a dict as JSON, and returns the
    function.

    Raises:
        TypeError: `op_info` is neither. ValueError: no JSON, or an operator without a name.
    """
    if not isinstance(op_info, (dict, str)):
        raise TypeError(f"op_info_register: expected a dict or JSON, got {type(op_info).__name__}")
    try:
        found = json.loads(op_info) if isinstance(op_info, str) else op_info
    except json.JSONDecodeError as error:
        raise ValueError(f"op_info_register: the text is no JSON: {error}") from None
    if not found.get("op_name"):
        raise ValueError("op_info_register: 'op_name' is missing")

    def register(fn: Callable) -> Callable:
        registered.setdefault(found["op_name"], []).append(found)
        return fn
    return register


class _Implementations(dict):
    """Python functions for operators, for looking for errors: by the operators' names."""

    def register(self, prim: Any) -> Callable:
        """Decorator that notes for a class of operators, or its name, a function that takes the operator and returns
        what computes it. TypeError for anything else."""
        name = prim if isinstance(prim, str) else getattr(prim, "__name__", None)
        if not isinstance(name, str):
            raise TypeError(f"vm_impl_registry: expected a class of operators or a name, got {prim!r}")

        def note(fn: Callable) -> Callable:
            self[name] = fn
            return fn
        return note


vm_impl_registry = _Implementations()


def get_vm_impl_fn(prim: Any) -> Callable | None:
    """What computes an operator, or the one of this name, by `vm_impl_registry`; None where nothing is noted."""
    found = vm_impl_registry.get(prim if isinstance(prim, str) else getattr(prim, "name", None))
    return None if found is None else found(prim)


def custom_info_register(*reg_info: dict) -> Callable:
    """Decorator that notes in a function, for `ops.Custom`, what is said of the operator made of it.

    Raises:
        TypeError: an argument that is no dict of `get_op_info`.
    """
    for each in reg_info:
        if not isinstance(each, dict):
            raise TypeError(f"custom_info_register: expected what get_op_info returned, got {type(each).__name__}")

    def register(fn: Callable) -> Callable:
        fn.reg_info = [*getattr(fn, "reg_info", ()), *reg_info]  # type: ignore[attr-defined]
        return fn
    return register


def check_dtypes(name: str, infos: list[dict], dtypes: list[str]) -> None:
    """TypeError unless some combination of dtypes that was said begins with these of the operands."""
    said = [combination[:len(dtypes)] for info in infos for combination in info.get("dtype_format", ())]
    if said and not any(all(dtype in ("", given) for (dtype, *_), given in zip(combination, dtypes))
                        for combination in said):
        expected = " or ".join(", ".join(dtype or "any" for dtype, *_ in combination) for combination in said)
        raise TypeError(f"{name}: the operands are {', '.join(dtypes)}; expected {expected}, as registered")
