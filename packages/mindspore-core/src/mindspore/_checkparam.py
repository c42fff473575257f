"""Checks of arguments that programs call by the names they have in MindSpore; no part of the interface, but much used.

A check returns the value that it is given. `Validator` has them as static methods, as MindSpore 1.x does.
"""
from __future__ import annotations

import functools
import inspect
import math
import re
from collections.abc import Callable
from typing import Any

import numpy as np

GT, GE, LT, LE, EQ, NE = "greater than", "greater than or equal to", "less than", "less than or equal to", "equal to", \
    "not equal to"
IN, NOT_IN = "in", "not in"
INC_LEFT, INC_RIGHT, INC_BOTH, INC_NEITHER = "[a, b)", "(a, b]", "[a, b]", "(a, b)"
_HOLDS: dict[str, Callable[[Any, Any], bool]] = {
    GT: lambda a, b: a > b, GE: lambda a, b: a >= b, LT: lambda a, b: a < b, LE: lambda a, b: a <= b,
    EQ: lambda a, b: a == b, NE: lambda a, b: a != b,
    IN: lambda a, b: a in b, NOT_IN: lambda a, b: a not in b,
}


class Rel:
    """Relations and ranges."""

    GT, GE, LT, LE, EQ, NE = GT, GE, LT, LE, EQ, NE
    INC_LEFT, INC_RIGHT, INC_BOTH, INC_NEITHER = INC_LEFT, INC_RIGHT, INC_BOTH, INC_NEITHER
    IN, NOT_IN = IN, NOT_IN


def _where(prim_name: str | None, arg_name: str | None) -> str:
    return (f"For '{prim_name}', " if prim_name else "") + f"the '{arg_name or 'argument'}'"


def check_value_type(arg_name, arg_value, valid_types, prim_name=None):
    """TypeError unless the value is of one of the types; a bool is no int."""
    types = tuple(valid_types) if isinstance(valid_types, (tuple, list)) else (valid_types,)
    if not isinstance(arg_value, types) or isinstance(arg_value, bool) and bool not in types:
        names = " or ".join(each.__name__ for each in types)
        raise TypeError(f"{_where(prim_name, arg_name)} must be of type {names}, but got {arg_value!r} of type "
                        f"{type(arg_value).__name__}.")
    return arg_value


def _number(value, kinds, arg_name, prim_name):
    return check_value_type(arg_name, value, kinds, prim_name)


def _related(value, bound, rel, arg_name, prim_name):
    if not _HOLDS[rel](value, bound):
        raise ValueError(f"{_where(prim_name, arg_name)} must be {rel} {bound}, but got {value}.")
    return value


def _in_range(value, low, high, rel, arg_name, prim_name):
    left = value >= low if rel in (INC_LEFT, INC_BOTH) else value > low
    right = value <= high if rel in (INC_RIGHT, INC_BOTH) else value < high
    if not (left and right):
        span = rel.replace("a", str(low)).replace("b", str(high))
        raise ValueError(f"{_where(prim_name, arg_name)} must be in range of {span}, but got {value}.")
    return value


def check_int(arg_value, value, rel, arg_name=None, prim_name=None):
    """An int in a relation to another."""
    return _related(_number(arg_value, int, arg_name, prim_name), value, rel, arg_name, prim_name)


def check_is_int(arg_value, arg_name=None, prim_name=None):
    """An int."""
    return _number(arg_value, int, arg_name, prim_name)


def check_int_range(arg_value, lower_limit, upper_limit, rel, arg_name=None, prim_name=None):
    """An int in a range."""
    return _in_range(_number(arg_value, int, arg_name, prim_name), lower_limit, upper_limit, rel, arg_name, prim_name)


def check_positive_int(arg_value, arg_name=None, prim_name=None):
    """An int above 0."""
    return check_int(arg_value, 0, GT, arg_name, prim_name)


def check_non_negative_int(arg_value, arg_name=None, prim_name=None):
    """An int of at least 0."""
    return check_int(arg_value, 0, GE, arg_name, prim_name)


def check_positive_int_sequence(sequence, arg_name=None, prim_name=None):
    """A sequence of ints above 0."""
    for each in sequence:
        check_positive_int(each, arg_name, prim_name)
    return sequence


def check_is_float(arg_value, arg_name=None, prim_name=None):
    """A float."""
    return _number(arg_value, float, arg_name, prim_name)


def check_float_range(arg_value, lower_limit, upper_limit, rel, arg_name=None, prim_name=None):
    """A number in a range."""
    value = _number(arg_value, (float, int), arg_name, prim_name)
    return _in_range(value, lower_limit, upper_limit, rel, arg_name, prim_name)


def check_positive_float(arg_value, arg_name=None, prim_name=None):
    """A number above 0."""
    return _related(_number(arg_value, (float, int), arg_name, prim_name), 0, GT, arg_name, prim_name)


def check_non_negative_float(arg_value, arg_name=None, prim_name=None):
    """A number of at least 0."""
    return _related(_number(arg_value, (float, int), arg_name, prim_name), 0, GE, arg_name, prim_name)


def check_negative_int(arg_value, arg_name=None, prim_name=None):
    """An int below 0."""
    return check_int(arg_value, 0, LT, arg_name, prim_name)


def check_non_positive_int(arg_value, arg_name=None, prim_name=None):
    """An int of at most 0."""
    return check_int(arg_value, 0, LE, arg_name, prim_name)


def check_non_negative_int_sequence(sequence, arg_name=None, prim_name=None):
    """A sequence of ints of at least 0."""
    for each in sequence:
        check_non_negative_int(each, arg_name, prim_name)
    return sequence


def check_negative_float(arg_value, arg_name=None, prim_name=None):
    """A number below 0."""
    return _related(_number(arg_value, (float, int), arg_name, prim_name), 0, LT, arg_name, prim_name)


def check_non_positive_float(arg_value, arg_name=None, prim_name=None):
    """A number of at most 0."""
    return _related(_number(arg_value, (float, int), arg_name, prim_name), 0, LE, arg_name, prim_name)


def check_positive_float_sequence(sequence, arg_name=None, prim_name=None):
    """A sequence of numbers above 0."""
    for each in sequence:
        check_positive_float(each, arg_name, prim_name)
    return sequence


def check_number(arg_name, arg_value, value, rel, prim_name=None):
    """A number in a relation to another."""
    return _related(arg_value, value, rel, arg_name, prim_name)


def check_is_number(arg_value, arg_type, arg_name=None, prim_name=None):
    """A number of a Python type. ValueError for infinity and NaN."""
    if math.isinf(_number(arg_value, arg_type, arg_name, prim_name)) or math.isnan(arg_value):
        raise ValueError(f"{_where(prim_name, arg_name)} must be a finite number, but got {arg_value}.")
    return arg_value


def check_number_range(arg_value, lower_limit, upper_limit, rel, value_type, arg_name=None, prim_name=None):
    """A number of a Python type, or of numpy, in a range."""
    value = arg_value if isinstance(arg_value, np.generic) else _number(arg_value, value_type, arg_name, prim_name)
    return _in_range(value, lower_limit, upper_limit, rel, arg_name, prim_name)


def check_isinstance(arg_name, arg_value, classes):
    """An instance of the classes. ValueError otherwise."""
    if not isinstance(arg_value, classes):
        raise ValueError(f"{_where(None, arg_name)} must be an instance of {classes}, but got {arg_value!r}.")
    return arg_value


def check_valid_input(arg_name, arg_value, prim_name=None):
    """Anything but None."""
    if arg_value is None:
        raise ValueError(f"{_where(prim_name, arg_name)} must not be None.")
    return arg_value


def check(arg_name, arg_value, value_name, value, rel=EQ, prim_name=None, excp_cls=ValueError):
    """Two values in a relation."""
    if not _HOLDS[rel](arg_value, value):
        raise excp_cls(f"{_where(prim_name, arg_name)} must be {rel} '{value_name}' ({value}), but got {arg_value}.")
    return arg_value


def check_equal_int(arg_value, value, arg_name=None, prim_name=None):
    """An int equal to another."""
    return check_int(arg_value, value, EQ, arg_name, prim_name)


def check_bool(arg_value, arg_name=None, prim_name=None):
    """A bool."""
    return check_value_type(arg_name, arg_value, bool, prim_name)


def check_string(arg_value, valid_values, arg_name=None, prim_name=None):
    """One of several strings."""
    if not isinstance(arg_value, str) or arg_value not in valid_values:
        raise ValueError(f"{_where(prim_name, arg_name)} must be one of {list(valid_values)}, but got {arg_value!r}.")
    return arg_value


def _matches(target, pattern, flag, prim_name):
    if re.match(pattern, target, flag) is None:
        raise ValueError(f"{_where(prim_name, 'name')} must match '{pattern}', but got {target!r}.")
    return True


def check_str_by_regular(target, reg=None, flag=re.ASCII, prim_name=None):
    """True for a name of letters, digits, underscores and points, or one that the pattern matches."""
    return _matches(target, reg or r"^\w[\w.]*$", flag, prim_name)


def check_str_and_none_by_regular(target, reg=None, flag=re.ASCII, prim_name=None):
    """True for a name that may be empty and may contain "-"; see `check_str_by_regular`."""
    return _matches(target, reg or r"^[\w.-]*$", flag, prim_name)


def check_file_name_by_regular(target, reg=None, prim_name=None):
    """True for the name of a file. ValueError for other characters than those usual in paths, and for folders."""
    check_value_type("file name", target, str, prim_name)
    if target.endswith(("/", "\\")):
        raise ValueError(f"{_where(prim_name, 'file name')} must not be a folder, but got {target!r}.")
    return _matches(target, reg or r"^[\w@.:/\\-]+$", re.ASCII, prim_name)


def check_subclass(arg_name, type_, template_types, prim_name=None, addition_error_info=None):
    """A class, or a dtype, that is one of those given."""
    templates = tuple(template_types) if isinstance(template_types, (tuple, list)) else (template_types,)
    is_one = any(type_ is each or isinstance(type_, type) and isinstance(each, type) and issubclass(type_, each)
                 for each in templates)
    if not is_one:
        more = f" {addition_error_info}" if addition_error_info else ""
        known = ", ".join(map(str, templates))
        raise TypeError(f"{_where(prim_name, arg_name)} must be one of {known}, but got {type_}{more}.")
    return type_


def check_float(arg_value, value, rel, arg_name=None, prim_name=None):
    """A float that is related to another number."""
    return _related(_number(arg_value, float, arg_name, prim_name), value, rel, arg_name, prim_name)


def check_type_name(arg_name, arg_type, valid_types, prim_name=None):
    """TypeError unless a dtype is one of those given."""
    types = tuple(valid_types) if isinstance(valid_types, (tuple, list)) else (valid_types,)
    if not any(arg_type is each or arg_type == each for each in types):
        raise TypeError(f"{_where(prim_name, arg_name)} must be one of {', '.join(map(str, types))}, but got "
                        f"{arg_type}.")
    return arg_type


def check_types_same_and_valid(args, valid_values, prim_name=None):
    """TypeError unless all dtypes of a dict, by the arguments' names, are the same one of those given."""
    for name, kind in args.items():
        check_type_name(name, kind, valid_values, prim_name)
    if len({str(kind) for kind in args.values()}) > 1:
        shown = ", ".join(f"{name} is {kind}" for name, kind in args.items())
        raise TypeError(f"{_where(prim_name, next(iter(args)))} and the others must have one dtype, but {shown}.")
    return args


def check_tensor_dtype_valid(arg_name, arg_type, valid_dtypes, prim_name=None):
    """TypeError unless the dtype of a tensor is one of those given."""
    return check_type_name(arg_name, arg_type, valid_dtypes, prim_name)


def check_tensors_dtypes_same_and_valid(args, valid_dtypes, prim_name=None):
    """See `check_types_same_and_valid`."""
    return check_types_same_and_valid(args, valid_dtypes, prim_name)


def check_element_type_of_iterable(arg_name, arg_value, valid_types, prim_name=None):
    """A list or tuple whose elements are of the types."""
    for each in check_value_type(arg_name, arg_value, (list, tuple), prim_name):
        check_value_type(f"element of {arg_name}", each, valid_types, prim_name)
    return arg_value


def check_element_type_of_dict(arg_name, arg_value, key_types, value_types, prim_name=None):
    """A dict whose keys and values are of the types."""
    for key, value in check_value_type(arg_name, arg_value, dict, prim_name).items():
        check_value_type(f"key of {arg_name}", key, key_types, prim_name)
        check_value_type(f"value of {arg_name}", value, value_types, prim_name)
    return arg_value


def check_size_and_element_type_of_tuple(arg_name, arg_value, expect_size, expect_element_type, prim_name=None):
    """A tuple of so many elements of the type."""
    check_equal_int(len(check_value_type(arg_name, arg_value, tuple, prim_name)), expect_size, f"size of {arg_name}",
                    prim_name)
    return check_element_type_of_iterable(arg_name, arg_value, expect_element_type, prim_name)


def check_axis_in_range(axis, ndim):
    """The axis counted from the front. TypeError if it is no int, ValueError out of range."""
    check_value_type("axis", axis, int)
    if not -ndim <= axis < ndim:
        raise ValueError(f"the 'axis' must be in range of [{-ndim}, {ndim}), but got {axis}.")
    return axis % ndim


def check_and_canonicalize_axes(axes, ndim):
    """Axes, an int, a tuple or list of ints, as a tuple counted from the front; all of them for None.

    Raises:
        TypeError, ValueError: an axis is no int, out of range, or given twice.
    """
    if axes is None:
        return tuple(range(ndim))
    found = tuple(check_axis_in_range(axis, ndim) for axis in (axes if isinstance(axes, (tuple, list)) else (axes,)))
    if len(set(found)) != len(found):
        raise ValueError(f"the 'axis' {axes} names an axis twice.")
    return found


def is_stub_tensor(tensor):
    """Whether a tensor waits for another thread to make it: none does."""
    return False


def twice(x):
    """A pair: of a number with itself, or the pair that it is."""
    return x if isinstance(x, tuple) and len(x) == 2 else (x, x)


def check_input_format(input_param):
    """The layout "NCHW"; ValueError for another one."""
    if input_param != "NCHW":
        raise ValueError(f"the data format must be 'NCHW', but got {input_param!r}.")
    return input_param


def _expand_tuple(n_dimensions):
    """What makes a tuple of `n_dimensions` ints of an int, and takes such a tuple as it is; TypeError for others."""

    def convert(m):
        found = m if isinstance(m, tuple) else (m,) * n_dimensions
        if len(found) != n_dimensions or not all(isinstance(i, int) and not isinstance(i, bool) for i in found):
            raise TypeError(f"expected an int or a tuple of {n_dimensions} ints, but got {m!r}.")
        return found

    return convert


def _check_3d_int_or_tuple(arg_name, arg_value, prim_name, allow_five=False, ret_five=False, greater_zero=True,
                           third_one=False, three_input=False):
    """Three sizes: an int for all of them, or a tuple of three; with `allow_five` of five, the sizes last. They are
    returned so, with two ones before them for `ret_five`.

    Args:
        greater_zero: sizes must be at least 1. third_one: the first of the three must be 1. three_input: sizes must be
            a tuple.

    Raises:
        TypeError, ValueError: it is none of these.
    """
    check_value_type(arg_name, arg_value, (tuple,) if three_input else (int, tuple), prim_name)
    given = arg_value if isinstance(arg_value, tuple) else (arg_value,) * 3
    if len(given) != 3 and not (allow_five and len(given) == 5):
        raise ValueError(f"{_where(prim_name, arg_name)} must be an int or a tuple of three ints"
                         f"{' or five' if allow_five else ''}, but got {arg_value}.")
    sizes = given[-3:]
    for size in sizes:
        (check_positive_int if greater_zero else check_non_negative_int)(size, arg_name, prim_name)
    if third_one and sizes[0] != 1:
        raise ValueError(f"{_where(prim_name, arg_name)} must begin with 1, but got {arg_value}.")
    return (1, 1, *sizes) if ret_five else sizes


def args_type_check(*type_args, **type_kwargs):
    """Decorator: arguments, by position or name, must be None or of these types; else a TypeError names them."""
    def check_of(function):
        signature = inspect.signature(function)
        expected = signature.bind_partial(*type_args, **type_kwargs).arguments

        @functools.wraps(function)
        def checked(*args, **kwargs):
            for name, value in signature.bind(*args, **kwargs).arguments.items():
                if name in expected and value is not None:
                    check_value_type(name, value, expected[name], function.__qualname__.split(".")[0])
            return function(*args, **kwargs)

        return checked
    return check_of


class Validator:
    """The checks as static methods."""


for _name, _check in list(globals().items()):
    if _name.startswith("check"):
        setattr(Validator, _name, staticmethod(_check))
