"""`SummaryRecord`, and what summary operators have kept for programs that look at it themselves.

    from mindspore.train.summary.summary_record import _get_summary_tensor_data

    network(x)                                    # calls ops.TensorSummary()("layer", y)
    values = _get_summary_tensor_data()           # {"layer[:Tensor]": y}

From that import on values are kept, as while a SummaryRecord is open.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.tensor import Tensor
from mindspore.ops import summaries
from mindspore.train.summary.record import SummaryRecord

__all__ = ["SummaryRecord"]
_TITLES = {"scalar": "Scalar", "image": "Image", "tensor": "Tensor", "histogram": "Histogram"}


def _values() -> dict[str, Tensor]:
    """What summary operators have kept since the last call: Tensors by name and kind, as "name[:Tensor]"."""
    return {f"{name}[:{_TITLES[kind]}]": Tensor(value) for (kind, name), value in summaries.take().items()}


def __getattr__(name: str) -> Any:
    if name != "_get_summary_tensor_data":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    summaries.open_reader()
    globals()[name] = _values
    return _values
