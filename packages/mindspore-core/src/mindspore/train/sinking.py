"""Steps that fetch their data themselves: the host forms of MindSpore's data sinking."""
from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from mindspore.nn.cell import Cell
from mindspore.train.dataset_helper import DatasetHelper, batches

__all__ = ["connect_network_with_dataset", "data_sink"]


def data_sink(fn: Callable, dataset: Any, sink_size: int = 1, jit_config: Any = None,
              input_signature: Any = None) -> Callable[[], Any]:
    """A function without arguments that runs `sink_size` steps of `fn`, each with the next batch of a data set; it
    gives the last step's result. After the last batch comes the first one of the next epoch.

    Args:
        fn: called with the columns of a batch. dataset: a Dataset, or an iterable of batches.
        sink_size: how many steps a call runs. jit_config: where it is given, `fn` is compiled (`jit`).
        input_signature: accepted; `fn` is compiled for what the batches are.

    Raises:
        TypeError, ValueError: an argument of another form; when it is called, an empty data set.
    """
    if not callable(fn):
        raise TypeError(f"For 'data_sink', 'fn' must be callable, but got {type(fn).__name__}.")
    if isinstance(sink_size, bool) or not isinstance(sink_size, int):
        raise TypeError(f"For 'data_sink', 'sink_size' must be an int, but got {sink_size!r}.")
    if sink_size <= 0:
        raise ValueError(f"For 'data_sink', 'sink_size' must be above 0, but got {sink_size}.")
    if jit_config is not None:
        from mindspore.common.api import jit
        fn = jit(fn, jit_config=jit_config or None)
    rest: list[Iterator[tuple]] = []

    def columns() -> tuple:
        for _ in range(2):
            if not rest:
                rest.append(batches(dataset))
            for found in rest[0]:
                return found
            rest.clear()
        raise ValueError("For 'data_sink', the data set is empty.")

    def run() -> Any:
        for _ in range(sink_size):
            result = fn(*columns())
        return result

    return run


def connect_network_with_dataset(network: Cell, dataset_helper: DatasetHelper) -> Cell:
    """The network to call with what a `DatasetHelper` gives: the network itself, since every batch passes through the
    loop over the helper.

    Raises:
        TypeError: arguments of other types.
    """
    if not isinstance(network, Cell):
        raise TypeError(f"For 'connect_network_with_dataset', 'network' must be a Cell, but got "
                        f"{type(network).__name__}.")
    if not isinstance(dataset_helper, DatasetHelper):
        raise TypeError(f"For 'connect_network_with_dataset', 'dataset_helper' must be a DatasetHelper, but got "
                        f"{type(dataset_helper).__name__}.")
    return network
