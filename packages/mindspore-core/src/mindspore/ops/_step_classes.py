"""Operator classes of single optimizer steps that are no primitives. `operations` takes them from here."""
from __future__ import annotations

from mindspore.ops import optimizer_steps as steps
from mindspore.ops.primitive import REQUIRED, Primitive, define

CLASSES: dict[str, type[Primitive]] = {}


def _define(name, function, **attributes):
    CLASSES[name] = define(name, function, **attributes)


_flags = {"enable_scale_parameter": False, "enable_first_moment": False, "enable_weight_decay": False}
_ftrl = {"lr": REQUIRED, "l1": REQUIRED, "l2": REQUIRED, "lr_power": REQUIRED, "use_locking": False}

_define("AdamNoUpdateParam", steps.adam_difference, use_locking=False, use_nesterov=False)
_define("ApplyAdagradDA", steps.adagrad_da, use_locking=False)
_define("ApplyAdamWithAmsgrad", steps.amsgrad_with_attributes, beta1=0.9, beta2=0.999, epsilon=1e-08,
        use_locking=False)
_define("ApplyAdamWithAmsgradV2", steps.amsgrad, use_locking=False)
_define("ApplyAddSign", steps.add_sign)
_define("ApplyKerasMomentum", steps.keras_momentum, use_locking=False, use_nesterov=False)
_define("ApplyPowerSign", steps.power_sign)
_define("ApplyProximalAdagrad", steps.proximal_adagrad, use_locking=False)
_define("ApplyProximalGradientDescent", steps.proximal_gradient_descent)
_define("FusedAdaFactor", steps.adafactor, **_flags)
_define("FusedAdaFactorWithGlobalNorm", steps.adafactor_with_norm, **_flags)
_define("FusedCastAdamWeightDecay", steps.cast_adam_weight_decay, use_locking=False)
_define("FusedSparseAdam", steps.sparse_adam, use_locking=False, use_nesterov=False)
_define("FusedSparseFtrl", steps.sparse_ftrl, **_ftrl)
_define("FusedSparseLazyAdam", steps.sparse_lazy_adam, use_locking=False, use_nesterov=False)
_define("FusedSparseProximalAdagrad", steps.sparse_proximal_adagrad, use_locking=False)
_define("FusedWeightScaleApplyMomentum", steps.scaled_momentum)
_define("LARSUpdate", steps.lars_gradient, epsilon=1e-05, hyperpara=0.001, use_clip=False)
_define("SparseApplyAdadelta", steps.sparse_adadelta, epsilon=REQUIRED, use_locking=False)
_define("SparseApplyAdagrad", steps.sparse_adagrad, lr=REQUIRED, update_slots=True, use_locking=False)
_define("SparseApplyAdagradV2", steps.sparse_adagrad, lr=REQUIRED, epsilon=REQUIRED, use_locking=False,
        update_slots=True)
_define("SparseApplyFtrl", steps.sparse_ftrl, **_ftrl)
_define("SparseApplyFtrlV2", steps.sparse_ftrl, lr=REQUIRED, l1=REQUIRED, l2=REQUIRED, l2_shrinkage=REQUIRED,
        lr_power=REQUIRED, use_locking=False)
_define("SparseApplyProximalAdagrad", steps.sparse_proximal_adagrad, use_locking=False)
_define("SparseApplyRMSProp", steps.sparse_rms_prop, rho=REQUIRED, momentum=REQUIRED, epsilon=REQUIRED,
        use_locking=False)
