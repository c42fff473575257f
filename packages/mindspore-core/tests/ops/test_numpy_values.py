"""`mindspore.numpy` against NumPy: values, shapes, dtypes and derivatives, in both modes."""
from __future__ import annotations

import numpy_table as table
import numpy_table_more as more
import pytest
from numpy_cases import check_pynative, check_recorded
from ops_cases import check_gradient

FAMILIES = (table.elementwise, table.operators, table.logic, table.reductions, table.arrays, table.matrices,
            table.shapes, table.joining, *more.FAMILIES)
pytestmark = pytest.mark.filterwarnings("ignore::RuntimeWarning")
CASES = [case for family in FAMILIES for case in family()]
SMOOTH = [c for c in CASES if c.grad and c.traced and any(a.dtype.kind == "f" for a in c.ins)]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_pynative(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.traced], ids=repr)
def test_values_in_a_graph(case):
    check_recorded(case)


@pytest.mark.parametrize("case", SMOOTH, ids=repr)
def test_gradients(case):
    check_gradient(case)
