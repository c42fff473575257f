"""The graphs of small functions and of their derivatives are what they were; see `golden_text.py` for updates."""
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from golden_functions import FUNCTIONS
from golden_text import FOLDER, RULE, path_of, text_of

MOST_LINES = 100  # of a function and its derivative, regions included


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.__name__)
def test_graph_is_as_written_down(function):
    text = text_of(function)
    assert text == path_of(function).read_text(), "run tests/golden/golden_text.py and look at what it changes"
    assert text.count("\n") <= MOST_LINES
    assert RULE in text


def test_there_is_no_text_without_a_function():
    assert {path.name for path in FOLDER.glob("*.txt")} == {path_of(function).name for function in FUNCTIONS}


def test_texts_do_not_depend_on_what_was_compiled_before():
    first = [text_of(function) for function in FUNCTIONS[:5]]
    assert first == [text_of(function) for function in FUNCTIONS[:5]]
