"""Checks of arguments and inputs that transformers share, and that programs with layers of their own call."""
from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

from mindspore.common import dtype as mstype
from mindspore.ops.primitive import constexpr


def _args_type_validator_check(*type_args: Callable, **type_kwargs: Callable) -> Callable:
    """A decorator of a function whose arguments are checked before it runs.

    Args:
        type_args, type_kwargs: for arguments by position or name, functions that take a value and the argument's name
            and raise an error. Defaults, and arguments without a function, are not checked.
    """

    def decorate(function: Callable) -> Callable:
        signature = inspect.signature(function)
        checks = signature.bind_partial(*type_args, **type_kwargs).arguments

        @wraps(function)
        def checked(*args: Any, **kwargs: Any) -> Any:
            for name, value in signature.bind(*args, **kwargs).arguments.items():
                if name in checks:
                    checks[name](value, name)
            return function(*args, **kwargs)

        return checked

    return decorate


def _valid_type_checks(types: Sequence[type], class_name: str) -> Callable:
    """A check of a value's type."""

    def check(value: Any, name: str) -> None:
        if not isinstance(value, tuple(types)):
            raise TypeError(f"For '{class_name}', the '{name}' must be of type "
                            f"{' or '.join(each.__name__ for each in types)}, but got {value!r} of type "
                            f"{type(value).__name__}.")

    return check


def _valid_value_checks(types: Sequence[Any], class_name: str) -> Callable:
    """A check that a value is one of several."""

    def check(value: Any, name: str) -> None:
        if value not in types:
            raise ValueError(f"For '{class_name}', the '{name}' must be one of "
                             f"{', '.join(str(each) for each in types)}, but got {value!r}.")

    return check


def float_type(layer: str, name: str, value: Any) -> Any:
    """Float32 or Float16; ValueError for anything else."""
    _valid_value_checks((mstype.float32, mstype.float16), layer)(value, name)
    return value


class _LayerInputCheck:
    """Checks of inputs' shapes. They return True, or raise a ValueError."""

    @staticmethod
    def check_shape_length(input_shape, param_name, func_name, target_len):
        """A shape has the number of axes, or one of the numbers of a list."""
        wanted = target_len if isinstance(target_len, (list, tuple)) else [target_len]
        if len(input_shape) not in wanted:
            raise ValueError(f"For '{func_name}', the '{param_name}' must have {' or '.join(map(str, wanted))} axes, "
                             f"but its shape is {tuple(input_shape)}.")
        return True

    @staticmethod
    def check_shape_equal(input_shape, param_name, func_name, target_shape):
        """A shape is the target, or one of a list of them."""
        several = bool(target_shape) and isinstance(target_shape[0], (list, tuple))
        wanted = [tuple(each) for each in (target_shape if several else [target_shape])]
        if tuple(input_shape) not in wanted:
            raise ValueError(f"For '{func_name}', the '{param_name}' must have the shape "
                             f"{' or '.join(map(str, wanted))}, but its shape is {tuple(input_shape)}.")
        return True

    @staticmethod
    def check_shape_value_on_axis(input_shape, dim, param_name, cls_name, target_value):
        """A shape has the size along one axis."""
        if input_shape[dim] != target_value:
            raise ValueError(f"For '{cls_name}', the '{param_name}' must have the size {target_value} along axis "
                             f"{dim}, but its shape is {tuple(input_shape)}.")
        return True

    @staticmethod
    def check_shape_equal_without_batch(input_shape, param_name, func_name, target_shape):
        """A shape of one axis more has the target after it; one of as many axes has the target's last size, and a
        multiple of its other one first."""
        shape, target = tuple(input_shape), tuple(target_shape)
        if shape[1:] != target and not (len(shape) == len(target) == 2 and shape[1] == target[1]
                                        and shape[0] % target[0] == 0):
            raise ValueError(f"For '{func_name}', the '{param_name}' must have the shape "
                             f"{('batch', *target)} or {(f'batch * {target[0]}', *target[1:])}, but its shape is "
                             f"{shape}.")
        return True


@constexpr
def _check_past_none_input_none(use_past, param_name, func_name, default_value, is_tensor, is_default):
    """An input of incremental prediction is a Tensor with `use_past`, and left at its default without; TypeError."""
    if use_past and not is_tensor:
        raise TypeError(f"For '{func_name}', the '{param_name}' must be a Tensor if use_past is True.")
    if not use_past and not is_default:
        raise TypeError(f"For '{func_name}', the '{param_name}' must be {default_value} if use_past is False.")
    return True


@constexpr
def _check_input_dtype(input_dtype, param_name, allow_dtypes, cls_name):
    """A dtype is one of several; TypeError."""
    if input_dtype not in allow_dtypes:
        raise TypeError(f"For '{cls_name}', the '{param_name}' must be of "
                        f"{' or '.join(str(each) for each in allow_dtypes)}, but it is of {input_dtype}.")
    return True


def check_hidden(layer: str, name: str, x: Any, length: int, size: int) -> None:
    """A sequence of floats is (batch, length, size) or (batch * length, size)."""
    _check_input_dtype(x.dtype, name, [mstype.float32, mstype.float16], layer)
    _LayerInputCheck.check_shape_equal_without_batch(x.shape, name, layer, (length, size))
