"""Programs: print, assert, raise, try, with, in program order and under conditions on tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, ops


class _Logged:
    def __init__(self, log, swallow=False):
        self.log, self.swallow = log, swallow

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, kind, error, trace):
        self.log.append("exit" if kind is None else kind.__name__)
        return self.swallow


class _CustomError(Exception):
    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code


def print_text(x):
    print("start", 1, 2.5, None, sep="-", end="!\n")
    return x * 2


def print_tensor(k):
    print("k is", k)
    print(k * 2, k + 1)
    return k


def print_fstring_of_tensor(k, s):
    print(f"k={k} twice={k * 2}")
    return s * k


def print_in_tensor_branch(s, k):
    if s > 0:
        print("positive", k)
    else:
        print("negative", k)
    print("done")
    return s * 2


def print_in_tensor_loop(n):
    j = n * 0
    while j < n:
        print("trip", j)
        j = j + 1
    print("after", j)
    return j


def print_in_static_loop(k):
    for step in range(3):
        print(step, k + step)
    return k


def print_in_helper_order(k):
    def helper(a):
        print("helper", a)
        return a + 1
    print("before")
    y = helper(helper(k))
    print("after", y)
    return y


def assert_on_tensor(x, s):
    assert s < 2, "s is too large"
    return x * s


def assert_with_formatted_tensor(x, k):
    assert k < 2, f"k is {k}"
    return x * k


def assert_static_fails(x):
    assert x.shape == (4,), f"shape is {x.shape}"
    return x


def raise_on_tensor(x, s):
    if s < 0:
        raise ValueError("negative")
    return x * s


def raise_with_formatted_tensor(x, k):
    if k > 1:
        raise ValueError(f"k is {k}, at most 1")
    return x * k


def raise_static(x, kind="bad"):
    if kind == "bad":
        raise KeyError(kind)
    return x


def raise_custom(x, s):
    if s < 0:
        raise _CustomError(7)
    return x * s


def raise_in_helper(x, s):
    def check(a):
        if a < 0:
            raise ArithmeticError("helper")
        return a * 2
    return x * check(s)


def raise_in_tensor_loop(x, n):
    j = n * 0
    while j < n:
        if j == 4:
            raise RuntimeError("too many trips")
        x = x * 0.5 + 1
        j = j + 1
    return x


def raise_in_both_branches(x, s):
    if s > 2:
        raise ValueError("large")
    elif s < 0:
        raise TypeError("negative")
    return x * s


def raise_from_other(x, flag=True):
    try:
        {}["missing"]
    except KeyError as error:
        raise ValueError("wrapped") from error
    return x


def try_static_error(x):
    try:
        y = x * [][0]
    except IndexError:
        y = x * 3
    return y


def try_except_else_finally(x):
    log = []
    try:
        y = x * 2
    except ValueError:
        log.append("except")
    else:
        log.append("else")
        y = y + 1
    finally:
        log.append("finally")
    return y, log


def try_selects_handler(x):
    found = []
    for error in (ValueError("a"), KeyError("b"), RuntimeError("c")):
        try:
            raise error
        except (ValueError, TypeError) as caught:
            found.append(f"first {caught}")
        except KeyError:
            found.append("second")
        except Exception as other:
            found.append(type(other).__name__)
    return x, found


def try_nested_reraise(x):
    try:
        try:
            raise ValueError("inner")
        except ValueError:
            x = x + 1
            raise
        finally:
            x = x * 2
    except ValueError as error:
        return x, str(error)


def try_finally_with_return(x):
    log = []
    def f(a):
        try:
            return a * 2
        finally:
            log.append("left")
    return f(x), log


def try_break_and_continue(x):
    log = []
    for k in range(4):
        try:
            if k == 1:
                continue
            if k == 3:
                break
            x = x + k
        finally:
            log.append(k)
    return x, log


def try_catches_raise_on_tensor(x, s):
    try:
        if s < 0:
            raise ValueError("negative")
        y = x * s
    except ValueError:
        y = -x
    return y


def try_finally_around_tensor_branch(x, s):
    try:
        if s < 0:
            x = x * s
    finally:
        x = x + 1
    return x


def try_return_on_tensor(x, s):
    try:
        if s < 0:
            return x * s
        x = x * 2
    finally:
        x = x + 1
    return x


def try_in_tensor_loop(x, n):
    j = n * 0
    while j < n:
        try:
            x = x * 0.5 + 1
        finally:
            j = j + 1
    return x


def with_swallows_error(x):
    log = []
    with _Logged(log, swallow=True):
        x = x * 2
        raise ValueError("lost")
    return x, log


def with_around_return(x):
    log = []
    def f(a):
        with _Logged(log):
            return a + 1
    return f(x), log


def with_around_tensor_return(x, s):
    with _Logged([]):
        if s > 0:
            return x * s
    return x


def with_nested_order(x):
    log = []
    with _Logged(log) as outer, _Logged(log):
        log.append(outer.log is log)
    return x * len(log), log


def index_error_static(x):
    items = [x]
    return items[3]


def key_error_static(x):
    return {"a": x}["b"]


def type_error_static(x):
    return x + "text"


def name_error_static(x):
    return x + not_defined_anywhere


def attribute_error_static(x):
    return (1).nothing


def unbound_local_static(x):
    if x.ndim == 2:
        y = 1
    return x * y


def zero_division_static(x):
    return x * (1 // 0)


def zero_division_in_branch_not_taken(x, s):
    if s > 100:
        return x * (1 // 0)
    return x * s


def unpack_error_static(x):
    a, b = (x, x, x)
    return a


def call_error_static(x):
    def f(a, *, b):
        return a
    return f(x)


def warning_free_docstring(x):
    """Only a docstring."""
    """Another text."""
    ...
    return x


def exception_as_value(x):
    error = ValueError("text", 3)
    return x * error.args[1], str(error), isinstance(error, Exception)


def suppress_static(x):
    import contextlib
    with contextlib.suppress(KeyError):
        x = x * 2
        {}["a"]
        x = x * 100
    return x
