"""Functions without a source file: programs on standard input, at the prompt, in `exec` and in notebook cells."""
from __future__ import annotations

import linecache
import subprocess
import sys

import numpy as np
import pytest

from mindspore import Tensor, jit
from mindspore.compiler.frontend import GraphCompileError

STRAIGHT = """
from mindspore import Tensor, jit, nn


@jit
def straight(x):
    for k in range(2):
        x = x * 2 + k
    return x


class Net(nn.Cell):
    def construct(self, x):
        def shifted(y):
            return y + 3
        return shifted(x)


print(straight(Tensor([1.0])), jit(lambda x: x + 1)(Tensor([1.0])), jit(Net())(Tensor([1.0])))
"""

BRANCH = """
from mindspore import Tensor, jit


@jit
def branch(x):
    if x > 0:
        return x
    return -x


try:
    branch(Tensor([1.0]))
except RuntimeError as error:
    print(type(error).__name__, error)
"""


def output_of(arguments: list[str], program: str) -> str:
    found = subprocess.run([sys.executable, *arguments], input=program, capture_output=True, text=True, timeout=300)
    assert found.returncode == 0, found.stderr
    return found.stdout


@pytest.mark.parametrize("arguments", [["-"], ["-i", "-q", "-"]], ids=["stdin", "prompt"])
def test_straight_code_and_python_values_are_recorded(arguments):
    assert output_of(arguments, STRAIGHT).split("\n")[0] == "[5.] [2.] [4.]"


@pytest.mark.parametrize("wrapped", [False, True], ids=["stdin", "exec"])
def test_a_branch_on_a_tensor_says_that_there_is_no_source(wrapped):
    text = output_of(["-"], f"exec({BRANCH!r}, {{}})" if wrapped else BRANCH)
    assert text.startswith("TensorConditionError The function 'branch' decides by a tensor, but its source cannot be")
    assert "in line 7 of <" in text and "\nInstead: put the function into a file or a notebook cell" in text


def made_by_exec(source: str, filename: str) -> dict:
    namespace: dict = {}
    exec(compile(source, filename, "exec"), namespace)
    return namespace


def test_a_notebook_cell_has_source():
    source = "def branch(x):\n    if x.sum() > 0:\n        return x\n    return -x\n"
    linecache.cache["<cell-1>"] = (len(source), None, source.splitlines(True), "<cell-1>")
    branch = jit(made_by_exec(source, "<cell-1>")["branch"])
    for value in (2.0, -3.0):
        np.testing.assert_array_equal(branch(Tensor([value])).asnumpy(), [abs(value)])


def test_fullgraph_false_runs_what_has_no_source():
    branch = made_by_exec("def branch(x):\n    return x if x.sum() > 0 else -x\n", "<made>")["branch"]
    with pytest.raises(GraphCompileError):
        jit(branch)(Tensor([1.0]))
    with pytest.warns(RuntimeWarning, match="its source cannot be read"):
        assert jit(branch, fullgraph=False)(Tensor([-4.0])).asnumpy()[0] == 4.0
