"""Programs: `if`, `elif`, `else`, conditional expressions, boolean operators, `match`, early returns."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from world import Tensor, ops


def if_else(x, w):
    if x.sum() > 0:
        y = x * w
    else:
        y = w - x
    return y


def if_without_else(x, w):
    y = x * 2
    if w.sum() > x.sum():
        y = y + w * w
    return y


def elif_chain(x, s):
    if s > 2:
        y = x * s
    elif s > 0.5:
        y = x + s
    elif s > 0:
        y = x - s
    else:
        y = x / (s * s + 1)
    return y


def nested_three_deep(x, s, t):
    if s > 0:
        if t > 0:
            if s > t:
                y = x * s * t
            else:
                y = x * s - t
        else:
            y = x + t
    else:
        y = -x
    return y + s


def branch_defines_several(x, w, s):
    if s > 0:
        a, b, c = x, w, x * w
    else:
        a, b, c = w * w, x, x - w
    return a * b + c


def branch_swaps(x, w, s):
    if s > 0:
        x, w = w, x
    return x * 2 - w


def branch_uses_itself(x, s):
    y = x
    if s > 0:
        y = y * y
        y = y + s
    if s < 1:
        y = y * s
    return y


def sequence_of_ifs(x, s, t):
    y = x
    if s > 0:
        y = y + 1
    if t > 0:
        y = y * 2
    if s > t:
        y = y - s
    if y.sum() > 3:
        y = y / 3
    return y


def pass_in_a_branch(x, s):
    if s > 0:
        pass
    else:
        x = x * s
    return x


def static_if_in_tensor_if(x, s, mode="double"):
    if s > 0:
        if mode == "double":
            x = x * 2
        else:
            x = x * undefined_name
    return x


def tensor_if_in_static_if(x, s, flag=True):
    if flag:
        if s > 0:
            x = x * s
    else:
        x = x.no_such_method()
    return x


def static_shape_decides(x, m):
    if x.ndim == 1 and m.shape[0] == 2:
        return m.sum(axis=0) * x
    return m


def returns_from_both(x, s):
    if s > 0:
        return x * s
    else:
        return x - s


def return_early(x, s):
    if s > 0:
        return x * s
    y = x * x
    return y - s


def return_early_twice(x, s, t):
    if s > 0:
        return x
    if t > 0:
        return x * t
    return x * s * t


def return_from_nested(x, s, t):
    if s > 0:
        if t > 0:
            return x * 3
        x = x * t
    else:
        x = x + 1
    return x * s


def return_tuple_early(x, w, s):
    if s > 0:
        return x, w * s
    return w, x + s


def conditional_expression(x, w, s):
    return x * s if s > 0 else w


def conditional_expression_nested(x, s, t):
    y = x if s > 0 else x * 2 if t > 0 else x * 3
    return y * (s if t > s else t)


def conditional_in_argument(x, s, t):
    return ops.maximum(x, s if s > t else t) + (1 if s > 0 else 0)


def number_join(x, s):
    if s > 0:
        n = 3
    else:
        n = 5
    return x * n


def float_join(x, s):
    scale = 0.5 if s > 0 else 2.0
    offset = 1 if s > 1 else 2.5
    return x * scale + offset


def flag_join(x, s):
    large = False
    if s > 1:
        large = True
    if large:
        x = x * 10
    return x


def equal_values_stay_static(x, s):
    if s > 0:
        axis, name = 0, "total"
    else:
        axis, name = 0, "total"
        x = x * 2
    return {name: x.sum(axis=axis)}


def boolean_and(x, s, t):
    if s > 0 and t > 0:
        return x * s * t
    return x


def boolean_or(x, s, t):
    if s > 1 or t > 1:
        return x * s
    return x * t


def boolean_not(x, s, b):
    if not b:
        x = x * s
    if not s > 0:
        x = x + 1
    return x


def boolean_mixed_with_python(x, s, t, use=True):
    if use and s > 0 or not use and t > 0:
        x = x + s
    if not use or (t < 1 and x.ndim == 1):
        x = x * t
    return x


def boolean_results(s, t):
    return s > 0 and t > 0, s > 1 or t > 1, not s > 0


def boolean_keeps_operands(x, w):
    y = x.sum() and w.sum()
    z = x.sum() * 0 or w.sum()
    return y + z


def short_circuit(x, s):
    if s > 0 and x.sum() / s > 1:
        return x / s
    return x


def chained_comparison(x, s, t):
    if -1 < s < 1:
        x = x * s
    if 0 < t <= s < 3:
        x = x - t
    return x


def chained_comparison_value(s, t):
    return 0 < s < t, -2 < t < s < 5


def comparison_operators(x, s, t):
    y = x * 0
    if s == s:
        y = y + 1
    if s != t:
        y = y + 2 * x
    if s <= t:
        y = y + 4 * x
    if s >= t:
        y = y + 8 * x
    return y


def bool_tensor_decides(x, b):
    return x * 2 if b else x - 1


def int_tensor_decides(x, k):
    if k:
        x = x * k
    if k == 2:
        x = x + 0.5
    return x


def any_all_decide(x, w):
    if (x > 0).all():
        x = x * w
    if (w > 1).any():
        x = x + w
    return x


def one_element_decides(x, s):
    if x[:1] > 0:
        return x * s
    if s.reshape(1, 1) > 0:
        return x + s
    return x


def call_in_condition(x, s):
    def positive(z):
        return z.sum() > 0
    if positive(x) and positive(s):
        return x * s
    return x


def assigned_in_one_branch_used_there(x, s):
    if s > 0:
        t = x * 2
        y = t * t
    else:
        u = x + 1
        y = u * s
    return y


def lists_join(x, w, s):
    if s > 0:
        pair = [x, (w, 1.0)]
    else:
        pair = [w, (x, 2.0)]
    a, (b, c) = pair
    return a * b * c


def dicts_join(x, w, s):
    d = {"a": x, "b": w}
    if s > 0:
        d = {"a": w * 2, "b": x}
    return d["a"] - d["b"] * d["b"]


def match_on_python(x, kind="scale"):
    match kind:
        case "shift":
            return x + 1
        case "scale" | "grow":
            return x * 2
        case _:
            return x


def match_on_structure(x, w):
    match (x, [w, 2]):
        case (a, [b, int(n)]) if n > 5:
            return a * n
        case (a, [b, *rest]):
            return a * b * rest[0]


def match_on_tensor(x, k):
    match k:
        case 0:
            return x
        case 1:
            return x * 2
        case _:
            return x * k


def match_guard_on_tensor(x, s):
    match x.shape:
        case (3,) if s > 0:
            return x * s
        case (n,):
            return x * n


def walrus_in_condition(x, s):
    if (y := x.sum() * s) > 0:
        return x * y
    return x + y


def walrus_in_elif(x, s):
    if (a := s * 2) > 3:
        y = x * a
    elif (b := a + 1) > 0:
        y = x * b - a
    else:
        y = x + a + b
    return y


def assert_holds(x, s):
    assert s < 100, "too large"
    assert x.shape == (3,)
    return x * s


def none_join(x, s):
    bias = None
    if s > 0:
        bias = x * s
    if bias is None:
        return x
    return x + bias


def name_bound_in_one_branch(x, s):
    if s > -100:
        y = x * s
    return y


def unlike_shapes_join(x, s):
    if s > 0:
        y = x
    else:
        y = x.sum()
    return y * 2


def unlike_dtypes_join(x, k, s):
    if s > 0:
        y = x.sum()
    else:
        y = k
    return y + 1


def function_join(x, s):
    f = ops.sin if s > 0 else ops.cos
    return f(x) * s


def string_join(x, s):
    kind = "up" if s > 0 else "down"
    if kind == "up":
        return x + s
    return x - s
