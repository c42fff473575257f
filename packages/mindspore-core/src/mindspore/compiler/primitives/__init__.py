"""The primitives: one class holds everything that core knows of an operator. `base` explains; importing this package
registers all of them."""
from mindspore.compiler.primitives import (
    arithmetic,
    call,
    comparison,
    custom_vjp,
    effects,
    indexing,
    lane_cond,
    linalg,
    linalg_factors,
    logic,
    matmul,
    nn_activation,
    nn_attention,
    nn_conv,
    nn_dropout,
    nn_loss,
    nn_norm,
    nn_optim,
    nn_pool,
    nn_softmax,
    nn_unfold,
    random,
    recursion,
    reduction,
    regions,
    rounding,
    scan,
    select,
    shape,
    structural,
    tapes,
    transcendental,
)
from mindspore.compiler.primitives.base import PRIMITIVES, Elementwise, Primitive, Sample, primitive, register

__all__ = ["PRIMITIVES", "Elementwise", "Primitive", "Sample", "primitive", "register"]
