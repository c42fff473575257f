"""The checks of arguments in mindspore._checkparam: what passes comes back, the rest is an error that names it."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import _checkparam as checks

CASES = [  # a check of a value, one that passes, and those that do not with their errors
    (lambda v: checks.check_number("rate", v, 0.5, checks.GE, "Net"), 0.5, [(0.4, ValueError)]),
    (lambda v: checks.check_number("rate", v, (1, 2), checks.IN, "Net"), 1, [(3, ValueError)]),
    (lambda v: checks.check_number("rate", v, (1, 2), checks.NOT_IN, "Net"), 3, [(1, ValueError)]),
    (lambda v: checks.check_negative_int(v, "rate", "Net"), -1, [(0, ValueError), (-1.0, TypeError)]),
    (lambda v: checks.check_non_positive_int(v, "rate", "Net"), 0, [(1, ValueError), (False, TypeError)]),
    (lambda v: checks.check_non_negative_int_sequence(v, "rate", "Net"), [0, 1], [([0, -1], ValueError)]),
    (lambda v: checks.check_negative_float(v, "rate", "Net"), -0.5, [(0.0, ValueError), ("a", TypeError)]),
    (lambda v: checks.check_non_positive_float(v, "rate", "Net"), 0.0, [(0.5, ValueError)]),
    (lambda v: checks.check_positive_float_sequence(v, "rate", "Net"), (0.5,), [((0.5, 0.0), ValueError)]),
    (lambda v: checks.check_is_number(v, float, "rate", "Net"), 0.5,
     [(float("inf"), ValueError), (float("nan"), ValueError), (1, TypeError)]),
    (lambda v: checks.check_number_range(v, 0.0, 1.0, checks.INC_LEFT, float, "rate", "Net"), 0.0,
     [(1.0, ValueError), (1, TypeError), (np.float32(2), ValueError)]),
    (lambda v: checks.check_isinstance("rate", v, (int, str)), "a", [(0.5, ValueError)]),
    (lambda v: checks.check_valid_input("rate", v, "Net"), 0, [(None, ValueError)]),
    (lambda v: checks.check_tensor_dtype_valid("rate", v, [ms.int32, ms.int64], "Net"), ms.int64,
     [(ms.float32, TypeError)]),
    (lambda v: checks.check_tensors_dtypes_same_and_valid(v, [ms.int32, ms.int64], "Net"),
     {"rate": ms.int32, "x": ms.int32},
     [({"rate": ms.int32, "x": ms.int64}, TypeError), ({"rate": ms.float32}, TypeError)]),
    (lambda v: checks.check_element_type_of_iterable("rate", v, [int, str], "Net"), [1, "a"],
     [([0.5], TypeError), ({1}, TypeError)]),
    (lambda v: checks.check_element_type_of_dict("rate", v, [str], [int], "Net"), {"a": 1},
     [({"a": 0.5}, TypeError), ({1: 1}, TypeError), ([1], TypeError)]),
    (lambda v: checks.check_size_and_element_type_of_tuple("rate", v, 2, int, "Net"), (1, 2),
     [((1,), ValueError), ((1, "a"), TypeError), ([1, 2], TypeError)]),
]


@pytest.mark.parametrize("check, good, bad", CASES)
def test_checks(check, good, bad):
    assert check(good) is good
    for value, error in bad:
        with pytest.raises(error, match="'.*rate'"):
            check(value)


@pytest.mark.parametrize("check, good, bad", [
    (checks.check_str_by_regular, ["net_1.a", "a"], ["", "a-b", "a b", ".a"]),
    (checks.check_str_and_none_by_regular, ["", "a-b.c"], ["a b", "a/b"]),
    (checks.check_file_name_by_regular, ["folder/a-1:2@.ckpt", "C:\\a.ckpt"], ["a/", "a\\", "a b", "", "a?"]),
])
def test_names(check, good, bad):
    assert all(check(name) is True for name in good)
    for name in bad:
        with pytest.raises(ValueError, match="For 'Net'"):
            check(name, prim_name="Net")
    with pytest.raises(ValueError, match="must match"):
        check("abc", r"^\d+$")
    assert check("123", r"^\d+$") is True


def test_a_file_name_is_a_string():
    with pytest.raises(TypeError, match="must be of type str, but got 3"):
        checks.check_file_name_by_regular(3)
