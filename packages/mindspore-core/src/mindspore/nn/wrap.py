"""Networks around a network: with a loss, with its gradient, with an optimizer.

Value and gradients come from one run of the network (`gradient.linearize`), so that random layers draw once and moving
statistics move once.
"""
from __future__ import annotations

from mindspore import ops
from mindspore.common.dtype import float32
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.gradient import GradOperation
from mindspore.graph import tree
from mindspore.linearization import linearize
from mindspore.module_paths import answer_below
from mindspore.nn._call import call
from mindspore.nn._check import number
from mindspore.nn.cell import Cell
from mindspore.nn.layer.basic import Identity
from mindspore.runtime.parallel_settings import get_auto_parallel_context

__path__: list[str] = []  # names below this one are in `mindspore.module_paths`

__all__ = ["WithLossCell", "WithEvalCell", "WithGradCell", "TrainOneStepCell", "ForwardValueAndGrad"]


def __getattr__(name: str):
    if name in ("TrainOneStepWithLossScaleCell", "DynamicLossScaleUpdateCell", "FixedLossScaleUpdateCell",
                "DistributedGradReducer"):
        from mindspore import nn
        return getattr(nn, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _value_and_gradients(network: Cell, inputs: tuple, wanted: list[Tensor], weights, sens) -> tuple:
    """(outputs, gradients by the wanted inputs, gradients by the weights).

    sens: the cotangent of the outputs: None for ones, a number for all, or a tensor (or a tuple of them).
    """
    point = linearize(network, inputs, {}, wanted, list(weights), lambda outputs, spec: list(range(len(outputs))))

    def seeds_of(outputs: list) -> list:
        if isinstance(sens, (int, float)):
            return [ops.full_like(output, sens) for output in outputs]
        if sens is None:
            return [None] * len(outputs)
        seeds: list = []
        tree.flatten(sens, seeds)
        return seeds

    gradients = point.pull_seeds(seeds_of)
    return point.result(), tuple(gradients[:len(wanted)]), tuple(gradients[len(wanted):])


def _check_network(name: str, network) -> None:
    if not isinstance(network, Cell):
        raise TypeError(f"For '{name}', the 'network' must be a Cell, but got {type(network).__name__}.")


class WithLossCell(Cell):
    """loss_fn(backbone(data), label).

    Args:
        backbone: the network. loss_fn: a Cell or a function of (outputs, label).
    """

    def __init__(self, backbone, loss_fn):
        super().__init__(auto_prefix=False)
        self._backbone = backbone
        self._loss_fn = loss_fn

    def construct(self, data, label):
        """The loss of the backbone's output for the label."""
        return call(self._loss_fn, self._backbone(data), label)

    @property
    def backbone_network(self):
        """The network."""
        return self._backbone


class WithEvalCell(Cell):
    """(loss, outputs, label), for evaluation; `add_cast_fp32` casts outputs and label to Float32 first."""

    def __init__(self, network, loss_fn, add_cast_fp32=False):
        super().__init__(auto_prefix=False)
        self._network = network
        self._loss_fn = loss_fn
        self.add_cast_fp32 = bool(add_cast_fp32)

    def construct(self, data, label):
        """The loss, the outputs and the label."""
        outputs = self._network(data)
        if self.add_cast_fp32:
            outputs, label = tree.map_tensors(lambda t: ops.cast(t, float32) if t.dtype.is_floating else t,
                                              (outputs, label))
        return call(self._loss_fn, outputs, label), outputs, label


class WithGradCell(Cell):
    """The gradients of a network (with its loss) by its trainable parameters.

    Args:
        loss_fn: a Cell or a function of (outputs, label); None where the network's output is to be differentiated.
        sens: the cotangent of the output: None for ones, a number or a tensor.
    """

    def __init__(self, network, loss_fn=None, sens=None):
        super().__init__(auto_prefix=False)
        _check_network("WithGradCell", network)
        self.network = network if loss_fn is None else WithLossCell(network, loss_fn)
        self.weights = ParameterTuple(network.trainable_params())
        self.sens = sens

    def construct(self, *inputs):
        """A tuple with the gradient of each parameter at these inputs."""
        return _value_and_gradients(self.network, inputs, [], self.weights, self.sens)[2]


class TrainOneStepCell(Cell):
    """One training step: loss, gradients, update; the loss is returned.

    Subclasses with a `construct` of their own find `network`, `weights`, `optimizer`, `sens`, the gradient operations
    `grad` (whose last input is the cotangent) and `grad_no_sens`, `hyper_map`, `parallel_mode`, and `grad_reducer`,
    which passes gradients through.

    Args:
        network: a network whose output is the loss. optimizer: what updates the parameters that it was made with.
        sens: the cotangent of the loss, 1 by default; the optimizer's `loss_scale` divides by it.
        return_grad: return (loss, gradients by parameter name).

    Raises:
        TypeError: the network is no Cell, or the optimizer is none.
    """

    def __init__(self, network, optimizer, sens=None, return_grad=False):
        super().__init__(auto_prefix=False)
        _check_network("TrainOneStepCell", network)
        if not hasattr(optimizer, "parameters"):
            raise TypeError(f"For 'TrainOneStepCell', the 'optimizer' must be an Optimizer, but got "
                            f"{type(optimizer).__name__}.")
        self.network = network
        self.network.set_grad()
        self.optimizer = optimizer
        self.weights = optimizer.parameters
        self.sens = sens if sens is None else number("TrainOneStepCell", "sens", sens)
        self.return_grad = bool(return_grad)
        self.grad = GradOperation(get_by_list=True, sens_param=True)
        self.grad_no_sens = GradOperation(get_by_list=True)
        self.grad_reducer, self.reducer_flag, self.degree = Identity(), False, 1
        self.parallel_mode = get_auto_parallel_context("parallel_mode")
        self.hyper_map = ops.HyperMap()

    def construct(self, *inputs):
        """The loss at these inputs; the parameters are updated."""
        sens = None if self.sens == 1.0 else self.sens
        loss, _, gradients = _value_and_gradients(self.network, inputs, [], self.weights, sens)
        self.optimizer(gradients)
        if self.return_grad:
            return loss, {p.name: g for p, g in zip(self.weights, gradients)}
        return loss


class ForwardValueAndGrad(Cell):
    """The network's value and its gradients.

    Args:
        weights: the parameters to differentiate by. get_all: gradients by all tensor inputs, not only the first one.
        get_by_list: gradients by `weights`. sens_param: the last input is the cotangent of the output.

    Raises:
        TypeError: `get_by_list` without weights, or weights that are no Parameters.
    """

    def __init__(self, network, weights=None, get_all=False, get_by_list=False, sens_param=False):
        super().__init__(auto_prefix=False)
        _check_network("ForwardValueAndGrad", network)
        if get_by_list and weights is None:
            raise TypeError("For 'ForwardValueAndGrad', 'get_by_list' needs the 'weights'.")
        self.network = network
        self.weights = ParameterTuple([weights] if isinstance(weights, Parameter) else weights or ())
        self.get_all, self.get_by_list, self.sens_param = get_all, get_by_list, sens_param

    def construct(self, *inputs):
        """(value, gradients): of the first input; with get_all a tuple; with get_by_list those of the weights; with
        both (inputs', weights')."""
        inputs, sens = (inputs[:-1], inputs[-1]) if self.sens_param else (inputs, None)
        tensors = [t for t in inputs if isinstance(t, Tensor)]
        wanted = tensors if self.get_all else [] if self.get_by_list else tensors[:1]
        weights = self.weights if self.get_by_list else ()
        value, by_input, by_weight = _value_and_gradients(self.network, inputs, wanted, weights, sens)
        if self.get_all:
            return value, (by_input, by_weight) if self.get_by_list else by_input
        return value, by_weight if self.get_by_list else by_input[0]


answer_below(__name__)
