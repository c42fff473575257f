"""Training that goes on from a step: the same losses as those that one training has from there on."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
import mindspore.dataset as ds
from mindspore import Tensor, context, nn, ops
from mindspore.train import Callback, Model


class Losses(Callback):
    def __init__(self):
        super().__init__()
        self.values, self.steps, self.epochs = [], [], []

    def on_train_step_end(self, run_context):
        run = run_context.original_args()
        self.values.append(float(run.net_outputs))
        self.steps.append(run.cur_step_num)
        self.epochs.append(run.cur_epoch_num)


class Loss(nn.Cell):
    """Says which row it was given, and has nothing to train."""

    def construct(self, x):
        return ops.sum(x)


def rows(shuffle):
    ms.set_seed(3)
    return ds.NumpySlicesDataset(np.arange(8, dtype=np.float32), ["x"], shuffle=shuffle).batch(2)


def losses_of(dataset, epochs, **options):
    seen = Losses()
    Model(Loss()).train(epochs, dataset, callbacks=seen, dataset_sink_mode=False, **options)
    return seen


@pytest.mark.parametrize("mode", [context.GRAPH_MODE, context.PYNATIVE_MODE])
@pytest.mark.parametrize("step", [1, 4, 6, 8])
@pytest.mark.parametrize("shuffle", [False, True])
def test_a_training_goes_on_from_a_step(mode, step, shuffle):
    context.set_context(mode=mode)
    try:
        whole = losses_of(rows(shuffle), 3).values
        dataset = rows(shuffle)
        dataset.set_init_step(step)
        resumed = losses_of(dataset, 3, initial_epoch=step // 4)
    finally:
        context.set_context(mode=context.PYNATIVE_MODE)
    assert len(whole) == 12
    assert resumed.values == whole[step:]
    assert resumed.epochs == [number // 4 + 1 for number in range(step, 12)]
    if shuffle:
        assert len({tuple(whole[k:k + 4]) for k in (0, 4, 8)}) == 3      # each epoch has its own order


def test_a_training_that_was_stopped_ends_the_iterator():
    class Stop(Callback):
        def on_train_step_end(self, run_context):
            run_context.request_stop()

    dataset = rows(False)
    Model(Loss()).train(5, dataset, callbacks=Stop())
    assert [float(x.sum()) for x, in dataset.create_tuple_iterator(num_epochs=1)] == [1.0, 5.0, 9.0, 13.0]
    assert all(iterator._epoch is None for iterator in dataset._iterators)


def test_iterables_are_read_once_an_epoch():
    data = [(Tensor(np.float32([k])),) for k in range(3)]
    assert losses_of(data, 2).values == [0.0, 1.0, 2.0] * 2
