"""Checkpoints that are of no use without a list of numbers.

`obfuscate_ckpt` multiplies the weight of each layer that is chosen by a random number, its *ratio*. In a network with
these weights every such layer gives something else. `load_obf_params_into_net` makes a network that divides what comes
into the layer by the ratio: the layers are linear, so `(x / r) (r W) + b` is what `x W + b` was, up to rounding. The
ratios are the key: keep them apart from the file.

This hides weights from a glance, not from an attacker who can run the network or who compares layers: it is no
encryption. `save_checkpoint(enc_key=...)` encrypts.
"""
from __future__ import annotations

import math
import os
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mindspore import nn
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell
from mindspore.train.serialization import load_checkpoint, save_checkpoint

__all__ = ["load_obf_params_into_net", "obfuscate_ckpt"]
_LINEAR = (nn.Dense, nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Conv1dTranspose, nn.Conv2dTranspose, nn.Conv3dTranspose)
_LAYERS = "obfuscate_layers:"


class _Scaled(Cell):
    """A linear layer whose weight is `ratio` times what it should be."""

    def __init__(self, layer: Cell, ratio: float):
        super().__init__(auto_prefix=False)
        self.layer, self.ratio = layer, ratio

    def construct(self, x):
        return self.layer(x / self.ratio)


def obfuscate_ckpt(network: Cell, ckpt_files, target_modules: Sequence[str] | None = None, obf_config: None = None,
                   saved_path: str | os.PathLike = "./", obfuscate_scale: float = 100) -> list[float]:
    """Write obfuscated copies of checkpoints: `NAME_obf.ckpt` for `NAME.ckpt`.

    Args:
        network: the network that the checkpoints belong to.
        ckpt_files: a `.ckpt` file, or a folder of them.
        target_modules: which layers: `["a/b", "c|d"]` are the layers `c` and `d` of the cell `a.b`; numbers of cells in
            containers are left out of the path, and `"obfuscate_layers:2"` as a third text takes such cells of the
            numbers 0 and 1 alone. Without it all `Dense` and convolution layers.
        obf_config: must be None; `target_modules` chooses.
        saved_path: the folder of the copies; made where it is missing.
        obfuscate_scale: ratios are drawn between `1 / obfuscate_scale` and `obfuscate_scale`; above 1.

    Returns:
        the ratios, one for each layer.

    Raises:
        TypeError, ValueError: an argument of another form, no layer of these names, no checkpoint, or one that lacks
            the weight of a layer.
    """
    function = "obfuscate_ckpt"
    targets = _targets(network, target_modules, obf_config, function)
    if isinstance(obfuscate_scale, bool) or not isinstance(obfuscate_scale, (int, float)) or not (
            1 < obfuscate_scale < math.inf):
        raise ValueError(f"For '{function}', 'obfuscate_scale' must be a number above 1, but got {obfuscate_scale!r}.")
    if not isinstance(ckpt_files, (str, os.PathLike)):
        raise TypeError(f"For '{function}', 'ckpt_files' must be a path, but got {type(ckpt_files).__name__}.")
    given = Path(ckpt_files)
    files = sorted(given.glob("*.ckpt")) if given.is_dir() else [given]
    if not files or not files[0].is_file():
        raise ValueError(f"For '{function}', there is no .ckpt file at '{given}'.")
    chance, limit = random.SystemRandom(), math.log(obfuscate_scale)
    ratios = [math.exp(chance.uniform(-limit, limit)) for _ in targets]
    folder = Path(saved_path)
    folder.mkdir(parents=True, exist_ok=True)
    for file in files:
        values = load_checkpoint(str(file))
        for (_, _, layer), ratio in zip(targets, ratios):
            name = layer.weight.name
            if name not in values:
                raise ValueError(f"For '{function}', '{file}' has no parameter {name!r}.")
            weight = values[name].asnumpy()
            values[name] = Parameter(Tensor((weight * ratio).astype(weight.dtype)), name=name)
        save_checkpoint(values, str(folder / f"{file.stem}_obf.ckpt"))
    return ratios


def load_obf_params_into_net(network: Cell, target_modules: Sequence[str] | None = None, obf_ratios=None,
                             obf_config: None = None, data_parallel_num: int = 1, **kwargs: Any) -> Cell:
    """Change a network so that it runs with an obfuscated checkpoint, which is loaded into it afterwards
    (`load_param_into_net`). Parameters keep their names.

    Args:
        network: the network; it is changed in place.
        target_modules: as for `obfuscate_ckpt`, which must have had the same.
        obf_ratios: what that returned, or a Tensor of it.
        obf_config: must be None. data_parallel_num: accepted; there is one process.
        kwargs: `ignored_func_decorators` and `ignored_class_decorators`: accepted; no source is rewritten.

    Returns:
        the network.

    Raises:
        TypeError, ValueError: an argument of another form, no layer of these names, or another number of ratios.
    """
    function = "load_obf_params_into_net"
    unknown = sorted(kwargs.keys() - {"ignored_func_decorators", "ignored_class_decorators"})
    if unknown:
        raise TypeError(f"For '{function}', there is no argument {unknown[0]!r}.")
    targets = _targets(network, target_modules, obf_config, function)
    if not isinstance(obf_ratios, (Tensor, np.ndarray, list, tuple)):
        raise TypeError(f"For '{function}', 'obf_ratios' must be what obfuscate_ckpt returned, but got "
                        f"{type(obf_ratios).__name__}.")
    ratios = np.asarray(obf_ratios.asnumpy() if isinstance(obf_ratios, Tensor) else obf_ratios, np.float64)
    if ratios.shape != (len(targets),) or not (np.isfinite(ratios) & (ratios > 0)).all():
        raise ValueError(f"For '{function}', 'obf_ratios' must be {len(targets)} numbers above 0, one for each layer, "
                         f"but got {ratios.tolist()}.")
    names = [(parameter, parameter.name) for parameter in network.get_parameters()]
    for (owner, key, layer), ratio in zip(targets, ratios.tolist()):
        setattr(owner, key, _Scaled(layer, ratio))
    for parameter, name in names:
        parameter.name = name
    return network


def _targets(network: Cell, modules: Sequence[str] | None, config: Any, function: str) -> list[tuple[Cell, str, Cell]]:
    """(the cell around it, its name there, the layer) of each layer that is chosen, in the network's order."""
    if not isinstance(network, Cell):
        raise TypeError(f"For '{function}', 'network' must be a Cell, but got {type(network).__name__}.")
    if config is not None:
        raise ValueError(f"For '{function}', 'obf_config' must be None; choose the layers with 'target_modules'.")
    path, wanted, most = _checked(modules, function)
    found: list[tuple[Cell, str, Cell]] = []
    for place, owner in network.cells_and_names():
        steps = place.split(".") if place else []
        numbers = [int(step) for step in steps if step.isdecimal()]
        if path is not None and ([step for step in steps if not step.isdecimal()] != path or
                                 any(number >= most for number in numbers)):
            continue
        found += [(owner, key, layer) for key, layer in owner.name_cells().items()
                  if isinstance(layer, _LINEAR) and (wanted is None or key in wanted)]
    if not found:
        raise ValueError(f"For '{function}', the network has no Dense or convolution layer of 'target_modules' "
                         f"{modules!r}.")
    return found


def _checked(modules: Sequence[str] | None, function: str) -> tuple[list[str] | None, list[str] | None, float]:
    """The path without numbers, the names of layers, and which numbers are too large; None for any."""
    if modules is None:
        return None, None, math.inf
    if not isinstance(modules, (list, tuple)) or not all(isinstance(text, str) for text in modules):
        raise TypeError(f"For '{function}', 'target_modules' must be a list of str, but got {modules!r}.")
    limit = modules[2].removeprefix(_LAYERS) if len(modules) == 3 else "all"
    if len(modules) not in (2, 3) or not modules[1] or not (limit == "all" or limit.isdecimal()):
        raise ValueError(f"For '{function}', 'target_modules' must be a path, names with '|' between them, and perhaps "
                         f"'{_LAYERS}' with 'all' or a number, but got {modules!r}.")
    return ([step for step in modules[0].split("/") if step], modules[1].split("|"),
            math.inf if limit == "all" else int(limit))
