"""`set_seed` and the random streams of initialisers and datasets."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.common import seed


@pytest.fixture(autouse=True)
def _restore():
    saved = seed._state
    seed._state = seed._State()
    yield
    seed._state = saved


def draw(domain="init"):
    return seed.next_stream(domain).integers(0, 1 << 62, 4).tolist()


def test_streams_repeat_after_set_seed_and_differ_in_a_row():
    seed.set_seed(5)
    first, second = draw(), draw()
    assert first != second
    seed.set_seed(5)
    assert [draw(), draw()] == [first, second]
    seed.set_seed(6)
    assert draw() != first


def test_domains_do_not_disturb_each_other():
    seed.set_seed(5)
    order = draw("dataset")
    seed.set_seed(5)
    draw(), draw()
    assert draw("dataset") == order
    assert draw("init") != order


def test_a_domain_seed_rules_its_domain_until_the_next_set_seed():
    seed.set_seed(1)
    start, plain = draw(), draw("dataset")
    seed.set_domain_seed("dataset", 9)
    own = draw("dataset")
    seed.set_domain_seed("dataset", 9)
    assert draw("dataset") == own != plain
    assert seed.domain_seed("dataset") == 9 and seed.domain_seed("init") == 1
    seed.set_seed(1)
    assert draw("dataset") == plain and draw() == start


def test_a_domain_forgets_its_seed():
    before = ds.config.get_seed()
    assert before is None
    free = [draw("dataset") for _ in range(3)]
    ds.config.set_seed(12345)
    own = draw("dataset")
    ds.config.set_seed(before)
    assert ds.config.get_seed() is None
    assert not {tuple(draw("dataset")) for _ in range(3)} & set(map(tuple, [*free, own]))
    seed.set_seed(1)
    plain = draw("dataset")
    ds.config.set_seed(12345)
    assert draw("dataset") == own
    ds.config.set_seed(None)
    assert ds.config.get_seed() == 1 and draw("dataset") == plain


def test_unseeded_streams_differ_and_the_seed_is_none():
    assert seed.get_seed() is None
    assert draw() != draw()
    first = draw()
    seed._state = seed._State()
    assert draw() != first


def test_numpy_is_seeded_and_the_epoch_advances():
    epoch = seed.seed_epoch()
    seed.set_seed(11)
    value = np.random.rand()
    seed.set_seed(11)
    assert np.random.rand() == value
    assert seed.seed_epoch() == epoch + 2
    assert seed.get_seed() == 11


@pytest.mark.parametrize("bad", [True, np.True_, 1.0, "1", None, [1]], ids=repr)
def test_other_types_are_refused(bad):
    with pytest.raises(TypeError, match="set_seed"):
        seed.set_seed(bad)
    assert seed.get_seed() is None


@pytest.mark.parametrize("bad", [-1, 2 ** 32])
def test_out_of_range_is_refused(bad):
    with pytest.raises(ValueError, match="set_seed"):
        seed.set_seed(bad)


@pytest.mark.parametrize("good", [0, 2 ** 32 - 1, np.int64(3)])
def test_accepted_seeds(good):
    seed.set_seed(good)
    assert seed.get_seed() == good and type(seed.get_seed()) is int
