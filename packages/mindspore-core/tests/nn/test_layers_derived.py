"""Layers that programs derive from those of the interface, by overriding `construct`."""
from __future__ import annotations

import numpy as np
import pytest

from mindspore import Parameter, Tensor, jit, nn, ops
from mindspore.nn.layer.conv import _check_input_3d

X = np.random.default_rng(0).normal(size=(2, 3, 5, 6)).astype(np.float32)


class Standardized(nn.Conv2d):
    def construct(self, x):
        weight = (self.weight - ops.mean(self.weight, (1, 2, 3), True)) / (ops.std(self.weight, (1, 2, 3), 0, True) + 1)
        y = self.conv2d(x, weight)
        return self.bias_add(y, self.bias) if self.has_bias else y


class Normalized(nn.Conv1d):
    def construct(self, x):
        _check_input_3d(self.shape(x), self.cls_name)
        y = self.conv2d(self.expand_dims(x, 2), self.weight / 2)
        return self.squeeze(self.bias_add(y, self.bias) if self.has_bias else y)


class Doubled(nn.Dense):
    def construct(self, x):
        shape = self.shape_op(x)
        y = self.matmul(self.reshape(x, (-1, shape[-1])), self.weight * 2)
        if self.has_bias:
            y = self.bias_add(y, self.bias)
        return self.reshape(y, shape[:-1] + (-1,))


class Plain(nn.LayerNorm):
    def construct(self, x):
        return self.layer_norm(x, self.gamma, self.beta)[0]


class Frozen(nn.BatchNorm2d):
    def construct(self, x):
        if self.training:
            return self.bn_train(x, self.gamma, self.beta, self.moving_mean, self.moving_variance)[0]
        return self.bn_infer(x, self.gamma, self.beta, self.moving_mean, self.moving_variance)[0]


class Scaled(nn.Embedding):
    def construct(self, ids):
        return self.gather(self.embedding_table, ids, 0) * self.embedding_size ** 0.5


class Upward(nn.Conv2dTranspose):
    def construct(self, x):
        return self.conv2d_transpose(x, self.weight, (x.shape[0], self.out_channels, x.shape[2] * 2, x.shape[3] * 2))


def twin(derived, base, **weights):
    """The base layer with the derived layer's parameters, changed where that is said."""
    for name, value in derived.parameters_dict().items():
        short = name.rpartition(".")[2]
        found = base.parameters_dict()[name]
        found.set_data(Tensor(weights.get(short, lambda w: w)(value.asnumpy())))
    return base


def standardized(w):
    return (w - w.mean((1, 2, 3), keepdims=True)) / (w.std((1, 2, 3), keepdims=True) + 1)


CASES = {
    "convolution": (Standardized, nn.Conv2d, (3, 4, 3, 2, "pad", 1, 1, 1, True), X, {"weight": standardized}),
    "without a bias": (Standardized, nn.Conv2d, (3, 6, 3, 1, "same", 0, 1, 3), X, {"weight": standardized}),
    "sequences": (Normalized, nn.Conv1d, (3, 4, 3, 2, "pad", 1, 1, 1, True), X[:, :, 0], {"weight": lambda w: w / 2}),
    "dense": (Doubled, nn.Dense, (6, 4), X, {"weight": lambda w: 2 * w}),
    "layer norm": (Plain, nn.LayerNorm, ((6,),), X, {}),
    "batch norm": (Frozen, nn.BatchNorm2d, (3,), X, {}),
    "transposed": (Upward, nn.Conv2dTranspose, (3, 4, 3, 2, "same"), X, {}),
}


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("training", [False, True])
def test_a_derived_layer_finds_the_operators_of_its_base(mode, case, training):
    cls, base_cls, args, x, weights = CASES[case]
    derived, base = cls(*args).set_train(training), base_cls(*args).set_train(training)
    twin(derived, base, **weights)
    np.testing.assert_allclose(derived(Tensor(x)).asnumpy(), base(Tensor(x)).asnumpy(), rtol=2e-5, atol=2e-6)


def test_a_sequence_of_other_axes_is_refused(mode):
    with pytest.raises(ValueError, match="'Normalized'.*3 axes"):
        Normalized(3, 4, 3)(Tensor(X))


def test_an_embedding(mode):
    layer = Scaled(5, 4)
    ids = np.array([[0, 4], [2, 2]], np.int32)
    np.testing.assert_allclose(layer(Tensor(ids)).asnumpy(), layer.embedding_table.asnumpy()[ids] * 2, rtol=1e-6)


@pytest.mark.parametrize("layer", [nn.Dense(2, 3, has_bias=False), nn.Conv2d(2, 3, 1), nn.Conv1dTranspose(2, 3, 1),
                                   nn.BiDense(2, 2, 3, has_bias=False)], ids=lambda layer: type(layer).__name__)
def test_a_layer_without_a_bias_says_so(layer):
    assert layer.bias is None and not layer.has_bias and list(layer.parameters_dict()) == ["weight"]


def test_axes_by_name():
    assert Tensor(np.zeros((1, 2, 1))).squeeze(axis=0).shape == (2, 1)


class Owner(nn.Dense):
    """Has an operator, a cell and a Parameter of its own under the names of the base layer's operators."""

    def __init__(self):
        super().__init__(3, 2)
        self.bias_add = ops.Sub()
        self.matmul = nn.Dense(3, 2, has_bias=False)
        self.shape_op = Parameter(Tensor(np.full(2, 3, np.float32)))

    def construct(self, x):
        return self.bias_add(self.matmul(self.reshape(x, (-1, 3))), self.shape_op)


@pytest.mark.parametrize("compiled", [False, True])
def test_what_a_program_assigns_takes_the_place_of_an_operator(compiled):
    layer = Owner()
    x = X[0, :, :, :5].reshape(-1, 3)
    given = layer.matmul.weight.asnumpy()
    assert [p.name for p in layer.get_parameters()] == ["weight", "bias", "shape_op", "matmul.weight"]
    y = (jit(layer) if compiled else layer)(Tensor(x))
    np.testing.assert_allclose(y.asnumpy(), x @ given.T - 3, rtol=1e-5, atol=1e-5)
