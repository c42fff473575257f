"""`Tensor.repeat` by one number for each axis, and as it was up to MindSpore 2.5."""
import numpy as np
import pytest

from mindspore import Tensor, jit

X = np.arange(6).reshape(1, 2, 3)
REPEATS = [
    ((2, 1, 1), {}, np.tile(X, (2, 1, 1))), ((1, 2, 1, 2), {}, np.tile(X, (1, 2, 1, 2))),
    (((2, 1, 2),), {}, np.tile(X, (2, 1, 2))), (([1, 2, 2],), {}, np.tile(X, (1, 2, 2))),
    ((2,), {}, X.repeat(2)), ((2, 1), {}, X.repeat(2, 1)), ((2, 0), {}, X.repeat(2, 0)), ((2, -1), {}, X.repeat(2, -1)),
    (([1, 2], 1), {}, X.repeat([1, 2], 1)), ((3,), {"axis": 1}, X.repeat(3, 1)),
    (([0, 2, 1],), {"axis": 2}, X.repeat([0, 2, 1], 2)),
]


@pytest.mark.parametrize("numbers, keywords, expected", REPEATS)
def test_repeat(numbers, keywords, expected):
    for run in (lambda x: x.repeat(*numbers, **keywords), jit(lambda x: x.repeat(*numbers, **keywords))):
        assert np.array_equal(run(Tensor(X)).asnumpy(), expected)


@pytest.mark.parametrize("numbers", [((1, 2),), ([1, 2],), ()])
def test_repeat_of_too_few_numbers(numbers):
    with pytest.raises(RuntimeError, match="3 axes; expected one for each axis"):
        Tensor(X).repeat(*numbers)
