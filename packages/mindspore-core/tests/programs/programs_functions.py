"""Programs: nested, recursive and higher functions, closures, decorators, functions chosen by tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import functools

from world import Tensor, ops

SCALE = 2.5


def _helper(x, w, *, k=2):
    return x * w + k


def _twice(f):
    return lambda x: f(f(x))


def _scaled(amount):
    def decorate(f):
        @functools.wraps(f)
        def inner(*args, **kwargs):
            return f(*args, **kwargs) * amount
        return inner
    return decorate


@_scaled(3.0)
def _decorated(x, w=1.0):
    return x * w + 1


def _plain_decorator(f):
    def inner(x):
        return f(x) + x
    return inner


def nested_function(x, w):
    def inner(a):
        return a * w + SCALE
    return inner(x) + inner(w)


def nested_two_deep(x, w):
    def outer(a):
        b = a * 2
        def inner(c):
            return b + c * w
        return inner(a) + inner(b)
    return outer(x)


def closure_returned(x, w):
    def make(k):
        def add(a):
            return a + k
        return add
    return make(w)(x) * make(3)(x)


def closure_over_tensor_and_number(x, s):
    n = 4
    f = lambda a: a * s + n
    n = 5
    return f(x)


def closures_in_a_loop(x):
    fs = []
    for k in range(3):
        fs.append(lambda a, k=k: a * k)
    for k in range(3):
        fs.append(lambda a: a + k)
    for f in fs:
        x = f(x)
    return x


def nonlocal_counter(x):
    count = 0
    total = x * 0
    def step(a):
        nonlocal count, total
        count += 1
        total = total + a * count
        return total
    step(x)
    step(x * 2)
    step(step(x))
    return total * count


def nonlocal_in_branch(x, s):
    y = x
    def change():
        nonlocal y
        y = y * s + 1
    if s > 0:
        change()
    change()
    return y


def nonlocal_in_tensor_loop(x, n):
    total = x * 0
    j = n * 0
    def add():
        nonlocal total, j
        total = total + x * j
        j = j + 1
    while j < n:
        add()
    return total


def generator_of_closures(x):
    def counter():
        n = 0
        def next_value():
            nonlocal n
            n += 1
            return n
        return next_value
    first, second = counter(), counter()
    return x * first() + x * first() * second()


def lambda_called_at_once(x, w):
    return (lambda a, b=w: a * b)(x) + (lambda *a: a[0] - a[1])(x, w)


def function_as_argument(x, w):
    def apply(f, *args):
        return f(*args) + f(*reversed(args))
    return apply(lambda a, b: a * 2 - b, x, w)


def function_as_result(x, kind="square"):
    def choose(kind):
        if kind == "square":
            return lambda a: a * a
        return ops.sin
    return choose(kind)(x) + choose("sine")(x)


def functions_in_list(x):
    for f in [ops.sin, ops.cos, lambda a: a * 2]:
        x = f(x)
    return x


def functions_in_dict(x, w):
    table = {"sin": ops.sin, "scale": lambda a: a * w}
    return table["sin"](x) + table["scale"](x) + sum(f(w) for f in table.values())


def functions_in_tuple_by_index(x):
    fs = (ops.tanh, ops.exp)
    return fs[0](x) + fs[-1](x * 0.1)


def function_compared_by_identity(x):
    f = ops.sin
    g = f
    return f(x) if f is g else x


def composition(x):
    compose = lambda f, g: lambda a: f(g(a))
    return compose(ops.sin, compose(ops.tanh, lambda a: a * 2))(x)


def higher_order_twice(x):
    return _twice(_twice(lambda a: a * 1.1 + 0.1))(x)


def church_numerals(x):
    zero = lambda f: lambda a: a
    successor = lambda n: lambda f: lambda a: f(n(f)(a))
    three = successor(successor(successor(zero)))
    return three(lambda a: a * 1.5 - 0.5)(x)


def y_combinator(x):
    fix = lambda f: (lambda g: g(g))(lambda g: f(lambda *a: g(g)(*a)))
    power = fix(lambda again: lambda a, n: a if n == 0 else again(a * 0.5 + 1, n - 1))
    return power(x, 4)


def recursion_static(x):
    def power(a, n):
        if n == 0:
            return a * 0 + 1
        half = power(a, n // 2)
        return half * half * (a if n % 2 else 1)
    return power(x, 9)


def recursion_mutual_static(x):
    def even(n, a):
        return a if n == 0 else odd(n - 1, a * 2)
    def odd(n, a):
        return -a if n == 0 else even(n - 1, a + 1)
    return even(5, x) + odd(4, x)


def recursion_over_structure(x, w):
    tree = (x, [w, (x, 2.0)], {"left": w, "right": [x]})
    def total(t):
        if isinstance(t, dict):
            return sum((total(e) for e in t.values()), 0.0)
        if isinstance(t, (tuple, list)):
            return sum((total(e) for e in t), 0.0)
        return t * t
    return total(tree)


def recursion_on_tensor(x, n):
    def down(a, k):
        if k <= 0:
            return a
        return down(a * 0.5 + 1, k - 1)
    return down(x, n)


def recursion_mutual_on_tensor(x, n):
    def even(a, k):
        if k <= 0:
            return a
        return odd(a * 2, k - 1)
    def odd(a, k):
        if k <= 0:
            return -a
        return even(a + 1, k - 1)
    return even(x, n)


def recursion_tree_on_tensor(s, n):
    def tree(a, k):
        if k < 2:
            return a
        return tree(a * 0.5, k - 1) + tree(a * 0.25, k - 2)
    return tree(s, n)


def recursion_until_converged(x):
    def grow(a):
        return a if a.sum() > 20 else grow(a * 1.5 + 1)
    return grow(x)


def decorated_function(x, w):
    return _decorated(x) + _decorated(x, w=w)


def decorated_inside(x):
    @_plain_decorator
    def f(a):
        return a * a
    @_scaled(0.5)
    @_plain_decorator
    def g(a):
        return f(a) + 1
    return g(x)


def lru_cached_static(x):
    @functools.lru_cache(None)
    def fibonacci(n):
        return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)
    return x * fibonacci(12)


def function_attributes(x):
    def f(a):
        return a * f.scale
    f.scale = 3.0
    return f(x)


def function_with_docstring_and_annotations(x: Tensor, w: "Tensor") -> Tensor:
    """A docstring."""
    y: Tensor = x * w
    z: float
    z = 2.0
    return y * z


def unpack_results(x, w):
    def split(a, b):
        return a + b, a - b, [a, b]
    total, difference, (first, second) = split(x, w)
    return total * difference + first * second


def multiple_results(x, w):
    return x + w, [x * w, {"a": x, "b": (w, 3)}], "text", None, 2.5


def returns_nothing(x):
    y = x * 2


def early_return_of_helper(x, s):
    def sign(a):
        if a > 0:
            return 1.0
        if a < 0:
            return -1.0
        return 0.0
    return x * sign(s) + sign(x.sum())


def helper_branches_twice(x, s, t):
    def pick(a, b):
        if a > b:
            return a * x
        return b + x
    return pick(s, t) * pick(t, s)


def global_read(x):
    global SCALE
    return x * SCALE


def inner_shadowing(x):
    def f(x):
        x = x + 1
        return x
    y = f(x)
    return x * y


def closure_sees_later_value(x):
    def f(a):
        return a * factor
    factor = 2
    y = f(x)
    factor = 3
    return y + f(x)


def currying(x, w, s):
    add3 = lambda a: lambda b: lambda c: a + b * c
    return add3(x)(w)(s)


def callback_accumulates(x):
    seen = []
    def visit(a):
        seen.append(a * len(seen))
    for k in range(3):
        visit(x + k)
    return seen[0] + seen[1] + seen[2]


def continuation_passing(x, s):
    def add(a, b, k):
        return k(a + b)
    def mul(a, b, k):
        return k(a * b)
    return add(x, s, lambda y: mul(y, y, lambda z: z - x))


def function_chosen_by_tensor(x, s):
    def up(a):
        return a * 2 + 1
    def down(a):
        return a * a
    f = up if s > 0 else down
    return f(x) + f(x * 2)


def function_chosen_from_list_by_tensor(x, k):
    fs = [lambda a: a + 1, lambda a: a * 3, lambda a: -a]
    return fs[k](x)


def function_chosen_in_branch(x, s, t):
    scale = lambda a: a
    if s > 0:
        def scale(a):
            return a * s
    elif t > 0:
        scale = lambda a: a * t + s
    return scale(x)


def closure_captures_chosen_value(x, s):
    if s > 0:
        k = x
    else:
        k = x * x
    f = lambda a: a + k
    return f(x)


def closure_called_in_tensor_loop(x, w, n):
    step = lambda a, k: a * 0.5 + w * k
    j = n * 0
    while j < n:
        x = step(x, j)
        j = j + 1
    return x


def loop_of_function_composition(x):
    f = lambda a: a
    for k in range(3):
        f = (lambda g, k: lambda a: g(a) * 1.5 + k)(f, k)
    return f(x)


def recursion_with_list_accumulator(x):
    def visit(n, seen):
        seen.append(x * n)
        if n > 0:
            visit(n - 1, seen)
        return seen
    found = visit(3, [])
    return found[0] + found[-1] + len(found)


def ackermann_static(x):
    def ack(m, n):
        if m == 0:
            return n + 1
        if n == 0:
            return ack(m - 1, 1)
        return ack(m - 1, ack(m, n - 1))
    return x * ack(2, 2)
