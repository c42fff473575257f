"""Functions for neural networks of the `mint` interface, in `functional`."""
from mindspore.mint.nn import functional

__all__ = ["functional"]
