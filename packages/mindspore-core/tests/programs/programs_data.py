"""Programs: tuples, lists, dicts, sets, comprehensions, unpacking, aliasing."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import math
from collections import OrderedDict, defaultdict, deque

from world import Tensor, ops


def tuple_unpacking(x, w):
    a, b = x, w
    (c, d), e = (a, b), a * b
    return c * 2 + d - e


def star_unpacking(x, w):
    first, *middle, last = x, w, x * w, 2.0
    *head, tail = middle
    return first * last + head[0] + tail


def star_unpacking_of_tensor(v):
    first, *rest, last = v
    return first * last + rest[0] + len(rest)


def tuple_concatenation(x, w):
    t = (x,) + (w, 2.0) * 2
    return t[0] + t[1] * t[2] + t[-2] + len(t)


def tuple_slices(x, w):
    t = (x, w, x * w, 3.0)
    a, b = t[1:3]
    return a * b + t[::-1][0] + t[::2][1]


def swap_elements(x, w):
    items = [x, w]
    items[0], items[1] = items[1], items[0]
    return items[0] * 2 - items[1]


def list_append_pop_insert(x, w):
    items = [x]
    items.append(w)
    items.insert(0, x * w)
    last = items.pop()
    first = items.pop(0)
    return last * 2 + first + items[0]


def list_extend_and_iadd(x, w):
    items = []
    items.extend([x, w])
    items += (2.0, 3.0)
    items *= 2
    return items[0] * items[2] + items[5] - items[-1]


def list_slice_assignment(x, w):
    items = [1, 2, 3, 4]
    items[1:3] = [x, w, 5]
    items[::2] = [0.5, 0.25, 0.125]
    return items[1] * items[0] + items[3]


def list_delete(x, w):
    items = [x, w, x + w, 4]
    del items[1], items[-1]
    return items[0] * items[1]


def list_remove_reverse_sort(x):
    numbers = [3, 1, 2, 1]
    numbers.remove(1)
    numbers.sort(reverse=True)
    numbers.reverse()
    return x * numbers[0] + numbers[2] + numbers.index(3) + numbers.count(2)


def list_aliasing(x, w):
    a = [x, w]
    b = a
    b[0] = w * 2
    b.append(x)
    return a[0] + a[2] * len(a) if a is b else x


def list_copy_is_not_an_alias(x, w):
    a = [x, w]
    b, c, d = a[:], a.copy(), list(a)
    b[0], c[0], d[0] = 1.0, 2.0, 3.0
    return a[0] + b[0] + c[0] * d[0]


def aliased_argument(x):
    def fill(items):
        items.append(x * len(items))
        return items
    mine = [x]
    again = fill(mine)
    fill(again)
    return mine[1] + mine[2]


def nested_list_aliasing(x):
    row = [x]
    grid = [row] * 2
    grid[0].append(x * 2)
    return grid[1][1] + len(row)


def list_of_lists(x, w):
    grid = [[x, w], [w * 2, x * 3]]
    return sum(sum(row) for row in grid) + grid[1][0]


def list_equality_and_in(x):
    items = [1, (2, 3), "a"]
    y = x * 2 if (2, 3) in items else x
    return y + 1 if items == [1, (2, 3), "a"] and 5 not in items else y


def list_comprehension(x, w):
    items = [a * k for a, k in zip((x, w), (2, 3))]
    return items[0] + items[1]


def list_comprehension_with_filter(x):
    items = [x * k for k in range(6) if k % 2 if k > 1]
    return items[0] + items[1] + len(items)


def list_comprehension_nested(x):
    items = [x * i + j for i in range(2) for j in range(i + 2) if i != j]
    grid = [[x * i * j for i in range(2)] for j in range(3)]
    return sum(items) + grid[2][1]


def comprehension_scope(x):
    k = 10
    items = [x * k for k in range(3)]
    return items[2] + k


def dict_comprehension(x, w):
    d = {name: value * 2 for name, value in (("a", x), ("b", w))}
    inverse = {v: k for k, v in {"p": 1, "q": 2}.items()}
    return d["a"] + d["b"] * len(inverse[2])


def set_comprehension(x):
    s = {k % 3 for k in range(7)}
    return x * len(s) + sum(s)


def generator_expression(x, w):
    return sum(a * 2 for a in (x, w)) + max(k for k in range(3)) + sum([k for k in range(2)])


def dict_literal_and_access(x, w):
    d = {"a": x, 2: w, (1, 2): x * w}
    return d["a"] + d[2] * d[1, 2] + d.get("missing", 1.0) + d.get("a")


def dict_assignment(x, w):
    d = {}
    d["x"] = x
    d["w"] = w
    d["x"] = d["x"] * d["w"]
    d["w"] += 1
    return d["x"] + d["w"] + len(d)


def dict_methods(x, w):
    d = dict(a=x, b=w)
    e = {**d, "c": 2.0}
    e.update(a=1.0)
    popped = e.pop("b")
    e.setdefault("z", x)
    e.setdefault("a", w)
    return popped * e["c"] + e["z"] * e["a"] + len(list(e.keys()))


def dict_iteration_order(x):
    d = {"one": 1, "three": 3}
    d["two"] = 2
    del d["one"]
    d["one"] = 1
    y = x
    for k, (name, n) in enumerate(d.items()):
        y = y * n + k
    return y


def dict_merge(x, w):
    d = {"a": x} | {"b": w, "a": x * 2}
    d |= {"c": 1.0}
    return d["a"] * d["b"] + d["c"] + list(d).index("c")


def dict_aliasing(x):
    d = {"inner": {"v": x}}
    e = d["inner"]
    e["v"] = e["v"] * 3
    return d["inner"]["v"] + (1 if d["inner"] is e else 0)


def dict_of_lists(x, w):
    d = {}
    for name, value in (("a", x), ("b", w), ("a", w)):
        d.setdefault(name, []).append(value)
    return d["a"][0] * d["a"][1] + d["b"][0]


def dict_in_and_keys(x):
    d = {"a": 1, "b": 2}
    y = x * d["b"] if "b" in d and "c" not in d else x
    return y + sum(d.values()) + len(d.keys() & {"a"})


def dict_returned(x, w):
    return {"sum": x + w, "parts": [x, w], "n": 2}


def default_dict_and_ordered_dict(x):
    counts = defaultdict(int)
    for letter in "abca":
        counts[letter] += 1
    ordered = OrderedDict(p=x, q=x * 2)
    ordered.move_to_end("p")
    return list(ordered.values())[0] * counts["a"]


def deque_of_tensors(x, w):
    q = deque([x], maxlen=2)
    q.append(w)
    q.appendleft(x * w)
    return q[0] + q.pop() * 2


def set_operations(x):
    a, b = {1, 2, 3}, {3, 4}
    a.add(5)
    a.discard(1)
    return x * len(a | b) + sum(a & b) - len(a - b) + (2 in a) + len(a ^ b)


def zip_transposes(x, w):
    pairs = [(x, 1), (w, 2)]
    tensors, numbers = zip(*pairs)
    return tensors[0] * numbers[1] + tensors[1]


def ellipsis_and_none_values(m):
    key = (Ellipsis, None)
    return m[key].sum(axis=0)


def chained_assignment(x):
    a = b = c = x * 2
    a = a + 1
    return a * b - c


def augmented_on_containers(x):
    items, table = [1.0, 2.0], {"k": x}
    items[0] += x
    table["k"] *= items[1]
    items[1] -= 5
    return items[0] + table["k"] + items[1]


def augmented_operators(x, w):
    y = x
    y += w
    y -= 1
    y *= x
    y /= w * w + 1
    y **= 2
    return y


def walrus_in_comprehension(x):
    items = [y := x * k + (0 if k == 0 else 1) for k in range(3)]
    return items[1] + y


def nested_containers_returned(x, w):
    return [x, (w, [x * w, {"deep": (x, [w])}])], ()


def tensors_as_dict_values_updated(x, n):
    state = {"h": x, "steps": n * 0}
    while state["steps"] < n:
        state = {"h": state["h"] * 0.5 + 1, "steps": state["steps"] + 1}
    return state["h"]


def list_updated_in_tensor_loop(x, n):
    items = [x, x * 2]
    j = n * 0
    while j < n:
        items[0], items[1] = items[1] * 0.5, items[0] + 1
        j = j + 1
    return items[0] - items[1]


def list_append_in_tensor_branch(x, s):
    items = [x]
    if s > 0:
        items.append(x * 2)
    return items[-1] + len(items)


def dict_key_added_in_tensor_branch(x, s):
    d = {"a": x}
    if s > 0:
        d["b"] = x * 3
    return d.get("b", x) + d["a"]


def list_item_set_in_tensor_branch(x, s):
    items = [x, x]
    alias = items
    if s > 0:
        items[1] = x * s
    return alias[0] + alias[1] * 2


def empty_containers(x):
    return x if not [] and not {} and not () and not "" and not set() else -x


def star_in_displays(x, w):
    items = [1, *[x, w], *range(2)]
    t = (*items, 5)
    return t[1] * t[2] + len(t) + len({*items[3:], 7})
