"""Methods of tensors that the API documents with other names for their arguments than the function of `mindspore.ops`
has, or with several.

`also(function, dim="axis")` is the function with `dim` as another name of its argument `axis`. Positions are those of
the function.
"""
# In these classes `self` is a Tensor, which a type checker cannot be told of a part of Tensor.
# mypy: disable-error-code="arg-type, attr-defined, return-value"
from __future__ import annotations

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.ops import (
    activation,
    arithmetic,
    comparison,
    indexing,
    joining,
    linalg,
    random,
    reduction,
    shapes,
    systems,
)
from mindspore.ops._operands import also

__all__ = ["Spellings"]


class Spellings:
    """Methods with arguments of several names, to be attached to `Tensor`."""

    __slots__ = ()

    approximate_equal = also(comparison.approximate_equal, other="y")
    expand_as = also(shapes.expand_as, x="other")
    float_power = also(arithmetic.float_power, other="exponent")
    index_select = also(indexing.index_select, dim="axis")
    isclose = also(comparison.isclose, x2="other")
    matmul = also(linalg.matmul, tensor2="other")
    median = also(reduction.median, dim="axis", keepdim="keepdims")
    multiply = also(arithmetic.mul, value="other")
    narrow = also(joining.narrow, dim="axis")
    remainder = also(arithmetic.remainder, divisor="other")
    swapdims = also(shapes.swapaxes, dim0="axis0", dim1="axis1")
    true_divide = also(arithmetic.true_divide, other="divisor")

    def addr(self, vec1, vec2, beta=1, alpha=1) -> Tensor:
        """beta * self + alpha * outer(vec1, vec2)."""
        return linalg.addr(self, vec1, vec2, beta=beta, alpha=alpha)

    def bernoulli(self, p=None, seed=None, *, generator=None) -> Tensor:
        """1 with the probability that stands in self, or with `p`, else 0, for each element."""
        return random.bernoulli(self, self if p is None else p, seed if generator is None else generator)

    def qr(self, some=True) -> tuple[Tensor, Tensor]:
        """q with orthonormal columns and upper triangular r with q @ r = self (..., m, n). q is (..., m, k) with
        k = min(m, n), without `some` (..., m, m)."""
        return systems.qr(self, "reduced" if some else "complete")

    def softmax(self, axis=-1, dtype: DType | None = None) -> Tensor:
        """exp(self) / sum(exp(self)) along `axis`, computed in `dtype` where one is given."""
        return activation.softmax(self, axis, dtype=dtype)
