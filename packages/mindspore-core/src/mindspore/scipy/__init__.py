"""The interface of SciPy on tensors: linear algebra."""
from __future__ import annotations

from mindspore.scipy import linalg

__all__ = ["linalg"]
