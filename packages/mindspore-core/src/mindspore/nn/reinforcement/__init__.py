"""Containers of tensors, and weights that are copied between networks, for reinforcement learning."""
from mindspore.nn.reinforcement.containers import BatchRead, BatchWrite, TensorArray, TensorsQueue

__all__ = ["BatchRead", "BatchWrite", "TensorArray", "TensorsQueue"]
