"""Layers and functions for neural networks of the `mint` interface; the functions are in `functional`."""
# ruff: noqa: F403
from mindspore.mint.nn import functional
from mindspore.mint.nn._losses import *
from mindspore.mint.nn._losses import __all__ as _losses_names
from mindspore.mint.nn._simple import *
from mindspore.mint.nn._simple import __all__ as _simple_names
from mindspore.mint.nn._weighted import *
from mindspore.mint.nn._weighted import __all__ as _weighted_names
from mindspore.module_paths import answer_below

__all__ = ["functional", *_losses_names, *_simple_names, *_weighted_names]  # noqa: PLE0604

answer_below(__name__)
