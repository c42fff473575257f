"""`mindspore.run_check`: what it prints, and that it notices wrong results."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore.runtime.device import use_backend


def test_what_is_printed(mode, capsys):
    ms.run_check()
    assert capsys.readouterr().out.splitlines() == [
        f"MindSpore version: {ms.__version__}",
        "The result of multiplication calculation is correct, MindSpore has been installed on platform [CPU] "
        "successfully!"]


def test_a_wrong_result_is_noticed(monkeypatch):
    right = ms.ops.matmul
    monkeypatch.setattr(ms.ops, "matmul", lambda a, b: right(a, b) * np.float32(1.5))
    with use_backend("reference"), pytest.raises(RuntimeError, match="product of two matrices is wrong.*reference"):
        ms.run_check()
