"""The interface of SciPy on tensors: linear algebra, minimisation and assignment."""
from __future__ import annotations

from mindspore.scipy import linalg, optimize

__all__ = ["linalg", "optimize"]
