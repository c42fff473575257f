"""The error of every faulty program, in full; run this file to write what is expected anew."""
from __future__ import annotations

import inspect
import re
from pathlib import Path

import faulty_programs
import numpy as np
import pytest

from mindspore import Tensor, jit
from mindspore.compiler.frontend import GraphCompileError
from mindspore.runtime.device import use_backend

TEXTS = Path(__file__).with_name("faulty_programs.txt")
HELPERS = ("helper", "inner_helper")
PROGRAMS = {name: f for name, f in vars(faulty_programs).items() if inspect.isfunction(f) and name not in HELPERS
            and f.__module__ == "faulty_programs"}


def error_of(f) -> str:
    """The kind and the text of the error that compiling a program gives, without the folder."""
    with use_backend("reference"), pytest.raises(GraphCompileError) as caught:
        jit(f)(Tensor(np.array([1.0, 2.0, 3.0], np.float32)))
    text = f"{type(caught.value).__name__}: {caught.value}"
    return re.sub(r'File "[^"]*faulty_programs.py"', 'File "faulty_programs.py"', text)


def expected() -> dict[str, str]:
    parts = re.split(r"^== (\w+) ==\n", TEXTS.read_text("utf-8"), flags=re.MULTILINE)[1:]
    return {name: text.rstrip("\n") for name, text in zip(parts[::2], parts[1::2])}


@pytest.mark.parametrize("name", PROGRAMS)
def test_error_in_full(name):
    assert error_of(PROGRAMS[name]) == expected()[name]


def test_every_error_says_where_and_what_to_write_instead():
    found = expected()
    assert found.keys() == PROGRAMS.keys() and len(found) >= 60
    for name, text in found.items():
        assert 'File "faulty_programs.py", line ' in text and "^" in text and "\nInstead: " in text, name


if __name__ == "__main__":
    TEXTS.write_text("".join(f"== {name} ==\n{error_of(f)}\n\n" for name, f in PROGRAMS.items()), "utf-8")
