"""Programs: writes into what a tensor chose, seen through all names."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Cell, Parameter, Tensor, ops


def chosen_tensor_written(x, w, s):
    a, b = x * 1, w * 1
    c = a if s > 0 else b
    c[0] = 10.0
    return a, b, c


def chosen_tensor_written_through_its_source(x, w, s):
    a, b = x * 1, w * 1
    c = a if s > 0 else b
    a[1] = 10.0
    b[2] = a[0] * 3
    return a, b, c


def chosen_twice(x, w, s, t):
    a, b = x * 1, w * 1
    c = a if s > 0 else b
    d = a if t > 1 else b
    c[0] = 10.0
    d[0] = d[0] * 2
    d[1] = c[1] + 1
    return a, b, c, d


def chosen_of_chosen(x, w, s, t):
    a, b, e = x * 1, w * 1, x + w
    c = a if s > 0 else b
    d = c if t > 1 else e
    d[0] = 10.0
    a[1] = a[1] * 3
    c[2] = 5.0
    return a, b, c, d, e


def chosen_in_an_inner_branch(x, w, s, t):
    a, b = x * 1, w * 1
    c = x * 3
    if s > 0:
        c = a if t > 1 else b
    c[0] = 10.0
    a[1] += 1
    return a, b, c


def chosen_by_statement_with_new_value(x, s):
    y = x * 1
    kept = y
    if s > 0:
        y = y * 2
    y[0] = 10.0
    return y, kept


def chosen_tensor_in_a_list(x, w, s):
    a, b = x * 1, w * 1
    items = [a, b]
    c = items[0] if s > 0 else items[1]
    c[0] = 10.0
    items[0][1] = c[0] + 1
    return items[0], b, c


def chosen_by_a_number(x, w, k):
    items = [x * 1, w * 1, x + w]
    c = items[k]
    c[0] = 10.0
    items[1][1] = 20.0
    return items[0], items[1], items[2], c


def chosen_part_written(x, w, s):
    a, b = x * 1, w * 1
    table = [a, b]
    j = 0 if s > 0 else 1
    table[j][2] = 4.0
    return a, b


def written_in_a_branch_after_choice(x, w, s, t):
    a, b = x * 1, w * 1
    c = a if s > 0 else b
    if t > 1:
        c[0] = 10.0
    else:
        a[0] = 20.0
    return a, b, c


def written_in_a_loop_after_choice(x, w, s, n):
    a, b = x * 1, w * 1
    c = a if s > 0 else b
    i = n * 0
    while i < n:
        c[0] = c[0] * 0.5 + 1
        a[1] = a[1] + c[0]
        i = i + 1
    return a, b, c


def chosen_in_each_trip(x, w, n):
    a, b = x * 1, w * 1
    i = n * 0
    while i < n:
        c = a if i % 2 == 0 else b
        c[0] = c[0] + i
        i = i + 1
    return a, b


def chosen_in_each_trip_of_a_long_loop(x, w, s):
    a, b = x * 1, w * 1
    for j in range(20):
        c = a if a[0] * s < b[0] else b
        c[0] = ops.tanh(c[0]) + 0.1 * j
    return a, b


def written_by_a_function(x, w, s):
    def bump(y):
        y[0] = y[0] + 5
        return y
    a, b = x * 1, w * 1
    d = bump(a if s > 0 else b)
    d[1] = 7.0
    return a, b, d


def chosen_list_written(x, w, s):
    a, b = [x, 1], [w, 2]
    c = a if s > 0 else b
    c[0] = x * 10
    c[1] = 3
    return a, b, c


def chosen_list_appended(x, w, s):
    a, b = [x], [w]
    c = a if s > 0 else b
    c.append(x * 10)
    return len(a), len(b), len(c), a[-1], b[-1]


def chosen_list_in_a_loop(x, w, n):
    a, b = [x], [w]
    i = n * 0
    while i < n:
        c = a if i % 2 == 0 else b
        c[0] = c[0] * 0.5 + i
        i = i + 1
    return a, b


def chosen_dict_updated(x, w, s):
    a, b = {"k": x}, {"k": w}
    c = a if s > 0 else b
    c.update(k=c["k"] * 10)
    c["new"] = 5
    return a, b, sorted(c)


def chosen_object_attribute(x, w, s):
    class Box:
        def __init__(self, value):
            self.value = value
            self.count = 0
        def put(self, value):
            self.value = value
            self.count += 1
    a, b = Box(x), Box(w)
    c = a if s > 0 else b
    c.value = c.value * 10
    c.put(c.value + 1)
    return a.value, b.value, c.value, a.count, b.count


def chosen_object_holds_a_tensor(x, w, s):
    class Box:
        def __init__(self, value):
            self.value = value
    a, b = Box(x * 1), Box(w * 1)
    c = a if s > 0 else b
    c.value[0] = 10.0
    return a.value, b.value, c.value


def chosen_nested_container(x, w, s):
    tree = {"left": [x * 1, [w * 1]], "right": [w * 2, [x * 2]]}
    side = tree["left"] if s > 0 else tree["right"]
    side[1][0][0] = 9.0
    side[1].append(3)
    side[0] = side[0] * 2
    return tree["left"][0], tree["left"][1][0], tree["right"][1][0], len(tree["left"][1])


def chosen_attribute_in_a_loop(x, w, n):
    class Box:
        def __init__(self, value):
            self.value = value
    a, b = Box(x), Box(w)
    i = n * 0
    while i < n:
        c = b if i % 2 == 0 else a
        c.value = c.value + i
        i = i + 1
    return a.value, b.value


@case(factory=True)
def chosen_parameter():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.p = Parameter(Tensor([1.0, 2.0, 3.0]), name="p")
            self.q = Parameter(Tensor([4.0, 5.0, 6.0]), name="q")
        def construct(self, x, s):
            chosen = self.p if s > 0 else self.q
            chosen[0] = x[0]
            chosen[1] = chosen[1] + self.p[1]
            return chosen * 2, self.p + self.q
    net = Net()
    return net, lambda: (net.p, net.q)


def alias_swapped_in_a_loop(x, w, n):
    a, b = x * 1, w * 1
    i = n * 0
    while i < n:
        a[0] = a[0] + b[1]
        a, b = b, a
        i = i + 1
    return a, b


def new_value_each_trip_written(x, n):
    y = x
    i = n * 0
    while i < n:
        y = y * 0.5
        y[0] = y[0] + i
        i = i + 1
    return y


def carried_value_written(x, n):
    y = x * 1
    i = n * 0
    while i < n:
        y[0] = y[0] + i
        y = y * 0.5
        i = i + 1
    y[1] = 3.0
    return y


def same_list_under_two_names_in_a_loop(x, n):
    a = [x]
    b = a
    i = n * 0
    while i < n:
        a[0] = a[0] * 0.5
        b[0] = b[0] + i
        i = i + 1
    return a[0], b[0]


def list_made_in_each_trip_under_two_names(x, n):
    a, b = [x], [x * 2]
    i = n * 0
    while i < n:
        a[0] = a[0] + 1
        b[0] = b[0] * 0.5
        a = b = [a[0] + b[0]]
        i = i + 1
    a[0] = a[0] * 3
    return a[0], b[0]


def list_swapped_in_a_loop(x, w, n):
    a, b = [x], [w]
    first = a
    i = n * 0
    while i < n:
        a[0] = a[0] * 0.5 + i
        a, b = b, a
        i = i + 1
    return a[0], b[0], first[0]


def object_changed_under_two_names_in_a_loop(x, w, n):
    class Node:
        def __init__(self, value, next):
            self.value, self.next = value, next
    second = Node(w, None)
    first = Node(x, second)
    at = first
    i = n * 0
    while i < n:
        at.value = at.value + i
        at = at.next if at is first else first
        i = i + 1
    return first.value, second.value


def tensor_kept_beside_in_place_changes(x, n):
    y = x * 1
    before = y
    i = n * 0
    while i < n:
        y[0] = y[0] + 1
        i = i + 1
    return before, y


def shared_list_replaced_in_a_loop(x, n):
    a = [x]
    b = a
    i = n * 0
    while i < n:
        a = [a[0] * 0.5, ] + a[1:]
        i = i + 1
    return a[0], b[0]


def shared_list_replaced_then_changed(x, n):
    a = [x]
    b = a
    i = n * 0
    while i < n:
        a = [a[0] * 0.5]
        i = i + 1
    a[0] = a[0] + 1
    return a[0], b[0]


def nested_list_kept_beside_a_counter(x, n):
    inner = [x, x * 2]
    outer = [inner, n * 0]
    while outer[1] < n:
        outer[1] = outer[1] + 1
        inner[0] = inner[0] * 0.5
        outer[0][1] = outer[0][1] + inner[0]
    inner[0] = inner[0] + 7
    return outer[0][0], inner[1], outer[0] is inner


def dict_of_lists_in_a_loop(x, w, n):
    table = {"a": [x], "b": [w]}
    a = table["a"]
    i = n * 0
    while i < n:
        table["a"][0] = a[0] * 0.5
        table["b"] = [table["b"][0] + i]
        a[0] = a[0] + 1
        i = i + 1
    return table["a"][0], a[0], table["b"][0]


def list_handed_on_by_a_function_in_a_loop(x, n):
    def step(items):
        items[0] = items[0] + 1
        return items
    mine = [x]
    other = mine
    i = n * 0
    while i < n:
        mine = step(mine)
        i = i + 1
    return mine[0], other[0]


def list_chosen_in_each_trip(x, w, n):
    a, b = [x], [w]
    c = a
    i = n * 0
    while i < n:
        c[0] = c[0] + i
        c = b if c is a else a
        i = i + 1
    return a[0], b[0], c[0]


def list_copied_in_each_trip(x, n):
    a = [x]
    i = n * 0
    while i < n:
        b = list(a)
        b[0] = b[0] * 0.5 + i
        a[0] = a[0] + b[0]
        i = i + 1
    return a[0]


def attribute_list_in_a_loop(x, n):
    class Box:
        def __init__(self):
            self.items = [x]
    box = Box()
    view = box.items
    i = n * 0
    while i < n:
        box.items[0] = box.items[0] * 0.5
        view[0] = view[0] + 1
        i = i + 1
    return box.items[0], view[0]


def attribute_list_replaced_in_a_loop(x, n):
    class Box:
        def __init__(self):
            self.items = [x]
    box = Box()
    first = box.items
    i = n * 0
    while i < n:
        box.items[0] = box.items[0] + 2
        box.items = [box.items[0] * 0.5]
        i = i + 1
    return box.items[0], first[0]
