"""`StubTensor`, by the import path under which libraries reach it to add methods to both kinds of tensors.

Elsewhere the result of an operator that still runs is an object of a class of its own. Here it is a `Tensor`, whose
storage is filled later, so that what a library adds to either class is there for all tensors.
"""
from __future__ import annotations

from mindspore.common.tensor import Tensor

__all__ = ["StubTensor"]

StubTensor = Tensor
