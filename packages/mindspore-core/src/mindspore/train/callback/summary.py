"""SummaryCollector: what is worth watching of a training run, written without changing the program."""
from __future__ import annotations

import json
import re
from typing import Any

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.train.callback.base import Callback
from mindspore.train.callback.landscape import LandscapeNotes, checked_landscape
from mindspore.train.callback.monitor import loss_of

__all__ = ["SummaryCollector"]
_DEFAULTS: dict[str, Any] = {
    "collect_metric": True, "collect_graph": True, "collect_train_lineage": True, "collect_eval_lineage": True,
    "collect_input_data": True, "collect_dataset_graph": True, "histogram_regular": None}
_HISTOGRAMS = 5


class SummaryCollector(Callback):
    """Writes summaries of a run into `summary_dir`, by `SummaryRecord`: every `collect_freq` steps the loss, the first
    images of the batch, histograms of parameters, and what summary operators have kept; once the network and the
    settings; and the metrics of evaluations.

    Args:
        summary_dir: the folder. collect_freq: how many steps lie between two that are written.
        num_process: accepted, as for `SummaryRecord`.
        collect_specified_data: what to write: `collect_metric`, `collect_graph`, `collect_input_data`,
            `collect_train_lineage`, `collect_eval_lineage`, `collect_dataset_graph` (bools), `histogram_regular`, a
            regular expression of names of parameters (None: the first five), and `collect_landscape`, a dict: which
            checkpoints `SummaryLandscape` gets (see `landscape.checked_landscape`).
        keep_default_action: whether what `collect_specified_data` does not name is written.
        custom_lineage_data: a dict of texts and numbers, written once.
        collect_tensor_freq: how many steps lie between two whose tensors are written; `collect_freq` by default.
        max_file_size, export_options: as for `SummaryRecord`.

    Raises:
        TypeError, ValueError: an argument of another form.
    """

    def __init__(self, summary_dir, collect_freq=10, num_process=32, collect_specified_data=None,
                 keep_default_action=True, custom_lineage_data=None, collect_tensor_freq=None, max_file_size=None,
                 export_options=None):
        if not isinstance(summary_dir, str) or not summary_dir:
            raise TypeError(f"SummaryCollector: summary_dir must be the path of a folder, got {summary_dir!r}")
        for name, value in (("collect_freq", collect_freq), ("collect_tensor_freq", collect_tensor_freq)):
            if value is None and name == "collect_tensor_freq":
                continue
            if isinstance(value, bool) or not isinstance(value, int):
                raise TypeError(f"SummaryCollector: {name} must be an int, got {type(value).__name__}: {value!r}")
            if value <= 0:
                raise ValueError(f"SummaryCollector: {name} must be above 0, got {value}")
        if not isinstance(keep_default_action, bool):
            raise TypeError(f"SummaryCollector: keep_default_action must be a bool, got {keep_default_action!r}")
        if custom_lineage_data is not None and not isinstance(custom_lineage_data, dict):
            raise TypeError(f"SummaryCollector: custom_lineage_data must be a dict, got {custom_lineage_data!r}")
        given = collect_specified_data
        self._landscape = None
        if isinstance(given, dict) and "collect_landscape" in given:
            given = dict(given)
            settings = checked_landscape(given.pop("collect_landscape"), "SummaryCollector")
            self._landscape = LandscapeNotes(summary_dir, settings)
        self._wanted = _checked_data(given, keep_default_action)
        self._folder, self._freq, self._tensor_freq = summary_dir, collect_freq, collect_tensor_freq or collect_freq
        self._custom, self._limit, self._export = custom_lineage_data, max_file_size, export_options
        self._record: Any = None

    def __enter__(self) -> SummaryCollector:
        from mindspore.train.summary import SummaryRecord
        self._record = SummaryRecord(self._folder, max_file_size=self._limit, export_options=self._export)
        return self

    def __exit__(self, *_) -> None:
        if self._record is not None:
            self._record.close()
            self._record = None

    def begin(self, run_context) -> None:
        """Write what is known before the first step."""
        args, record = run_context.original_args(), self._record
        if self._landscape is not None:
            self._landscape.begin()
        if self._wanted["collect_graph"] and args.network is not None:
            record.add_value("graph", "network", str(args.network))
        if self._wanted["collect_dataset_graph"]:
            record.add_value("text", "dataset", _described(args.train_dataset))
        if self._custom:
            record.add_value("custom_lineage_data", "custom_lineage_data", json.dumps(self._custom, default=str))
        record.record(args.cur_step_num)

    def step_end(self, run_context) -> None:
        """Write the step, if it is one of those; else forget what operators have kept."""
        args, record = run_context.original_args(), self._record
        if self._landscape is not None:
            self._landscape.note("step", args.cur_step_num, args.network)
        number = args.cur_step_num - 1
        if number % self._freq and number % self._tensor_freq:
            return
        if number % self._freq == 0:
            self._add_values(args)
        with_tensors = number % self._tensor_freq == 0
        record.record(args.cur_step_num, plugin_filter=lambda kind: (kind != "tensor") or with_tensors)

    def _add_values(self, args) -> None:
        """The loss, the images and the parameters of this step."""
        record = self._record
        if self._wanted["collect_metric"]:
            loss = loss_of(args.net_outputs)
            if loss is not None:
                record.add_value("scalar", "loss", float(loss))
        if self._wanted["collect_input_data"]:
            first = (args.train_dataset_element or (None,))[0]
            if isinstance(first, Tensor) and len(first.shape) == 4 and first.shape[1] in (1, 3):
                record.add_value("image", "input_data", first)
        for parameter in self._parameters(args):
            record.add_value("histogram", parameter.name, np.atleast_1d(parameter.asnumpy()))

    def _parameters(self, args) -> list:
        pattern = self._wanted["histogram_regular"]
        if pattern is False or args.network is None:
            return []
        known = list(args.network.trainable_params())
        return known[:_HISTOGRAMS] if pattern is None else [p for p in known if re.match(pattern, p.name)]

    def epoch_end(self, run_context) -> None:
        """Save what landscapes are made from."""
        args = run_context.original_args()
        if self._landscape is not None:
            self._landscape.note("epoch", args.cur_epoch_num, args.network)

    def end(self, run_context) -> None:
        """Write the settings of the run."""
        args = run_context.original_args()
        if self._landscape is not None:
            self._landscape.end(int(args.batch_num or 0))
        if self._wanted["collect_train_lineage"]:
            rate = getattr(args.optimizer, "learning_rate", None)
            known = {"network": type(args.network).__name__, "optimizer": type(args.optimizer).__name__,
                     "loss_function": type(args.loss_fn).__name__, "epoch": args.epoch_num, "steps": args.cur_step_num,
                     "learning_rate": float(rate.asnumpy()) if isinstance(rate, Tensor) and not rate.shape else None}
            self._record.add_value("train_lineage", "train_lineage", json.dumps(known))
            self._record.record(args.cur_step_num)

    def on_eval_begin(self, run_context) -> None:
        """Of an evaluation the metrics are written, at its end."""

    def on_eval_step_end(self, run_context) -> None:
        """Of an evaluation the metrics are written, at its end."""

    def on_eval_epoch_end(self, run_context) -> None:
        """Of an evaluation the metrics are written, at its end."""

    def on_eval_end(self, run_context) -> None:
        """Write the metrics of an evaluation."""
        args = run_context.original_args()
        if self._wanted["collect_eval_lineage"] and args.eval_results:
            with self._record.evaluating():
                for name, value in args.eval_results.items():
                    if isinstance(value, (int, float, np.number)):
                        self._record.add_value("scalar", name, float(value))
                self._record.record(args.cur_step_num)


def _checked_data(given: Any, keep: bool) -> dict[str, Any]:
    """What is collected, by key."""
    if given is not None and not isinstance(given, dict):
        raise TypeError(f"SummaryCollector: collect_specified_data must be a dict, got {given!r}")
    wanted = dict(_DEFAULTS) if keep else {**dict.fromkeys(_DEFAULTS, False)}
    for key, value in (given or {}).items():
        if key not in _DEFAULTS:
            raise ValueError(f"SummaryCollector: collect_specified_data has the unknown key {key!r}; known are "
                             f"{', '.join(_DEFAULTS)}")
        kinds: tuple = (str, type(None)) if key == "histogram_regular" else (bool,)
        if not isinstance(value, kinds):
            raise TypeError(f"SummaryCollector: collect_specified_data[{key!r}] must be a {kinds[0].__name__}, got "
                            f"{value!r}")
        wanted[key] = value
    return wanted


def _described(dataset: Any) -> str:
    """A data set in words: its steps, the last one first."""
    node = getattr(dataset, "_node", None)
    steps = [type(dataset if node is None else node).__name__]
    while node is not None and node.children:
        node = node.children[0]
        steps.append(type(node).__name__)
    return " <- ".join(steps)
