"""The world of the programs as the product knows it; see `plain.py`."""
from mindspore import Parameter, Tensor, bool_, float32, float64, int32, int64, jit, jit_class, ops
from mindspore.gradient import grad, value_and_grad
from mindspore.nn import Cell, CellList
from mindspore.ops import stop_gradient

__all__ = ["CellList", "Cell", "Parameter", "Tensor", "bool_", "float32", "float64", "grad", "int32", "int64", "jit",
           "jit_class", "ops", "stop_gradient", "value_and_grad"]
