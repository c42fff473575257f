"""The kernels of products with int8 matrices (`csrc/quantized.h`)."""
from __future__ import annotations

from math import prod

from mindspore.compiler.ir import TensorAval
from mindspore.plugin import KernelSpec
from mindspore_cpu import _ext
from mindspore_cpu.kernels import kernel

QUANTIZED = ("weight_quant_matmul", "int8_matmul", "quant_matmul")


def supports_int8(spec: KernelSpec) -> bool:
    """Whether one int8 matrix meets rows that are not transposed, and elements are of a type that kernels know; other
    products are decomposed."""
    return len(spec.ins[1].shape) == 2 and not spec.attrs.get("transpose_a", False) \
        and spec.ins[0].dtype.key != "float64" and spec.outs[0].dtype.key != "float64"


def int8_kernel(name: str, ins: tuple, out: TensorAval, attrs: dict, *, bias: bool = False,
                relu: bool = False) -> _ext.Kernel:
    """The kernel of a product with an int8 matrix, from avals (see `_ext.weight_quant_matmul`, `_ext.int8_matmul`)."""
    sizes, transposed = (prod(out.shape[:-1]), out.shape[-1], ins[0].shape[-1]), attrs.get("transpose_b")
    if name == "weight_quant_matmul":
        return _ext.weight_quant_matmul(out.dtype.key, ins[2].dtype.key, sizes, attrs["transpose_w"], attrs["group"],
                                        len(ins) == 4, bias, relu)
    return _ext.int8_matmul(out.dtype.key, sizes, transposed, bias, relu)


@kernel(*QUANTIZED, kinds="if", fits=supports_int8)
def _int8_product(spec: KernelSpec):
    return int8_kernel(spec.name, spec.ins, spec.outs[0], spec.attrs)
