"""Programs: what the branches of a decision leave behind. Containers, attributes and variables that one of them
changes; values that have no common type; functions and cells that a tensor chooses."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from functools import partial

from table import case
from world import Cell, CellList, Parameter, Tensor, ops


# -- containers --------------------------------------------------------------------------------------------------------

def append_in_one_branch(x, w, s):
    found = [w]
    if s > 0:
        found.append(x)
    y = x
    for each in found:
        y = y * each
    return y


def append_in_both_branches(x, w, s):
    found = []
    if s > 0:
        found.append(x * w)
    else:
        found.append(x + w)
    return found[0] * found[-1]


def pop_in_one_branch(x, w, s):
    found = [x, w]
    if s > 0:
        found.pop()
    return found[-1] * len(found)


def item_set_in_one_branch(x, w, s):
    found = [x, w]
    if s > 0:
        found[0] = w * 2
    return found[0] * found[1]


def item_set_in_a_nested_list(x, w, s):
    found = [[x, w], [w]]
    inner = found[0]
    if s > 0:
        found[0][1] = x * x
    return inner[1] + found[1][0]


def aliases_stay_aliases(x, w, s):
    a = [x]
    b = a
    if s > 0:
        a.append(w)
    b.append(x * 2)
    return a[-1] * len(a) + b[0] * (a is b)


def list_made_in_a_branch_is_one_object(x, w, s):
    if s > 0:
        a = [x]
        b = a
    else:
        a = [w]
        b = a
    b.append(x * w)
    return a[0] * a[1] * (3 if a is b else 1)


def list_shared_in_one_branch_only(x, w, s):
    if s > 0:
        a = [x]
        b = a
    else:
        a = [x]
        b = [x]
    b[0] = w * 2
    return a[0] + b[0]


def choice_between_two_lists(x, w, s):
    a, b = [x], [w]
    c = a if s > 0 else b
    c.append(x * w)
    c[0] = c[0] + 1
    y = x
    for each in a:
        y = y + each
    for each in b:
        y = y * each
    return y


def dict_key_added_in_a_branch(x, w, s):
    found = {"a": x}
    if s > 0:
        found["b"] = w
    return found["a"] * (found["b"] if "b" in found else x)


def dict_updated_in_a_branch(x, w, s):
    found = {"a": x, "b": w}
    if s > 0:
        found.update(a=w * w)
    else:
        found["b"] = x - w
    return found["a"] * found["b"]


def dict_item_deleted_in_a_branch(x, w, s):
    found = {"a": x, "b": w}
    if s > 0:
        del found["b"]
    y = x * 0
    for value in found.values():
        y = y + value * value
    return y


def dict_get_with_default(x, w, s):
    found = {}
    if s > 0:
        found["scale"] = w
    return x * found.get("scale", 2.0)


def setdefault_in_a_branch(x, w, s):
    found = {}
    if s > 0:
        found["k"] = x
    y = found.setdefault("k", w)
    return y * found["k"]


def set_grows_in_a_branch(x, s):
    names = {"a"}
    if s > 0:
        names.add("b")
    return x * len(names) + ("b" in names)


def list_extended_and_sliced(x, w, s):
    found = [x, w]
    if s > 0:
        found += [x * w, w * w]
    else:
        found[:1] = []
    return found[-1] * len(found)


def insert_and_reverse(x, w, s):
    found = [x, w]
    if s > 0:
        found.insert(0, x * w)
    else:
        found.reverse()
    return found[0] - found[1] * 2


def numbers_sorted_in_a_branch(x, s):
    order = [3, 1, 2]
    if s > 0:
        order.sort()
    return x * order[0] + order[2]


def list_cleared_in_a_branch(x, w, s):
    found = [x, w]
    if s > 0:
        found.clear()
    return sum(found, x)


def comprehension_over_a_grown_list(x, w, s):
    found = [x]
    if s > 0:
        found.append(w)
    squares = [each * each for each in found]
    return squares[-1] + len(squares)


def stack_used_as_a_stack(x, w, s, t):
    stack = []
    stack.append(x)
    if s > 0:
        stack.append(w)
    if t > 0:
        stack.append(stack[-1] * 2)
    top = stack.pop()
    return top + len(stack)


def tuple_of_lists_after_a_branch(x, w, s):
    pair = ([x], [w])
    if s > 0:
        pair[0].append(w * 2)
    first, second = pair
    return first[-1] * second[0]


def list_in_a_dict_in_a_branch(x, w, s):
    state = {"history": [x], "last": w}
    if s > 0:
        state["history"].append(state["last"])
        state["last"] = x * w
    return state["history"][-1] * state["last"]


def function_changes_a_list(x, w, s):
    log = []

    def note(value):
        log.append(value)
        return value * 2
    y = x
    if s > 0:
        y = note(y)
    y = note(y + w)
    return y * len(log) + log[0]


def filtered_list(x, w, s, t):
    found = [each for each in [s, t, s * t] if each > 0]
    return x * len(found) + w


def list_changed_in_nested_branches(x, w, s, t):
    found = [x]
    if s > 0:
        found.append(w)
        if t > 0:
            found.append(x * w)
        else:
            found[0] = w
    elif t > 0:
        found.pop()
        found.append(w * 3)
    return found[-1] * found[0] * len(found)


def list_changed_before_an_early_return(x, w, s):
    found = [x]
    if s > 0:
        found.append(w)
        return found[0] * found[1]
    found.append(x)
    return found[1] - w


def list_changed_in_a_static_loop(x, w, s):
    found = []
    for k in range(4):
        if s > k * 0.5:
            found.append(x * k + w)
    y = x
    for each in found:
        y = y + each * each
    return y


def list_item_changed_in_a_loop(x, w):
    found = [x, w]
    while found[0].sum() < 5:
        found[0] = found[0] + found[1] * found[1] + 0.5
    return found[0] * found[1]


def dict_item_changed_in_a_loop(x, w):
    state = {"h": x, "n": 0}
    while state["h"].sum() < 6:
        state["h"] = state["h"] * 1.5 + w * w + 1
        state["n"] = state["n"] + 1
    return state["h"] * state["n"]


# -- objects -----------------------------------------------------------------------------------------------------------

class _Box:
    def __init__(self, value):
        self.value = value
        self.count = 0

    def put(self, value):
        self.value = value
        self.count += 1
        return self


def attribute_set_in_a_branch(x, w, s):
    box = _Box(x)
    if s > 0:
        box.value = w * 2
    return box.value * x


def attribute_added_in_a_branch(x, w, s):
    box = _Box(x)
    if s > 0:
        box.extra = w
    return box.value * (box.extra if hasattr(box, "extra") else 2)


def method_changes_an_object(x, w, s):
    box = _Box(x)
    alias = box
    if s > 0:
        box.put(w * x)
    return alias.value * 2 + alias.count


def object_made_in_both_branches(x, w, s):
    if s > 0:
        box = _Box(x)
        box.put(x * w)
    else:
        box = _Box(w)
    box.put(box.value * 2)
    return box.value + box.count


def choice_between_two_objects(x, w, s):
    a, b = _Box(x), _Box(w)
    chosen = a if s > 0 else b
    chosen.put(chosen.value * 3)
    return a.value + b.value * b.count


class _Child(_Box):
    def put(self, value):
        return super().put(value * value)


def objects_of_different_classes(x, w, s):
    box = _Box(x) if s > 0 else _Child(x)
    box.put(w)
    return box.value * isinstance(box, _Child) + x


class _Scaled:
    def __init__(self, scale):
        self._scale = scale

    @property
    def scale(self):
        return self._scale

    @scale.setter
    def scale(self, value):
        self._scale = value * 2


def property_set_in_a_branch(x, w, s):
    thing = _Scaled(x)
    if s > 0:
        thing.scale = w
    return thing.scale * x


def object_in_a_loop(x, w):
    box = _Box(x)
    while box.value.sum() < 5:
        box.value = box.value + w * w + 1
    return box.value * w


# -- unlike values -----------------------------------------------------------------------------------------------------

def none_or_tensor(x, w, s):
    y = None
    if s > 0:
        y = x * w
    if y is None:
        y = w + 1
    return y * x


def none_or_tensor_in_an_expression(x, w, s):
    y = x * w if s > 0 else None
    return x if y is None else y * y


def not_none_and_positive(x, w, s):
    y = x if s > 0 else None
    if y is not None and y.sum() > 1:
        return y * w
    return w


def none_or_default(x, w, s):
    y = None if s > 0 else w
    z = y if y is not None else x * 2
    return z * w


def shapes_that_differ(x, m, s):
    if s > 0:
        y = x
    else:
        y = m
    return (y * y).sum() + y.ndim


def shapes_broadcast_after_a_join(x, m, s):
    y = x if s > 0 else m
    z = y * x + 1
    return z.sum() * len(z.shape)


def a_function_of_the_shape(x, m, s):
    y = x if s > 0 else m
    total = y.sum()
    for size in y.shape:
        total = total * size
    return total


def function_chosen_by_a_tensor(x, w, s):
    def double(y):
        return y * 2

    def square(y):
        return y * y
    f = double if s > 0 else square
    return f(x) + f(w)


def lambdas_chosen_by_a_tensor(x, w, s, t):
    if s > 0:
        f = lambda y: y * w
    elif t > 0:
        f = lambda y: y + w
    else:
        f = lambda y: y - w * 2
    return f(f(x))


def closures_made_in_branches(x, w, s):
    def scaled_by(k):
        return lambda y: y * k
    if s > 0:
        f = scaled_by(x)
    else:
        f = scaled_by(2.0)
    return f(w) + f(x)


def partials_chosen(x, w, s):
    def mixed(a, b, c):
        return a * b + c
    f = partial(mixed, x) if s > 0 else partial(mixed, b=w, c=1.0)
    return f(w, 2.0) if s > 0 else f(x)


def builtin_chosen(x, w, s):
    f = ops.sin if s > 0 else ops.cos
    return f(x) * w


def method_chosen(x, w, s):
    box = _Box(x)
    f = box.put if s > 0 else _Child(w).put
    return f(x * w).value + box.count


def continuation_chosen_by_tensor(x, w, s):
    def finish(y):
        return y * w

    def again(y):
        return finish(y + 1)
    k = finish if s > 0 else again
    return k(x)


def functions_in_a_table(x, w, s):
    table = {"double": lambda y: y * 2, "square": lambda y: y * y}
    name = "double" if s > 0 else "square"
    return table[name](x) * w


def string_chosen(x, s):
    mode = "up" if s > 0 else "down"
    if mode == "up":
        x = x + 1
    elif mode == "down":
        x = x * 2
    return x * len(mode)


def class_chosen(x, w, s):
    kind = _Box if s > 0 else _Child
    return kind(x).put(w).value


def tuples_of_different_lengths(x, w, s):
    parts = (x, w) if s > 0 else (x, w, x * w)
    return sum(parts, x) * len(parts)


def unpacking_a_variant(x, w, s):
    pair = (x, None) if s > 0 else (w, x)
    a, b = pair
    return a if b is None else a * b


def starred_arguments_of_a_variant(x, w, s):
    def total(first, *rest):
        for each in rest:
            first = first * each
        return first
    args = (x,) if s > 0 else (x, w, w)
    return total(*args)


def name_bound_where_it_is_used(x, w, s):
    positive = s > 0
    if positive:
        y = x * w
    z = w
    if positive:
        z = y + 1
    return z


def several_names_of_one_decision(x, w, s):
    a = b = None
    if s > 0:
        a, b = x, w
    if a is not None:
        return a * b
    return w


def three_kinds(x, w, s, t):
    y = None
    if s > 0:
        y = x
    elif t > 0:
        y = "two"
    if y is None:
        return w
    if isinstance(y, str):
        return w * 2
    return y * w


def variant_of_variants(x, w, s, t):
    f = None
    if s > 0:
        f = lambda y: y * 2
    if t > 0:
        g = f
    else:
        g = lambda y: y + 1
    return w if g is None else g(x)


def kinds_that_merge_again(x, w, s):
    y = None
    if s > 0:
        y = x
    else:
        y = w
    return y * 2


def truth_of_a_variant(x, w, s):
    found = [] if s > 0 else [x]
    if found:
        return found[0] * w
    return w


def variant_in_a_list(x, w, s):
    found = [x, None]
    if s > 0:
        found[1] = w
    y = x
    for each in found:
        if each is not None:
            y = y * each
    return y


def variant_through_a_function(x, w, s):
    def apply(f, y):
        return y if f is None else f(y)
    f = None
    if s > 0:
        f = ops.sin
    return apply(f, x) * w


def default_argument_decides(x, w, s):
    def scaled(y, by=None):
        if by is None:
            return y
        return y * by
    by = w if s > 0 else None
    return scaled(x, by)


def starred_display_of_a_variant(x, m, s):
    y = x if s > 0 else m
    z = y.reshape((1, *y.shape))
    return z.sum() * z.ndim + len([*y.shape, 1])


def set_of_variants(x, s):
    names = {"a", "b" if s > 0 else "a"}
    return x * len(names)


def dict_with_a_key_that_varies(x, w, s):
    table = {"a": x, ("a" if s > 0 else "b"): w}
    return table["a"] * len(table)


def comparison_of_shapes(x, m, s):
    y = x if s > 0 else m
    return y.sum() * 2 if y.shape == x.shape else y.sum()


@case(grad=False)
def result_is_none_or_a_tensor(x, s):
    if s > 0:
        return x
    return None


@case(grad=False)
def result_has_one_of_two_shapes(x, m, s):
    return x if s > 0 else m


@case(grad=False)
def result_is_a_list_of_some_length(x, w, s):
    found = [x]
    if s > 0:
        found.append(w)
    return found


@case(grad=False)
def result_is_a_string_beside_a_tensor(x, s):
    return x, "positive" if s > 0 else "negative"


@case(grad=False)
def f_string_of_a_variant(x, s):
    name = "a" if s > 0 else "bb"
    return x * 2, f"<{name:>3}>"


# -- cells -------------------------------------------------------------------------------------------------------------

class _Linear(Cell):
    def __init__(self, scale):
        super().__init__()
        self.scale = Parameter(Tensor([scale, 1.0, 2.0]), name="scale")

    def construct(self, x):
        return x * self.scale


class _Square(Cell):
    def construct(self, x):
        return x * x


@case(factory=True)
def cell_chosen_by_a_tensor():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.a = _Linear(2.0)
            self.b = _Square()

        def construct(self, x, s):
            layer = self.a if s > 0 else self.b
            return layer(x)
    return Net()


@case(factory=True)
def attribute_of_a_cell_set_in_a_branch():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.last = None

        def construct(self, x, s):
            self.last = 1
            if s > 0:
                self.last = 2
            return x * self.last
    return Net()


# -- conditions --------------------------------------------------------------------------------------------------------

def walrus_in_a_condition(x, w):
    if (y := x.sum()) > 0:
        return w * y
    return w - y


def walrus_in_a_conjunction(x, w, s):
    if s > 0 and (y := x.max()) > 0.5:
        return w * y
    return w


def or_gives_an_operand(x, w, s):
    y = (s > 0 and x) if s > 1 else w
    return y * 2


def membership_of_a_tensor_in_numbers(x, n):
    return x * 2 if n in (0, 3) else x + 1


def membership_of_a_number_in_tensors(x, s, t):
    return x * 2 if 0.6 in [s, t] else x + 1


def membership_in_a_tensor(x, n):
    return x * 3 if 3 in n.reshape(1) else x


def not_in(x, n):
    if n not in [0, 5]:
        x = x * 2
    return x


def bool_of_a_tensor(x, s):
    positive = bool(s > 0)
    return x * positive + (not positive)


def any_of_tensors(x, s, t):
    return x * 2 if any([s > 1, t > 1]) else x


def all_of_tensors(x, s, t):
    return x * 2 if all([s > 0, t > 0]) else x


def largest_of_tensors(x, s, t):
    return x * max(s, t) + min(s, t, 1.0)


def chain_with_unlike_operands(x, w, s):
    found = s > 0 and x
    return w if found is False else w * 2


# -- subscripts by tensors ---------------------------------------------------------------------------------------------

def functions_chosen_by_number(x, w, k):
    table = [lambda y: y * 2, lambda y: y * y, lambda y: y + w]
    return table[k](x) * w


def function_counted_from_the_end(x, k):
    return [ops.sin, ops.cos, ops.exp][k - 3](x)


def tensors_of_a_tuple_by_number(x, w, k):
    parts = (x, w, x * w)
    return parts[k] * parts[-1 - k]


def numbers_by_number(x, k):
    return x * (2, 5, 7)[k] + [0.5, 1, 2][k]


def shapes_by_number(x, m, s, k):
    return [x, m, s][k].sum() * 2


def dict_by_number(x, w, k):
    table = {0: x, 1: w, 2: x * w}
    return table[int(k)] + x


def dict_of_functions_by_number(x, k):
    return {2: ops.sin, 0: ops.cos, 1: ops.tanh}[int(k)](x)


def character_by_number(x, k):
    mode = "abc"[k]
    return x * 2 if mode == "b" else x + 1


def item_stored_by_number(x, w, k):
    found = [x, x, x]
    found[k] = w
    return found[0] * 2 + found[1] * 3 - found[2]


def item_deleted_by_number(x, w, k):
    found = [x, w, x * w]
    del found[k]
    return found[0] - found[1] * 2


def item_augmented_by_number(x, w, k):
    found = [x, w, x * w]
    found[k] *= w
    return found[0] * found[1] + found[2]


@case(grad=False)
def subscript_out_of_range(x, n):
    return [x, x * 2, x * 3, x * 4][n]


@case(factory=True)
def cell_of_a_list_by_number():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.layers = CellList([_Linear(2.0), _Square(), _Linear(0.5)])

        def construct(self, x, k):
            return self.layers[k](x) + x
    return Net()


# -- match -------------------------------------------------------------------------------------------------------------

def match_a_pair(x, k, n):
    match (k, n):
        case (0, _):
            y = x * 2
        case (1, 3) | (2, 5):
            y = x + 1
        case (a, b) if a > b:
            y = x * a
        case _:
            y = -x
    return y


def match_a_variant(x, w, s):
    found = (x, w) if s > 0 else None
    match found:
        case None:
            return x
        case (a, b):
            return a * b


def match_in_a_function(x, k):
    def pick(k):
        match k:
            case 0:
                return 2
            case 1 | 2:
                return 3
        return 4
    return x * pick(k)


# -- loops -------------------------------------------------------------------------------------------------------------

def none_before_a_loop(x, w):
    last = None
    while x.sum() < 6:
        last = x
        x = x + w * w + 1
    return x if last is None else x * last


def function_changed_in_a_loop(x, w):
    f = ops.sin
    n = 0
    while n < 4:
        x = f(x) * w + 1
        f = ops.cos if n % 2 == 0 else ops.tanh
        n = n + 1
    return x


def branch_on_a_variant_in_a_loop(x, w, s):
    bias = w if s > 0 else None
    while x.sum() < 6:
        x = x + 1
        if bias is not None:
            x = x + bias * bias
    return x * 2


def name_bound_by_a_loop(x, w):
    n = 0
    while n < 3:
        y = x * n + w
        n = n + 1
    return y


def list_of_functions_called_in_a_loop(x, w):
    steps = [ops.sin, ops.cos, lambda y: y * w]
    n = 0
    while n < 5 + x.sum() * 0:
        x = steps[n % 3](x)
        n += 1
    return x


def count_that_a_loop_adds_to_by_a_decided_length(x):
    rows = [x, x]
    if x.sum() > 0:
        rows.append(x + 1)
    count, steps, t = 0, 0.5, x.sum()
    while t < 6.07:
        t = t + 1.25
        count = count + len(rows)
        steps = steps + len(rows)
    return x * count + steps


def state_that_a_loop_steps_by_a_decided_length(x):
    rows = [x, x]
    if x.sum() > 0:
        rows.append(x + 1)
    place, odd, total, t = 0, False, x * 0, x.sum()
    while t < 6.07:
        t = t + 1.25
        place = (place + 1) % len(rows)
        odd = not odd if len(rows) == 3 else odd
        total = total + rows[place] * place
    return total, x * odd


def text_that_keeps_one_of_few_values_in_a_loop(x):
    name = "a" if x.sum() > 0 else "bc"
    t, last = x.sum(), "a"
    while t < 6.07:
        t = t + 1.25
        last = "bc" if last == name else "a"
    return x * len(last) + t


def bits_and_remainders_of_a_decided_number(x):
    k = 7 if x.sum() > 0 else -7
    quotient, rest = divmod(k, 4)
    return x * ~k + quotient, rest, divmod(17, k)[1] * x, ~(k > 0)


def ends_of_a_range_of_decided_length(x):
    k = 7 if x.sum() > 0 else 4
    steps = range(2, k + 9, 3)
    return x * len(steps) + steps[-1] - steps[0], steps[1 - len(steps)] * x
