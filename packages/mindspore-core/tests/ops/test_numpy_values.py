"""`mindspore.numpy` against NumPy: values, shapes, dtypes and derivatives, in both modes."""
from __future__ import annotations

import numpy as np
import numpy_table as table
import numpy_table_more as more
import pytest
from numpy_cases import check_array_likes, check_batched, check_compiled, check_pynative
from ops_cases import check_gradient

import mindspore as ms
import mindspore.numpy as mnp
from mindspore import Tensor

FAMILIES = (table.elementwise, table.operators, table.logic, table.reductions, table.arrays, table.matrices,
            table.shapes, table.joining, *more.FAMILIES)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
CASES = [case for family in FAMILIES for case in family()]
SMOOTH = [c for c in CASES if c.grad and c.traced and any(a.dtype.kind == "f" for a in c.ins)]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_pynative(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.ins and c.name.endswith(" 1") and c.name != "histogramdd 1"],
                         ids=repr)
def test_array_likes(case):
    check_array_likes(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.traced], ids=repr)
def test_values_of_compiled_functions(case):
    check_compiled(case)


@pytest.mark.parametrize("case", SMOOTH, ids=repr)
def test_gradients(case):
    check_gradient(case)


@pytest.mark.parametrize("case", [c for c in SMOOTH if c.name.endswith((" 1", " 2"))], ids=repr)
def test_batches(case):
    check_batched(case)


@pytest.mark.parametrize("name", ["nansum", "nanmean", "nanvar", "nanstd", "nanmax", "nanmin", "nancumsum"])
def test_gradients_beside_nan(name):
    """NaN have the derivative 0, and the other elements that which they have without them."""
    of_tensors, plain = getattr(mnp, name), getattr(mnp, name.removeprefix("nan"))
    values = np.array([0.5, 2.0, -1.0, 3.0], np.float32)
    holes = np.array([np.nan, 0.5, 2.0, np.nan, -1.0, 3.0], np.float32)
    found = ms.grad(of_tensors)(Tensor(holes)).asnumpy()
    there = ~np.isnan(holes)
    assert not found[~there].any()
    expected = ms.grad(plain)(Tensor(values)).asnumpy()
    if name == "nancumsum":
        expected = np.array([5, 4, 2, 1], np.float32)
    np.testing.assert_allclose(found[there], expected, rtol=1e-5, atol=1e-6)
