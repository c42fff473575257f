"""Single steps of optimizers as operators: Parameters get their new values, which are also returned.

Beside the updates that are primitives (`compiler.primitives.nn_optim`) there are others here, written with operators:
proximal and sign-based ones, Adafactor, those of large embedding tables, whose gradient is given by rows. A gradient by
rows names each row of a table as often as it likes; gradients of one row add up. *Lazy* updates leave rows that are not
named as they are; the others treat their gradient as 0.

Operands are cast to the dtype of the parameter. The formulas are those of MindSpore's operators; sources are named
where they are.
"""
from __future__ import annotations

from collections.abc import Callable, Sequence

from mindspore.common.dtype import float32, int32
from mindspore.common.tensor import Tensor
from mindspore.ops import arithmetic, elementwise, reduction, state
from mindspore.ops._operands import (
    Operand,
    apply,
    as_dtype_of,
    as_tensor,
    constant,
    convert,
    full_of,
    primitive,
)
from mindspore.ops.comparison import where
from mindspore.ops.indexing import added_at
from mindspore.ops.shapes import expand_dims, reshape

_ADAM, _AMSGRAD, _ADAMW, _FTRL, _ADAGRAD, _ADADELTA, _RMSPROP, _MOMENTUM = map(primitive, (
    "apply_adam", "apply_adam_with_amsgrad", "apply_adam_weight_decay", "apply_ftrl", "apply_adagrad",
    "apply_adadelta", "apply_rms_prop", "apply_momentum"))


# -- operands and results ----------------------------------------------------------------------------------------------

def _number(name: str, value: Operand, like: Tensor) -> Tensor:
    """A hyper-parameter, a number or a tensor of one element, as a 0-d tensor."""
    x = as_dtype_of(name, value, like, "hyper-parameter")
    if x.size != 1:
        raise ValueError(f"{name}: a hyper-parameter has shape {x.shape}; expected one number")
    return x if x.ndim == 0 else reshape(x, ())


def _numbers(name: str, values: Sequence[Operand], like: Tensor) -> list[Tensor]:
    return [_number(name, v, like) for v in values]


def _same(name: str, value: Operand, like: Tensor, what: str = "grad") -> Tensor:
    """A tensor in the shape and dtype of the parameter."""
    x = as_dtype_of(name, value, like, what)
    if x.shape != like.shape:
        raise ValueError(f"{name}: {what} has shape {x.shape}; expected that of the parameter, {like.shape}")
    return x


def _give(targets: Sequence[Tensor], values: Sequence[Tensor]) -> tuple[Tensor, ...]:
    """Parameters, or tensors in their place, get their values; the values in their dtypes."""
    new = [convert(v, t.dtype) for t, v in zip(targets, values, strict=True)]
    for target, value in zip(targets, new):
        state.assign(target, value)
    return tuple(new)


def _mixed(old: Tensor, new: Tensor, share: Tensor) -> Tensor:
    """share old + (1 - share) new."""
    return old * share + new * (1 - share)


# -- proximal steps and steps by signs ---------------------------------------------------------------------------------

def _shrunk(x: Tensor, threshold: Tensor) -> Tensor:
    """x moved towards 0 by the threshold, and 0 within it."""
    return arithmetic.sign(x) * arithmetic.maximum(arithmetic.abs(x) - threshold, constant(0, x.dtype))


def adagrad_da(var, gradient_accumulator, gradient_squared_accumulator, grad, lr, l1, l2, global_step,
               use_locking=False):
    """Adagrad by dual averaging: a = a + g; s = s + g^2; var = -lr shrink(a, l1 t) / (l2 t lr + sqrt(s)). Returns the
    three. Source: Duchi, Hazan and Singer (2011)."""
    name = "ApplyAdagradDA"
    g = _same(name, grad, var)
    lr, l1, l2, step = _numbers(name, (lr, l1, l2, global_step), var)
    total, squares = gradient_accumulator + g, gradient_squared_accumulator + g * g
    new = -lr * _shrunk(total, l1 * step) / (l2 * step * lr + elementwise.sqrt(squares))
    return _give((var, gradient_accumulator, gradient_squared_accumulator), (new, total, squares))


def proximal_adagrad(var, accum, lr, l1, l2, grad, use_locking=False):
    """Adagrad with l1 and l2 regularization: accum = accum + g^2; r = lr / sqrt(accum);
    var = shrink(var - r g, r l1) / (1 + r l2). Returns (var, accum). Source: Duchi and Singer, "Efficient learning
    using forward-backward splitting", 2009."""
    g = _same("ApplyProximalAdagrad", grad, var)
    return _give((var, accum), _proximal(var, accum, *_numbers("ApplyProximalAdagrad", (lr, l1, l2), var), g))


def _proximal(var, accum, lr, l1, l2, g):
    accum = accum + g * g
    rate = lr * elementwise.rsqrt(accum)
    return _shrunk(var - rate * g, rate * l1) / (1 + rate * l2), accum


def proximal_gradient_descent(var, alpha, l1, l2, delta):
    """Gradient descent with l1 and l2 regularization: var = shrink(var - alpha delta, alpha l1) / (1 + alpha l2).
    Source: Duchi and Singer (2009)."""
    name = "ApplyProximalGradientDescent"
    rate, l1, l2 = _numbers(name, (alpha, l1, l2), var)
    new = _shrunk(var - rate * _same(name, delta, var, "delta"), rate * l1) / (1 + rate * l2)
    return _give((var,), (new,))[0]


def _by_signs(name: str, factor: Callable):
    def step(var, m, lr, base, sign_decay, beta, grad):
        g = _same(name, grad, var)
        lr, base, sign_decay, beta = _numbers(name, (lr, base, sign_decay, beta), var)
        mean = _mixed(m, g, beta)
        agreement = sign_decay * arithmetic.sign(g) * arithmetic.sign(mean)
        return _give((var, m), (var - lr * factor(base, agreement) * g, mean))
    return step


add_sign = _by_signs("ApplyAddSign", lambda alpha, agreement: alpha + agreement)
add_sign.__doc__ = ("m = beta m + (1 - beta) g; var = var - lr (alpha + sign_decay sign(g) sign(m)) g. Returns "
                    "(var, m). Source: Bello et al., \"Neural optimizer search with reinforcement learning\", 2017.")
power_sign = _by_signs("ApplyPowerSign", lambda logbase, agreement: elementwise.exp(logbase * agreement))
power_sign.__doc__ = ("m = beta m + (1 - beta) g; var = var - lr exp(logbase sign_decay sign(g) sign(m)) g. Returns "
                      "(var, m). Source: Bello et al. (2017).")


# -- momentum and Adam -------------------------------------------------------------------------------------------------

def keras_momentum(var, accum, lr, grad, momentum, use_locking=False, use_nesterov=False):
    """accum = momentum accum - lr g; var = var + accum, or with Nesterov's step var + momentum accum - lr g. Returns
    (var, accum)."""
    name = "ApplyKerasMomentum"
    rate, share = _numbers(name, (lr, momentum), var)
    step = rate * _same(name, grad, var)
    velocity = accum * share - step
    return _give((var, accum), (var + (velocity * share - step if use_nesterov else velocity), velocity))


def scaled_momentum(weight_decay, loss_scale, variable, accumulation, learning_rate, gradient, momentum):
    """Momentum for a gradient that is decayed and scaled first: g = (gradient + weight_decay variable) loss_scale;
    accumulation = momentum accumulation + g; variable = variable - learning_rate accumulation. Returns variable."""
    name = "FusedWeightScaleApplyMomentum"
    decay, scale, lr, share = _numbers(name, (weight_decay, loss_scale, learning_rate, momentum), variable)
    g = (_same(name, gradient, variable, "gradient") + variable * decay) * scale
    return _give((variable, accumulation), apply(_MOMENTUM, (variable, accumulation, lr, g, share), (False,)))[0]


def amsgrad(var, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad, use_locking=False):
    """Adam whose second moment never falls; see the primitive `apply_adam_with_amsgrad`. Returns (var, m, v, vhat)."""
    name = "ApplyAdamWithAmsgradV2"
    numbers = _numbers(name, (beta1_power, beta2_power, lr, beta1, beta2, epsilon), var)
    return _give((var, m, v, vhat), apply(_AMSGRAD, (var, *[_same(name, s, var, "state") for s in (m, v, vhat)],
                                                     *numbers, _same(name, grad, var))))


def amsgrad_with_attributes(var, m, v, vhat, beta1_power, beta2_power, lr, grad, beta1=0.9, beta2=0.999, epsilon=1e-8,
                            use_locking=False):
    """See `amsgrad`; the rates are attributes."""
    return amsgrad(var, m, v, vhat, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad)


def adam_difference(m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, gradient, use_locking=False,
                    use_nesterov=False):
    """What Adam adds to a parameter; m and v get their new values."""
    name = "AdamNoUpdateParam"
    numbers = _numbers(name, (beta1_power, beta2_power, lr, beta1, beta2, epsilon), m)
    nothing = full_of(m.shape, constant(0, m.dtype))
    moved, *moments = apply(_ADAM, (nothing, m, v, *numbers, _same(name, gradient, m, "gradient")), (
        bool(use_nesterov),))
    _give((m, v), moments)
    return moved


def cast_adam_weight_decay(var, m, v, lr, beta1, beta2, epsilon, decay, gradient, global_norm=None, *,
                           use_locking=False):
    """Adam with decoupled weight decay in Float32, whatever the dtypes of parameter and gradient, which is divided by
    `global_norm` where one is given and not below 1e-10. Returns (var, m, v)."""
    name = "FusedCastAdamWeightDecay"
    wide = [convert(as_tensor(name, t), float32) for t in (var, m, v)]
    numbers = _numbers(name, (lr, beta1, beta2, epsilon, decay), wide[0])
    slope = _same(name, gradient, wide[0], "gradient")
    if global_norm is not None:
        norm = convert(as_tensor(name, global_norm, "global_norm"), float32)
        slope = slope / where(norm < 1e-10, constant(1, float32), norm)
    return _give((var, m, v), apply(_ADAMW, (*wide, *numbers, slope)))


# -- gradients by rows -------------------------------------------------------------------------------------------------

def _spread(name: str, var: Tensor, grad: Operand, indices: Operand) -> tuple[Tensor, Tensor]:
    """The gradient of the whole table, and which rows (count, 1, ...) are named."""
    rows, g = as_tensor(name, indices, "indices"), as_dtype_of(name, grad, var, "grad")
    if not rows.dtype.is_integer:
        raise TypeError(f"{name}: indices are {rows.dtype}; expected integers, the numbers of rows")
    if rows.ndim != 1 or g.shape != rows.shape + var.shape[1:]:
        raise ValueError(f"{name}: grad has shape {g.shape} and indices {rows.shape}; expected "
                         f"{('count', *var.shape[1:])} and (count,) for a parameter of shape {var.shape}")
    index = expand_dims(rows, -1)
    whole = added_at(name, full_of(var.shape, constant(0, var.dtype)), index, g)
    ones = full_of(rows.shape, constant(1, int32))
    hits = added_at(name, full_of(var.shape[:1], constant(0, int32)), index, ones)
    return whole, reshape(hits > 0, (var.shape[0],) + (1,) * (var.ndim - 1))


def _on_rows(name: str, step: Callable, targets: Sequence[Tensor], grad, indices, lazy: bool = True):
    """The step for the gradient of the whole table; where `lazy`, rows that are not named keep their values."""
    whole, named = _spread(name, targets[0], grad, indices)
    new = step(*[as_dtype_of(name, t, targets[0], "state") for t in targets], whole)
    return _give(targets, [where(named, v, t) for v, t in zip(new, targets)] if lazy else new)


def _sparse_adam(name: str, lazy: bool):
    def step(var, m, v, beta1_power, beta2_power, lr, beta1, beta2, epsilon, grad, indices, use_locking=False,
             use_nesterov=False):
        numbers = _numbers(name, (beta1_power, beta2_power, lr, beta1, beta2, epsilon), var)
        return _on_rows(name, lambda p, a, b, g: apply(_ADAM, (p, a, b, *numbers, g), (bool(use_nesterov),)),
                        (var, m, v), grad, indices, lazy)
    return step


sparse_adam = _sparse_adam("FusedSparseAdam", False)
sparse_adam.__doc__ = "Adam for a gradient by rows: all rows move. Returns (var, m, v)."
sparse_lazy_adam = _sparse_adam("FusedSparseLazyAdam", True)
sparse_lazy_adam.__doc__ = "Adam for a gradient by rows, lazily. Returns (var, m, v)."


def sparse_ftrl(var, accum, linear, grad, indices, lr, l1, l2, lr_power, l2_shrinkage=0.0, use_locking=False):
    """FTRL for a gradient by rows, lazily; with l2_shrinkage the linear term follows g + 2 l2_shrinkage var. Returns
    (var, accum, linear). See the primitive `apply_ftrl`."""
    name = "SparseApplyFtrl"
    numbers = _numbers(name, (lr, l1, l2, lr_power), var)

    def step(p, a, sums, g):
        more = sums + p * (2 * l2_shrinkage) if l2_shrinkage else sums
        return apply(_FTRL, (p, a, more, g, *numbers))

    return _on_rows(name, step, (var, accum, linear), grad, indices)


def sparse_proximal_adagrad(var, accum, lr, l1, l2, grad, indices, use_locking=False):
    """`proximal_adagrad` for a gradient by rows, lazily. Returns (var, accum)."""
    name = "SparseApplyProximalAdagrad"
    numbers = _numbers(name, (lr, l1, l2), var)
    return _on_rows(name, lambda p, a, g: _proximal(p, a, *numbers, g), (var, accum), grad, indices)


def sparse_adagrad(var, accum, grad, indices, lr, epsilon=0.0, update_slots=True, use_locking=False):
    """Adagrad for a gradient by rows, lazily. Returns (var, accum). See the primitive `apply_adagrad`."""
    name = "SparseApplyAdagrad"
    rate = _number(name, lr, var)
    return _on_rows(name, lambda p, a, g: apply(_ADAGRAD, (p, a, rate, g), (float(epsilon), bool(update_slots))),
                    (var, accum), grad, indices)


def sparse_adadelta(var, accum, accum_update, lr, rho, grad, indices, epsilon, use_locking=False):
    """Adadelta for a gradient by rows, lazily. Returns (var, accum, accum_update). See the primitive
    `apply_adadelta`."""
    name = "SparseApplyAdadelta"
    numbers = _numbers(name, (lr, rho, epsilon), var)
    return _on_rows(name, lambda p, a, b, g: apply(_ADADELTA, (p, a, b, *numbers, g)), (var, accum, accum_update), grad,
                    indices)


def sparse_rms_prop(var, ms, mom, lr, grad, indices, rho, momentum, epsilon, use_locking=False):
    """RMSProp for a gradient by rows, lazily. Returns (var, ms, mom). See the primitive `apply_rms_prop`."""
    name = "SparseApplyRMSProp"
    rate, *others = _numbers(name, (lr, rho, momentum, epsilon), var)
    return _on_rows(name, lambda p, a, b, g: apply(_RMSPROP, (p, a, b, rate, g, *others)), (var, ms, mom), grad,
                    indices)


# -- steps scaled by norms ---------------------------------------------------------------------------------------------

def lars_gradient(weight, gradient, norm_weight, norm_gradient, weight_decay, learning_rate, epsilon=1e-5,
                  hyperpara=0.001, use_clip=False):
    """The gradient with weight decay times the trust ratio hyperpara |w| / (|g| + weight_decay |w| + epsilon), which
    with `use_clip` is divided by the learning rate and lies in [0, 1].

    norm_weight, norm_gradient: the sums of squares of weight and gradient. Source: You, Gitman and Ginsburg, "Large
    batch training of convolutional networks", 2017.
    """
    name = "LARSUpdate"
    w = as_tensor(name, weight, "weight")
    of_weight, of_gradient, decay, lr = _numbers(name, (norm_weight, norm_gradient, weight_decay, learning_rate), w)
    length = elementwise.sqrt(of_weight)
    ratio = length * hyperpara / (elementwise.sqrt(of_gradient) + decay * length + epsilon)
    if use_clip:
        ratio = arithmetic.maximum(arithmetic.minimum(ratio / lr, 1.0), 0.0)
    return (_same(name, gradient, w, "gradient") + w * decay) * ratio


def _rms(x: Tensor) -> Tensor:
    return elementwise.sqrt(reduction.mean(x * x))


def adafactor(epsilon, clip_threshold, beta1, beta2, weight_decay, learning_rate, gradient, param, exp_avg,
              exp_avg_sq_row, exp_avg_sq_col, exp_avg_sq, enable_scale_parameter=False, enable_first_moment=False,
              enable_weight_decay=False):
    """Adafactor: Adam whose second moment of a matrix is kept as the means of its rows and of its columns.

    epsilon: two numbers, added to squared gradients and the least scale of a parameter. exp_avg: the first moment,
    exp_avg_sq_row (..., rows), exp_avg_sq_col (..., columns): the means of squares of matrices; exp_avg_sq: those of a
    parameter with fewer axes. States that are not used may be anything. Returns param. Source: Shazeer and Stern,
    "Adafactor: adaptive learning rates with sublinear memory cost", 2018.
    """
    name = "FusedAdaFactor"
    p = as_tensor(name, param, "param")
    wide, g = convert(p, float32), _same(name, gradient, convert(p, float32), "gradient")
    clip, b1, b2, decay, lr = _numbers(name, (clip_threshold, beta1, beta2, weight_decay, learning_rate), wide)
    tiny, least = (epsilon if isinstance(epsilon, (tuple, list)) else
                   [as_dtype_of(name, epsilon, wide, "epsilon")[k] for k in (0, 1)])
    if enable_scale_parameter:
        lr = lr * arithmetic.maximum(_rms(wide), least)
    squares = g * g + tiny
    if p.ndim > 1:
        rows = _mixed(convert(exp_avg_sq_row, float32), reduction.mean(squares, -1), b2)
        columns = _mixed(convert(exp_avg_sq_col, float32), reduction.mean(squares, -2), b2)
        _give((exp_avg_sq_row, exp_avg_sq_col), (rows, columns))
        scale = expand_dims(elementwise.rsqrt(rows / reduction.mean(rows, -1, True)), -1)
        step = g * scale * expand_dims(elementwise.rsqrt(columns), -2)
    else:
        mean = _mixed(convert(exp_avg_sq, float32), squares, b2)
        _give((exp_avg_sq,), (mean,))
        step = g * elementwise.rsqrt(mean)
    step = step / arithmetic.maximum(_rms(step) / clip, 1.0) * lr
    if enable_first_moment:
        step = _mixed(convert(exp_avg, float32), step, b1)
        _give((exp_avg,), (step,))
    if enable_weight_decay:
        wide = wide - wide * decay * lr
    return _give((param,), (wide - step,))[0]


def adafactor_with_norm(epsilon, clip_threshold, beta1, beta2, weight_decay, learning_rate, gradient, param, exp_avg,
                        exp_avg_sq_row, exp_avg_sq_col, exp_avg_sq, global_norm, **flags):
    """`adafactor` for the gradient divided by `global_norm`, where that is above 1."""
    g = as_tensor("FusedAdaFactorWithGlobalNorm", gradient, "gradient")
    norm = arithmetic.maximum(_number("FusedAdaFactorWithGlobalNorm", global_norm, convert(g, float32)), 1.0)
    return adafactor(epsilon, clip_threshold, beta1, beta2, weight_decay, learning_rate, convert(g, float32) / norm,
                     param, exp_avg, exp_avg_sq_row, exp_avg_sq_col, exp_avg_sq, **flags)
