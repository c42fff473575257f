"""Programs: statements."""

# The programs are written as users write, not as a linter likes.
# ruff: noqa

import contextlib
import sys

from frontend_support import TENSOR, program

COUNTER = 0
SETTINGS = {"depth": 2}


@program()
def assignment_targets():
    a = b = [1, 2]
    c, d = 1, 2
    (e, [f, g]), h = (3, (4, 5)), 6
    i, *j, k = range(5)
    *l, m = "ab"
    n, (o, *p) = 1, "xyz"
    [q] = [7]
    return a is b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q


@program()
def swap():
    a, b, c = 1, 2, 3
    a, b = b, a
    a, b, c = c, a, b
    x = [1, 2]
    x[0], x[1] = x[1], x[0]
    return a, b, c, x


@program()
def subscript_and_attribute_targets():
    class Box:
        pass

    box, d, x = Box(), {}, [0, 0, 0]
    box.a, d["k"], x[1] = 1, 2, 3
    x[1:2] = [7, 8]
    box.a += 1
    d["k"] *= 5
    x[-1] -= 1
    (box.b, *box.c) = "pqr"
    return box, d, x


@program()
def target_evaluation_order():
    log = []

    def see(x):
        log.append(x)
        return x

    x = {}
    x[see("k1")] = see("v1")
    x[see("k2")], x[see("k3")] = see("v2"), see("v3")
    x[see("k1")] += see("z")
    return log, x


@program((7, 3), (8.0, 2))
def augmented(a, b):
    r = []
    x = a
    x += b
    r.append(x)
    x -= 1
    r.append(x)
    x *= b
    r.append(x)
    x /= 2
    r.append(x)
    x //= b
    r.append(x)
    x **= 2
    r.append(x)
    x %= 5
    return r, x


@program((12, 5))
def augmented_bits(a, b):
    x = a
    x &= 14
    x |= b
    x ^= 3
    x <<= 2
    x >>= 1
    return x


@program()
def augmented_list_is_in_place():
    x = y = [1]
    x += [2]
    t = u = (1,)
    t += (2,)
    return x is y, y, t is u, u


@program()
def annotated():
    x: int = 3
    y: "undefined_name"
    z: undefined_name = 4
    w = {}
    w["k"]: int = 5
    return x, z, w


@program(1, 2, 3, 9)
def if_chain(x):
    if x == 1:
        r = "one"
    elif x == 2:
        r = "two"
    elif x == 3:
        r = "three"
    else:
        r = "many"
    return r


@program(0, 1)
def if_without_else(x):
    if x:
        return "yes"
    if not x:
        pass
    return "no"


@program(0, 5)
def while_loop(n):
    total = 0
    while n:
        total += n
        n -= 1
    else:
        total += 100
    return total


@program()
def while_break_continue():
    r, i = [], 0
    while True:
        i += 1
        if i % 2:
            continue
        if i > 8:
            break
        r.append(i)
    else:
        r.append("else")
    return r, i


@program(3, 10)
def for_loop(n):
    r = []
    for i in range(n):
        if i == 1:
            continue
        if i == 5:
            break
        r.append(i)
    else:
        r.append("else")
    return r, i


@program()
def nested_loops():
    r = []
    for i in range(4):
        for j in range(4):
            if j == i:
                break
            if j == 1:
                continue
            r.append((i, j))
        else:
            r.append("inner")
        while j:
            j -= 1
            if j == 1:
                break
        else:
            continue
        r.append("broke")
    return r


@program()
def for_targets():
    r = []
    for i, (a, *b) in enumerate(["xyz", "pq"]):
        r.append((i, a, b))
    d = {}
    for d["k"] in range(3):
        pass
    for k, v in {"a": 1}.items():
        r.append((k, v))
    for x in ():
        pass
    return r, d, k, v


@program()
def loop_variable_survives():
    for i in range(3):
        pass
    return i


@program()
def return_from_loops():
    for i in range(3):
        while True:
            for j in "ab":
                return i, j


@program()
def return_nothing():
    return


@program()
def fall_off_the_end():
    x = 1


@program()
def pass_and_docstring():
    """A docstring."""
    pass
    ...
    "a string"
    return pass_and_docstring.__doc__


@program()
def delete():
    x, y, z, d = 1, 2, [1, 2, 3, 4], {"a": 1, "b": 2}
    del x
    del z[0], d["a"]
    del (y, z[1:])

    class Box:
        a = 1

    box = Box()
    box.v = 1
    del box.v
    return z, d, hasattr(box, "v"), sorted(locals())


@program()
def delete_and_rebind():
    x = 1
    del x
    x = 2
    return x


@program(1, 0)
def assertion(x):
    assert x, f"x is {x}"
    assert True
    assert x == 1
    return x


@program(0)
def assertion_without_message(x):
    assert x


@program()
def global_statement():
    global COUNTER
    COUNTER = 5
    COUNTER += 1
    r = COUNTER
    COUNTER = 0
    return r, SETTINGS["depth"]


@program()
def global_created_and_deleted():
    global MADE_HERE
    MADE_HERE = 1
    r = MADE_HERE
    del MADE_HERE
    return r, "MADE_HERE" in globals()


@program()
def imports():
    import os.path
    import os.path as p
    import collections.abc as c, json
    from math import pi, sqrt as root
    from os import path

    return os.path is p, c.__name__, json.__name__, pi, root(4), path is p


@program(1, 0, "x", None)
def try_except(x):
    log = []
    try:
        log.append("body")
        y = 1 / x
    except ZeroDivisionError as error:
        log.append(str(error))
        y = -1
    except (TypeError, ValueError):
        log.append("type")
        y = -2
    else:
        log.append("else")
    finally:
        log.append("finally")
    return y, log


@program()
def exception_name_is_deleted():
    try:
        raise ValueError("v")
    except ValueError as e:
        kept = e
    return "e" in locals(), str(kept)


@program()
def exception_rebound_in_handler():
    try:
        raise ValueError("v")
    except ValueError as e:
        e = 3
        del e
    return "done"


@program()
def bare_except_and_reraise():
    log = []
    try:
        try:
            raise KeyError("k")
        except:
            log.append("inner")
            raise
    except KeyError as e:
        log.append(repr(e))
    return log


@program()
def exception_context_and_cause():
    try:
        try:
            1 / 0
        except ZeroDivisionError as z:
            raise ValueError("v") from z
    except ValueError as e:
        first = e
    try:
        try:
            1 / 0
        except ZeroDivisionError:
            {}["missing"]
    except KeyError as e:
        second = e
    try:
        raise ValueError("plain") from None
    except ValueError as e:
        return first, second, e, e.__suppress_context__


@program(0, 1, 2, 3, 4)
def context_of_interpreter_errors(k):
    def cell():
        return later

    class Body:
        if k == 5:
            name = 1

    def unbound_class_entry():
        class Inner:
            no_such_name

    def unbound_deletion():
        class Inner:
            del no_such_name

    def missing_import():
        from math import no_such_name

    try:
        [cell, unbound_class_entry, unbound_deletion, missing_import, lambda: getattr(Body, "name")][k]()
    except Exception as error:
        return type(error).__name__, str(error), error.__context__
    later = 1


@program()
def nested_handlers():
    log = []
    try:
        try:
            raise TypeError("t")
        except ValueError:
            log.append("wrong")
        finally:
            log.append("finally")
    except TypeError as e:
        log.append(str(e))
        try:
            raise RuntimeError("r")
        except RuntimeError:
            log.append("nested")
    return log


@program()
def exc_info_in_handler():
    try:
        raise ValueError("v")
    except ValueError:
        kind, error, _ = sys.exc_info()
    return kind.__name__, str(error), sys.exc_info()[0]


@program()
def return_in_try():
    log = []

    def f():
        try:
            return log.append("body") or "result"
        finally:
            log.append("finally")

    return f(), log


@program()
def return_in_finally_wins():
    def f():
        try:
            return 1
        finally:
            return 2

    def g():
        try:
            raise ValueError
        finally:
            return 3

    def h():
        for i in range(3):
            try:
                continue
            finally:
                if i == 1:
                    break
        return i

    def k():
        try:
            return 1
        finally:
            while True:
                try:
                    return 2
                finally:
                    break

    return f(), g(), h(), k()


@program()
def loops_and_finally():
    log = []
    for i in range(4):
        try:
            if i == 1:
                continue
            if i == 3:
                break
            log.append(i)
        except ValueError:
            pass
        else:
            log.append("else")
        finally:
            log.append(-i)
    return log


class Manager:
    def __init__(self, log, swallow=False):
        self.log, self.swallow = log, swallow

    def __enter__(self):
        self.log.append("enter")
        return self

    def __exit__(self, kind, error, trace):
        self.log.append((kind and kind.__name__, str(error), trace is None))
        return self.swallow


@program()
def with_statement():
    log = []
    with Manager(log) as m:
        log.append("body")
    with Manager(log), Manager(log) as n:
        log.append(m is n)
    return log


@program(True, False)
def with_and_exception(swallow):
    log = []
    try:
        with Manager(log, swallow):
            raise ValueError("v")
        log.append("after")
    except ValueError as e:
        log.append(("caught", str(e)))
    return log


@program()
def with_and_control_flow():
    log = []

    def f():
        for i in range(3):
            with Manager(log):
                if i == 0:
                    continue
                return i

    return f(), log


@program()
def with_targets():
    class Pair:
        def __enter__(self):
            return 1, [2, 3]

        def __exit__(self, *exc):
            pass

    d = {}
    with Pair() as (a, [b, d["c"]]):
        pass
    return a, b, d


@contextlib.contextmanager
def managed(log):
    log.append("before")
    try:
        yield "value"
    except KeyError:
        log.append("handled")
    finally:
        log.append("after")


@program()
def with_native_managers():
    log = []
    with managed(log) as v:
        log.append(v)
    with managed(log):
        raise KeyError
    with contextlib.suppress(ZeroDivisionError):
        log.append(1 / 0)
    with contextlib.nullcontext(5) as five:
        log.append(five)
    return log


@program(0, 1, -1, True, "b", None, 2.0)
def match_values(x):
    match x:
        case 0:
            return "zero"
        case None:
            return "none"
        case True:
            return "true"
        case 1 | -1:
            return "unit"
        case "a" | "b" as letter:
            return letter
        case _:
            return "other"


@program([], [1], [1, 2], [1, 2, 3], (1, 2, 3, 4), "ab", range(3), [[1, 2], 3])
def match_sequences(x):
    match x:
        case []:
            return "empty"
        case [a]:
            return a
        case [[a, b], c]:
            return a, b, c
        case (1, y):
            return "pair", y
        case [1, *middle, 3]:
            return middle
        case [first, *_, last] if last != first:
            return first, last
        case _:
            return "none"


@program({}, {"k": 1}, {"k": 2, "j": 3}, {"t": [1, 2], "u": 0}, 3)
def match_mappings(x):
    match x:
        case {"k": 1}:
            return "one"
        case {"k": v, **rest}:
            return v, rest
        case {"t": [a, b], "u": (0 | 1) as u}:
            return a, b, u
        case {}:
            return "mapping"
    return "nothing"


class Point:
    __match_args__ = ("x", "y")

    def __init__(self, x, y):
        self.x, self.y = x, y


class Names:
    red = "r"
    green = "g"


@program(0, 1, 2, 3, 4, 5, 6)
def match_classes(k):
    subject = [Point(1, 2), Point(0, 5), Point(7, 7), 5, "text", [Point(0, 0)], 2.5][k]
    match subject:
        case Point(1, y=2):
            return "first"
        case Point(x=0, y=yy):
            return yy
        case Point(a, b) if a == b:
            return "diagonal", a
        case int(n):
            return "int", n
        case str() as s:
            return s
        case [Point(x=0), *_]:
            return "list"
        case float(f) | int(f):
            return f


@program("r", "g", "b")
def match_dotted_names(x):
    match x:
        case Names.red:
            return 1
        case Names.green:
            return 2
    return 3


@program((1, 2))
def match_binds_only_on_success(*p):
    r = []
    match p:
        case (a, 3):
            r.append("no")
        case (c, 2) if c > 5:
            r.append("guard")
        case (b, _):
            r.append(b)
    return r, sorted(locals())


@program(2)
def match_class_errors(k):
    match k:
        case int(a, b):
            return a, b


@program(3)
def match_without_case(k):
    match k:
        case 1:
            return 1
    return "fell through"


@program((TENSOR, 3))
def tensor_loop_unrolled(x, n):
    for i in range(n):
        x = x @ x + i
    else:
        x = -x
    return x


@program((TENSOR, True), (TENSOR, False))
def tensor_and_static_decision(x, wide):
    if wide:
        y = x.sum(1)
    else:
        y = x.sum(0)
    while not wide:
        y, wide = y * 2, True
    return y


@program(TENSOR)
def tensor_in_try(x):
    try:
        y = x @ 3
    except ValueError as e:
        y = x * len(str(e))
    finally:
        y = y + 1
    return y


@program(TENSOR)
def tensor_match_on_shape(x):
    match x.shape:
        case (n,):
            return x * n
        case (n, m):
            return x.reshape(m, n)
