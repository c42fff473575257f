"""Optimizers made again for other parameters or groups of them."""
from __future__ import annotations

from typing import Any

from mindspore import nn
from mindspore.boost.less_batch_normalization import CommonHeadLastFN
from mindspore.common.parameter import Parameter
from mindspore.nn.cell import Cell
from mindspore.nn.optim.norms import LARS
from mindspore.nn.optim.optimizer import Optimizer

__all__ = ["OptimizerProcess", "ParameterProcess"]


class OptimizerProcess:
    """An optimizer's arguments, and another optimizer made with them.

    Args:
        opt: an `nn.Optimizer`, a `nn.LARS` too.

    Attributes:
        origin_params: the parameters or groups that the next optimizer gets; first those of `opt`.

    Raises:
        TypeError: it is no Optimizer.
    """

    def __init__(self, opt):
        if not isinstance(opt, Optimizer):
            raise TypeError(f"For 'OptimizerProcess', the 'opt' must be an Optimizer, but got {type(opt).__name__}.")
        self.is_lars = isinstance(opt, LARS)
        self.lars_init_args = {k: v for k, v in opt.init_args.items() if k != "optimizer"} if self.is_lars else {}
        inner = opt.opt if self.is_lars else opt
        self.opt_class, self.opt_init_args = type(inner), inner.init_args
        self.learning_rate = inner.init_learning_rate
        self.origin_params: Any = inner.init_params["params"]

    def build_params_dict(self, network) -> dict[int, Cell]:
        """The Cell of each Parameter of a network, by the Parameter's identity."""
        return {id(param): cell for _, cell in network.cells_and_names()
                for param in cell.get_parameters(expand=False)}

    def build_gc_params_group(self, params_dict, parameters) -> list[dict]:
        """Groups in which gradients of weights are centralized, from groups that say nothing of it. Those of biases
        and of normalizations are not, nor are those of convolutions with groups and of `CommonHeadLastFN`."""
        groups = []
        for group in parameters:
            if "order_params" in group:
                groups.append(group)
                continue
            central: tuple[list, list] = [], []
            for param in group["params"]:
                central[_is_centralized(param, params_dict[id(param)])].append(param)
            for flag in (True, False):
                if central[flag]:
                    settings = {"grad_centralization": True} if flag else {}
                    groups.append({**group, **settings, "params": central[flag]})
        return groups

    def add_grad_centralization(self, network) -> None:
        """Let gradients of the network's weights be centralized (Yong et al., 2020); parameters that are in no group
        become one.

        Raises:
            ValueError: there are no parameters. TypeError: they are neither Parameters nor dicts.
        """
        groups = _groups(list(self.origin_params))
        self.origin_params = self.build_gc_params_group(self.build_params_dict(network), groups)

    def generate_new_optimizer(self, learning_rate=None):
        """An optimizer of the same kind with the same arguments, for `origin_params`."""
        rate = self.learning_rate if learning_rate is None else learning_rate
        rates = {} if rate is None else {"learning_rate": rate}
        made = self.opt_class(self.origin_params, **rates, **self.opt_init_args)
        return LARS(made, **self.lars_init_args) if self.is_lars else made


def _is_centralized(param: Parameter, cell: Cell) -> bool:
    grouped = isinstance(cell, nn.Conv2d) and cell.group > 1
    return not any(word in param.name for word in ("beta", "gamma", "bias")) and not grouped \
        and not isinstance(cell, CommonHeadLastFN)


def _groups(params: list) -> list[dict]:
    """The groups of an optimizer; Parameters are one."""
    if not params:
        raise ValueError("the optimizer has no parameters")
    if all(isinstance(p, Parameter) for p in params):
        return [{"params": params}]
    if not all(isinstance(p, dict) for p in params):
        raise TypeError(f"expected a list of Parameters or of dicts, but got a {type(params[0]).__name__} first")
    return params


class ParameterProcess:
    """Groups of parameters."""

    def __init__(self):
        self._parameter_indices = 1

    def assign_parameter_group(self, parameters, split_point=None):
        """Give the Parameters of a list numbers, `comm_fusion`, by which several devices exchange their gradients:
        from each index in `split_point` on (by default from the middle) the next number. The list is given back."""
        if not isinstance(parameters, (list, tuple)) or not parameters:
            return parameters
        starts = split_point or [len(parameters) // 2]
        for k, param in enumerate(parameters):
            self._parameter_indices += k in starts
            param.comm_fusion = self._parameter_indices
        return parameters

    @staticmethod
    def generate_group_params(parameters, origin_params) -> list[dict]:
        """The groups of `origin_params` with `parameters` in the places of those that have their names; parameters
        that are in none of the groups are a group of their own.

        Raises:
            ValueError: there are no parameters. TypeError: `origin_params` are neither Parameters nor dicts.
        """
        origin = list(origin_params or ())
        groups = _groups(origin)
        if groups is not origin:
            return [{"params": list(parameters)}]
        left = {param.name: param for param in parameters}
        made = []
        for group in groups:
            if "order_params" in group:
                made.append({**group, "order_params": list(parameters)})
                continue
            found = [left.pop(param.name) for param in group["params"] if param.name in left]
            if found:
                made.append({**group, "params": found})
        return [*made, {"params": list(left.values())}] if left else made
