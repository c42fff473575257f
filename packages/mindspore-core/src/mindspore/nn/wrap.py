"""Networks around a network: with a loss, with its gradient, with an optimizer."""
from __future__ import annotations

from mindspore import ops
from mindspore.common.parameter import ParameterTuple
from mindspore.gradient import grad, value_and_grad
from mindspore.nn.cell import Cell

__all__ = ["WithLossCell", "WithEvalCell", "WithGradCell", "TrainOneStepCell", "ForwardValueAndGrad"]


class WithLossCell(Cell):
    """loss_fn(backbone(data), label)."""

    def __init__(self, backbone, loss_fn):
        super().__init__(auto_prefix=False)
        self._backbone = backbone
        self._loss_fn = loss_fn

    def construct(self, data, label):
        """The loss of the backbone's output for the label."""
        return self._loss_fn(self._backbone(data), label)

    @property
    def backbone_network(self):
        """The network."""
        return self._backbone


class WithEvalCell(Cell):
    """(loss, outputs, label), for evaluation."""

    def __init__(self, network, loss_fn, add_cast_fp32=False):
        super().__init__(auto_prefix=False)
        self._network = network
        self._loss_fn = loss_fn
        self.add_cast_fp32 = bool(add_cast_fp32)

    def construct(self, data, label):
        """The loss, the outputs and the label."""
        outputs = self._network(data)
        if self.add_cast_fp32:
            from mindspore.common.dtype import float32
            outputs = ops.cast(outputs, float32)
        return self._loss_fn(outputs, label), outputs, label


class WithGradCell(Cell):
    """The gradients of a network (with its loss) by its trainable parameters."""

    def __init__(self, network, loss_fn=None, sens=None):
        super().__init__(auto_prefix=False)
        self.network = network if loss_fn is None else WithLossCell(network, loss_fn)
        self.weights = ParameterTuple(network.trainable_params())
        self.sens = sens
        self.grad = grad(self.network, None, self.weights)

    def construct(self, *inputs):
        """The gradients at these inputs."""
        grads = self.grad(*inputs)
        return grads if self.sens is None else tuple(g * self.sens for g in grads)


class TrainOneStepCell(Cell):
    """One training step: loss, gradients, update; the loss is returned.

    Args:
        network: a network whose output is the loss. optimizer: what updates the parameters that it was made with.
        sens: scale of the loss's cotangent. return_grad: return (loss, gradients by parameter name).
    """

    def __init__(self, network, optimizer, sens=None, return_grad=False):
        super().__init__(auto_prefix=False)
        self.network = network
        self.network.set_grad()
        self.optimizer = optimizer
        self.weights = optimizer.parameters
        self.sens = None if sens is None or sens == 1.0 else float(sens)
        self.return_grad = bool(return_grad)
        self._forward_backward = value_and_grad(self.network, None, self.weights)

    def construct(self, *inputs):
        """The loss at these inputs; the parameters are updated."""
        loss, grads = self._forward_backward(*inputs)
        if self.sens is not None:
            grads = tuple(g * self.sens for g in grads)
        self.optimizer(grads)
        if self.return_grad:
            return loss, {p.name: g for p, g in zip(self.weights, grads)}
        return loss


class ForwardValueAndGrad(Cell):
    """The network's value and its gradients.

    Args:
        get_all: gradients by all inputs. get_by_list: gradients by `weights`. sens_param: the last input is the
            cotangent of the output.
    """

    def __init__(self, network, weights=None, get_all=False, get_by_list=False, sens_param=False):
        super().__init__(auto_prefix=False)
        self.network = network
        self.weights = None if weights is None else ParameterTuple(weights)
        self.get_all, self.get_by_list, self.sens_param = get_all, get_by_list, sens_param

    def construct(self, *inputs):
        """(value, gradients)."""
        from mindspore.gradient import GradOperation
        primal = inputs[:-1] if self.sens_param else inputs
        gradients = GradOperation(self.get_all, self.get_by_list, self.sens_param)(self.network, self.weights)
        return self.network(*primal), gradients(*inputs)
