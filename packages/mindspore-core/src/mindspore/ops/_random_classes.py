"""Operator classes that draw random numbers. `operations` takes them from here."""
from __future__ import annotations

from mindspore.common.dtype import float32, int32, int64
from mindspore.ops import random, random_shapes
from mindspore.ops.primitive import REQUIRED, Primitive, define, define_drawing
from mindspore.ops.random import pair_of

CLASSES: dict[str, type[Primitive]] = {}


def _define(name, function, **attributes):
    CLASSES[name] = define(name, function, **attributes)


def _drawing(name, function, **attributes):
    CLASSES[name] = define_drawing(name, function, **attributes)


def _seeded(function):
    """A function whose last argument is a seed, with the pair of seeds that an operator has."""
    def drawn(*operands, seed=0, seed2=0, **attributes):
        return function(*operands, seed=pair_of(seed, seed2), **attributes)
    drawn.__doc__ = function.__doc__
    return drawn


_seeds = {"seed": 0, "seed2": 0}
_drawing("Gamma", _seeded(random_shapes.gamma), **_seeds)
_drawing("Poisson", _seeded(random_shapes.poisson), **_seeds)
_drawing("RandomGamma", _seeded(random_shapes.random_gamma), **_seeds)
_drawing("RandomPoisson", _seeded(random_shapes.random_poisson), **_seeds, dtype=int64)
_drawing("StandardLaplace", _seeded(random.standard_laplace), **_seeds)
_drawing("TruncatedNormal", _seeded(random_shapes.truncated_normal), dtype=float32, **_seeds)
_drawing("ParameterizedTruncatedNormal", random_shapes.parameterized_truncated_normal, **_seeds)
_drawing("RandomChoiceWithMask", _seeded(random_shapes.choice_with_mask), count=256, **_seeds)
_define("NonDeterministicInts", random_shapes.non_deterministic_ints, dtype=int64)
_define("Randperm", random_shapes.permutation_of, max_length=1, pad=-1, dtype=int32)
_define("LogNormalReverse", random_shapes.log_normal, mean=1.0, std=2.0)
_define("Cauchy", lambda size, median, sigma: random_shapes.cauchy(size, median, sigma), size=REQUIRED, median=0.0,
        sigma=1.0)
_define("MultinomialWithReplacement", random_shapes.multinomial_with_replacement, numsamples=REQUIRED,
        replacement=False)
_drawing("DropoutGenMask",
         lambda shape, keep_prob, Seed0, Seed1: random_shapes.dropout_mask(shape, keep_prob, Seed0, Seed1),
         Seed0=0, Seed1=0)
_define("DropoutDoMask", random_shapes.dropout_by_mask)
_define("Bernoulli",
        lambda x, p=0.5, seed=-1, offset=0: random.bernoulli(x, p, None if seed == -1 else pair_of(seed, offset)),
        seed=-1, offset=0)
