"""Programs: functions that call themselves and each other as often as tensors say."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import functools

from table import case
from world import Cell, Parameter, Tensor, grad, ops


def _halve(x, n):
    return x if n <= 0 else _halve(x * 0.5 + 1, n - 1)


def tail_recursion(x, n):
    return _halve(x, n)


def recursion_that_works_afterwards(x, n):
    def f(x, n):
        if n <= 0:
            return x
        y = f(x * 0.5, n - 1)
        return y * y + x
    return f(x, n)


@case(grad=False)
def factorial(n):
    def fact(n):
        if n <= 1:
            return 1.0
        return n * fact(n - 1)
    return fact(n)


@case(grad=False)
def fibonacci(n):
    def fib(n):
        return n if n < 2 else fib(n - 1) + fib(n - 2)
    return fib(n)


def tree_recursion(x, w, n):
    def f(x, n):
        if n <= 0:
            return x * w
        return f(x + 0.1, n - 1) * 0.5 + f(x * w, n - 2)
    return f(x, n)


def _even(x, n):
    if n == 0:
        return x * 2
    return _odd(x + 0.5, n - 1)


def _odd(x, n):
    if n == 0:
        return x * x
    return _even(x * 0.5, n - 1)


def mutual_recursion(x, n):
    return _even(x, n) + _odd(x, n)


@case(grad=False)
def mutual_predicates(n):
    def even(n):
        return True if n == 0 else odd(n - 1)

    def odd(n):
        return False if n == 0 else even(n - 1)
    return even(n)


def three_functions_in_a_ring(x, n):
    def a(x, n):
        return x if n <= 0 else b(x * 0.9, n - 1)

    def b(x, n):
        return x * 2 if n <= 0 else c(x + 0.1, n - 1)

    def c(x, n):
        return x * 3 if n <= 0 else a(x * x, n - 1)
    return a(x, n + 2)


def recursion_over_a_closure(x, w, n):
    def power(n):
        if n <= 0:
            return x
        return power(n - 1) * w
    return power(n)


def recursion_of_a_lambda(x, n):
    f = lambda x, n: x if n <= 0 else f(x * 0.7, n - 1) + 1
    return f(x, n)


def function_that_is_its_own_argument(x, n):
    f = lambda g, x, n: x if n <= 0 else g(g, x * 1.1, n - 1)
    return f(f, x, n)


def recursion_with_an_accumulator(x, n):
    def total(n, acc):
        if n <= 0:
            return acc
        return total(n - 1, acc + x * n)
    return total(n, x * 0)


def accumulator_that_starts_as_a_number(x, n):
    def total(n, acc=0.0):
        if n <= 0:
            return acc
        return total(n - 1, acc + x.sum() * 0.5)
    return x * total(n)


def counter_that_starts_as_a_number(x):
    def grow(x, k):
        if x.sum() > 20:
            return x * k
        return grow(x * x + 1, k + 1)
    return grow(x, 0)


def two_numbers_that_follow_each_other(x, n):
    def fib(n, a, b):
        if n <= 0:
            return a
        return fib(n - 1, b, a + b)
    return x * fib(n, 0, 1)


def results_that_are_tuples(x, w, n):
    def f(n):
        if n <= 0:
            return x, w
        a, b = f(n - 1)
        return b * 0.5, a + b
    a, b = f(n)
    return a * b


def results_that_are_dicts(x, n):
    def f(x, n):
        if n <= 0:
            return {"value": x, "depth": 0}
        found = f(x * 0.5, n - 1)
        return {"value": found["value"] + x, "depth": found["depth"] + 1}
    found = f(x, n)
    return found["value"] * found["depth"]


def arguments_that_are_containers(x, w, n):
    def f(pair, options, n):
        a, b = pair
        if n <= 0:
            return a * options["scale"] + b
        return f((b, a * 0.5), {"scale": options["scale"] * b}, n - 1)
    return f((x, w), {"scale": x}, n)


def early_returns(x, n):
    def f(x, n):
        if n <= 0:
            return x
        if x.sum() > 3:
            return f(x * 0.5, n - 1)
        if x.sum() < -3:
            return x * x
        y = x * 1.5 + 1
        return f(y, n - 1) - x
    return f(x, n)


def several_ends(x, n):
    def f(x, n):
        if x.max() > 4:
            return x * 0.5
        elif n <= 0:
            return x
        elif n <= 1:
            return x + 1
        else:
            return f(x * 1.7, n - 1)
    return f(x, n)


def recursion_in_the_condition(x, n):
    def depth(x, n):
        if n <= 0:
            return x.sum()
        if depth(x * 0.5, n - 1) > 0.2:
            return depth(x * 0.7, n - 2)
        return depth(x + 0.3, n - 1)
    return depth(x, n)


def recursion_of_its_own_result(x, n):
    def f(x, n):
        return x if n <= 0 else f(f(x * 0.9, n - 2) + 0.1, n - 1)
    return f(x, n)


@case(grad=False)
def ackermann(k, n):
    def a(m, n):
        if m <= 0:
            return n + 1
        if n <= 0:
            return a(m - 1, 1)
        return a(m - 1, a(m, n - 1))
    return a(k, n)


@case(grad=False)
def greatest_common_divisor(n, k):
    def gcd(a, b):
        return a if b == 0 else gcd(b, a % b)
    return gcd(n * 12 + 6, k * 9 + 3)


@case(grad=False)
def collatz_steps(n):
    def steps(n):
        if n <= 1:
            return 0
        if n % 2 == 0:
            return 1 + steps(n // 2)
        return 1 + steps(3 * n + 1)
    return steps(n + 4)


def power_by_squaring(x, n):
    def power(x, n):
        if n == 0:
            return x * 0 + 1
        if n % 2 == 0:
            return power(x * x, n // 2)
        return x * power(x, n - 1)
    return power(x, n + 4)


def bisection(s):
    def find(low, high):
        middle = (low + high) / 2
        if high - low < 0.001:
            return middle
        if middle * middle * middle > s * s:
            return find(low, middle)
        return find(middle, high)
    return find(s * 0, s * 0 + 3.0) * 0 + s


def newton(s):
    def root(y):
        better = (y + (s * s + 1) / y) / 2
        if abs(better - y) < 1e-9:
            return better
        return root(better)
    return root(s * 0 + 2.0)


def recursion_in_a_loop(x, n):
    def f(x, n):
        return x if n <= 0 else f(x * 0.8 + 0.1, n - 1)
    y = x
    for k in range(3):
        y = f(y * _w_like(k), n)
    return y


def _w_like(k):
    return 1.0 + 0.1 * k


def recursion_in_a_loop_on_a_tensor(x, n):
    def f(x, n):
        return x if n <= 0 else f(x + 0.25, n - 1)
    while x.sum() < 8:
        x = f(x * 1.5 + 1, n)
    return x


def loop_in_a_recursion(x, n):
    def f(x, n):
        if n <= 0:
            return x
        while x.sum() < 5:
            x = x * 1.5 + 1
        return f(x * 0.4, n - 1)
    return f(x, n)


def calls_in_a_loop_in_a_recursion(x, n):
    def f(x, n):
        if n <= 0:
            return x
        y = x * 0
        for k in range(2):
            y = y + f(x * (0.5 + k), n - 2)
        return y
    return f(x, n)


def calls_in_a_loop_on_a_tensor_in_a_recursion(x, n):
    def f(x, n):
        if n <= 0:
            return x + 0.5
        i = 0
        while i < n:
            x = f(x * 0.5, n - 2) + 0.1
            i = i + 1
        return x
    return f(x, n)


def first_call_with_none(x, n):
    def f(x, n, before):
        if n <= 0:
            return x if before is None else x * before
        return f(x * 0.5, n - 1, x)
    return f(x, n, None)


def first_call_with_another_shape(x, n):
    def f(x, n, before):
        if n <= 0:
            return x * before.sum()
        return f(x * 0.5, n - 1, x)
    return f(x, n, x[:2])


def assigns_elements_before_it_calls(x, n):
    def f(y, n):
        y = y * 1
        y[0] = n
        return y if n <= 0 else f(y * 0.5, n - 1) + y
    return f(x, n)


def calls_in_a_loop_over_a_tensor_in_a_recursion(x, n):
    def f(x, n):
        if n <= 0:
            return x
        y = x
        for row in x:
            y = y * 0.8 + f(x * 0.5, n - 2) * row
        return y
    return f(x, n)


def calls_in_a_long_loop_in_a_recursion(x, n):
    def f(x, n):
        if n <= 0:
            return x
        y = x
        for k in range(80):
            y = y * 0.9 + f(x * 0.5, n - 9) * (0.01 * k)
        return y
    return f(x, n)


class _Node(Cell):
    def __init__(self):
        super().__init__()
        self.weight = Parameter(Tensor([1.2, 0.7, 0.9]), name="weight")

    def walk(self, x, n):
        if n <= 0:
            return x * self.weight
        return self.walk(x * 0.5, n - 1) + self.weight


@case(factory=True)
def recursion_of_a_method():
    node = _Node()
    return lambda x, n: node.walk(x, n)


@case(factory=True)
def cell_that_calls_itself():
    class Net(_Node):
        def construct(self, x, n):
            if n <= 0:
                return x
            return self(x * self.weight, n - 1) * 0.5
    net = Net()
    return lambda x, n: net(x, n)


@case(factory=True)
def parameter_assigned_in_a_recursion():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.calls = Parameter(Tensor(0.0), name="calls")

        def walk(self, x, n):
            self.calls = self.calls + 1
            if n <= 0:
                return x
            return self.walk(x * 0.5, n - 1) + self.walk(x, n - 2) * self.calls

        def construct(self, x, n):
            return self.walk(x, n)
    net = Net()
    return lambda x, n: net(x, n), functools.partial(float, net.calls)


def nonlocal_counter_of_a_recursion(x, n):
    count = 0

    def f(x, n):
        nonlocal count
        count = count + 1
        if n <= 0:
            return x
        return f(x * 0.5, n - 1) + f(x, n - 2)
    y = f(x, n)
    return y * count


def nonlocal_tensor(x, w, n):
    state = w

    def f(n):
        nonlocal state
        if n > 0:
            state = state * 0.5 + x
            f(n - 1)
            state = state + 0.1
    f(n)
    return state


def recursion_without_a_result(x, n):
    seen = x

    def visit(n):
        nonlocal seen
        seen = seen * 1.1
        if n > 0:
            visit(n - 1)
    visit(n)
    return seen


def default_arguments_of_a_recursion(x, n):
    def f(x, n, scale=0.5, *, shift=1.0):
        if n <= 0:
            return x
        return f(x * scale, n - 1, shift=shift) + shift
    return f(x, n, shift=2.0)


def keyword_and_star_arguments(x, w, n):
    def f(*args, **options):
        a, b = args
        if options["n"] <= 0:
            return a + b
        return f(b * 0.5, a, n=options["n"] - 1)
    return f(x, w, n=n)


def partial_of_a_recursive_function(x, w, n):
    def f(step, x, n):
        return x if n <= 0 else f(step, step(x), n - 1)
    g = functools.partial(f, lambda y: y * w + 0.1)
    return g(x, n)


def function_argument(x, w, n):
    def apply_times(f, x, n):
        return x if n <= 0 else f(apply_times(f, x, n - 1))
    return apply_times(lambda y: y * w, x, n)


def decorated_recursion(x, n):
    def doubled(f):
        @functools.wraps(f)
        def run(x, n):
            return f(x, n) * 1.5
        return run

    @doubled
    def f(x, n):
        return x if n <= 0 else f(x * 0.5, n - 1)
    return f(x, n)


def recursion_by_position(v, n):
    def total(i):
        if i >= 5:
            return v.sum() * 0
        return v[i] * v[i] + total(i + 1)
    return total(n * 1)


def tree_in_tensors(v, n):
    def total(k):
        if k >= 5:
            return v[0] * 0
        return v[k] * v[k] + total(2 * k + 1) + 0.5 * total(2 * k + 2)
    return total(n * 0)


def static_depth(x):
    def f(x, k):
        if k == 0:
            return x
        if x.sum() > 1:
            return f(x * 0.5, k - 1)
        return f(x * 1.5 + 0.1, k - 1)
    return f(x, 4)


def static_depth_that_indexes(x, w):
    scales = [0.5, 1.5, 2.5]

    def f(x, k):
        if k == 3:
            return x
        if x.sum() > 1:
            return f(x * scales[k], k + 1)
        return f(x + w * scales[k], k + 1)
    return f(x, 0)


def recursion_over_a_list(x, w):
    def f(items, x):
        if not items:
            return x
        if x.sum() > 1:
            return f(items[1:], x * items[0])
        return f(items[1:], x + items[0])
    return f([w, x, w * x], x)


def recursion_over_a_nested_structure(x, w):
    def total(node):
        if isinstance(node, tuple):
            return total(node[0]) * 0.5 + total(node[1])
        return node * w
    return total(((x, (x * 2, w)), (w, x)))


def gradient_of_a_recursion(x, n):
    def f(y, n):
        return y if n <= 0 else f(y * 0.3 + y * y * 0.1, n - 1)
    return grad(lambda y: f(y, n).sum())(x)


def recursion_around_a_gradient(x, n):
    def f(x, n):
        if n <= 0:
            return x
        slope = grad(lambda y: (y * y * y).sum())(x)
        return f(x - 0.1 * slope, n - 1)
    return f(x, n)


def two_recursions_one_in_the_other(x, n):
    def inner(x, n):
        return x if n <= 0 else inner(x * 0.9, n - 1) + 0.1

    def outer(x, n):
        return x if n <= 0 else outer(inner(x, n), n - 1)
    return outer(x, n)


def functions_that_call_themselves_and_each_other(x, n):
    def f(x, n):
        if n <= 0:
            return x
        if x.sum() > 1:
            return f(x * 0.5, n - 1)
        return g(x + 1, n - 1)

    def g(x, n):
        if n <= 0:
            return x * x
        if x.sum() > 4:
            return g(x - 1, n - 1) * 0.5
        return f(x, n - 1) + x
    return f(x, n) + g(x, n)


def recursion_in_one_branch(x, n):
    def f(x, n):
        return x if n <= 0 else f(x * 0.5 + 1, n - 1)
    if x.sum() > 0:
        y = f(x, n)
    else:
        y = x * 2
    return y


def recursion_on_a_condition_of_two_tensors(x, n):
    def f(x, n):
        if n > 0 and x.sum() < 10:
            return f(x * 1.5 + 1, n - 1)
        return x
    return f(x, n)


def recursion_with_unrelated_branches(x, n):
    def f(x, n):
        if x.sum() > 2:
            y = x * 0.5
        else:
            y = x + 0.3
        if n <= 0:
            return y
        z = f(y, n - 1)
        if z.sum() > 1:
            z = z * 0.9
        return z + y
    return f(x, n)


def matrix_power(a, n):
    def power(n):
        if n <= 0:
            return a * 0 + 0.5
        return ops.matmul(a, power(n - 1)) * 0.3
    return power(n)


@case(grad=False)
def print_in_a_recursion(n):
    def count(n):
        print("down", n)
        if n > 0:
            count(n - 1)
        print("up", n)
        return n
    return count(n)
