"""FlopsUtilizationCollector: how much of what a device could do a run does."""
from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

from mindspore.train.callback.base import Callback

__all__ = ["FlopsUtilizationCollector"]


class FlopsUtilizationCollector(Callback):
    """Prints every `data_size` steps which part of the device's floating-point operations per second the steps used.

    The operations of a step are those of products, convolutions and attention in the graph of the training network,
    forward and backward. What is recomputed is in the graph and counts, so the use of the model and of the hardware
    (MFU, HFU) are one number here.

    Args:
        data_size: how many steps lie between two lines.
        computility: the device's peak in operations per second.
        full_flops: accepted; with one process its part is the whole.
        enable_ma_collector: whether the operations of a step are written into `flops.txt`, in the folder that the
            environment variable `MA_LOG_DIR` names, or the current one.

    Raises:
        TypeError, ValueError: an argument of another form; while it runs, sizes that are not known beforehand.
    """

    def __init__(self, data_size, computility=1, full_flops=True, enable_ma_collector=False):
        for name, value in (("data_size", data_size), ("computility", computility)):
            if isinstance(value, bool) or not isinstance(value, int if name == "data_size" else (int, float)):
                raise TypeError(f"For 'FlopsUtilizationCollector', '{name}' must be a number, but got {value!r}.")
            if value <= 0:
                raise ValueError(f"For 'FlopsUtilizationCollector', '{name}' must be above 0, but got {value}.")
        for name, value in (("full_flops", full_flops), ("enable_ma_collector", enable_ma_collector)):
            if not isinstance(value, bool):
                raise TypeError(f"For 'FlopsUtilizationCollector', '{name}' must be a bool, but got {value!r}.")
        self.data_size, self.computility = data_size, computility
        self.full_flops, self.enable_ma_collector = full_flops, enable_ma_collector
        self.flops: int | None = None
        self._steps, self._seconds, self._begin = 0, 0.0, 0.0

    def on_train_begin(self, run_context) -> None:
        """Count anew."""
        self.flops, self._steps, self._seconds = None, 0, 0.0

    def on_train_step_begin(self, run_context) -> None:
        """Look at the clock."""
        self._begin = time.perf_counter()

    def on_train_step_end(self, run_context) -> None:
        """Print the use, if it is time."""
        args = run_context.original_args()
        self._count(args.train_network, args.train_dataset_element)

    def _count(self, network: Any, columns: Any) -> None:
        from mindspore.compiler.flops import flops
        from mindspore.runtime import synchronize
        synchronize()
        self._seconds += time.perf_counter() - self._begin
        self._steps += 1
        if self.flops is None:
            try:
                self.flops = flops(network.graph(*columns))
            except ValueError as error:
                raise ValueError(f"For 'FlopsUtilizationCollector', the operations cannot be counted: "
                                 f"{error}.") from None
            if self.enable_ma_collector:
                folder = Path(os.environ.get("MA_LOG_DIR", "") or ".")
                (folder / "flops.txt").write_text(f"flops:{self.flops}\n", encoding="utf-8")
        if self._steps >= self.data_size:
            used = self.flops * self._steps / max(self._seconds, 1e-9) / self.computility
            print(f"MFU: {used:.4g}  HFU: {used:.4g}  flops of a step: {self.flops}", flush=True)
            self._steps, self._seconds = 0, 0.0
