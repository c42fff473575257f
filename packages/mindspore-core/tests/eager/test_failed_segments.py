"""After an exception at run time, what has effects still runs."""
from __future__ import annotations

import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit, ops


@jit
def checked(x):
    print("seen", x.sum())
    if x.sum() > 2:
        raise ValueError("large")
    return x * 2


def test_effects_go_on_after_an_exception_under_a_gradient(capfd):
    for _ in range(2):
        with pytest.raises(ValueError, match="large"):
            ms.grad(lambda x: checked(x).sum())(Tensor([1.0, 3.0]))
        assert ms.grad(lambda x: checked(x).sum())(Tensor([1.0, 0.5])).asnumpy().tolist() == [2.0, 2.0]
        assert checked(Tensor([1.0, 0.5])).asnumpy().tolist() == [2.0, 1.0]
    assert capfd.readouterr().out.count("seen") == 6


def fail(x):
    """What raises in the middle of the thread's segment."""
    with pytest.raises(ValueError, match="large"):
        ms.grad(lambda x: checked(x).sum())(x)


def test_values_that_have_nothing_to_do_with_the_exception_are_computed(capfd):
    x = Tensor([1.0, 3.0])
    double, parts = x * 2, ops.split(x + 1, 1)
    total = (double + parts[1]).sum()
    fail(x)
    assert float(total) == 2 + 6 + 2 * 4 and double.asnumpy().tolist() == [2.0, 6.0]
    assert [part.asnumpy().tolist() for part in parts] == [[2.0], [4.0]]
    later = total * double
    fail(later)
    assert later.asnumpy().tolist() == [32.0, 96.0]


def test_values_that_follow_from_lost_memory_stay_uncomputed(capfd):
    weight, x = Parameter(Tensor([1.0, 2.0]), name="weight"), Tensor([1.0, 3.0])
    weight.asnumpy()
    before = x * 3
    ops.assign_add(weight, x)
    fail(x)
    assert before.asnumpy().tolist() == [3.0, 9.0]
    try:
        assert weight.asnumpy().tolist() == [2.0, 5.0]
    except RuntimeError as error:
        assert "never computed" in str(error) and "large" in str(error.__cause__)


def test_a_gradient_of_what_failed_stays_uncomputed(capfd):
    x = Tensor([1.0, 2.0])
    slope = ms.grad(lambda x: (x * x).sum())(x)
    beside = x + 1
    fail(Tensor([1.0, 3.0]))
    assert beside.asnumpy().tolist() == [2.0, 3.0]
    with pytest.raises(RuntimeError, match="never computed") as raised:
        slope.asnumpy()
    assert "large" in str(raised.value.__cause__)
