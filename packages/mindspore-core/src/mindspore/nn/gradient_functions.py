"""What training steps of programs map over gradients: `hyper_map(partial(_grad_scale, scale), grads)`.

Programs import these from `mindspore.nn.wrap.loss_scale`, with and without the underscore, and may register further
types of gradients.
"""
from __future__ import annotations

from mindspore import ops
from mindspore.common.sparse_tensor import RowTensor

__all__ = ["grad_overflow", "grad_scale", "shard_grad_scale"]

grad_scale = ops.MultitypeFuncGraph("grad_scale")
shard_grad_scale = ops.MultitypeFuncGraph("shard_grad_scale")
grad_overflow = ops.MultitypeFuncGraph("grad_overflow")
_status = ops.FloatStatus()


@shard_grad_scale.register("Tensor", "Tensor")
@grad_scale.register("Tensor", "Tensor")
def tensor_grad_scale(scale, grad):
    """The gradient divided by the loss scale, in its own dtype."""
    return grad * ops.cast(ops.reciprocal(scale), grad.dtype)


@grad_scale.register("Tensor", "RowTensor")
def row_tensor_grad_scale(scale, grad):
    """The rows of the gradient divided by the loss scale."""
    return RowTensor(grad.indices, grad.values * ops.cast(ops.reciprocal(scale), grad.values.dtype), grad.dense_shape)


@grad_overflow.register("Tensor")
def tensor_grad_overflow(grad):
    """A Float32 of shape (1,): 1 where an element of the gradient is not finite, else 0."""
    return _status(grad)


@grad_overflow.register("RowTensor")
def row_tensor_grad_overflow(grad):
    """The same of the gradient's rows."""
    return _status(grad.values)


_grad_scale, _grad_overflow = grad_scale, grad_overflow
