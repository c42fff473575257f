"""Special functions of the `mint` interface."""
from mindspore.mint.nn.functional import log_softmax
from mindspore.ops.elementwise import erfc, exp2, expm1, log1p, round, sinc

__all__ = ["erfc", "exp2", "expm1", "log1p", "log_softmax", "round", "sinc"]
