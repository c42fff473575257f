"""THOR: gradients are multiplied by the inverse of the Fisher information before a step with momentum.

The layers of `nn.layer.curvature` note for each weight two matrices A and G whose Kronecker product is close to the
weight's block of the Fisher information. With the damping l the gradient of a weight of shape (out, in) becomes

    (G + sqrt(l) I)^-1 gradient (A + sqrt(l) I)^-1

For a convolution the information is the sum over all T places of an image, hence T A x G, and the damped matrices are
sqrt(T) A + sqrt(l) I and sqrt(T) G + sqrt(l) I. For a table of embeddings A is a diagonal. Gains and shifts of layer
normalization (`LayerNorm`) have a diagonal of their own: gradient^2 / batch_size + sqrt(l). All other parameters, such
as biases, get their gradients as they are.

A matrix with more than 128 rows is inverted block by block along its diagonal, which the source describes too: the
blocks of 128 rows (the last has what remains) are inverted, what is outside of them is left out.

The inverses are kept. Every `frequency` steps they are computed from the matrices of that step, and the steps between
take those that are there; `ModelThor` counts (`mindspore.train.train_thor`), and programs with a loop of their own say
so by `add_flags_recursive(thor=...)`.

Source: Chen et al., "THOR: Trace-based Hardware-driven Layer-Oriented Natural Gradient Descent Computation", AAAI 2021.
"""
from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.nn._check import flag, is_int, positive_int
from mindspore.nn.layer.curvature import Conv2dThor, WithFactors, note_factors
from mindspore.nn.layer.normalization import LayerNorm
from mindspore.nn.optim.momentum import Momentum
from mindspore.runtime.record import assign

__all__ = ["Thor", "thor"]

BLOCK = 128  # rows of a block of a matrix


def thor(net, learning_rate, damping, momentum, weight_decay=0.0, loss_scale=1.0, batch_size=32, use_nesterov=False,
         decay_filter=lambda x: True, split_indices=None, enable_clip_grad=False, frequency=100):
    """The second-order optimizer THOR for all trainable parameters of a network, whose layers are changed to those that
    note the matrices (`DenseThor`, `Conv2dThor`, `EmbeddingThor`, `EmbeddingLookupThor`).

    Args:
        net: the network. learning_rate: a Tensor, one value or one for each step.
        damping: a Tensor, one value or one for each step, the last one from then on.
        momentum: a float of at least 0. weight_decay: L2 penalty, added to what the step takes.
        loss_scale: by what the loss was multiplied. batch_size: over how many samples the loss is a mean.
        use_nesterov: take Nesterov's step. decay_filter: of a Parameter, whether it decays.
        split_indices: accepted; it says how several devices exchange the matrices.
        enable_clip_grad: scale what the step takes to a length of at most 1, for each parameter.
        frequency: every how many steps the matrices are inverted, at least 2 (see `ModelThor`).

    Raises:
        TypeError, ValueError: arguments of wrong types or out of range.
    """
    return Thor(note_factors(net), learning_rate, damping, momentum, weight_decay, loss_scale, batch_size,
                use_nesterov, decay_filter, enable_clip_grad, frequency)


class Thor(Momentum):
    """See `thor`.

    Attributes:
        thor: whether a step inverts the matrices anew. matrix_a, matrix_g: the inverses, (groups, blocks, rows, rows),
            of a table (vocab_size,) and (1, 1, size, size). cov_step: how many steps were taken.
    """

    decoupled_decay = True  # the decay is added to what the inverses have given

    def __init__(self, net, learning_rate, damping, momentum, weight_decay, loss_scale, batch_size, use_nesterov,
                 decay_filter: Callable[[Parameter], bool], enable_clip_grad, frequency):
        for name, value, kind in (("learning_rate", learning_rate, Tensor), ("damping", damping, Tensor),
                                  ("momentum", momentum, float)):
            if not isinstance(value, kind):
                raise TypeError(f"For 'thor', the '{name}' must be a {kind.__name__}, but got {value!r} of type "
                                f"{type(value).__name__}.")
        if not is_int(frequency):
            raise TypeError(f"For 'thor', the 'frequency' must be an int, but got {frequency!r}.")
        if frequency < 2:
            raise ValueError(f"For 'thor', the 'frequency' must be at least 2, but got {frequency}.")
        super().__init__(net.trainable_params(), learning_rate, momentum, weight_decay, loss_scale, use_nesterov)
        self.batch_size, self.frequency = positive_int("thor", "batch_size", batch_size), frequency
        self.enable_clip_grad, self.thor = flag("thor", "enable_clip_grad", enable_clip_grad), True
        self.decay_flags = tuple([bool(weight_decay) and bool(decay_filter(p)) for p in self.parameters])
        self.damping = Parameter(ops.reshape(damping, (-1,)).astype(float32), name="damping", requires_grad=False)
        self.cov_step = Parameter(Tensor(np.zeros(1, np.int32)), name="cov_step", requires_grad=False)
        self._hold_factors(net)

    def _hold_factors(self, net) -> None:
        """Find the matrices of each parameter, and make the states with their inverses."""
        layers = {id(c.factored): c for _, c in net.cells_and_names() if isinstance(c, WithFactors)}
        self._normalized = {id(p) for _, c in net.cells_and_names() if type(c) is LayerNorm for p in (c.gamma, c.beta)}
        found = [layers.get(id(p)) for p in self.parameters]
        factored = [layer for layer in found if layer is not None]
        self._place_of = [None if layer is None else factored.index(layer) for layer in found]
        self.matrix_a_cov = ParameterTuple([layer.matrix_a for layer in factored])
        self.matrix_g_cov = ParameterTuple([layer.matrix_g for layer in factored])
        self.positions = tuple([layer.positions if isinstance(layer, Conv2dThor) else None for layer in factored])
        self.matrix_a = ParameterTuple([_inverse_of("a", k, p) for k, p in enumerate(self.matrix_a_cov)])
        self.matrix_g = ParameterTuple([_inverse_of("g", k, p) for k, p in enumerate(self.matrix_g_cov)])

    def get_frequency(self) -> int:
        """Every how many steps the matrices are inverted."""
        return self.frequency

    def _update_all(self, gradients):
        """Update every parameter once by gradients without the loss scale; True."""
        last = self.damping.shape[0] - 1
        damping = ops.sqrt(ops.gather(self.damping, ops.minimum(ops.reshape(self.cov_step, ()), last), 0))
        if self.thor:
            self._invert(damping)
        gradients = [self._preconditioned(k, g, damping) for k, g in enumerate(gradients)]
        assign(self.cov_step, self.cov_step + 1)
        for k, param in enumerate(self.parameters):
            if self.decay_flags[k]:
                gradients[k] = gradients[k] + param * self.number(self.decay_of(k), param.dtype)
            if self.enable_clip_grad:
                gradients[k] = ops.clip_by_norm(gradients[k], 1.0)
        return super()._update_all(gradients)

    def _invert(self, damping) -> None:
        """Compute the inverses from the matrices that the layers have noted; `damping`: its root."""
        unscaled = (self.batch_size / self.loss_scale) ** 2  # of d d^T, where d is the gradient of a scaled mean
        for k, (a, g) in enumerate(zip(self.matrix_a_cov, self.matrix_g_cov)):
            places = 1.0 if self.positions[k] is None else ops.sqrt(ops.reshape(self.positions[k], ()))
            assign(self.matrix_g[k], _inverted(g * unscaled * places, damping))
            if a.ndim == 1:
                assign(self.matrix_a[k], 1.0 / (a / self.batch_size + damping))
            else:
                assign(self.matrix_a[k], _inverted(a * places, damping))

    def _preconditioned(self, index: int, gradient, damping):
        """A gradient times the inverse of its block of the Fisher information."""
        place = self._place_of[index]
        if place is not None:
            a, g = self.matrix_a[place], self.matrix_g[place]
            wide = gradient.astype(float32)
            if a.ndim == 1:
                (rows,) = _times_blocks(ops.expand_dims(wide * ops.expand_dims(a, 1), 0), g)
                return rows.astype(gradient.dtype)
            matrix = ops.reshape(wide, (g.shape[0], gradient.shape[0] // g.shape[0], -1))
            left = _times_blocks(ops.swapaxes(matrix, 1, 2), g)  # the inverses are symmetric
            right = _times_blocks(ops.swapaxes(left, 1, 2), a)
            return ops.reshape(right, gradient.shape).astype(gradient.dtype)
        if id(self.parameters[index]) in self._normalized:
            return gradient / (ops.square(gradient) / self.batch_size + damping.astype(gradient.dtype))
        return gradient


def _inverse_of(letter: str, number: int, matrix: Parameter) -> Parameter:
    """The state with the inverse of a matrix, zeros at first."""
    shape = matrix.shape
    if len(shape) > 1:
        rows = min(shape[-1], BLOCK)
        shape = (shape[0] if len(shape) == 3 else 1, math.ceil(shape[-1] / rows), rows, rows)
    return Parameter(Tensor(np.zeros(shape, np.float32)), name=f"matrix_{letter}_inv_{number}", requires_grad=False)


def _inverted(matrix, damping) -> Tensor:
    """(matrix + damping I)^-1, block by block: (n, n) or (groups, n, n) to (groups, blocks, rows, rows). Where the
    last block has fewer rows, what it lacks is that of a unit matrix."""
    size = matrix.shape[-1]
    rows = min(size, BLOCK)
    blocks = math.ceil(size / rows)
    matrix = ops.reshape(matrix, (-1, size, size)) + damping * ops.eye(size, dtype=float32)
    missing = blocks * rows - size
    if missing:
        matrix = ops.pad(matrix, (0, missing, 0, missing)) + Tensor(np.diag(
            np.repeat(np.float32([0, 1]), [size, missing])))
    tiles = ops.reshape(matrix, (-1, blocks, rows, blocks, rows))
    diagonal = ops.stack([tiles[:, k, :, k] for k in range(blocks)], 1)
    return ops.inverse(diagonal)


def _times_blocks(matrix, blocks) -> Tensor:
    """(groups, m, n) times a matrix that is zero but for blocks along its diagonal, (groups, blocks, rows, rows)."""
    groups, m, n = matrix.shape
    _, count, rows, _ = blocks.shape
    if count * rows > n:
        matrix = ops.pad(matrix, (0, count * rows - n))
    parts = ops.transpose(ops.reshape(matrix, (groups, m, count, rows)), (0, 2, 1, 3))
    product = ops.transpose(ops.matmul(parts, blocks), (0, 2, 1, 3))
    return ops.reshape(product, (groups, m, count * rows))[:, :, :n]
