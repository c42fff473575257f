"""A mistake of the front end is an InternalCompileError at compile time, wherever in the program it shows; an error of
the program is the program's."""
import runpy

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, jit
from mindspore.compiler.frontend import GraphCompileError, branches, errors
from mindspore.compiler.frontend.errors import InternalCompileError
from mindspore.graph import control, joins
from mindspore.graph.fall_back import SHOWN


def in_a_branch(x, t):
    if t > 0:
        if t > 1:
            x = x * 2
        x = x + 1
    return x


def in_a_try(x, t):
    try:
        if t > 1:
            x = x * 2
    except Exception:
        x = x * 100
    finally:
        x = x + 1
    return x


def in_a_finally_that_returns(x, t):
    try:
        if t > 1:
            x = x * 2
    finally:
        return x  # noqa: B012 - it would silence exceptions of the program


def after_an_effect(x, t):
    print("begin")
    if t > 1:
        x = x * 2
    return x


def in_a_loop(x, t):
    while t < 3:
        if t > 1:
            x = x * 2
        t = t + 1
    return x


PROGRAMS = [in_a_branch, in_a_try, in_a_finally_that_returns, after_an_effect, in_a_loop]
ARGS = Tensor(np.float32([1, 2])), Tensor(np.float32(0.5))


def _fails_by_itself(*args, **kwargs):
    return {}["missing"]


def _asserts(*args, **kwargs):
    raise AssertionError("this cannot be")


def _escapes(*args, **kwargs):
    raise joins.Mismatch("of something")


def in_file(function, filename):
    """The function as if it stood in a file of the front end."""
    code = function.__code__.replace(co_filename=filename)
    return type(function)(code, function.__globals__, function.__name__, None, function.__closure__)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.__name__)
@pytest.mark.parametrize("mistake", [_fails_by_itself, _asserts], ids=["KeyError", "AssertionError"])
def test_a_mistake_of_the_machinery_is_an_internal_error(monkeypatch, program, mistake):
    monkeypatch.setattr(joins.Joiner, "survey", in_file(mistake, joins.__file__))
    with pytest.raises(InternalCompileError) as caught:
        jit(program)(*ARGS)
    assert isinstance(caught.value, GraphCompileError)
    assert caught.value.location.function == program.__name__
    assert "if t > 1" in str(caught.value) or "if t > 0" in str(caught.value)
    assert "joins.py" in caught.value.found
    assert isinstance(caught.value.__cause__, KeyError if mistake is _fails_by_itself else AssertionError)


def test_after_a_mistake_of_the_machinery_the_program_runs_in_pynative_mode(monkeypatch):
    monkeypatch.setattr(joins.Joiner, "survey", in_file(_fails_by_itself, joins.__file__))
    ms.set_context(jit_syntax_level=ms.LAX)
    SHOWN.clear()
    try:
        with pytest.warns(RuntimeWarning, match="It is a mistake of the framework"):
            result = jit(in_a_branch)(*ARGS)
    finally:
        ms.set_context(jit_syntax_level=ms.STRICT)
    np.testing.assert_array_equal(result.asnumpy(), [2, 3])


def test_a_missing_name_is_an_internal_error_also_in_parts_that_execute_the_program(monkeypatch):
    def lacks(*args):
        return no_such_name  # noqa: F821
    monkeypatch.setattr(branches, "fork", in_file(lacks, branches.__file__))
    monkeypatch.setattr(branches, "_contains", in_file(lacks, branches.__file__))

    def program(x, t):
        if t > 1:
            x = x * (2 if t in [1.0, 2.0] else 3)
        return x
    with pytest.raises(InternalCompileError, match="no_such_name"):
        jit(program)(*ARGS)


def test_an_exception_class_of_the_machinery_does_not_reach_the_program(monkeypatch):
    monkeypatch.setattr(control, "has", in_file(_escapes, control.__file__))

    def program(x, t):
        try:
            return x * 2 if 1.0 in x else x
        except Exception:
            return x * 100
    with pytest.raises(InternalCompileError, match="Mismatch"):
        jit(program)(*ARGS)


WRONG = ["x + 'text'", "[1][3]", "{}['a']", "x.nothing", "x.reshape(7)", "undefined", "(lambda a: a)(1, 2)", "None.a",
         "'a' + 1", "x @ x[:1]", "[].pop()", "x[5]", "int('a')", "next(iter([]))", "setattr(3, 'a', 1)", "max([])",
         "'%d' % 'a'", "[*3]", "sorted([1, 'a'])"]


@pytest.mark.parametrize("wrong", WRONG)
def test_errors_of_the_program_are_raised_when_their_branch_is_taken(tmp_path, wrong):
    path = tmp_path / "program.py"
    path.write_text(f"def program(x, t):\n    if t > 1:\n        x = {wrong}\n    return x\n")
    namespace = runpy.run_path(str(path))
    program = namespace["program"]
    run = jit(program)
    assert run(*ARGS).asnumpy().tolist() == [1, 2]
    with pytest.raises(Exception) as expected:
        program(ARGS[0], Tensor(np.float32(2)))
    with pytest.raises(type(expected.value)) as found:
        run(ARGS[0], Tensor(np.float32(2)))
    assert not isinstance(found.value, GraphCompileError)
    assert str(found.value) == str(expected.value)


def test_the_message_says_where_in_the_program_and_where_in_the_framework(monkeypatch):
    monkeypatch.setattr(joins.Joiner, "survey", in_file(_fails_by_itself, joins.__file__))

    def inner(x, t):
        return x * 2 if t > 1 else x

    def outer(x, t):
        return inner(x, t) + 1
    with pytest.raises(InternalCompileError) as caught:
        jit(outer)(*ARGS)
    text = str(caught.value)
    assert "mistake of the framework" in text
    assert "KeyError: 'missing'" in text
    assert [place.function.rpartition(".")[2] for place in [caught.value.location, *caught.value.calls]] == [
        "inner", "outer"]
    assert errors.InternalCompileError is InternalCompileError
