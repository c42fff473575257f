"""The base class of distributions.

A distribution names its parameters in `names`; each is given when the distribution is made, or in a call, behind the
other arguments or by name. A subclass says what it knows in methods that begin with an underscore and get the
parameters as tensors: `_log_prob(value, mean, sd)`, `_cdf`, `_mean`, `_sample(shape, mean, sd)`, `_kl_loss(dist,
mean_b, sd_b, mean, sd)`, ... What it leaves out follows from the rest: probabilities from their logarithms and the
other way round, survival from the distribution function, the variance from the deviation, cross-entropy from entropy
and divergence.
"""
from __future__ import annotations

from typing import Any

import numpy as np

from mindspore import ops
from mindspore.common.dtype import DType, as_dtype, float32
from mindspore.common.generator import Generator
from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell
from mindspore.nn.probability._parameters import Rule, as_parameter, check
from mindspore.ops._operands import as_tensor, convert, static_shape

__all__ = ["Distribution"]


class UndefinedError(NotImplementedError, ValueError):
    """A distribution has not what is asked of it."""


class Distribution(Cell):
    """A distribution with parameters of one shape, or of shapes that broadcast.

    Args:
        seed: of the numbers that `sample` draws: a distribution with a seed has a generator of its own, others use the
            default one.
        dtype: of the numbers that `sample` draws. Parameters and probabilities have it too where it is floating, else
            they are Float32.
        name: of the distribution.
        param: the parameters by name, in the order of the methods' arguments, or a dict with these as `param_dict`.
            None for a parameter that calls will give.
    """

    names: tuple[str, ...] = ()
    rules: dict[str, Rule] = {}
    discrete = False

    def __init__(self, seed: int | None, dtype: DType, name: str, param: dict[str, Any]):
        super().__init__()
        if not isinstance(name, str):
            raise TypeError(f"{type(self).__name__}: name is {name!r}; expected a str")
        if seed is not None and (isinstance(seed, bool) or not isinstance(seed, int)):
            raise TypeError(f"{name}: seed is {seed!r}; expected an int that is not negative, or None")
        if seed is not None and seed < 0:
            raise ValueError(f"{name}: seed is {seed}; expected an int that is not negative, or None")
        target = as_dtype(dtype)
        if not target.is_floating and not (self.discrete and target.is_integer):
            raise TypeError(f"{name}: dtype is {target}; expected a floating dtype{' or integers' * self.discrete}")
        given = param.get("param_dict", param)
        self._name, self._dtype, self._seed, self._given = name, target, seed, given
        self._generator = Generator().manual_seed(seed) if seed else None
        self.names = tuple(given)
        for key, value in given.items():
            check(name, key, value, self.rules.get(key))
            if value is not None:
                as_parameter(name, key, value, self.parameter_type)
                setattr(self, f"_{key}_value", value)
        self._shape = self._broadcast([v for v in given.values() if v is not None])

    def _broadcast(self, values: list) -> tuple:
        shapes = [tuple(v.shape) if isinstance(v, (Tensor, np.ndarray)) else np.shape(v) for v in values]
        try:
            return tuple(np.broadcast_shapes(*shapes))
        except ValueError:
            raise ValueError(f"{self._name}: the parameters have shapes {shapes}, which cannot be broadcast "
                             f"together") from None

    # -- what it is ----------------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The name."""
        return self._name

    @property
    def dtype(self) -> DType:
        """The dtype of samples."""
        return self._dtype

    @property
    def seed(self) -> int | None:
        """The seed, if there is one."""
        return self._seed

    @property
    def parameter_type(self) -> DType:
        """The dtype of parameters and probabilities."""
        return self._dtype if self._dtype.is_floating else float32

    @property
    def parameters(self) -> dict[str, Any]:
        """The parameters as they were given, by name."""
        return dict(self._given)

    @property
    def batch_shape(self) -> tuple | None:
        """The shape of a sample of one number for each distribution; None where parameters are missing."""
        return None if any(v is None for v in self._given.values()) else self._shape

    broadcast_shape = batch_shape

    @property
    def is_scalar_batch(self) -> bool:
        """Whether this is one distribution, and not several."""
        return self._shape == ()

    def get_dist_args(self, *args, **kwargs) -> tuple:
        """The parameters as tensors: those given here, else those the distribution was made with, else None, for which
        the distribution that they are given to takes its own."""
        return self._resolve(args, kwargs, missing=True)

    def get_dist_type(self) -> str:
        """The name of the kind of distribution, which `kl_loss` and `cross_entropy` are given."""
        return type(self).__name__

    # -- parameters of a call ------------------------------------------------------------------------------------------

    def _resolve(self, args: tuple, kwargs: dict, names: tuple[str, ...] | None = None, own: bool = True,
                 missing: bool = False) -> tuple:
        names = self.names if names is None else names
        if len(args) > len(names) or not kwargs.keys() <= set(names[len(args):]):
            raise TypeError(f"{self._name}: got the parameters {args} and {kwargs}; it takes {', '.join(names)}")
        found = []
        for place, key in enumerate(names):
            value = args[place] if place < len(args) else kwargs.get(key)
            if value is None and own:
                value = getattr(self, f"_{key}_value", None)
            if value is None and missing:
                found.append(None)
                continue
            if value is None:
                raise ValueError(f"{self._name}: the parameter {key} is missing; give it to the method or to the "
                                 f"constructor")
            found.append(as_parameter(self._name, key, value, self.parameter_type))
        return tuple(found)

    def _rule(self, name: str):
        return getattr(self, name, None)

    def _value(self, value: Any) -> Tensor:
        return convert(as_tensor(self._name, value, "value"), self.parameter_type)

    def _undefined(self, what: str) -> UndefinedError:
        return UndefinedError(f"{self._name}: {what} of this distribution is not defined or has no closed form")

    def _first_of(self, what: str, *names: str) -> tuple[str, Any]:
        """The first of these rules that the class has, with its name."""
        for name in names:
            if self._rule(name) is not None:
                return name, self._rule(name)
        raise self._undefined(what)

    # -- probabilities -------------------------------------------------------------------------------------------------

    def prob(self, value: Any, *args, **kwargs) -> Tensor:
        """The density, or the probability, at `value`."""
        name, rule = self._first_of("the probability", "_prob", "_log_prob")
        found = rule(self._value(value), *self._resolve(args, kwargs))
        return found if name == "_prob" else ops.exp(found)

    def log_prob(self, value: Any, *args, **kwargs) -> Tensor:
        """The logarithm of `prob`."""
        name, rule = self._first_of("the probability", "_log_prob", "_prob")
        found = rule(self._value(value), *self._resolve(args, kwargs))
        return found if name == "_log_prob" else ops.log(found)

    def cdf(self, value: Any, *args, **kwargs) -> Tensor:
        """The probability of a number that is not above `value`."""
        self._first_of("the distribution function", *_CUMULATIVE)
        return self._cumulative(self._value(value), self._resolve(args, kwargs))

    def _cumulative(self, value: Tensor, given: tuple) -> Tensor:
        name, rule = self._first_of("the distribution function", *_CUMULATIVE)
        change = _CUMULATIVE[name]
        return change(rule(value, *given)) if change else rule(value, *given)

    def log_cdf(self, value: Any, *args, **kwargs) -> Tensor:
        """The logarithm of `cdf`."""
        self._first_of("the distribution function", "_log_cdf", *_CUMULATIVE)
        given, rule = (self._value(value), self._resolve(args, kwargs)), self._rule("_log_cdf")
        return rule(given[0], *given[1]) if rule else ops.log(self._cumulative(*given))

    def survival_function(self, value: Any, *args, **kwargs) -> Tensor:
        """The probability of a number above `value`."""
        self._first_of("the survival function", "_log_survival", *_CUMULATIVE)
        return self._surviving(self._value(value), self._resolve(args, kwargs))

    def _surviving(self, value: Tensor, given: tuple) -> Tensor:
        for name, change in (("_survival_function", None), ("_log_survival", ops.exp)):
            rule = self._rule(name)
            if rule:
                return change(rule(value, *given)) if change else rule(value, *given)
        return 1.0 - self._cumulative(value, given)

    def log_survival(self, value: Any, *args, **kwargs) -> Tensor:
        """The logarithm of `survival_function`."""
        self._first_of("the survival function", "_log_survival", *_CUMULATIVE)
        given, rule = (self._value(value), self._resolve(args, kwargs)), self._rule("_log_survival")
        return rule(given[0], *given[1]) if rule else ops.log(self._surviving(*given))

    # -- moments -------------------------------------------------------------------------------------------------------

    def _moment(self, what: str, args: tuple, kwargs: dict) -> Tensor:
        rule = self._rule(f"_{what}")
        if rule is None:
            raise self._undefined(f"the {what}")
        return rule(*self._resolve(args, kwargs))

    def mean(self, *args, **kwargs) -> Tensor:
        """The mean."""
        return self._moment("mean", args, kwargs)

    def mode(self, *args, **kwargs) -> Tensor:
        """Where the density or probability is largest."""
        return self._moment("mode", args, kwargs)

    def sd(self, *args, **kwargs) -> Tensor:
        """The standard deviation."""
        return self._moment("sd", args, kwargs) if self._rule("_sd") else ops.sqrt(self._moment("var", args, kwargs))

    def var(self, *args, **kwargs) -> Tensor:
        """The variance."""
        return self._moment("var", args, kwargs) if self._rule("_var") else ops.square(
            self._moment("sd", args, kwargs))

    def entropy(self, *args, **kwargs) -> Tensor:
        """The entropy, in nats."""
        return self._moment("entropy", args, kwargs)

    # -- two distributions ---------------------------------------------------------------------------------------------

    def kl_loss(self, dist: str, *args, **kwargs) -> Tensor:
        """The Kullback-Leibler divergence of this distribution (a) from another one (b) of the kind `dist`, whose
        parameters come first, by name with `_b` behind it."""
        rule = self._rule("_kl_loss")
        if rule is None:
            raise self._undefined("the divergence")
        if dist != self.get_dist_type():
            raise ValueError(f"{self._name}: dist is {dist!r}; expected {self.get_dist_type()!r}")
        others = tuple(f"{key}_b" for key in self.names)
        split = len(others) - sum(key in kwargs for key in others)
        named = {key: kwargs[key] for key in kwargs if key in others}
        second = self._resolve(args[:split], named, others, own=False)
        first = self._resolve(args[split:], {key: kwargs[key] for key in kwargs if key not in others})
        return rule(dist, *second, *first)

    def cross_entropy(self, dist: str, *args, **kwargs) -> Tensor:
        """The cross-entropy of this distribution and another one: its entropy plus `kl_loss`, and with its
        arguments."""
        others = len(self.names) - sum(f"{key}_b" in kwargs for key in self.names)
        own = {key: kwargs[key] for key in kwargs if key in self.names}
        return self.entropy(*args[others:], **own) + self.kl_loss(dist, *args, **kwargs)

    # -- samples -------------------------------------------------------------------------------------------------------

    def sample(self, *args, **kwargs) -> Tensor:
        """sample(shape=(), parameters...): numbers of the shape `shape` + the shape of the parameters, in `dtype`."""
        shape = kwargs.pop("shape", args[0] if args else ())
        rule = self._rule("_sample")
        if rule is None:
            raise self._undefined("a way to draw from")
        size = static_shape(self._name, shape)
        return convert(rule(size, *self._resolve(args[1:], kwargs)), self._dtype)

    def construct(self, name: str, *args, **kwargs) -> Any:
        """The method called `name` with the other arguments."""
        if name not in _METHODS:
            raise ValueError(f"{self._name}: {name!r} is not a method that can be called by name; expected one of "
                             f"{', '.join(_METHODS)}")
        return getattr(self, name)(*args, **kwargs)


_CUMULATIVE: dict[str, Any] = {"_cdf": None, "_log_cdf": ops.exp, "_survival_function": lambda x: 1.0 - x}
_METHODS = ("prob", "log_prob", "cdf", "log_cdf", "survival_function", "log_survival", "mean", "mode", "sd", "var",
            "entropy", "kl_loss", "cross_entropy", "sample", "get_dist_args", "get_dist_type")
