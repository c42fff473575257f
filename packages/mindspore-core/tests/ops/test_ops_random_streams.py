"""Operator objects with a seed: each call goes on in the stream of the object, in both modes."""
import copy

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.ops import operations as P
from mindspore.ops.operations.random_ops import Uniform

ONES = Tensor(np.ones(64, np.float32))
MADE = {
    "UniformReal": (lambda: P.UniformReal(seed=4), ((16,),)),
    "UniformInt": (lambda: P.UniformInt(seed=4), ((16,), Tensor(0, ms.int32), Tensor(1000, ms.int32))),
    "StandardNormal": (lambda: P.StandardNormal(seed=0, seed2=4), ((16,),)),
    "StandardLaplace": (lambda: P.StandardLaplace(4), ((16,),)),
    "Gamma": (lambda: P.Gamma(seed=4), ((16,), Tensor(2.0), Tensor(1.0))),
    "Poisson": (lambda: P.Poisson(seed=4), ((16,), Tensor(20.0))),
    "RandomGamma": (lambda: P.RandomGamma(seed=4), (Tensor([16]), Tensor(2.0))),
    "TruncatedNormal": (lambda: P.TruncatedNormal(seed=4), ((16,),)),
    "Multinomial": (lambda: P.Multinomial(seed=4), (ONES, 16)),
    "RandomShuffle": (lambda: P.RandomShuffle(seed=4), (Tensor(np.arange(16)),)),
    "Dropout": (lambda: P.Dropout(0.5, Seed0=4), (ONES,)),
    "Uniform": (lambda: Uniform(2.0, 3.0, seed=4), (ONES[:16],)),
    "DropoutGenMask": (lambda: P.DropoutGenMask(4, 1), ((64,), 0.5)),
}


class Twice(nn.Cell):
    def __init__(self, operator, operands):
        super().__init__()
        self.operator, self.operands = operator, operands

    def construct(self):
        return self.operator(*self.operands), self.operator(*self.operands)


def values(found):
    first = found[0] if isinstance(found, tuple) else found
    return first.asnumpy().tolist()


@pytest.mark.parametrize("name", MADE)
def test_calls_go_on_in_the_stream_and_set_seed_starts_it_again(name):
    make, operands = MADE[name]
    drawn = {}
    for mode in (ms.GRAPH_MODE, ms.PYNATIVE_MODE):
        ms.set_context(mode=mode)
        net = Twice(make(), operands)
        other = copy.deepcopy(net)
        runs = [[values(each) for each in net()] for _ in range(2)]
        four = [*runs[0], *runs[1]]
        assert len({str(each) for each in four}) == 4
        assert [values(each) for each in other()] == runs[0]
        ms.set_seed(1)
        assert [values(each) for each in net()] == runs[0]
        assert values(make()(*operands)) == four[0]
        drawn[mode] = four
    np.testing.assert_allclose(drawn[ms.GRAPH_MODE], drawn[ms.PYNATIVE_MODE], rtol=1e-6)


def test_objects_without_a_seed_follow_the_global_one():
    ms.set_seed(5)
    first = values(P.UniformReal()((4,)))
    assert values(P.UniformReal()((4,))) != first
    ms.set_seed(5)
    assert values(P.UniformReal()((4,))) == first


@pytest.mark.parametrize("seed", ["4", 1.5, True])
def test_a_seed_is_an_int(seed):
    with pytest.raises(TypeError, match="UniformReal: seed and seed2 must be ints, but got"):
        P.UniformReal(seed=seed)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_uniform_has_the_shape_and_dtype_of_its_operand(dtype):
    found = Uniform(minval=1.0, maxval=2.0)(Tensor(np.zeros((30, 40), dtype))).asnumpy()
    assert found.dtype == dtype and found.shape == (30, 40) and abs(found.mean() - 1.5) < 0.03
    assert found.min() >= 1 and found.max() <= 2
    with pytest.raises(TypeError, match="x has dtype Int32"):
        Uniform()(Tensor([1], ms.int32))
    for bounds in ((2.0, 1.0), (-1.0, 1.0)):
        with pytest.raises(ValueError, match="0 <= minval <= maxval"):
            Uniform(*bounds)(ONES)
