"""Collective operators in a group of one process: each gives back what it got, on the device's own values."""
from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from mindspore import Tensor, communication, ops
from mindspore.communication import comm_func
from mindspore.runtime.device import use_backend

X = np.arange(6, dtype=np.float32).reshape(2, 3)
OPERATORS: dict[str, Callable] = {
    **{f"all_reduce {op}": lambda x, op=op: comm_func.all_reduce(x, op) for op in ("sum", "max", "min", "prod", "avg")},
    "all_gather": comm_func.all_gather_into_tensor,
    "reduce_scatter": comm_func.reduce_scatter_tensor,
}


@pytest.mark.parametrize("name", OPERATORS)
def test_a_group_of_one(backend_name, tally, name):
    with use_backend(backend_name):
        communication.init()
        try:
            result, handle = OPERATORS[name](ops.exp(Tensor(X)) * 2)
            got = (result + 1).asnumpy()
        finally:
            communication.release()
    tally.check(None if np.allclose(got, np.exp(X) * 2 + 1, rtol=1e-5) else f"got {got}")
    tally.check(None if handle is None else f"a handle {handle} although async_op was not asked for")
