"""Model: training, evaluation and prediction of a network."""
from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager

from mindspore import context
from mindspore.nn.cell import Cell
from mindspore.nn.wrap import WithEvalCell, WithLossCell
from mindspore.runtime.parallel_settings import ParallelMode  # noqa: F401  programs take it from here
from mindspore.train import amp
from mindspore.train.callback.base import CallbackManager, InternalCallbackParam, RunContext
from mindspore.train.dataset_helper import batches, check_sink, dataset_size, epochs
from mindspore.train.metrics import Loss, Metric, get_metrics

__all__ = ["Model"]


class Model:
    """A network with what is needed to train and to judge it.

    Args:
        network: the Cell. Without `loss_fn` its output is the loss, and the data set's columns are its inputs.
        loss_fn: a Cell or function (outputs, label) -> loss. optimizer: an Optimizer over the network's parameters;
            without one the network is itself the training step.
        metrics: a dict of names and Metrics, or a set of names. eval_network: the network for evaluation, which returns
            (loss, predictions, labels). eval_indexes: [loss, predictions, labels] positions among its outputs.
        amp_level: mixed precision, as for `amp.auto_mixed_precision`. loss_scale_manager, keep_batchnorm_fp32: take
            the place of what belongs to the level, as for `amp.build_train_network`.
        boost_level, boost_config_dict: algorithms that make the training faster, as for `boost.AutoBoost`.

    Raises:
        TypeError, ValueError: arguments of wrong types, metrics without a way to compute them.
    """

    def __init__(self, network, loss_fn=None, optimizer=None, metrics=None, eval_network=None, eval_indexes=None,
                 amp_level="O0", boost_level="O0", **kwargs):
        if not isinstance(network, Cell):
            raise TypeError(f"For 'Model', the 'network' must be a Cell, but got {type(network).__name__}.")
        boost = kwargs.pop("boost_config_dict", None)
        self._amp_level, self._amp = amp_level, amp.check_arguments("Model", amp_level, kwargs)
        amp.prepare(network, amp_level, self._amp)
        if loss_fn is not None and not callable(loss_fn):
            raise TypeError(f"For 'Model', the 'loss_fn' must be a Cell or a function, but got "
                            f"{type(loss_fn).__name__}.")
        if boost_level != "O0" and optimizer is not None:
            from mindspore.boost import AutoBoost
            network, optimizer = AutoBoost(boost_level, boost).network_auto_process_train(network, optimizer)
        self._boost_level, self._network, self._loss_fn, self._optimizer = boost_level, network, loss_fn, optimizer
        self._metric_fns = get_metrics(metrics)
        self._eval_indexes = _checked_indexes(eval_indexes)
        self._train_network = self._make_train_network()
        self._eval_network = eval_network or self._make_eval_network()
        self._current_step = 0

    def _make_train_network(self) -> Cell:
        if self._optimizer is None:
            return self._network if self._loss_fn is None else WithLossCell(self._network, self._loss_fn)
        if not hasattr(self._optimizer, "parameters"):
            raise TypeError(f"For 'Model', the 'optimizer' must be an Optimizer, but got "
                            f"{type(self._optimizer).__name__}.")
        return amp.build_train_network(self._network, self._optimizer, self._loss_fn, self._amp_level,
                                       self._boost_level, **self._amp)

    def _make_eval_network(self) -> Cell | None:
        if not self._metric_fns or self._loss_fn is None:
            return self._network if self._metric_fns else None
        self._eval_indexes = [0, 1, 2]
        return WithEvalCell(self._network, self._loss_fn)

    @property
    def train_network(self) -> Cell:
        """The Cell of one training step."""
        return self._train_network

    @property
    def predict_network(self) -> Cell:
        """The network."""
        return self._network

    @property
    def eval_network(self) -> Cell | None:
        """The Cell that evaluation runs."""
        return self._eval_network

    # -- training ----------------------------------------------------------------------------------------------------

    def train(self, epoch, train_dataset, callbacks=None, dataset_sink_mode=False, sink_size=-1, initial_epoch=0):
        """Train for `epoch` epochs.

        Args:
            train_dataset: a Dataset, or any iterable that can be iterated over once per epoch; if it is its own
                iterator and has a `reset`, that is called after each epoch.
            callbacks: a Callback or a list of them. dataset_sink_mode, sink_size: accepted; every step is stepped.
            initial_epoch: the number of epochs that are already done.

        Raises:
            TypeError: `dataset_sink_mode` is no bool, or a number is no int.
            ValueError: `epoch` is not positive, or `sink_size` is neither -1 nor positive.
        """
        check_sink("Model.train", dataset_sink_mode, sink_size)
        self._fit(epoch, train_dataset, None, 0, callbacks, initial_epoch)

    def fit(self, epoch, train_dataset, valid_dataset=None, valid_frequency=1, callbacks=None,
            dataset_sink_mode=False, valid_dataset_sink_mode=False, sink_size=-1, initial_epoch=0):
        """Train, and evaluate every `valid_frequency` epochs (or at the epochs listed); see `train`.

        TypeError for a `valid_frequency` that is neither an int nor a list of epochs.
        """
        check_sink("Model.fit", dataset_sink_mode, sink_size)
        check_sink("Model.fit", valid_dataset_sink_mode)
        if isinstance(valid_frequency, bool) or not isinstance(valid_frequency, int | list | tuple):
            raise TypeError(f"For 'Model.fit', the 'valid_frequency' must be an int or a list of epochs, but got "
                            f"{valid_frequency!r}.")
        self._fit(epoch, train_dataset, valid_dataset, valid_frequency, callbacks, initial_epoch)

    def _fit(self, epoch, dataset, valid, frequency, callbacks, initial) -> None:
        if isinstance(epoch, bool) or not isinstance(epoch, int):
            raise TypeError(f"For 'Model.train', the 'epoch' must be an int, but got {epoch!r}.")
        if epoch <= 0 or not 0 <= initial < epoch:
            raise ValueError(f"For 'Model.train', the 'epoch' must be positive and larger than 'initial_epoch', but "
                             f"got {epoch} and {initial}.")
        steps = dataset_size(dataset)
        run = self._run_parameters(dataset, steps)
        run.update(train_network=self._train_network, epoch_num=epoch, initial_step=initial * (steps or 0),
                   cur_step_num=initial * (steps or 0), train_dataset=dataset, last_save_ckpt_step=None,
                   latest_ckpt_file=None, eval_results=None)
        with CallbackManager(callbacks) as manager, _training(self._train_network, True), \
                closing(epochs(dataset)) as rows:
            run["list_callback"] = manager
            context_ = RunContext(run)
            manager.on_train_begin(context_)
            for number in range(max(initial, run.cur_epoch_num) + 1, epoch + 1):  # a callback may know more is done
                run.cur_epoch_num = number
                self._train_epoch(next(rows), run, context_, manager)
                if valid is not None and _is_due(number, frequency):
                    run.eval_results = self._evaluate(valid, manager, with_loss=True)
                manager.on_train_epoch_end(context_)
                run.eval_results = None
                if context_.get_stop_requested():
                    break
            manager.on_train_end(context_)

    def _train_epoch(self, rows, run, context_, manager) -> None:
        manager.on_train_epoch_begin(context_)
        step = 0
        for columns in rows:
            step += 1
            run.cur_step_num += 1
            run.train_dataset_element = columns
            manager.on_train_step_begin(context_)
            self._check_columns(columns, "train")
            run.net_outputs = self._train_step(columns)
            if run.batch_num is None or step > run.batch_num:
                run.batch_num = step
            manager.on_train_step_end(context_)
            if context_.get_stop_requested():
                return
        if step == 0:
            raise ValueError("For 'Model.train', the data set is empty: no batch came in this epoch; is batch_size "
                             "larger than the number of samples with drop_remainder=True?")

    def _train_step(self, columns: tuple):
        return self._train_network(*columns)

    def _check_columns(self, columns: tuple, what: str) -> None:
        if self._loss_fn is not None and len(columns) != 2:
            raise ValueError(f"For 'Model.{what}', a 'loss_fn' was given, so the data set must have two columns, data "
                             f"and label, but it has {len(columns)}: project the two columns, or wrap network and loss "
                             f"in a Cell that takes all of them.")

    def _run_parameters(self, dataset, steps) -> InternalCallbackParam:
        return InternalCallbackParam(
            network=self._network, optimizer=self._optimizer, loss_fn=self._loss_fn, parallel_mode="stand_alone",
            device_number=1, dataset_sink_mode=False, batch_num=steps, cur_epoch_num=0, cur_step_num=0,
            mode="graph" if context.mode.graph else "pynative", net_outputs=None, metrics=None,
            loss_scale_mananger=self._amp.get("loss_scale_manager"), train_dataset_element=None)

    # -- evaluation --------------------------------------------------------------------------------------------------

    def eval(self, valid_dataset, callbacks=None, dataset_sink_mode=False):
        """The metrics over a data set, by name.

        Raises:
            TypeError: `dataset_sink_mode` is no bool.
            ValueError: the Model has no metrics.
        """
        check_sink("Model.eval", dataset_sink_mode)
        with CallbackManager(callbacks) as manager:
            return self._evaluate(valid_dataset, manager)

    def _evaluate(self, dataset, manager, with_loss: bool = False) -> dict:
        """The metrics over a data set; `with_loss` adds the mean loss as 'eval_loss' where there is a loss."""
        if not self._metric_fns:
            raise ValueError("For 'Model.eval', the Model has no metrics: give metrics={'accuracy'} or others to "
                             "Model(...).")
        run = self._run_parameters(dataset, dataset_size(dataset))
        run.update(valid_dataset=dataset, eval_results={}, list_callback=manager)
        context_ = RunContext(run)
        metrics = dict(self._metric_fns)
        if with_loss and self._eval_indexes is not None:
            metrics.setdefault("eval_loss", Loss())
        for metric in metrics.values():
            metric.clear()
        with _training(self._eval_network, False):
            manager.on_eval_begin(context_)
            manager.on_eval_epoch_begin(context_)
            for columns in batches(dataset):
                run.cur_step_num += 1
                manager.on_eval_step_begin(context_)
                self._check_columns(columns, "eval")
                run.net_outputs = self._eval_network(*columns)
                self._update_metrics(metrics, run.net_outputs)
                manager.on_eval_step_end(context_)
                if context_.get_stop_requested():
                    break
            run.metrics = run.eval_results = {name: metric.eval() for name, metric in metrics.items()}
            manager.on_eval_epoch_end(context_)
            manager.on_eval_end(context_)
        return run.metrics

    def _update_metrics(self, metrics: dict[str, Metric], outputs) -> None:
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        if self._eval_indexes is None:
            for metric in metrics.values():
                metric.update(*outputs)
            return
        if len(outputs) < 3:
            raise ValueError(f"For 'Model.eval' with 'eval_indexes', the evaluation network must return loss, "
                             f"predictions and labels, but it returned {len(outputs)} outputs.")
        loss, predictions, labels = [outputs[i] for i in self._eval_indexes]
        for metric in metrics.values():
            metric.update(*[loss] if isinstance(metric, Loss) else [predictions, labels])

    # -- prediction --------------------------------------------------------------------------------------------------

    def predict(self, *predict_data, backend=None, config=None):
        """The network's outputs for these tensors, in evaluation mode.

        ValueError for a `backend` other than None or "lite"; both compute the same, on the device in use.
        """
        if backend not in (None, "lite"):
            raise ValueError(f"For 'Model.predict', the 'backend' must be None or 'lite', but got {backend!r}.")
        with _training(self._network, False):
            return self._network(*predict_data)

    def infer_predict_layout(self, *predict_data, skip_backend_compile=False):
        """None: the layout is whole on one device."""

    def infer_train_layout(self, train_dataset, dataset_sink_mode=True, sink_size=-1):
        """None: the layout is whole on one device."""

    def build(self, train_dataset=None, valid_dataset=None, sink_size=-1, epoch=1, sink_mode=True):
        """Compile the training and evaluation networks for the first batch of the data sets."""
        for dataset, network, train in ((train_dataset, self._train_network, True),
                                        (valid_dataset, self._eval_network, False)):
            if dataset is not None and network is not None and context.mode.graph:
                with _training(network, train):
                    network.compile(*next(iter(batches(dataset))))


def _checked_indexes(indexes) -> list[int] | None:
    """The places of loss, predictions and labels, after a check."""
    if indexes is None:
        return None
    if not isinstance(indexes, list) or len(indexes) != 3 or not all(type(i) is int for i in indexes):
        raise ValueError(f"For 'Model', the 'eval_indexes' must be a list of three ints, the places of loss, "
                         f"predictions and labels among the outputs, but got {indexes!r}.")
    return indexes


def _is_due(epoch: int, frequency) -> bool:
    if isinstance(frequency, int):
        return epoch % max(frequency, 1) == 0
    return epoch in frequency


@contextmanager
def _training(network: Cell, mode: bool) -> Iterator[None]:
    """Training or evaluation mode for the block; each cell's own mode afterwards."""
    saved = [(cell, cell.training) for _, cell in network.cells_and_names()]
    network.set_train(mode)
    try:
        yield
    finally:
        for cell, was in saved:
            if cell.training is not was:
                cell.training = was
