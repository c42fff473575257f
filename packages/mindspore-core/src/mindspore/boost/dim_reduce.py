"""Steps in the few directions in which the weights have moved before: a quasi-Newton method in a small space.

Rows of `pca_mat` are the principal components of the weights of earlier steps. The gradient's part in their space, g_k,
takes a step of the BFGS method there, whose length is found by trying rho^0, rho^1 and rho^2; the rest of the gradient
takes a step with momentum. Source: Li et al., "Low Dimensional Trajectory Hypothesis is True: DNNs can be Trained in
Tiny Subspaces", 2021.
"""
from __future__ import annotations

import numpy as np

from mindspore import ops
from mindspore.common.dtype import bool_, float32
from mindspore.common.parameter import Parameter, ParameterTuple
from mindspore.common.tensor import Tensor
from mindspore.nn._check import number, positive_int
from mindspore.nn.cell import Cell
from mindspore.runtime.parallel_settings import ParallelPackageMissingError

__all__ = ["DimReduce"]

INTERPRETED = True  # tensors say which step is taken

TRIES = 3
EPSILON = 1e-20


class DimReduce(Cell):
    """See the module's text.

        g_k = pca_mat gradient,  d_k = -B g_k,  s_k = rho^m d_k,  where loss(weight + pca_mat^T s_k) is below
        loss + sigma g_k^T s_k for the least m of 0, 1, 2 (or m = 2)
        momentum = gamma momentum + gradient - pca_mat^T g_k
        the optimizer gets alpha momentum - pca_mat^T s_k

    Args:
        network: gives the loss. optimizer: takes the step; SGD with learning rate 1 for the formula above.
        weight: its Parameters. pca_mat_local: an array (n_components, size of all weights).
        rho, gamma, alpha, sigma: see above. rank, rank_size: the process and their number, 0 and 1.

    Inputs:
        loss: at these inputs. old_grad: its gradients by the weights, a tuple, times `loss_scale`. weight: the
        Parameters. weight_clone: Parameters that hold their values. inputs: the network's.

    Outputs: loss.

    Raises:
        TypeError, ValueError: arguments of wrong types, a matrix of another shape.
        ParallelPackageMissingError: there are several processes.
    """

    def __init__(self, network, optimizer, weight, pca_mat_local, n_components, rho, gamma, alpha, sigma, rank,
                 rank_size):
        super().__init__(auto_prefix=False)
        if rank_size > 1:
            raise ParallelPackageMissingError("DimReduce with rank_size > 1")
        self.network, self.optimizer = network, optimizer
        self.gamma, self.alpha, self.sigma = (number("DimReduce", name, value) for name, value in (
            ("gamma", gamma), ("alpha", alpha), ("sigma", sigma)))
        self.rho_list = [number("DimReduce", "rho", rho) ** m for m in range(TRIES)]
        self.n_components, matrix = positive_int("DimReduce", "n_components", n_components), np.asarray(pca_mat_local)
        sizes = [param.size for param in weight]
        if matrix.shape != (n_components, sum(sizes)):
            raise ValueError(f"For 'DimReduce', the 'pca_mat_local' must have the shape ({n_components}, "
                             f"{sum(sizes)}), but got {matrix.shape}.")
        self.pca_list = tuple([Tensor(part, float32)
                               for part in np.split(matrix.astype(np.float32), np.cumsum(sizes)[:-1], axis=1)])
        self.gk_last = _state(np.zeros((n_components, 1)), "gk_last")
        self.gk_last_init = Parameter(Tensor(False, bool_), name="gk_last_init", requires_grad=False)
        self.bk, self.sk = _state(np.eye(n_components), "bk"), _state(np.zeros((n_components, 1)), "sk")
        self.grad_res_momentum = ParameterTuple(weight).clone(prefix="grad_res_momentum", init="zeros")

    def construct(self, loss, old_grad, loss_scale, weight, weight_clone, *inputs):
        grads = [g.astype(float32) / loss_scale for g in old_grad]
        gk = sum([ops.matmul(p, ops.reshape(g, (-1, 1))) for p, g in zip(self.pca_list, grads)])
        dk = self.direction(gk)
        dn = self.spread(dk, grads)
        rho = self.search(gk, dk, dn, loss, weight, weight_clone, inputs)
        ops.assign(self.sk, rho * dk)
        projected = self.spread(gk, grads)
        steps = []
        for k in range(len(grads)):
            momentum = self.gamma * self.grad_res_momentum[k] + grads[k] - projected[k]
            ops.assign(self.grad_res_momentum[k], momentum)
            steps.append(self.alpha * momentum - rho * dn[k])
        self.optimizer(tuple(steps))
        for k in range(len(grads)):
            ops.assign(weight_clone[k], weight[k])
        return loss

    def spread(self, column, grads):
        """A vector of the small space as changes of the weights."""
        return [ops.reshape(ops.matmul(ops.transpose(p, (1, 0)), column), g.shape)
                for p, g in zip(self.pca_list, grads)]

    def direction(self, gk):
        """-B g_k, after the BFGS update of B by the last step."""
        if self.gk_last_init:
            yk = gk - self.gk_last
            product = ops.sum(yk * self.sk)
            if product > EPSILON:
                row = ops.transpose(self.sk, (1, 0))
                left = ops.eye(self.n_components, dtype=float32) - ops.matmul(yk, row) / product
                moved = ops.matmul(ops.matmul(ops.transpose(left, (1, 0)), self.bk), left)
                ops.assign(self.bk, moved + ops.matmul(self.sk, row) / product)
        ops.assign(self.gk_last_init, ops.ones((), bool_))
        ops.assign(self.gk_last, gk)
        return -ops.matmul(self.bk, gk)

    def search(self, gk, dk, dn, loss, weight, weight_clone, inputs):
        """The length of the step."""
        found = ops.full((), self.rho_list[TRIES - 1], dtype=float32)
        slope = self.sigma * ops.sum(gk * dk)
        searching = ops.ones((), bool_)
        for rho in self.rho_list[:TRIES - 1]:
            if searching:
                for k in range(len(dn)):
                    ops.assign(weight[k], weight_clone[k] + rho * dn[k])
                if self.network(*inputs) < loss + rho * slope:
                    found = ops.full((), rho, dtype=float32)
                    searching = ops.zeros((), bool_)
        for k in range(len(dn)):
            ops.assign(weight[k], weight_clone[k])
        return found


def _state(value, name: str) -> Parameter:
    return Parameter(Tensor(value, float32), name=name, requires_grad=False)
