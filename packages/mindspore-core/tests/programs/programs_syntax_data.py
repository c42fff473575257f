"""Programs: the methods of text, lists, tuples, dicts and sets, and the attributes of tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, ops


def list_methods(x, w):
    a = [x]
    a.append(w)
    a.extend((1, 2))
    a.insert(1, 3)
    a.insert(-100, 4)
    a.insert(100, 5)
    last, second = a.pop(), a.pop(1)
    a.reverse()
    b = a.copy()
    c = [7, 8, 8]
    c.remove(7)
    count, place = c.count(8), c.index(8)
    a.clear()
    return a, b, last, second, count, place


def list_methods_in_a_branch(x, w, s):
    a = [x, 1, 2]
    b = a
    if s > 0:
        a.append(w)
        a.pop(0)
        a.reverse()
    else:
        a.insert(0, w)
        a[1:3] = [5]
    return len(b), b[0], b[-1], a is b


def list_sort(x):
    a = [3, 1, 2]
    a.sort()
    b = ["bb", "a", "ccc"]
    b.sort(key=len, reverse=True)
    return a, b, sorted(a, key=lambda e: -e), x


def list_of_lists_is_shared(x):
    rows = [[0]] * 2
    rows[0][0] = x
    fresh = [[0] for _ in range(2)]
    fresh[0][0] = x
    return rows[1], fresh[1]


def tuple_methods(x, w):
    t = (x, 1, 1, "a")
    return t[1:].count(1), t[1:].index("a"), t + (w,), t[1:] * 2, t[0], len(t), 1 in t[1:], (1, 2) < (1, 3)


def all_dict_methods(x, w):
    d = {"a": x, "b": 1}
    d.update({"c": w}, e=5)
    got, missing = d.get("a"), d.get("z", 7)
    popped = d.pop("b")
    d.setdefault("b", []).append(3)
    none = d.pop("zz", None)
    keys, values, items = list(d.keys()), list(d.values()), [k for k, v in d.items()]
    copied = d.copy()
    last = d.popitem()
    d.clear()
    return keys, values, items, got, missing, popped, none, last, d, copied, dict.fromkeys((1, 2), x)


def dict_methods_in_a_branch(x, w, s):
    d = {"a": x}
    if s > 0:
        d["b"] = w
        d.pop("a")
    else:
        d.update(a=w, c=1)
    return sorted(d), d.get("a", x), d.get("b", 0)


def dict_order_and_merge(x):
    d = {"b": 1, "a": 2}
    d["b"] = 3
    del d["a"]
    d["a"] = x
    return list(d), d | {"z": 1}, {**d, "b": 0}, list(reversed(d)), "a" in d, len(d)


def set_methods(x):
    s = {1, 2}
    s.add(3)
    s.discard(9)
    s.remove(1)
    s.update([5, 6])
    t = s.copy()
    t.intersection_update({2, 3, 5})
    return sorted(s), sorted(t), s.isdisjoint({9}), s.issuperset({2}), sorted(s.union([1])), sorted(s.difference(t)), x


def set_methods_in_a_branch(x, s):
    seen = {1}
    if s > 0:
        seen.add(2)
    return x * len(seen), 2 in seen, 1 in seen


def text_methods(x):
    t = " Hello, World "
    return t.strip(), t.lower().split(","), "-".join(["a", "b"]), t.replace("l", "L"), t.find("W"), "ab".upper(), \
        "a{}b{x}".format(1, x=2), "abc".startswith("ab"), "a,b,c".rsplit(",", 1), "7".zfill(3), "ab".center(6, "*"), \
        "abc".index("c"), "a b".title(), "x".isalpha(), "12".isdigit(), "ab".encode(), "a\tb".expandtabs(2), x


def text_of_tensors(x, n, s):
    a = f"{n} of {len(x)}"
    b = f"{s:.2f}|{s:>8.1f}|{n!s:>4}|{'a':^3}|{3:03d}"
    c = "{0} and {1:.1f}".format(n, s)
    d = "%s; %.1f" % (n, s)
    e = " ".join([f"<{n}>", a])
    return a, b, c, d, e, str(n) + "!"


def text_in_branches(x, s):
    name = "positive" if s > 0 else "negative"
    print(f"{name}: {s:.1f}")
    label = name[0].upper() + name[1:]
    return x * len(name), label == "Positive", name + "!"


def bytes_and_bytearrays(x):
    b = b"abc"
    c = bytearray(b)
    c.append(100)
    return b[0], b[1:], bytes(c), len(c), x


@case(grad=False)
def tensor_attributes(x, m, i):
    return m.shape, m.ndim, m.size, m.dtype == x.dtype, m.T.shape, x.shape[0] * 2, i.dtype == m.dtype, len(m)


def tensor_methods(x, m):
    return x.sum(), m.mean(0), m.max(), x.reshape(3, 1), m.transpose(1, 0), x.astype(x.dtype), m.flatten(), \
        (x > 0).any(), (x > -9).all(), x.abs(), x.copy(), m.sum(1), x.cumsum(0)


def tensor_made_inside(x):
    a = Tensor([1.0, 2.0, 3.0])
    b = ops.zeros((3,), x.dtype)
    c = Tensor(2)
    return x * a + b, c, ops.ones_like(x), ops.full((2,), 7), ops.arange(3)


def none_as_value(x, s):
    def f(y=None, z=None):
        return y if y is not None else z
    return f(x), f(None, x), f() is None, [None, x], {"a": None}


def nested_data(x, w):
    data = {"a": [x, (w, {"b": [1, [2, x]]})], 3: ((),)}
    data["a"][1][1]["b"][1][0] = w
    data["a"].append({"c": data[3]})
    return data["a"][1][1]["b"][1], data["a"][2]["c"], len(data["a"])


def ranges_and_ellipsis(x, m):
    r = range(10)[2:8:2]
    return list(r), r[-1], len(r), 4 in r, m[..., 0], m[0, ...], r == range(2, 8, 2), x


@case(factory=True)
def global_list_is_changed():
    items = [1, 2, 3]
    def program(x):
        items.append(x)
        return x * 2
    return program, lambda: list(items)
