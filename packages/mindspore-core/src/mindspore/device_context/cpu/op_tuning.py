"""How operators run on CPU."""
from __future__ import annotations

from mindspore.device_context._options import positive, set_option

__all__ = ["threads_num"]


def threads_num(num: int) -> None:
    """How many threads a kernel may use, an int above 0."""
    set_option("CPU", "threads_num", positive("threads_num", num))
