"""Errors: what cannot be compiled is named with its place; what the program raises reads like Python's own error."""

import inspect
import io
import re
import sys
import traceback

import pytest
from frontend_support import TENSOR, RecordingPolicy, run_interpreted

from mindspore.compiler.frontend import GraphCompileError, TensorConditionError, UnsupportedSyntaxError, interpret


def line_of(fn, text):
    """The number of the line of `fn` that holds `text`."""
    lines, first = inspect.getsourcelines(fn)
    return first + next(number for number, line in enumerate(lines) if text in line)


def raised(fn, *args):
    error = run_interpreted(fn, args).error
    assert error is not None
    return error


# -- decisions on tensors ----------------------------------------------------------------------------------------------


def if_on_tensor(x):
    if x.sum() > 0:
        return x
    return -x


def while_on_tensor(x):
    while x > 0:
        x = x - 1
    return x


def conditional_on_tensor(x):
    return 1 if x else 2


def assert_on_tensor(x):
    assert x == 1, "message"


def not_on_tensor(x):
    return not x


def and_on_tensor(x):
    return True and x and 1


def or_on_tensor(x):
    return x or 1


def in_on_tensor(x):
    return x + 1 in [1, 2]


def not_in_on_tensor(x):
    return 3 not in (1, x)


def in_tensor(x):
    return 3 in x


def chain_on_tensor(x):
    return 0 < x < 1


def comprehension_on_tensor(x):
    return [i for i in range(3) if x > i]


def generator_on_tensor(x):
    return tuple(i for i in range(3) if x > i)


def match_on_tensor(x):
    match x:
        case 3:
            return 1


def match_guard_on_tensor(x):
    match 3:
        case n if x > n:
            return 1


def bool_of_tensor(x):
    return bool(x)


def maximum_of_tensors(x):
    return max(x, x + 1)


class Wrapped:
    def __init__(self, x):
        self.x = x

    def __bool__(self):
        return self.x > 1

    def __contains__(self, item):
        return self.x == item

    def __add__(self, other):
        if self.x:
            return 1


def bool_method_gives_tensor(x):
    return 1 if Wrapped(x) else 2


def contains_method_gives_tensor(x):
    return 3 in Wrapped(x)


def operator_method_decides(x):
    return Wrapped(x) + 1


def elif_on_tensor(x):
    if x is None:
        return 1
    elif x:
        return 2


@pytest.mark.parametrize(
    ("fn", "construct", "expression"),
    [
        (if_on_tensor, "'if'", "x.sum() > 0"),
        (while_on_tensor, "'while'", "x > 0"),
        (conditional_on_tensor, "'conditional expression'", "x"),
        (assert_on_tensor, "'assert'", "x == 1"),
        (not_on_tensor, "'not'", "not x"),
        (and_on_tensor, "'and'", "x"),
        (or_on_tensor, "'or'", "x"),
        (in_on_tensor, "'in'", "x + 1 in [1, 2]"),
        (not_in_on_tensor, "'in'", "3 not in (1, x)"),
        (in_tensor, "'in'", "3 in x"),
        (chain_on_tensor, "'chained comparison'", "0 < x < 1"),
        (comprehension_on_tensor, "'comprehension'", "x > i"),
        (generator_on_tensor, "'comprehension'", "x > i"),
        (match_on_tensor, "'match'", "3"),
        (match_guard_on_tensor, "'match'", "x > n"),
        (bool_of_tensor, "'bool'", "bool(x)"),
        (maximum_of_tensors, "'bool'", "max(x, x + 1)"),
        (elif_on_tensor, "'if'", "x"),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_decision_on_a_tensor(fn, construct, expression):
    error = raised(fn, TENSOR)
    assert type(error) is TensorConditionError
    text = str(error)
    assert construct in text.splitlines()[0]
    assert "Found: a Recorded of shape (2, 3) and dtype float32" in text
    assert "\nInstead: " in text
    source_line, carets = text.splitlines()[2:4]
    start = carets.index("^")
    assert source_line[start : carets.rindex("^") + 1] == expression
    assert error.location.filename == __file__
    function = f"{fn.__qualname__}.<locals>.<genexpr>" if fn is generator_on_tensor else fn.__qualname__
    assert error.location.function == function
    place = f'File "{__file__}", line {error.location.lineno}, column {error.location.col}, in {function}'
    assert text.splitlines()[1].strip() == place
    shown = inspect.getsource(sys.modules[__name__]).splitlines()[error.location.lineno - 1]
    assert shown[error.location.col - 1 :].startswith(expression)


def test_decision_in_an_operator_of_a_user_class():
    for fn, construct, function in [
        (bool_method_gives_tensor, "'conditional expression'", "bool_method_gives_tensor"),
        (contains_method_gives_tensor, "'in'", "contains_method_gives_tensor"),
        (operator_method_decides, "'if'", "Wrapped.__add__"),
    ]:
        error = raised(fn, TENSOR)
        assert construct in str(error).splitlines()[0]
        assert error.location.function == function


def calls_with_tabs_and_letters(größe):
    return [été for été in ["é"] if 	größe], calls_inner(größe)


def calls_inner(x):
    return len([1]) and calls_innermost(
        x,
    )


def calls_innermost(y):
    if y:
        return 1


def test_carets_count_characters():
    text = str(raised(calls_with_tabs_and_letters, TENSOR))
    source_line, carets = text.splitlines()[2:4]
    start = carets.index("^")
    assert source_line[start : carets.rindex("^") + 1] == "größe"


def test_call_chain():
    error = raised(lambda x: calls_inner(x), TENSOR)
    assert [each.function for each in error.calls] == ["calls_inner", "test_call_chain.<locals>.<lambda>"]
    here = line_of(calls_inner, "calls_innermost(")
    assert f'  called from File "{__file__}", line {here}, column 25, in calls_inner\n' in str(error)
    assert "    return len([1]) and calls_innermost(\n                        ^^^^^^^^^^^^^^^^\n" in str(error)


def test_long_call_chains_are_cut():
    def deep(x, n):
        return deep(x, n - 1) if n else calls_innermost(x)

    def back(x, n):
        return there(x, n - 1) if n else calls_innermost(x)

    def there(x, n):
        return back(x, n - 1) if n else calls_innermost(x)

    text = str(raised(deep, TENSOR, 60))
    assert text.count("called from") == 2 + text.count("in calls_inner\n")
    assert "\n  ... the same call 59 more times\n" in text
    text = str(raised(back, TENSOR, 60))
    assert text.count("called from") == 19
    assert "... and 42 more calls" in text


def test_message_in_full():
    line = line_of(if_on_tensor, "if x.sum() > 0")
    expected = f"""\
The condition of 'if' is a tensor whose value is not known while the graph is compiled.
  File "{__file__}", line {line}, column 8, in if_on_tensor
    if x.sum() > 0:
       ^^^^^^^^^^^
Found: a Recorded of shape (2, 3) and dtype float32
Instead: compute both results and choose one of them element by element with ops.where(condition, a, b)"""
    assert str(raised(if_on_tensor, TENSOR)) == expected


# -- compile errors are not events of the program ----------------------------------------------------------------------


def handles_everything(x, log):
    try:
        with Swallowing(log):
            try:
                if x:
                    pass
            except RuntimeError:
                log.write("caught")
            finally:
                log.write("finally")
    except:  # noqa: E722
        log.write("caught")
    return log


def returns_in_finally(x):
    try:
        return 1 if x else 2
    finally:
        return 3  # noqa: B012


class Swallowing:
    def __init__(self, log):
        self.log = log

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        self.log.write(kind.__name__)
        return True


def test_handlers_do_not_see_compile_errors():
    log = io.StringIO()  # what it holds is not put back
    assert isinstance(raised(handles_everything, TENSOR, log), TensorConditionError)
    assert log.getvalue() == "finallyTensorConditionError"
    assert isinstance(raised(returns_in_finally, TENSOR), TensorConditionError)


# -- constructs that graph mode does not know --------------------------------------------------------------------------


def generator(n):
    yield n


async def coroutine():
    return 1


def calls_coroutine():
    return coroutine()


def test_unsupported_functions():
    error = raised(calls_coroutine)
    assert type(error) is UnsupportedSyntaxError
    assert isinstance(error, GraphCompileError)
    assert "Graph mode does not support calling the coroutine function" in str(error)
    assert "\nInstead: " in str(error)
    assert error.calls[0].function == calls_coroutine.__qualname__


# -- errors of the program itself --------------------------------------------------------------------------------------


def fails_in_expression(x):
    y = [x, 1]
    return fails_deeper(x, (y + (
        x @ 3)))


def fails_deeper(a, b):
    return a + b


def fails_by_name():
    return [undefined_thing for _ in range(2)]  # noqa: F821


def fails_in_class_body():
    class Inner:
        attribute = 1 / 0

    return Inner


def fails_in_generator():
    return sum(1 / (2 - i) for i in range(4))


def fails_behind_finally(log):
    try:
        return 1 / 0
    finally:
        log.append(len(log))


def fails_in_with(log):
    with Recorder(log):
        return log[3]


class Recorder(Swallowing):
    def __exit__(self, *error):
        self.log.append(len(self.log))


def raises_from():
    try:
        {}["key"]
    except KeyError as error:
        raise ValueError("outer") from error


class Failing:
    @property
    def value(self):
        return self.missing

    def __init__(self):
        self.set = self.value


def fails_in_property():
    return Failing()


def entries(error):
    """The functions and source lines of a traceback, below this file's call of the interpreter."""
    found = traceback.extract_tb(error.__traceback__)
    return [(entry.name, entry.line) for entry in found if entry.filename == __file__]


@pytest.mark.parametrize(
    ("fn", "args", "expected"),
    [
        (fails_in_expression, (TENSOR,), [("fails_in_expression", "x @ 3)))")]),
        (fails_by_name, (), [("fails_by_name", "return [undefined_thing for _ in range(2)]  # noqa: F821")]),
        (
            fails_in_class_body,
            (),
            [("fails_in_class_body", "class Inner:"), ("Inner", "attribute = 1 / 0")],
        ),
        (
            fails_in_generator,
            (),
            [("fails_in_generator", "return sum(1 / (2 - i) for i in range(4))")]
            + [("<genexpr>", "return sum(1 / (2 - i) for i in range(4))")],
        ),
        (fails_behind_finally, ([],), [("fails_behind_finally", "return 1 / 0")]),
        (fails_in_with, ([],), [("fails_in_with", "return log[3]")]),
        (
            fails_in_property,
            (),
            [
                ("fails_in_property", "return Failing()"),
                ("__init__", "self.set = self.value"),
                ("value", "return self.missing"),
            ],
        ),
    ],
    ids=lambda value: getattr(value, "__name__", None),
)
def test_traceback_shows_the_program(fn, args, expected):
    error = raised(fn, *args)
    assert entries(error) == expected
    assert error.graph_location.function.rpartition(".")[2] == expected[-1][0]
    inside = [entry for entry in traceback.extract_tb(error.__traceback__) if "/frontend/" in entry.filename]
    assert {entry.name for entry in inside if "/tests/" not in entry.filename} <= {"interpret"}


def test_errors_keep_their_identity():
    given = ValueError("mine")

    def fails():
        raise given

    with pytest.raises(ValueError) as caught:
        interpret(fails, (), {}, RecordingPolicy())
    assert caught.value is given
    assert str(given) == "mine"


def test_cause_and_context_are_shown_in_user_terms():
    error = raised(raises_from)
    assert entries(error.__cause__) == [("raises_from", '{}["key"]')]
    text = "".join(traceback.format_exception(type(error), error, error.__traceback__))
    assert "direct cause" in text
    assert "run_function" not in text


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 records no columns in tracebacks")
def test_traceback_columns():
    error = raised(fails_deeper, 1, "x")
    text = "".join(traceback.format_exception(error))
    assert re.search(r"    return a \+ b\n +(~~\^~~|\^\^\^\^\^)\n", text), text


def test_errors_that_are_caught_leave_no_trace():
    def catches():
        try:
            1 / 0  # noqa: B018
        except ZeroDivisionError as error:
            return error.args

    assert interpret(catches, (), {}, RecordingPolicy()) == ("division by zero",)
