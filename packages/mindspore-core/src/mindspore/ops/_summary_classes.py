"""Summary operators as classes: `ScalarSummary()("loss", loss)`; see `summaries`."""
from __future__ import annotations

from mindspore.ops.primitive import Primitive
from mindspore.ops.summaries import summarize

__all__ = ["CLASSES"]


def _summary(kind: str, what: str) -> type[Primitive]:
    """The class of a kind of summaries. what: the shape and meaning of its value."""
    name = f"{kind.capitalize()}Summary"

    def init(self):
        Primitive.__init__(self, name)

    def call(self, *args) -> None:
        if len(args) != 2:
            raise TypeError(f"{name}: expected a name and a Tensor, but got {len(args)} arguments")
        summarize(name, kind, *args)

    documentation = (f"Hands a value to an open `mindspore.SummaryRecord`: called with a name, a str, and {what}.\n\n"
                     f"Raises:\n    TypeError, ValueError: another name or value.")
    return type(name, (Primitive,), {"__init__": init, "__call__": call, "__doc__": documentation,
                                     "__module__": __name__})


CLASSES: dict[str, type] = {kind.__name__: kind for kind in (
    _summary("scalar", "a Tensor of shape () or (1,)"),
    _summary("image", "a Tensor of images (N, C, H, W) with 1 or 3 channels: uint8, or floats from 0 to 1"),
    _summary("tensor", "a Tensor of at least one dimension"),
    _summary("histogram", "a Tensor of numbers of at least one dimension, whose distribution is shown"))}
