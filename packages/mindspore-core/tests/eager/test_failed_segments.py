"""After an exception at run time, what has effects still runs."""
from __future__ import annotations

import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, jit, ops
from mindspore.eager.segment import _Compiled


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


def raise_in_a_jitted_function(x):
    with pytest.raises(ValueError, match="large"):
        ms.grad(lambda x: checked(x).sum())(x)


def raise_in_a_python_function(x):
    def large(a):
        raise ValueError("large")

    function = ops.PyFunc(large, [ms.float32], [(2,)], [ms.float32], [(2,)])
    with pytest.raises(ValueError, match="large"):
        function(x)


@pytest.mark.parametrize("fail", [raise_in_a_jitted_function, raise_in_a_python_function])
def test_what_was_recorded_before_has_happened(fail, capfd):
    weight, x = Parameter(Tensor([1.0, 2.0]), name="weight"), Tensor([1.0, 3.0])
    double, parts, slope = x * 2, ops.split(x + 1, 1), ms.grad(lambda x: (x * x).sum())(x)
    total = (double + parts[1]).sum()
    ops.assign_add(weight, x)
    fail(x)
    assert float(total) == 2 + 6 + 2 * 4 and double.asnumpy().tolist() == [2.0, 6.0]
    assert [part.asnumpy().tolist() for part in parts] == [[2.0], [4.0]]
    assert weight.asnumpy().tolist() == [2.0, 5.0] and slope.asnumpy().tolist() == [2.0, 6.0]


@pytest.fixture
def broken(monkeypatch):
    """broken(): from now on everything that is recorded fails when it runs, until broken(False)."""
    run = _Compiled.run
    state = [False]

    def running(self, *args):
        if state[0]:
            raise MemoryError("no room")
        return run(self, *args)

    monkeypatch.setattr(_Compiled, "run", running)

    def set_broken(value=True):
        state[0] = value

    return set_broken


def test_values_are_computed_alone_after_a_failed_run(broken):
    x = Tensor([1.0, 3.0])
    double, parts = x * 2, ops.split(x + 1, 1)
    total = (double + parts[1]).sum()
    broken()
    with pytest.raises(MemoryError):
        double.asnumpy()
    with pytest.raises(MemoryError):  # again, and not as something else
        double.asnumpy()
    broken(False)
    assert float(total) == 2 + 6 + 2 * 4 and double.asnumpy().tolist() == [2.0, 6.0]
    assert [part.asnumpy().tolist() for part in parts] == [[2.0], [4.0]]
    later = total * double
    broken()
    with pytest.raises(MemoryError):
        later.asnumpy()
    broken(False)
    assert (later + 1).asnumpy().tolist() == [33.0, 97.0]


def test_what_cannot_be_run_again_stays_uncomputed(broken):
    weight, x = Parameter(Tensor([1.0, 2.0]), name="weight"), Tensor([1.0, 3.0])
    weight.asnumpy()
    before, slope = x * 3, ms.grad(lambda x: (x * x).sum())(x)
    ops.assign_add(weight, x)
    broken()
    with pytest.raises(MemoryError):
        slope.asnumpy()
    broken(False)
    assert before.asnumpy().tolist() == [3.0, 9.0]
    for value in (slope, weight):  # a gradient, and what may have been overwritten in part
        with pytest.raises(RuntimeError, match="never computed") as raised:
            value.asnumpy()
        assert isinstance(raised.value.__cause__, MemoryError)
