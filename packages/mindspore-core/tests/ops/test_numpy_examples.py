"""Every function of `mindspore.numpy` is documented, with an example that runs and prints what it says."""
from __future__ import annotations

import doctest
import inspect
import re
from types import ModuleType

import numpy
import pytest

import mindspore.numpy as np

MORE = ("around", "copy", "matrix_power", "round")
FUNCTIONS = sorted(name for name in {*np.__all__, *MORE}
                   if not isinstance(getattr(np, name), (type(np.float32), ModuleType)))
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


class Checker(doctest.OutputChecker):
    """Numbers may differ in their last digits, and lines may be broken elsewhere."""

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        want, got = (text.replace("<BLANKLINE>", "") for text in (want, got))
        if "".join(_NUMBER.sub("#", want).split()) != "".join(_NUMBER.sub("#", got).split()):
            return False
        wanted, found = ([float(n) for n in _NUMBER.findall(text)] for text in (want, got))
        return numpy.allclose(wanted, found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_examples(name):
    text = inspect.getdoc(getattr(np, name)) or ""
    test = doctest.DocTestParser().get_doctest(text, {"np": np}, name, None, 0)
    assert test.examples, f"{name} has no example"
    assert text.partition("\n")[0].strip()
    report: list[str] = []
    failures, _ = doctest.DocTestRunner(Checker(), verbose=False).run(test, out=report.append)
    assert not failures, "".join(report)
