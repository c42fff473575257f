"""Datasets: what the user builds pipelines from.

A `Dataset` holds the last node of its pipeline and the datasets that it was made from; every method returns a new
dataset and leaves the old one as it is. Nothing runs until an iterator is asked for a row, or one of the getters for
something that only a look at the rows can tell.
"""
from __future__ import annotations

import math
import weakref
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from . import _nodes
from ._blocks import Rows
from ._check import check_bool, check_int, check_known, check_names, check_workers
from ._errors import as_runtime_error
from ._map import Batch, Map, flatten_operations, parameters_wanted
from ._operations import Operations
from ._padding import PaddedBatch
from ._pipeline import Node, Parallel, Stage
from ._record import Recorded, recorded
from .caching import Cached, check_cache
from .callbacks import DSCallback
from .iterators import DictIterator, Iterator, TupleIterator
from .samplers import Sampler

__all__ = ["Dataset", "zip_datasets"]

_I = TypeVar("_I", bound=Iterator)
_N = TypeVar("_N", bound=Node)

_WORKER_OPTIONS = {"python_multiprocessing", "max_rowsize"}


def _check_options(options: dict, known: set[str], function: str) -> None:
    """Refuses keyword arguments other than the known ones and those that only concern worker processes."""
    for name in options:
        if name not in known | _WORKER_OPTIONS:
            raise TypeError(f"For '{function}', unexpected keyword argument '{name}'.")


def _parallel(num_parallel_workers, options: dict, function: str) -> Parallel:
    """The workers that an operation's arguments ask for."""
    processes = check_bool(options.get("python_multiprocessing", False), "python_multiprocessing", function)
    return Parallel(check_workers(num_parallel_workers, function), processes)


def _check_callbacks(callbacks) -> list[DSCallback]:
    listed = callbacks if isinstance(callbacks, (list, tuple)) else [] if callbacks is None else [callbacks]
    for callback in listed:
        if not isinstance(callback, DSCallback):
            raise TypeError(f"For 'map', 'callbacks' must be DSCallbacks, but got {type(callback).__name__}.")
    return list(listed)


def _check_outputs(outputs: Sequence[str], inputs: Sequence[str], columns: Sequence[str], function: str) -> None:
    """Refuses an output column that would replace one that is not an input."""
    for name in outputs:
        if name in columns and name not in inputs:
            raise ValueError(f"For '{function}', output column '{name}' exists already and is no input column. Choose "
                             f"another name.")


class Dataset(Operations, Recorded):
    """A pipeline of rows. Attributes: children, the list of datasets that this one was made from; dataset_size, the
    number of rows once it is known, else None (`get_dataset_size` finds it).

    Args:
        node: the step that this dataset adds.
        children: the datasets whose nodes are that node's children.
    """

    def __init__(self, node: Node, children: Sequence[Dataset] = ()):
        self._node = node
        self.children = list(children)
        self._iterators: weakref.WeakSet[Iterator] = weakref.WeakSet()
        self.dataset_size: int | None = None
        self._probed: list[np.ndarray] | None = None
        self._init_step = 0
        self._made: tuple[str, dict] | None = None      # the method that made it, and its arguments
        self._resampled: list[tuple[str, Sampler]] = []     # the calls of use_sampler and add_sampler since

    # ------------------------------------------------------------------------------------------------- operations

    @recorded
    def map(self, operations, input_columns=None, output_columns=None, num_parallel_workers: int | None = None,
            **kwargs) -> Dataset:
        """Applies operations to some columns of each row.

        Args:
            operations: a callable or a list of them, applied in order. A transform of `dataset.vision` or
                `dataset.transforms` is applied to each input column by itself, many rows at once; another callable gets
                the input columns of one row as arrays, and returns a value or a tuple of them.
            input_columns: names of the columns that the first operation takes; None for the first column, or as many
                as a function has required parameters.
            output_columns: names of the results; None for the input columns. As many outputs as inputs take their
                places; otherwise they come first and the other columns follow.
            num_parallel_workers: threads, or processes, that do the work; None for the configured number.
            kwargs: python_multiprocessing, whether more than one worker means processes, which get the operations by
                pickle; callbacks, a DSCallback or a list of them; cache, a DatasetCache that keeps the results for
                later epochs, or None; column_order, the columns to keep, in this order, as `project` does; offload, a
                bool or None, and max_rowsize are accepted: the work is done here, with the results a device has.

        Returns:
            Dataset.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: a column does not exist, or a name would occur twice.
            RuntimeError: with a cache, the rows before it are drawn at random, or are not those of the source.
        """
        _check_options(kwargs, {"callbacks", "offload", "cache", "column_order"}, "map")
        check_cache(kwargs.get("cache"), "map")
        if kwargs.get("offload") is not None:
            check_bool(kwargs["offload"], "offload", "map")
        flat = flatten_operations(operations)
        columns = self._node.columns
        inputs = (columns[:parameters_wanted(flat[0])] if input_columns is None
                  else check_names(input_columns, "input_columns", "map"))
        check_known(inputs, columns, "map")
        outputs = inputs if output_columns is None else check_names(output_columns, "output_columns", "map")
        _check_outputs(outputs, inputs, columns, "map")
        node: Node = Map(self._node, flat, inputs, outputs, _parallel(num_parallel_workers, kwargs, "map"),
                         _check_callbacks(kwargs.get("callbacks")))
        node = node if kwargs.get("cache") is None else Cached(node, kwargs["cache"])
        if kwargs.get("column_order") is not None:
            kept = check_names(kwargs["column_order"], "column_order", "map")
            check_known(kept, node.columns, "map")
            node = _nodes.Project(node, kept)
        return Dataset(node, [self])

    @recorded
    def batch(self, batch_size, drop_remainder: bool = False, num_parallel_workers: int | None = None,
              **kwargs) -> Dataset:
        """Joins consecutive rows into batches: the arrays of a column become one with a new first dimension.

        Args:
            batch_size: rows in a batch, or a function that gets a BatchInfo (`get_batch_num()`, `get_epoch_num()`) and
                returns that.
            drop_remainder: leave out a last batch that is not full.
            num_parallel_workers: threads, or processes, that call per_batch_map.
            kwargs: per_batch_map, a function that gets one list of arrays per input column and a BatchInfo, and returns
                one list per output column; input_columns (None for all) and output_columns (None for the same);
                python_multiprocessing, whether more than one worker means processes; max_rowsize is accepted.

        Returns:
            Dataset.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: batch_size is less than 1, or a column does not exist.
            RuntimeError: while iterating, rows of different shapes or types meet in a batch.
        """
        _check_options(kwargs, {"per_batch_map", "input_columns", "output_columns"}, "batch")
        if not callable(batch_size):
            batch_size = check_int(batch_size, "batch_size", "batch", 1)
        check_bool(drop_remainder, "drop_remainder", "batch")
        parallel = _parallel(num_parallel_workers, kwargs, "batch")
        function, inputs, outputs = (kwargs.get(name) for name in ("per_batch_map", "input_columns", "output_columns"))
        if function is None:
            if inputs is not None or outputs is not None:
                raise ValueError("For 'batch', 'input_columns' and 'output_columns' need a 'per_batch_map'.")
            return Dataset(Batch(self._node, batch_size, drop_remainder), [self])
        if not callable(function):
            raise TypeError(f"For 'batch', 'per_batch_map' must be callable, but got {type(function).__name__}.")
        columns = self._node.columns
        inputs = columns if inputs is None else check_names(inputs, "input_columns", "batch")
        check_known(inputs, columns, "batch")
        outputs = inputs if outputs is None else check_names(outputs, "output_columns", "batch")
        _check_outputs(outputs, inputs, columns, "batch")
        return Dataset(Batch(self._node, batch_size, drop_remainder, function, inputs, outputs, parallel),
                       [self])

    @recorded
    def shuffle(self, buffer_size: int) -> Dataset:
        """Puts the rows in random order, by a buffer of `buffer_size` rows; a new order in each epoch.

        Raises:
            TypeError: `buffer_size` is not an int.
            ValueError: `buffer_size` is less than 2.
        """
        return Dataset(_nodes.Shuffle(self._node, check_int(buffer_size, "buffer_size", "shuffle", 2)), [self])

    @recorded
    def repeat(self, count: int | None = None) -> Dataset:
        """Goes over the rows `count` times in one epoch; None or -1 for ever.

        Raises:
            TypeError: `count` is not an int.
            ValueError: `count` is 0 or less than -1.
        """
        if count is None or (isinstance(count, int) and count == -1):
            return Dataset(_nodes.Repeat(self._node, None), [self])
        return Dataset(_nodes.Repeat(self._node, check_int(count, "count", "repeat", 1)), [self])

    @recorded
    def take(self, count: int = -1) -> Dataset:
        """The first `count` rows; -1 for all.

        Raises:
            TypeError: `count` is not an int.
            ValueError: `count` is 0 or less than -1.
        """
        if isinstance(count, int) and count == -1:
            return self
        return Dataset(_nodes.Take(self._node, check_int(count, "count", "take", 1)), [self])

    @recorded
    def skip(self, count: int) -> Dataset:
        """All rows but the first `count`.

        Raises:
            TypeError: `count` is not an int.
            ValueError: `count` is negative.
        """
        return Dataset(_nodes.Skip(self._node, check_int(count, "count", "skip", 0)), [self])

    @recorded
    def filter(self, predicate: Callable, input_columns=None, num_parallel_workers: int | None = None) -> Dataset:
        """The rows for which `predicate` returns True; it gets the input columns (None for all) as arrays.

        Raises:
            TypeError: `predicate` cannot be called, or, while iterating, returns something other than a bool.
            ValueError: a column does not exist.
        """
        if not callable(predicate):
            raise TypeError(f"For 'filter', 'predicate' must be callable, but got {type(predicate).__name__}.")
        check_workers(num_parallel_workers, "filter")
        columns = self._node.columns
        inputs = columns if input_columns is None else check_names(input_columns, "input_columns", "filter")
        check_known(inputs, columns, "filter")
        return Dataset(_nodes.Filter(self._node, predicate, inputs), [self])

    @recorded
    def project(self, columns) -> Dataset:
        """Only the named columns, in the order given.

        Raises:
            TypeError: `columns` is neither a name nor a list of names.
            ValueError: a column does not exist or is named twice.
        """
        names = check_names(columns, "columns", "project")
        check_known(names, self._node.columns, "project")
        return Dataset(_nodes.Project(self._node, names), [self])

    @recorded
    def rename(self, input_columns, output_columns) -> Dataset:
        """Gives columns new names.

        Raises:
            TypeError: an argument is neither a name nor a list of names.
            ValueError: the numbers of names differ, a column does not exist, or a name would occur twice.
        """
        old = check_names(input_columns, "input_columns", "rename")
        new = check_names(output_columns, "output_columns", "rename")
        check_known(old, self._node.columns, "rename")
        if len(old) != len(new):
            raise ValueError(f"For 'rename', the numbers of input and output columns must be equal, but are {len(old)} "
                             f"and {len(new)}.")
        names = dict(zip(old, new, strict=True))
        renamed = tuple(names.get(name, name) for name in self._node.columns)
        check_names(renamed, "output_columns", "rename")
        return Dataset(_nodes.Rename(self._node, renamed), [self])

    @recorded
    def concat(self, datasets) -> Dataset:
        """These rows, then those of another dataset or of several in a list; `a + b` is the same.

        Raises:
            TypeError: an argument is no Dataset.
            ValueError: the columns differ.
        """
        others = list(datasets) if isinstance(datasets, (list, tuple)) else [datasets]
        parts = [self, *others]
        for other in others:
            if not isinstance(other, Dataset):
                raise TypeError(f"For 'concat', a Dataset is needed, but got {type(other).__name__}.")
            if other._node.columns != self._node.columns:
                raise ValueError(f"For 'concat', the columns must be equal, but are {list(self._node.columns)} and "
                                 f"{list(other._node.columns)}. Rename or project them first.")
        return Dataset(_nodes.Concat(tuple(part._node for part in parts)), parts)

    def __add__(self, datasets) -> Dataset:
        return self.concat(datasets)

    @recorded
    def zip(self, datasets) -> Dataset:
        """The columns of this dataset and of another, or several in a tuple, side by side, as long as the shortest.

        Raises:
            TypeError: an argument is no Dataset.
            ValueError: a column name occurs twice.
        """
        others = tuple(datasets) if isinstance(datasets, (list, tuple)) else (datasets,)
        return zip_datasets((self, *others))

    def apply(self, apply_func: Callable[[Dataset], Dataset]) -> Dataset:
        """What a function makes of this dataset.

        Raises:
            TypeError: `apply_func` cannot be called or does not return a Dataset.
        """
        if not callable(apply_func):
            raise TypeError(f"For 'apply', 'apply_func' must be callable, but got {type(apply_func).__name__}.")
        result = apply_func(self)
        if not isinstance(result, Dataset):
            raise TypeError(f"For 'apply', the function must return a Dataset, but returned {type(result).__name__}.")
        return result

    # -------------------------------------------------------------------------------------------------- iteration

    def _iterator(self, kind: type[_I], node: Node, num_epochs: int, output_numpy: bool, function: str) -> _I:
        if num_epochs != -1:
            check_int(num_epochs, "num_epochs", function, 1)
        check_bool(output_numpy, "output_numpy", function)
        iterator = kind(node, num_epochs, output_numpy)
        if self._init_step:
            iterator.skip_steps(self._init_step, self.get_dataset_size())
        self._iterators.add(iterator)
        return iterator

    def create_tuple_iterator(self, columns=None, num_epochs: int = -1, output_numpy: bool = False,
                              do_copy: bool = False) -> TupleIterator:
        """An iterator that gives each row as a list.

        Args:
            columns: names of the columns wanted; None for all.
            num_epochs: how many times it can be looped over; -1 for no limit.
            output_numpy: give NumPy arrays instead of Tensors.
            do_copy: checked only: every row is in memory of its own.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: a column does not exist, or num_epochs is 0 or less than -1.
        """
        node = self._node if columns is None else self.project(columns)._node
        check_bool(do_copy, "do_copy", "create_tuple_iterator")
        return self._iterator(TupleIterator, node, num_epochs, output_numpy, "create_tuple_iterator")

    def create_dict_iterator(self, num_epochs: int = -1, output_numpy: bool = False,
                             do_copy: bool = False) -> DictIterator:
        """An iterator that gives each row as a dict of column names to values; arguments as `create_tuple_iterator`."""
        check_bool(do_copy, "do_copy", "create_dict_iterator")
        return self._iterator(DictIterator, self._node, num_epochs, output_numpy, "create_dict_iterator")

    def __iter__(self) -> TupleIterator:
        return self.create_tuple_iterator(num_epochs=1)

    def reset(self) -> None:
        """Makes the iterators of this dataset begin a new epoch at their next row."""
        for iterator in self._iterators:
            iterator.stop()

    # ---------------------------------------------------------------------------------------------------- getters

    def get_dataset_size(self) -> int:
        """The number of rows (batches, after `batch`) of an epoch; of one pass where `repeat` has no limit.

        Where only the rows can tell (generators, `filter`), they are counted once.
        """
        if self.dataset_size is None:
            size = self._node.size(math.inf)
            if size == math.inf:
                size = self._node.size(1)
            if size is None:
                size = sum(block.count for block in self._probe_stage().blocks(1))
            self.dataset_size = int(size)
        return self.dataset_size

    def __len__(self) -> int:
        """As `get_dataset_size`, but a TypeError where the rows would have to be counted: `list(dataset)` asks too."""
        if self.dataset_size is None and self._node.size(1) is None:
            raise TypeError("The length of this dataset is not known without reading it. Call get_dataset_size().")
        return self.get_dataset_size()

    def _probe_stage(self) -> Stage:
        """A run that only looks: it takes no random stream, so that what is iterated afterwards stays the same."""
        return Stage(self._node, np.random.SeedSequence(0), probing=True)

    def _first_row(self) -> list[np.ndarray]:
        if self._probed is None:
            blocks = self._probe_stage().blocks(1)
            try:
                block = next(blocks, None)
            except Exception as error:
                raise as_runtime_error(error) from error.__cause__
            blocks.close()
            if block is None:
                raise RuntimeError("The dataset has no rows, so their shapes and types are unknown.")
            self._probed = block.row(0)
        return self._probed

    def output_shapes(self, estimate: bool = False) -> list[list]:
        """The shape of each column, as the first row has it.

        Args:
            estimate: go over all rows, and give None for a dimension that varies.

        Raises:
            RuntimeError: the dataset has no rows, or with `estimate` the number of dimensions varies.
        """
        if not check_bool(estimate, "estimate", "output_shapes"):
            return [list(array.shape) for array in self._first_row()]
        shapes: list[list] | None = None
        rows = Rows(self._probe_stage().blocks(1))
        while (block := rows.pull(1)) is not None:
            found = [list(array.shape) for array in block.row(0)]
            shapes = found if shapes is None else list(map(_common_shape, shapes, found))
        if shapes is None:
            raise RuntimeError("The dataset has no rows, so their shapes are unknown.")
        return shapes

    def output_types(self) -> list[np.dtype]:
        """The NumPy dtype of each column, as the first row has it; RuntimeError for a dataset without rows."""
        return [array.dtype for array in self._first_row()]

    def get_col_names(self) -> list[str]:
        """The names of the columns, in order."""
        return list(self._node.columns)

    def _nearest(self, kind: type[_N]) -> _N | None:
        """The last step of a kind, along the first children."""
        node: Node | None = self._node
        while node is not None and not isinstance(node, kind):
            node = node.children[0] if node.children else None
        return node

    def get_batch_size(self) -> int:
        """The number of rows in a batch; 1 without `batch`; -1 where a function decides."""
        node: Node | None = self._node
        while node is not None and not isinstance(node, (Batch, PaddedBatch)):
            node = node.children[0] if node.children else None
        if node is None:
            return 1
        size = node.batch_size
        return -1 if callable(size) or not size else size

    def get_repeat_count(self) -> int:
        """The count of the last `repeat`; 1 without one, -1 for no limit."""
        repeat = self._nearest(_nodes.Repeat)
        return 1 if repeat is None else -1 if repeat.count is None else repeat.count

    def set_init_step(self, init_step: int) -> None:
        """Makes the iterators that are created from here on begin at a step, counted over all epochs.

        Raises:
            TypeError: `init_step` is not an int.
            ValueError: `init_step` is negative.
        """
        self._init_step = check_int(init_step, "init_step", "set_init_step", 0)

    def get_init_step(self) -> int:
        """The step that iterators begin at, 0 where none was set."""
        return self._init_step

    def get_class_indexing(self) -> dict[str, int]:
        """The names of the classes and their numbers, where the source knows them; otherwise an empty dict."""
        return self.children[0].get_class_indexing() if self.children else {}

    def is_shuffled(self) -> bool:
        """Whether the order of the rows is random somewhere in the pipeline."""
        nodes = [self._node]
        for node in nodes:
            nodes += node.children
        return any(isinstance(node, _nodes.Shuffle) or getattr(getattr(node, "sampler", None), "shuffles", False)
                   for node in nodes)

    def is_sharded(self) -> bool:
        """Whether the rows are those of one shard."""
        nodes = [self._node]
        for node in nodes:
            nodes += node.children
        return any(getattr(getattr(node, "sampler", None), "num_shards", 1) > 1 for node in nodes)

    def num_classes(self) -> int | None:
        """The number of classes, where the source knows it."""
        return self.children[0].num_classes() if self.children else None


def _common_shape(a: list, b: list) -> list:
    if len(a) != len(b):
        raise RuntimeError(f"For 'output_shapes', rows of {len(a)} and of {len(b)} dimensions have no common shape.")
    return [x if x == y else None for x, y in zip(a, b, strict=True)]


def zip_datasets(datasets) -> Dataset:
    """The columns of several datasets, given in a tuple, side by side, as long as the shortest.

    Raises:
        TypeError: `datasets` is no tuple, or holds something other than Datasets.
        ValueError: it is empty, or a column name occurs twice.
    """
    if not isinstance(datasets, (list, tuple)) or not all(isinstance(part, Dataset) for part in datasets):
        raise TypeError(f"For 'zip', a tuple of Datasets is needed, but got {datasets!r}.")
    if not datasets:
        raise ValueError("For 'zip', the tuple of datasets must not be empty.")
    node = _nodes.Zip(tuple(part._node for part in datasets))
    if len(set(node.columns)) < len(node.columns):
        raise ValueError(f"For 'zip', column names must differ, but are {list(node.columns)}. Rename them first.")
    result = Dataset(node, datasets)
    result._made = "zip", {}
    return result
