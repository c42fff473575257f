"""Programs: functions as users write them - closures, decorators, arguments, recursion - with decisions on tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import functools
import itertools
import math
import operator
from collections import Counter, OrderedDict, defaultdict, deque

from table import case
from world import Tensor, ops


def closures_over_a_loop_variable(x):
    fs = [lambda y: y * j for j in range(3)]
    gs = [lambda y, j=j: y * j for j in range(3)]
    hs = []
    for k in range(3):
        def h(y):
            return y + k
        hs.append(h)
    return [f(x) for f in fs], [g(x) for g in gs], [h(x) for h in hs]


def closure_reads_a_variable_changed_in_a_loop(x, n):
    scale = 1.0
    def f(y):
        return y * scale
    i = n * 0
    while i < n:
        x = f(x)
        scale = scale * 0.5 + 0.25
        i = i + 1
    return f(x)


def nonlocal_in_a_tensor_loop(x, n):
    total, count = x * 0, 0
    def add(y):
        nonlocal total, count
        total = total + y
        count += 1
        def undo():
            nonlocal total
            total = total - y * 0.5
        return undo
    i = n * 0
    while i < n:
        undo = add(x * i)
        if i > 1:
            undo()
        i = i + 1
    return total, count


def counters_made_twice(x, s):
    def maker(step):
        count = 0
        def up():
            nonlocal count
            count += step
            return count
        return up
    a, b = maker(1), maker(10)
    a(), b()
    if s > 0:
        a()
    return x * a(), b()


def decorators(x, s):
    def twice(f):
        @functools.wraps(f)
        def run(*args, **kwargs):
            return f(*args, **kwargs) * 2
        return run
    def plus(k):
        def decorate(f):
            return lambda *a: f(*a) + k
        return decorate
    @plus(1)
    @twice
    def g(y):
        return y * y if s > 0 else y
    @twice
    def named(y):
        "doc"
        return y
    return g(x), named.__name__, named.__doc__, named(x)


def decorator_that_remembers(x):
    def memo(f):
        seen = {}
        def run(k):
            if k not in seen:
                seen[k] = f(k)
            return seen[k]
        run.seen = seen
        return run
    calls = []
    @memo
    def power(k):
        calls.append(k)
        return x ** k
    return power(2) + power(2) + power(3), calls, sorted(power.seen)


def argument_forms(x, w):
    def f(a, b=2, /, c=3, *rest, d, e=5, **more):
        return a * b + c * d + e + sum(rest), sorted(more)
    args, named = [x, 1], {"d": w, "z": 0}
    return f(*args, **named), f(x, 2, 4, 5, 6, d=1), f(x, d=w, c=1), f(*[x], *(1, 2), d=0, **{"q": 1})


def keyword_only_by_tensor(x, s):
    def f(y, *, scale=1.0, shift=None):
        y = y * scale
        return y if shift is None else y + shift
    return f(x, scale=s) if s > 0 else f(x, shift=s)


def wrong_arguments_raise_in_a_branch(x, s):
    def f(a, b):
        return a + b
    if s > 1:
        return f(x)
    return f(x, 1)


def default_arguments_are_shared(x, s):
    def log(y, seen=[]):
        seen.append(y)
        return len(seen)
    a = log(x)
    if s > 0:
        log(x)
    return x * log(x), a


def partials(x, w):
    add = functools.partial(operator.add, x)
    scaled = functools.partial(lambda a, b, *, k=1: a * b * k, w, k=2)
    nested = functools.partial(scaled, k=3)
    return add(w), scaled(x), nested(x), add.args[0], nested.keywords


def partial_methods(x):
    class Net:
        def __init__(self):
            self.scale = 3
        def run(self, y, k, shift=0):
            return y * k * self.scale + shift
        half = functools.partialmethod(run, k=0.5)
    net = Net()
    return net.half(x), functools.partial(net.run, x)(2), functools.partial(Net.run, net, k=1)(x)


def reduce_and_accumulate(x, v):
    return functools.reduce(lambda a, b: a * 0.5 + b, v), functools.reduce(operator.add, [x, x], x), \
        list(itertools.accumulate(v, lambda a, b: a + b * 2)), list(itertools.accumulate([1, 2, 3]))


def reduce_by_decisions(v, x):
    best = functools.reduce(lambda a, b: a if a > b else b, v)
    return x * best


def cached_and_total(x):
    @functools.lru_cache(maxsize=None)
    def fib(k):
        return k if k < 2 else fib(k - 1) + fib(k - 2)
    return x * fib(10)


def itertools_functions(x, w):
    return [a * b for a, b in itertools.product(x, (1, 2))], list(itertools.chain([x], (1, 2))), \
        list(itertools.islice(itertools.count(2), 3)), [sum(p) for p in itertools.combinations([1, 2, 3], 2)], \
        list(itertools.zip_longest([1], [2, 3])), list(itertools.repeat(x, 2)), \
        [k for k, g in itertools.groupby("aab")], list(itertools.starmap(operator.mul, [(x, 2), (w, 3)])), \
        list(itertools.permutations((1, 2))), list(itertools.chain.from_iterable([[1], [2]])), \
        list(itertools.compress("abc", [1, 0, 1])), list(itertools.pairwise([1, 2, 3]))


def itertools_with_functions(x):
    return list(itertools.takewhile(lambda k: k < 2, range(5))), list(itertools.dropwhile(lambda k: k < 3, range(5))), \
        list(itertools.filterfalse(lambda k: k % 2, range(5))), x * next(itertools.cycle([3, 4]))


def operator_functions(x, w):
    pick, name = operator.itemgetter(1), operator.attrgetter("shape")
    return operator.add(x, w), operator.neg(x), operator.truediv(x, w), pick([1, x]), name(x), \
        operator.methodcaller("sum")(x), operator.getitem(x, 0), operator.contains([1], 1), operator.itemgetter(0, 2)("abc")


def math_functions(x):
    return x * math.sqrt(2), math.floor(2.5), math.ceil(2.1), math.log(math.e), math.prod([2, 3]), math.gcd(12, 18), \
        math.isclose(0.1 + 0.2, 0.3), math.hypot(3, 4), math.inf > 1, x * math.sin(0.5)


def collections_in_programs(x, w, s):
    groups = defaultdict(list)
    groups["a"].append(x)
    if s > 0:
        groups["a"].append(w)
    counts = Counter("abca")
    ordered = OrderedDict(a=x, b=w)
    ordered.move_to_end("a")
    queue = deque([1, 2], maxlen=3)
    queue.appendleft(0)
    queue.append(9)
    return len(groups["a"]), counts["a"], counts.most_common(1), list(ordered), list(queue), groups["a"][-1]


def recursion_on_containers(x, w):
    def total(tree):
        if isinstance(tree, (list, tuple)):
            return sum(total(each) for each in tree)
        if isinstance(tree, dict):
            return sum(map(total, tree.values()))
        return tree
    def mapped(f, tree):
        return [mapped(f, each) for each in tree] if isinstance(tree, list) else f(tree)
    return total([x, (w, {"a": x, "b": [1, w]})]), mapped(lambda y: y * 2, [x, [w, [x]]])


def mutual_recursion_static(x):
    def even(k):
        return True if k == 0 else odd(k - 1)
    def odd(k):
        return False if k == 0 else even(k - 1)
    return x * 2 if even(4) else x, odd(7)


def recursion_by_a_tensor_with_accumulator(x, n):
    def go(k, total):
        if k <= 0:
            return total
        return go(k - 1, total * 0.5 + k)
    return go(n, x)


def higher_order_functions(x, s):
    compose = lambda *fs: functools.reduce(lambda f, g: lambda y: g(f(y)), fs)
    def repeat(f, k):
        return lambda y: functools.reduce(lambda acc, _: f(acc), range(k), y)
    f = compose(ops.sin, lambda y: y + 1, ops.cos if s > 0 else ops.sin)
    return f(x), repeat(ops.sin, 3)(x)


def functions_in_containers(x, k):
    table = {"sin": ops.sin, "twice": lambda y: y * 2}
    steps = [table["sin"], table["twice"], lambda y: y - 1]
    y = x
    for name, f in table.items():
        y = f(y) * len(name)
    return y, steps[k](x), [f(x) for f in steps][1]


def attributes_of_functions(x):
    def f(y):
        f.calls += 1
        return y * f.scale
    f.calls, f.scale = 0, 2
    return f(f(x)), f.calls, f.__name__


def methods_as_values(x, s):
    class Box:
        def __init__(self, k):
            self.k = k
        def up(self, y):
            self.k += 1
            return y * self.k
        def down(self, y):
            return y / self.k
    box = Box(2)
    f = box.up if s > 0 else box.down
    return f(x), f(x), box.k, Box.down(box, x)


def early_returns_in_nested_functions(x, v):
    def find(limit):
        for j, e in enumerate(v):
            def bigger():
                if e > limit:
                    return j
                return None
            found = bigger()
            if found is not None:
                return found
        return -1
    return x * find(0.7), find(5.0)


def shadowing_and_scopes(x):
    y = 1
    def f():
        y = 2
        def g():
            return y
        return g() + len([y for y in range(3)])
    class C:
        y = 5
        z = y + 1
        def get(self):
            return y
    return x * f(), y, C.z, C().get(), (lambda y: y)(9)


def varied_function_results(x, s):
    def f(y):
        if s > 1:
            return y, "big"
        if s > 0:
            return y * 2, "small"
        return None
    found = f(x)
    if found is None:
        return x * 7, "none"
    y, name = found
    return y, name


def iterators_by_hand(x):
    it = iter([x, x * 2, x * 3])
    a = next(it)
    pairs = list(zip(it, it))
    e = enumerate("ab", start=5)
    return a, pairs, next(e), list(e), next(iter({}), "none")
