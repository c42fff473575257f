"""SummaryRecord: from values to an event file."""
from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell
from mindspore.ops import summaries
from mindspore.train.summary.events import EventFile, summary_value

__all__ = ["SummaryRecord"]
_GIB = 1 << 30
_PLUGINS = (*summaries.KINDS, "text", "custom_lineage_data", "train_lineage", "eval_lineage", "graph")


class SummaryRecord:
    """Writes summaries into an event file, which TensorBoard shows. Use it in a `with` block, or close it.

    What the operators `ops.ScalarSummary` and its kin have kept is written by `record`, with the step.

    Args:
        log_dir: the folder; made where it is missing.
        file_prefix, file_suffix: the beginning and the end of the file's name.
        num_process: accepted; the file is written by the calling process.
        network: a Cell whose text is written with the first step.
        max_file_size: how large the file may become, in GB (2**30 bytes); what does not fit is left out.
        raise_exception: whether what cannot be written is an error instead of a warning.
        export_options: `{"tensor_format": "npy"}` to write tensors as files, too, into `export_TIME/tensor`.

    Raises:
        TypeError, ValueError: an argument of another form.
    """

    def __init__(self, log_dir, file_prefix="events", file_suffix="_MS", num_process=32, network=None,
                 max_file_size=None, raise_exception=False, export_options=None):
        for name, value in (("log_dir", log_dir), ("file_prefix", file_prefix), ("file_suffix", file_suffix)):
            if not isinstance(value, str) or (name != "file_suffix" and not value) or (
                    name != "log_dir" and "/" in value):
                raise TypeError(f"SummaryRecord: {name} must be a str{'' if name == 'log_dir' else ' without /'}, got "
                                f"{value!r}")
        if isinstance(max_file_size, bool) or not isinstance(max_file_size, (int, float, type(None))):
            raise TypeError(f"SummaryRecord: max_file_size must be a number or None, got {max_file_size!r}")
        if max_file_size is not None and max_file_size <= 0:
            warnings.warn(f"SummaryRecord: max_file_size {max_file_size} is not positive: the file is not limited",
                          stacklevel=2)
            max_file_size = None
        if network is not None and not isinstance(network, Cell):
            raise TypeError(f"SummaryRecord: network must be a Cell, got {type(network).__name__}")
        self._export = _checked_options(export_options)
        self._folder = Path(log_dir).resolve()
        limit = None if max_file_size is None else int(max_file_size * _GIB)
        self._file: EventFile | None = EventFile(self._folder, file_prefix, file_suffix, limit)
        self._path, self._network, self._raises, self._mode = self._file.path, network, raise_exception, "train"
        self._values: list[tuple[str, str, Any]] = []
        self._full = False
        self._export_folder = self._folder / f"export_{time.strftime('%Y%m%d%H%M%S')}" / "tensor"
        summaries.open_reader()

    def __enter__(self) -> SummaryRecord:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    @property
    def log_dir(self) -> str:
        """The path of the event file."""
        return str(self._path)

    def set_mode(self, mode: str) -> None:
        """Say whether what follows is of training ("train") or evaluation ("eval"): the names of the latter are written
        with "eval/" before them."""
        if mode not in ("train", "eval"):
            raise ValueError(f"SummaryRecord.set_mode: mode must be 'train' or 'eval', got {mode!r}")
        self._mode = mode

    def add_value(self, plugin: str, name: str, value: Any) -> None:
        """Add a value that the next `record` writes.

        Args:
            plugin: "scalar", "image", "tensor" or "histogram"; or "text", "graph", "train_lineage", "eval_lineage",
                "custom_lineage_data", which are written as texts.
            name: its name. value: a Tensor or an array; for texts whatever `str` takes.

        Raises:
            ValueError: another plugin, or a shape that is none of the kind. TypeError: a value of another type.
        """
        if plugin not in _PLUGINS:
            raise ValueError(f"SummaryRecord.add_value: plugin must be one of {', '.join(_PLUGINS)}, got {plugin!r}")
        kind = plugin if plugin in summaries.KINDS else "text"
        if kind != "text":
            if not isinstance(value, (Tensor, np.ndarray, int, float)):
                raise TypeError(f"SummaryRecord.add_value: the value of a {plugin} must be a Tensor, an array or a "
                                f"number, got {type(value).__name__}")
            value = value.asnumpy().copy() if isinstance(value, Tensor) else np.array(value)
            summaries.check_value("SummaryRecord.add_value", kind, name, value.shape)
        self._values.append((kind, name, value))

    def record(self, step: int, train_network: Cell | None = None, plugin_filter: Callable | None = None) -> bool:
        """Write what was added, and what summary operators have kept, as the values of a step.

        Args:
            step: the number of the step. train_network: its text is written once, as that of `network`.
            plugin_filter: called with the kind of each value; what it says no to is left out.

        Returns:
            Whether all was written.

        Raises:
            RuntimeError: the record is closed. TypeError: `step` is no int. ValueError: what does not fit, where the
                record was made with `raise_exception`.
        """
        if self._file is None:
            raise RuntimeError("SummaryRecord.record: the record is closed")
        if isinstance(step, bool) or not isinstance(step, int):
            raise TypeError(f"SummaryRecord.record: step must be an int, got {type(step).__name__}: {step!r}")
        network, self._network = self._network or train_network, None
        if network is not None:
            self._values.append(("text", "network", str(network)))
        kept = [(kind, name, array) for (kind, name), array in summaries.take().items()]
        found, self._values = [*kept, *self._values], []
        prefix = "eval/" if self._mode == "eval" else ""
        chosen = [(kind, prefix + name, value) for kind, name, value in found
                  if plugin_filter is None or plugin_filter(kind)]
        for kind, name, value in chosen:
            if kind == "tensor" and self._export:
                self._export_folder.mkdir(parents=True, exist_ok=True)
                np.save(self._export_folder / f"{re.sub(r'[^A-Za-z0-9_.-]', '_', name)}_{step}.npy", value)
        if not chosen or self._file.write([summary_value(*one) for one in chosen], step):
            return True
        self._say_full()
        return False

    def _say_full(self) -> None:
        message = f"SummaryRecord: {self._path} would be larger than max_file_size; values are left out"
        if self._raises:
            raise ValueError(message)
        if not self._full:
            warnings.warn(message, stacklevel=3)
        self._full = True

    def flush(self) -> None:
        """Let readers see what was written."""
        if self._file is not None:
            self._file.flush()

    def close(self) -> None:
        """Close the file; once or often."""
        if self._file is not None:
            self._file.close()
            self._file = None
            summaries.close_reader()

    @contextmanager
    def evaluating(self) -> Iterator[None]:
        """A block whose values are of evaluation."""
        before, self._mode = self._mode, "eval"
        try:
            yield
        finally:
            self._mode = before


def _checked_options(options: Any) -> bool:
    """Whether tensors are exported."""
    if options is None:
        return False
    if not isinstance(options, dict) or options.keys() - {"tensor_format"} or options.get("tensor_format") != "npy":
        raise ValueError(f"SummaryRecord: export_options must be None or {{'tensor_format': 'npy'}}, got {options!r}")
    return True
