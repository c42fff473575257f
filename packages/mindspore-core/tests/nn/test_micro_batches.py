"""Networks that take a batch in parts, and rows that are combined by fields, against what NumPy says."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.parallel import nn as parallel_nn

PARTED = {
    "MicroBatchInterleaved": lambda net: nn.MicroBatchInterleaved(net, 2),
    "GradAccumulationCell": lambda net: nn.GradAccumulationCell(net, 2),
    "PipelineCell": lambda net: nn.PipelineCell(net, 2, {"_backbone": 0}, {"_backbone": 1}),
    "Pipeline": lambda net: parallel_nn.Pipeline(net, 2),
    "GradAccumulation": lambda net: parallel_nn.GradAccumulation(net, 2),
}


def network():
    return nn.WithLossCell(nn.Dense(3, 2, weight_init="ones", bias_init="zeros"), nn.MSELoss())


@pytest.mark.parametrize("name", PARTED)
def test_the_losses_of_the_parts_are_added(name, mode):
    net, x, y = network(), np.arange(15, dtype=np.float32).reshape(5, 3), np.ones((5, 2), np.float32)
    parted = PARTED[name](net)
    errors = x.sum(1) - 1
    expected = (errors[:2] ** 2).mean() + (errors[2:] ** 2).mean()
    np.testing.assert_allclose(parted(Tensor(x), Tensor(y)).asnumpy(), expected, rtol=1e-6)
    weights = parted.trainable_params()
    assert [p.name for p in weights] == [p.name for p in net.trainable_params()]
    gradient = ms.grad(parted, None, ms.ParameterTuple(weights))(Tensor(x), Tensor(y))[0].asnumpy()
    by_part = [(e[:, None] * part).mean(0) for e, part in ((errors[:2], x[:2]), (errors[2:], x[2:]))]
    np.testing.assert_allclose(gradient, [sum(by_part)] * 2, rtol=1e-5)


def test_cells_note_their_stages():
    net = network()
    nn.PipelineCell(net, 2, {"_backbone": 3}, {"_backbone": 1})
    assert (net.backbone_network.pipeline_stage, net.backbone_network.pipeline_segment) == (3, 1)


@pytest.mark.parametrize(("make", "error", "says"), [
    (lambda: nn.MicroBatchInterleaved(ops.relu), TypeError, "must be a Cell"),
    (lambda: nn.GradAccumulationCell(network(), 0), ValueError, "micro_size"),
    (lambda: nn.PipelineCell(network(), 2.0), TypeError, "micro_size"),
    (lambda: nn.PipelineCell(network(), 2, {"head": 0}), KeyError, "no cell 'head'; it has _backbone, _loss_fn"),
    (lambda: nn.GradAccumulationCell(network(), 4)(Tensor(np.ones((3, 3), np.float32)),
                                                   Tensor(np.ones((3, 2), np.float32))), ValueError, "4 parts"),
    (lambda: nn.MultiFieldEmbeddingLookup(4, 2, 2, operator="LAST"), ValueError, "SUM, MEAN, MAX"),
], ids=["no cell", "no part", "half a part", "unknown cell", "few rows", "operator"])
def test_wrong_arguments_are_refused(make, error, says):
    with pytest.raises(error, match=says):
        make()


@pytest.mark.parametrize("operator", ["SUM", "MEAN", "MAX"])
def test_rows_are_combined_by_fields(operator, mode):
    table = np.random.default_rng(0).normal(size=(8, 3)).astype(np.float32)
    rows = np.array([[2, 4, 6, 0, 0], [1, 3, 5, 7, 0]], np.int32)
    weights = np.array([[1, -2, 0.5, 0, 0], [1, 2, 3, 4, 0]], np.float32)
    fields = np.array([[0, 1, 1, 0, 0], [0, 0, 2, 0, 0]], np.int32)
    layer = nn.MultiFieldEmbeddingLookup(8, 3, 3, param_init=Tensor(table), operator=operator)
    expected = np.zeros((2, 3, 3), np.float32)
    for b, f in np.ndindex(2, 3):
        chosen = [(w, w * table[r]) for r, w, g in zip(rows[b], weights[b], fields[b]) if g == f and w]
        if chosen:
            parts = np.array([part for _, part in chosen])
            expected[b, f] = parts.max(0) if operator == "MAX" else parts.sum(0)
            if operator == "MEAN":
                expected[b, f] /= sum(abs(w) for w, _ in chosen)
    found = layer(Tensor(rows), Tensor(weights), Tensor(fields)).asnumpy()
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_three_inputs_on_one_device(mode):
    class Three(nn.Cell):
        def construct(self, a, b, c):
            return a * b - c

    found = nn.VirtualDatasetCellTriple(Three())(Tensor([2.0]), Tensor([3.0]), Tensor([1.0]))
    assert found.asnumpy().tolist() == [5.0]
    with pytest.raises(TypeError, match="'backbone' must be a Cell"):
        nn.VirtualDatasetCellTriple(3)
