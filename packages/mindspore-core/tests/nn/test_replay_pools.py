"""Pools of experiences of reinforcement learning: what they hold, what is drawn, and what is refused."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.ops.operations import _rl_inner_ops as rl

SHAPES, DTYPES = [(2,), ()], [ms.float32, ms.int32]


class Reservoir(nn.Cell):
    def __init__(self, capacity, batch, seed=7):
        super().__init__()
        handle = rl.ReservoirReplayBufferCreate(capacity, SHAPES, DTYPES, seed, 1)().asnumpy().item()
        self.push = rl.ReservoirReplayBufferPush(handle).add_prim_attr("side_effect_io", True)
        self.sample = rl.ReservoirReplayBufferSample(handle, batch, SHAPES, DTYPES)
        self.destroy = rl.ReservoirReplayBufferDestroy(handle)

    def construct(self, number):
        self.push((number.astype(ms.float32).broadcast_to((2,)), number))
        return self.sample()


class Priorities(nn.Cell):
    def __init__(self, capacity, batch, alpha=1.0):
        super().__init__()
        handle = rl.PriorityReplayBufferCreate(capacity, alpha, SHAPES, DTYPES, 3, 1)().asnumpy().item()
        self.push_op = rl.PriorityReplayBufferPush(handle)
        self.sample_op = rl.PriorityReplayBufferSample(handle, batch, SHAPES, DTYPES)
        self.update_op = rl.PriorityReplayBufferUpdate(handle)
        self.destroy_op = rl.PriorityReplayBufferDestroy(handle)

    def construct(self, number):
        return self.push_op(number.astype(ms.float32).broadcast_to((2,)), number)


@pytest.fixture(params=[ms.PYNATIVE_MODE, ms.GRAPH_MODE], ids=["pynative", "graph"])
def mode(request):
    ms.set_context(mode=request.param)
    yield
    ms.set_context(mode=ms.PYNATIVE_MODE)


def test_a_reservoir_is_an_even_sample(mode):
    """Of 60 experiences with 12 places, each lies in it in a fifth of many runs: the halves differ by little."""
    early = late = 0
    for seed in range(1, 31):
        pool = Reservoir(12, 4, seed)
        for k in range(60):
            vectors, numbers = pool(Tensor(k, ms.int32))
            assert vectors.shape == (4, 2) and numbers.shape == (4,) and numbers.max().item() <= k
            assert (vectors.asnumpy() == numbers.asnumpy()[:, None]).all()
        held = pool.push.pool.parts[1].asnumpy()
        assert len(set(held)) == 12
        early, late = early + (held < 30).sum(), late + (held >= 30).sum()
    assert early + late == 360 and abs(early - late) < 4 * np.sqrt(360 * 0.8)


def test_experiences_are_drawn_by_priority(mode):
    pool = Priorities(8, 4)
    for k in range(11):
        assert pool(Tensor(k, ms.int32)).shape == (1,)
    assert sorted(pool.push_op.pool.parts[1].asnumpy()) == list(range(3, 11))  # the oldest are lost
    places, weights, vectors, numbers = pool.sample_op(1.0)
    assert places.dtype == ms.int64 and weights.dtype == ms.float32
    assert weights.asnumpy().tolist() == [1] * 4  # all have the largest priority, 1
    assert (pool.push_op.pool.parts[1].asnumpy()[places.asnumpy()] == numbers.asnumpy()).all()
    assert (vectors.asnumpy() == numbers.asnumpy()[:, None]).all()
    priorities = np.array([1, 2, 3, 4, 0, 6, 7, 8], np.float32)
    pool.update_op(Tensor(np.arange(8)), Tensor(priorities))
    counts, rounds = np.zeros(8), 400
    for _ in range(rounds):
        places, weights, *_ = pool.sample_op(Tensor(0.5))
        np.testing.assert_allclose(weights.asnumpy(), (np.maximum(priorities, 1e-7)[places.asnumpy()] / 1e-7) ** -0.5,
                                   rtol=1e-4)
        counts += np.bincount(places.asnumpy(), minlength=8)
    np.testing.assert_allclose(counts / (4 * rounds), priorities / 31, atol=0.04)
    assert pool(Tensor(20, ms.int32)) is not None
    assert pool.push_op.pool.weights.asnumpy()[11 % 8] == 8  # a new one has the largest priority so far


def test_priorities_count_to_the_power_of_alpha(mode):
    pool = Priorities(4, 2, alpha=0.5)
    for k in range(3):
        pool(Tensor(k, ms.int32))
    pool.update_op(Tensor([0, 2]), Tensor([4.0, 9.0]))
    assert pool.push_op.pool.weights.asnumpy().tolist() == [2, 1, 3, 0]
    for _ in range(20):
        assert (pool.sample_op(0.0)[0].asnumpy() < 3).all()


def test_a_pool_that_was_destroyed_is_none():
    pool = Priorities(4, 2)
    number = pool.destroy_op()
    with pytest.raises(TypeError, match=f"PriorityReplayBufferPush: {number.item()} is no pool of this kind"):
        pool(Tensor(1, ms.int32))


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: rl.ReservoirReplayBufferCreate(0, SHAPES, DTYPES), ValueError, "capacity must be at least 1, but got 0"),
    (lambda: rl.ReservoirReplayBufferCreate(2, SHAPES, DTYPES[:1]), ValueError, "as many dtypes as shapes"),
    (lambda: rl.ReservoirReplayBufferCreate(2, 3, DTYPES), TypeError, "shapes must be a list or tuple, but got int"),
    (lambda: rl.PriorityReplayBufferCreate(2, 1.5, SHAPES, DTYPES), ValueError, "alpha must be from 0 to 1"),
    (lambda: rl.PriorityReplayBufferCreate(2, 1.0, SHAPES, DTYPES, -1), ValueError, "seed0 must not be negative"),
    (lambda: rl.ReservoirReplayBufferPush(1.0), TypeError, "handle must be an int, but got float"),
    (lambda: Reservoir(3, 2).sample(), RuntimeError, "the condition does not hold"),
    (lambda: Reservoir(3, 2).push(Tensor([1.0]), Tensor(1)), ValueError, "the experience has parts of"),
    (lambda: rl.PriorityReplayBufferPush(Reservoir(3, 2).push.handle)(Tensor([1.0, 2.0]), Tensor(1, ms.int32)),
     TypeError, "is no pool of this kind"),
    (lambda: rl.ReservoirReplayBufferSample(Reservoir(3, 2).push.handle, 2, SHAPES[:1], DTYPES[:1]), ValueError,
     "those of the pool have"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        found = call()
        [part.asnumpy() for part in found]


@pytest.mark.parametrize("name", ["EnvCreate", "EnvReset", "EnvStep"])
def test_environments_of_a_device_are_refused(name):
    with pytest.raises(NotImplementedError, match=f"{name}: no backend has environments among its kernels"):
        getattr(rl, name)("tag", state_shape=(2,))
