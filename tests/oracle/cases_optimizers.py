"""Optimizers over several steps with given gradients."""

import torch
import torch.optim as T
from layers import optimizer

from mindspore import mint, nn
from mindspore.experimental import optim

SAME = {
    "Adam": [
        {},
        {"lr": 0.1, "weight_decay": 0.1},
        {"amsgrad": True, "lr": 0.05},
        {"maximize": True},
        {"betas": (0.5, 0.9)},
    ],
    "AdamW": [{}, {"lr": 0.1, "weight_decay": 0.3}, {"amsgrad": True}],
    "SGD": [
        {"lr": 0.1},
        {"lr": 0.1, "momentum": 0.9},
        {"lr": 0.1, "momentum": 0.9, "nesterov": True},
        {"lr": 0.1, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
        {"lr": 0.1, "maximize": True},
    ],
    "ASGD": [{}, {"lr": 0.1, "t0": 2.0}],
    "Adadelta": [{}, {"lr": 0.3, "rho": 0.7, "weight_decay": 0.1}],
    "Adagrad": [{}, {"lr": 0.1, "lr_decay": 0.1, "initial_accumulator_value": 0.2}],
    "Adamax": [{}, {"lr": 0.1, "weight_decay": 0.1}],
    "NAdam": [{}, {"lr": 0.1, "weight_decay": 0.1}],
    "RAdam": [{}, {"lr": 0.1, "weight_decay": 0.1}],
    "RMSprop": [{}, {"lr": 0.1, "momentum": 0.9, "centered": True}, {"alpha": 0.5, "weight_decay": 0.1}],
    "Rprop": [{}, {"lr": 0.1, "etas": (0.4, 1.5)}],
}
for name, settings in SAME.items():
    for module, space in ((mint.optim, "mint.optim"), (optim, "experimental.optim")):
        for chosen in settings if hasattr(module, name) else ():
            title = " ".join(f"{key} {value}" for key, value in chosen.items())
            optimizer(
                f"{space}.{name} {title}".strip(),
                lambda p, name=name, k=chosen: getattr(T, name)(p, **k),
                lambda p, module=module, name=name, k=chosen: getattr(module, name)(p, **k),
            )


def from_ones(optimizer):
    """PyTorch's RMSprop with averages that start at one, as MindSpore's do, and not at zero."""
    for parameter in optimizer.param_groups[0]["params"]:
        optimizer.state[parameter] = {
            "step": torch.zeros(()),
            "square_avg": torch.ones_like(parameter),
            "momentum_buffer": torch.zeros_like(parameter),
        }
    return optimizer


# mindspore.nn's optimizers, where a choice of the arguments gives PyTorch's update.
for name, theirs, ours in [
    ("SGD", lambda p: T.SGD(p, 0.1), lambda p: nn.SGD(p, 0.1)),
    ("SGD momentum", lambda p: T.SGD(p, 0.1, 0.9, 0.2, 0.1), lambda p: nn.SGD(p, 0.1, 0.9, 0.2, 0.1)),
    ("SGD nesterov", lambda p: T.SGD(p, 0.1, 0.9, nesterov=True), lambda p: nn.SGD(p, 0.1, 0.9, nesterov=True)),
    ("Momentum", lambda p: T.SGD(p, 0.1, 0.9), lambda p: nn.Momentum(p, 0.1, 0.9)),
    (
        "Momentum nesterov",
        lambda p: T.SGD(p, 0.1, 0.9, nesterov=True),
        lambda p: nn.Momentum(p, 0.1, 0.9, use_nesterov=True),
    ),
    ("Adam", lambda p: T.Adam(p, 0.1, eps=1e-12), lambda p: nn.Adam(p, 0.1, eps=1e-12)),
    (
        "Adam weight decay",
        lambda p: T.Adam(p, 0.1, eps=1e-12, weight_decay=0.1),
        lambda p: nn.Adam(p, 0.1, eps=1e-12, weight_decay=0.1),
    ),
    ("Adadelta", lambda p: T.Adadelta(p, 1.0), lambda p: nn.Adadelta(p, 1.0)),
    ("Adagrad", lambda p: T.Adagrad(p, 0.1, initial_accumulator_value=0.1, eps=0.0), lambda p: nn.Adagrad(p, 0.1, 0.1)),
    ("AdaMax", lambda p: T.Adamax(p, 0.1), lambda p: nn.AdaMax(p, 0.1)),
    ("RMSProp", lambda p: from_ones(T.RMSprop(p, 0.1, 0.9, 1e-12)), lambda p: nn.RMSProp(p, 0.1, 0.9, epsilon=1e-24)),
    (
        "RMSProp momentum",
        lambda p: from_ones(T.RMSprop(p, 0.1, 0.9, 1e-12, momentum=0.5)),
        lambda p: nn.RMSProp(p, 0.1, 0.9, 0.5, epsilon=1e-24),
    ),
    ("Rprop", lambda p: T.Rprop(p, 0.1), lambda p: nn.Rprop(p, 0.1)),
    ("ASGD", lambda p: T.ASGD(p, 0.1), lambda p: nn.ASGD(p, 0.1)),
]:
    optimizer(f"nn.{name}", theirs, ours)
