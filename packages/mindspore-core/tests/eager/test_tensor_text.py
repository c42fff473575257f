"""What `repr` shows of a tensor: widths, digits, lines and what is left out of long axes."""
import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor

ONE, TWO = " 1.00000000e+00", " 2.00000000e+00"
ROW = f"[{ONE}, {TWO}]"

TEXTS = {
    "a float": (np.float32(6), " 6"),
    "a float of many digits": (np.float32(2.3789062), " 2.37891"),
    "a small float": (np.float64(1e-5), " 1e-05"),
    "an int": (np.int64(-3), " -3"),
    "a bool": (True, " True"),
    "a complex": (np.complex64(1 - 2j), " 1-2j"),
    "floats": (np.float32([1, 2]), f" {ROW}"),
    "doubles": (np.float64([1, 2]), f" {ROW}"),
    "half precision": (np.float16([np.nan, -np.inf, 1.5]), " [        nan,        -inf,  1.5000e+00]"),
    "bools": (np.array([True, False]), " [ True, False]"),
    "ints": (np.int32([-1, 100]), " [ -1, 100]"),
    "rows": (np.float32([[1, 2], [1, 2]]), f"\n[{ROW},\n {ROW}]"),
    "blocks": (np.int64([[[1], [2]], [[3], [4]]]), "\n[[[1],\n  [2]],\n [[3],\n  [4]]]"),
    "a broken line": (np.arange(26), " [" + ", ".join(f"{i:2}" for i in range(24)) + ", \n 24, 25]"),
    "a full line": (np.zeros(12, bool), " [" + ", ".join(["False"] * 12) + "\n ]"),
    "a long axis": (np.arange(1001), " [   0,    1,    2 ...  998,  999, 1000]"),
    "long rows": (np.arange(14).reshape(2, 7), "\n[[ 0,  1,  2 ...  4,  5,  6],\n [ 7,  8,  9 ... 11, 12, 13]]"),
    "many rows": (np.arange(7).reshape(7, 1), "\n[[0],\n [1],\n [2],\n ...\n [4],\n [5],\n [6]]"),
    "nothing": (np.zeros(0, np.float32), " "),
    "no rows": (np.zeros((0, 2), np.float32), "\n"),
}


@pytest.mark.parametrize("name", TEXTS)
def test_text(name):
    data, text = TEXTS[name]
    x = Tensor(data)
    assert repr(x) == f"Tensor(shape={list(x.shape)}, dtype={x.dtype}, value={text})"
    assert repr((x,)) == f"({x!r},)"


def test_text_of_bfloat16():
    assert repr(Tensor([1.5, 2.25], ms.bfloat16)) == "Tensor(shape=[2], dtype=BFloat16, value= [ 1.5, 2.25])"
    assert repr(Tensor(0.1, ms.bfloat16)) == "Tensor(shape=[], dtype=BFloat16, value= 0.100098)"
