"""Invertible functions with the logarithms of their slopes.

A bijector has `forward`, `inverse`, and the logarithm of the absolute slope of each: `forward_log_jacobian` at x and
`inverse_log_jacobian` at y. Called with a distribution it gives the `TransformedDistribution`, called with a name and
arguments the method of that name. Parameters are numbers, lists, arrays or tensors, and take the dtype of the value.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore import ops
from mindspore.common.dtype import DType, float32
from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell
from mindspore.nn.probability._parameters import NOT_NEGATIVE, POSITIVE, as_parameter, check
from mindspore.ops._operands import as_inexact, convert

__all__ = ["Bijector", "Exp", "GumbelCDF", "Invert", "PowerTransform", "ScalarAffine", "Softplus"]

_METHODS = ("forward", "inverse", "forward_log_jacobian", "inverse_log_jacobian")


class Bijector(Cell):
    """The base class. A subclass defines `_forward`, `_inverse`, `_forward_log_jacobian` and `_inverse_log_jacobian`;
    of the last two one is enough.

    Args:
        is_constant_jacobian: whether the slope is the same everywhere.
        is_injective: whether different values go to different ones.
        name: of the bijector; by default that of its class.
        dtype: of the values; None for any floating dtype.
        param: the parameters by name, or a dict with these as `param_dict`.
    """

    def __init__(self, is_constant_jacobian=False, is_injective=True, name=None, dtype=None, param=None):
        super().__init__()
        self._is_constant_jacobian, self._is_injective = bool(is_constant_jacobian), bool(is_injective)
        if name is not None and not isinstance(name, str):
            raise TypeError(f"{type(self).__name__}: name is {name!r}; expected a str or None")
        self._name, self._dtype = name or type(self).__name__, dtype
        given = param or {}
        self._given = given.get("param_dict", given)
        for key, value in self._given.items():
            as_parameter(self._name, key, value, float32)
            setattr(self, f"_{key}_value", value if isinstance(value, Tensor) else as_parameter(
                self._name, key, value, float32))

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def dtype(self) -> DType | None:
        """The dtype of values, where it is fixed."""
        return self._dtype

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters as they were given, by name."""
        return dict(self._given)

    @property
    def is_constant_jacobian(self) -> bool:
        """Whether the slope is the same everywhere."""
        return self._is_constant_jacobian

    @property
    def is_injective(self) -> bool:
        """Whether different values go to different ones."""
        return self._is_injective

    @property
    def batch_shape(self) -> tuple | None:
        """The shape that the parameters have together; None without parameters."""
        return np.broadcast_shapes(*(getattr(self, f"_{key}_value").shape for key in self._given)) \
            if self._given else None

    @property
    def is_scalar_batch(self) -> bool:
        """Whether all parameters are single numbers."""
        return self.batch_shape in (None, ())

    def cast_param_by_value(self, value: Tensor, para: Tensor) -> Tensor:
        """A parameter in the dtype of a value."""
        return convert(para, value.dtype)

    def _add_parameter(self, value: Any, name: str) -> Tensor:
        """A parameter of a subclass as a tensor. TypeError unless it is floating, in the bijector's dtype where that is
        fixed, else in the dtype of the parameters before it."""
        if value is None or isinstance(value, bool):
            raise TypeError(f"{self._name}: {name} cannot be {value!r}; expected floating numbers")
        tensor, expected = Tensor(value), self._dtype or self.__dict__.get("_added_dtype")
        if tensor.dtype.kind != "f" or expected not in (None, tensor.dtype):
            raise TypeError(f"{self._name}: {name} has dtype {tensor.dtype}; expected {expected or 'a floating dtype'}")
        self._added_dtype = tensor.dtype
        return tensor

    def _check_value_dtype(self, value: Tensor) -> Tensor:
        """The value; TypeError unless it is a Tensor of the bijector's dtype, or of any floating one."""
        if not isinstance(value, Tensor) or (value.dtype.kind != "f" if self._dtype is None else
                                             value.dtype != self._dtype):
            raise TypeError(f"{self._name}: the value must be a Tensor of {self._dtype or 'a floating dtype'}, but got "
                            f"{getattr(value, 'dtype', type(value).__name__)}")
        return value

    def parts(self, dtype: DType) -> tuple[Tensor, ...]:
        """The parameters as tensors of a dtype."""
        return tuple(convert(getattr(self, f"_{key}_value"), dtype) for key in self._given)

    def _value(self, value: Any) -> Tensor:
        x = as_inexact(self._name, value)
        return x if self._dtype is None else convert(x, self._dtype)

    def _call(self, what: str, value: Any, args: tuple, kwargs: dict) -> Tensor:
        rule = getattr(self, what, None)
        if rule is None:
            raise ValueError(f"{self._name}: {what[1:]} of this bijector is not defined")
        return rule(self._value(value), *args, **kwargs)

    def forward(self, value, *args, **kwargs) -> Tensor:
        """The function of x."""
        return self._call("_forward", value, args, kwargs)

    def inverse(self, value, *args, **kwargs) -> Tensor:
        """The x whose value this is."""
        return self._call("_inverse", value, args, kwargs)

    def forward_log_jacobian(self, value, *args, **kwargs) -> Tensor:
        """log |slope| of the function at x."""
        if getattr(self, "_forward_log_jacobian", None) is None:
            return -self._call("_inverse_log_jacobian", self.forward(value, *args, **kwargs), args, kwargs)
        return self._call("_forward_log_jacobian", value, args, kwargs)

    def inverse_log_jacobian(self, value, *args, **kwargs) -> Tensor:
        """log |slope| of the inverse at y."""
        if getattr(self, "_inverse_log_jacobian", None) is None:
            return -self._call("_forward_log_jacobian", self.inverse(value, *args, **kwargs), args, kwargs)
        return self._call("_inverse_log_jacobian", value, args, kwargs)

    def __call__(self, *args, **kwargs):
        from mindspore.nn.probability.distribution import Distribution, TransformedDistribution
        if len(args) == 1 and isinstance(args[0], Distribution):
            return TransformedDistribution(self, args[0])
        return super().__call__(*args, **kwargs)

    def construct(self, name: str, *args, **kwargs) -> Tensor:
        """The method called `name` with the other arguments."""
        if name not in _METHODS:
            raise ValueError(f"{self._name}: {name!r} is not a method that can be called by name; expected one of "
                             f"{', '.join(_METHODS)}")
        return getattr(self, name)(*args, **kwargs)


class PowerTransform(Bijector):
    """(1 + c x)**(1 / c) for c > 0, and exp(x) for c = 0. ValueError for a negative power."""

    def __init__(self, power=0.0, name="PowerTransform"):
        check(name, "power", power, NOT_NEGATIVE)
        super().__init__(name=name, param={"power": power})

    @property
    def power(self):
        """c."""
        return self._power_value

    def _parts(self, value):
        power, = self.parts(value.dtype)
        zero = power == 0
        return zero, ops.where(zero, 1.0, power)

    def _forward(self, x):
        zero, c = self._parts(x)
        return ops.where(zero, ops.exp(x), ops.exp(ops.log1p(ops.where(zero, 0.0, x * c)) / c))

    def _inverse(self, y):
        zero, c = self._parts(y)
        return ops.where(zero, ops.log(y), ops.expm1(ops.log(y) * c) / c)

    def _forward_log_jacobian(self, x):
        zero, c = self._parts(x)
        return ops.where(zero, x, (1.0 / c - 1.0) * ops.log1p(ops.where(zero, 0.0, x * c)))

    def _inverse_log_jacobian(self, y):
        zero, c = self._parts(y)
        return (ops.where(zero, 0.0, c) - 1.0) * ops.log(y)


class Exp(PowerTransform):
    """exp(x)."""

    def __init__(self, name="Exp"):
        super().__init__(0.0, name)

    def _forward(self, x):
        return ops.exp(x)

    def _inverse(self, y):
        return ops.log(y)

    def _forward_log_jacobian(self, x):
        return x

    def _inverse_log_jacobian(self, y):
        return -ops.log(y)


class ScalarAffine(Bijector):
    """scale x + shift."""

    def __init__(self, scale=1.0, shift=0.0, name="ScalarAffine"):
        super().__init__(True, True, name, param={"scale": scale, "shift": shift})

    @property
    def scale(self):
        """The slope."""
        return self._scale_value

    @property
    def shift(self):
        """The value at 0."""
        return self._shift_value

    def _forward(self, x):
        scale, shift = self.parts(x.dtype)
        return x * scale + shift

    def _inverse(self, y):
        scale, shift = self.parts(y.dtype)
        return (y - shift) / scale

    def _forward_log_jacobian(self, x):
        return ops.log(ops.abs(self.parts(x.dtype)[0]))

    def _inverse_log_jacobian(self, y):
        return -ops.log(ops.abs(self.parts(y.dtype)[0]))


class Softplus(Bijector):
    """log(1 + exp(k x)) / k with the sharpness k."""

    def __init__(self, sharpness=1.0, name="Softplus"):
        super().__init__(name=name, param={"sharpness": sharpness})

    @property
    def sharpness(self):
        """k."""
        return self._sharpness_value

    def _forward(self, x):
        k, = self.parts(x.dtype)
        return -ops.logsigmoid(-k * x) / k

    def _inverse(self, y):
        k, = self.parts(y.dtype)
        return y + ops.log(-ops.expm1(-k * y)) / k

    def _forward_log_jacobian(self, x):
        return ops.logsigmoid(self.parts(x.dtype)[0] * x)

    def _inverse_log_jacobian(self, y):
        return -ops.log(-ops.expm1(-self.parts(y.dtype)[0] * y))


class GumbelCDF(Bijector):
    """exp(-exp(-(x - loc) / scale)), the distribution function of the Gumbel distribution. ValueError unless scale is
    positive."""

    def __init__(self, loc=0.0, scale=1.0, name="GumbelCDF"):
        check(name, "scale", scale, POSITIVE)
        super().__init__(name=name, param={"loc": loc, "scale": scale})

    @property
    def loc(self):
        """The location."""
        return self._loc_value

    @property
    def scale(self):
        """The scale."""
        return self._scale_value

    def _standard(self, x):
        loc, scale = self.parts(x.dtype)
        return (x - loc) / scale, scale

    def _forward(self, x):
        return ops.exp(-ops.exp(-self._standard(x)[0]))

    def _inverse(self, y):
        loc, scale = self.parts(y.dtype)
        return loc - scale * ops.log(-ops.log(y))

    def _forward_log_jacobian(self, x):
        z, scale = self._standard(x)
        return -z - ops.exp(-z) - ops.log(scale)

    def _inverse_log_jacobian(self, y):
        return ops.log(self.parts(y.dtype)[1]) - ops.log(-ops.log(y)) - ops.log(y)


class Invert(Bijector):
    """The inverse of another bijector."""

    def __init__(self, bijector, name=""):
        if not isinstance(bijector, Bijector):
            raise TypeError(f"Invert: bijector must be a Bijector, but got {type(bijector).__name__}")
        super().__init__(bijector.is_constant_jacobian, bijector.is_injective, name or f"Invert{bijector.name}",
                         bijector.dtype)
        self._bijector = bijector

    @property
    def bijector(self):
        """The bijector that is inverted."""
        return self._bijector

    def _forward(self, x):
        return self._bijector.inverse(x)

    def _inverse(self, y):
        return self._bijector.forward(y)

    def _forward_log_jacobian(self, x):
        return self._bijector.inverse_log_jacobian(x)

    def _inverse_log_jacobian(self, y):
        return self._bijector.forward_log_jacobian(y)
