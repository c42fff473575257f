"""Networks without initial values: for those whose weights come from a checkpoint anyway.

    with nn.no_init_parameters():
        net = Net()
    ms.load_checkpoint("net.ckpt", net)

Inside of the block `initializer` draws nothing. The parameters are zeros, whose memory the operating system hands out
only when they are written, and remember by what they would have been drawn; `init_parameters_data` of a Cell, or
`init_data` of a Parameter, draws those that have no value by then.
"""
from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from mindspore.common.tensor import Tensor

__all__ = ["DeferredTensor", "is_deferred", "no_init_parameters"]

_depth = [0]


class DeferredTensor(Tensor):
    """Zeros that stand for values which `draw` makes."""

    __slots__ = ("draw",)

    draw: Callable[[], Tensor]


def is_deferred() -> bool:
    """Whether initializers draw nothing now."""
    return _depth[0] > 0


@contextlib.contextmanager
def no_init_parameters() -> Iterator[None]:
    """A block in which parameters get no initial values; see `mindspore.common.deferred`."""
    _depth[0] += 1
    try:
        yield
    finally:
        _depth[0] -= 1
