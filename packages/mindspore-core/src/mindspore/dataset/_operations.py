"""The operations of a dataset that need more than its rows: padding, splitting, expanding, waiting, saving."""
from __future__ import annotations

import copy
import json
import zlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, cast

import numpy as np

from mindspore.common import seed as _seed

from ._check import check_bool, check_int, check_known, check_names, check_workers
from ._control import FlatMap, Part, SplitSampler, Synchroniser, SyncWait, find_synchroniser, split_sizes
from ._padding import BucketBatch, PaddedBatch, check_pad_info
from ._pipeline import Node, Stage
from ._record import recorded
from ._sharing import add_sampler, use_sampler
from .samplers import RandomSampler, Sampler, SequentialSampler

if TYPE_CHECKING:
    from .datasets import Dataset

__all__ = ["Operations"]


class Operations:
    """Methods of `Dataset`."""

    _node: Node
    dataset_size: int | None
    _probed: list[np.ndarray] | None
    _resampled: list[tuple[str, Sampler]]

    def _next(self, node: Node) -> Dataset:
        """The dataset that one more step makes."""
        from .datasets import Dataset
        return Dataset(node, [self])            # type: ignore[list-item]

    @recorded
    def padded_batch(self, batch_size, drop_remainder: bool = False, num_parallel_workers: int | None = None,
                     pad_info: dict | None = None) -> Dataset:
        """Joins consecutive rows whose arrays differ in shape into batches, filled up, or cut off, at the ends.

        Args:
            batch_size: rows in a batch, or a function of a BatchInfo that returns that.
            drop_remainder: leave out a last batch that is not full.
            num_parallel_workers: checked only.
            pad_info: column names to pairs of a shape and a value; None in a shape, or for it, means the greatest
                length in the batch; None for the value means 0 or empty text. None or {} pads all columns so.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: a number is out of range or a column does not exist; while iterating, a row has another number
                of dimensions than the shape.
        """
        check_workers(num_parallel_workers, "padded_batch")
        size = batch_size if callable(batch_size) else check_int(batch_size, "batch_size", "padded_batch", 1)
        return self._next(PaddedBatch(self._node, size,
                                      check_bool(drop_remainder, "drop_remainder", "padded_batch"),
                                      check_pad_info(pad_info, self._node.columns, "padded_batch")))

    @recorded
    def bucket_batch_by_length(self, column_names, bucket_boundaries: Sequence[int], bucket_batch_sizes: Sequence[int],
                               element_length_function: Callable | None = None, pad_info: dict | None = None,
                               pad_to_bucket_boundary: bool = False, drop_remainder: bool = False) -> Dataset:
        """Joins rows of similar length into batches, padded.

        Bucket i takes the rows whose length is at least boundary i-1 (0 for the first) and less than boundary i; the
        last bucket takes the rest. A batch is handed on as soon as a bucket is full, the others at the end.

        Args:
            column_names: the columns that the length is found from; one where there is no element_length_function.
            bucket_boundaries: increasing lengths.
            bucket_batch_sizes: rows in a batch of each bucket, one more than there are boundaries.
            element_length_function: gets the columns of a row and returns its length; None for the first dimension.
            pad_info: as for `padded_batch`.
            pad_to_bucket_boundary: open lengths become the bucket's boundary minus 1 instead of the greatest.
            drop_remainder: leave out batches that are not full.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: a number is out of range, the boundaries do not increase, or the numbers of boundaries and sizes
                do not fit.
        """
        name = "bucket_batch_by_length"
        inputs = check_names(column_names, "column_names", name)
        check_known(inputs, self._node.columns, name)
        for argument, value in (("bucket_boundaries", bucket_boundaries), ("bucket_batch_sizes", bucket_batch_sizes)):
            if not isinstance(value, (list, tuple)):
                raise TypeError(f"For '{name}', '{argument}' must be a list, but got {value!r}.")
            if not value:
                raise ValueError(f"For '{name}', '{argument}' must not be empty.")
        bounds = [check_int(b, f"bucket_boundaries[{i}]", name, 1) for i, b in enumerate(bucket_boundaries)]
        sizes = [check_int(s, f"bucket_batch_sizes[{i}]", name, 1) for i, s in enumerate(bucket_batch_sizes)]
        if any(a >= b for a, b in zip(bounds, bounds[1:])):
            raise ValueError(f"For '{name}', 'bucket_boundaries' must increase, but are {bounds}.")
        if len(sizes) != len(bounds) + 1:
            raise ValueError(f"For '{name}', 'bucket_batch_sizes' must be one more than 'bucket_boundaries', but there "
                             f"are {len(sizes)} and {len(bounds)}.")
        if element_length_function is None and len(inputs) != 1:
            raise ValueError(f"For '{name}', {len(inputs)} column names need an 'element_length_function'.")
        if element_length_function is not None and not callable(element_length_function):
            raise TypeError(f"For '{name}', 'element_length_function' must be callable, but got "
                            f"{type(element_length_function).__name__}.")
        return self._next(BucketBatch(self._node, inputs, bounds, sizes, element_length_function,
                                      check_pad_info(pad_info, self._node.columns, name),
                                      check_bool(pad_to_bucket_boundary, "pad_to_bucket_boundary", name),
                                      check_bool(drop_remainder, "drop_remainder", name)))

    def split(self, sizes: list, randomize: bool = True) -> list[Dataset]:
        """Parts of the rows that do not overlap. Which rows belong to a part stays the same in all epochs, and when the
        dataset is split again under a seed that was set.

        Args:
            sizes: row numbers that add up to the dataset's, or fractions that add up to 1.
            randomize: choose the rows at random; otherwise each part is a run of consecutive rows. A part of a source
                dataset then has them in random order, anew in each pass; a part of another pipeline in the pipeline's.
                `use_sampler` of a part of a source chooses among its rows.

        Returns:
            list of Datasets, one per size.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: a size is out of range, or fractions do not add up to 1.
            RuntimeError: row numbers do not add up to the dataset's.
        """
        check_bool(randomize, "randomize", "split")
        counts = split_sizes(sizes, self.get_dataset_size())        # type: ignore[attr-defined]
        stops = np.cumsum(counts).tolist()
        seeds = self._split_seeds()
        sampler = getattr(self._node, "sampler", None)
        order = np.arange(stops[-1])
        if randomize and sampler is None:
            order = np.random.Generator(np.random.Philox(seeds)).permutation(order)
        parts = []
        for start, stop in zip([0, *stops], stops):
            if sampler is None:
                parts.append(self._next(Part(self._node, seeds, order[start:stop])))
            else:
                node = copy.copy(self._node)
                last: Sampler = RandomSampler() if randomize else SequentialSampler()   # what use_sampler replaces
                last.add_child(SplitSampler(sampler, seeds, start, stop, randomize))
                node.sampler = last                     # type: ignore[attr-defined]
                parts.append(self._next(node))
        return parts

    @staticmethod
    def _split_seeds() -> np.random.SeedSequence:
        """The chance of a split: under a seed that was set it is always the same, so that a program may split a dataset
        again, in this process or another, and get the same parts."""
        seed = _seed.domain_seed("dataset")
        return _seed.next_seed_sequence("dataset") if seed is None else np.random.SeedSequence(
            seed, spawn_key=(zlib.crc32(b"split"),))

    @recorded
    def flat_map(self, func: Callable) -> Dataset:
        """The rows of the datasets that a function makes of each row, one after the other.

        Args:
            func: gets the values of a row as arrays and returns a Dataset; all must have the same columns. It is called
                for the first row at once, to learn them.

        Raises:
            TypeError: `func` cannot be called or does not return a Dataset.
        """
        from .datasets import Dataset
        if not callable(func):
            raise TypeError(f"For 'flat_map', 'func' must be callable, but got {type(func).__name__}.")
        made = func(*self._first_row())         # type: ignore[attr-defined]
        if not isinstance(made, Dataset):
            raise TypeError(f"For 'flat_map', the function must return a Dataset, but returned {type(made).__name__}.")
        return self._next(FlatMap(self._node, func, made._node.columns))

    # ---------------------------------------------------------------------------------------------------- samplers

    def use_sampler(self, new_sampler: Sampler) -> None:
        """Gives this source another sampler in the place of its own.

        Of a concatenation, the result of `concat` or `+`, a DistributedSampler without shuffle makes a shard of the
        whole: row i belongs to shard i modulo their number, wherever the datasets meet. A RandomSampler mixes its
        datasets at random, each in its own order.

        Raises:
            TypeError: `new_sampler` is no Sampler or of a kind that a concatenation does not take; or this dataset is
                neither a source whose rows have numbers nor a concatenation.
            ValueError: a concatenation cannot be divided so: the sampler shuffles, or one of num_samples is set.
        """
        self._node = use_sampler(self._node, new_sampler, self._count_rows)
        self.dataset_size = self._probed = None
        self._resampled.append(("use_sampler", new_sampler))

    def add_sampler(self, new_sampler: Sampler) -> None:
        """Makes the rows of this source pass through one more sampler, which chooses among those chosen so far.

        Raises:
            TypeError: `new_sampler` is no Sampler, or this dataset is no source whose rows have numbers.
            RuntimeError: `new_sampler` has a child already.
        """
        add_sampler(self._node, new_sampler)
        self.dataset_size = self._probed = None
        self._resampled.append(("add_sampler", new_sampler))

    def _count_rows(self, node: Node) -> int:
        """The number of rows of another node."""
        return self._next(node).get_dataset_size()

    # ------------------------------------------------------------------------------------------- waiting and sending

    @recorded
    def sync_wait(self, condition_name: str, num_batch: int = 1, callback: Callable | None = None) -> Dataset:
        """Lets only so many batches pass until `sync_update` is called: batches of the operation that joins rows behind
        this one, or single rows where there is none.

        Args:
            condition_name: a name for `sync_update`.
            num_batch: how many batches pass at first, and after each update that gives no number.
            callback: called at each update with its `data`.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: `num_batch` is not positive.
            RuntimeError: the name is taken.
        """
        if not isinstance(condition_name, str):
            raise TypeError(f"For 'sync_wait', 'condition_name' must be a str, but got {condition_name!r}.")
        if callback is not None and not callable(callback):
            raise TypeError(f"For 'sync_wait', 'callback' must be callable, but got {type(callback).__name__}.")
        if find_synchroniser(self._node, condition_name) is not None:
            raise RuntimeError(f"For 'sync_wait', the condition '{condition_name}' exists already.")
        number = check_int(num_batch, "num_batch", "sync_wait", 1)
        return self._next(SyncWait(self._node, condition_name, Synchroniser(number, callback)))

    def sync_update(self, condition_name: str, num_batch: int | None = None, data=None) -> None:
        """Lets more batches pass a `sync_wait`, and calls its callback with `data`.

        Raises:
            RuntimeError: there is no condition of this name.
            ValueError: `num_batch` is not positive.
        """
        found = find_synchroniser(self._node, condition_name)
        if found is None:
            raise RuntimeError(f"For 'sync_update', the dataset has no 'sync_wait' with condition '{condition_name}'.")
        found.update(None if num_batch is None else check_int(num_batch, "num_batch", "sync_update", 1), data)

    def disable_sync(self) -> None:
        """Lets all batches pass from here on."""
        nodes = [self._node]
        for node in nodes:
            nodes += node.children
            if isinstance(node, SyncWait):
                node.synchroniser.disable()

    def is_sync(self) -> bool:
        """Whether there is a `sync_wait` in the pipeline."""
        return bool(self.get_sync_notifiers())

    def get_sync_notifiers(self) -> dict[str, Callable]:
        """What lets batches pass each `sync_wait`, by the name of its condition: a function of (number of batches,
        data), None for those of the `sync_wait` and for no data."""
        nodes = [self._node]
        for node in nodes:
            nodes += node.children
        return {node.name: node.synchroniser.update for node in nodes if isinstance(node, SyncWait)}

    def to_json(self, filename: str = "") -> str:
        """The pipeline as JSON text, as `mindspore.dataset.serialize` gives it.

        Args:
            filename: the path of a file to write it to; empty for none.

        Raises:
            TypeError: the pipeline holds functions or objects of the program. OSError: the file cannot be written.
        """
        from .serializer import serialize
        return json.dumps(serialize(cast("Dataset", self), filename), indent=2)

    def device_que(self, send_epoch_end: bool = True, create_data_info_queue: bool = False,
                   queue_name: str = "") -> Dataset:
        """This dataset: rows are prepared ahead in any case, and no device has a queue of its own.

        Args:
            send_epoch_end, create_data_info_queue: checked only.
            queue_name: checked only.
        """
        check_bool(send_epoch_end, "send_epoch_end", "device_que")
        check_bool(create_data_info_queue, "create_data_info_queue", "device_que")
        if not isinstance(queue_name, str):
            raise TypeError(f"For 'device_que', 'queue_name' must be a str, but got {queue_name!r}.")
        return self             # type: ignore[return-value]

    # --------------------------------------------------------------------------------------------------------- saving

    def save(self, file_name: str, num_files: int = 1, file_type: str = "mindrecord") -> None:
        """Writes all rows of one pass to files.

        Args:
            file_name: the path; with several files each gets its number appended.
            num_files: how many files; row i goes to file i modulo this.
            file_type: "mindrecord" or "tfrecord".

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: the type is neither, or num_files is not in 1..1000.
            RuntimeError: the dataset has no rows.
        """
        from ._save import save_rows
        number = check_int(num_files, "num_files", "save", 1, 1000)
        if not isinstance(file_name, str) or not file_name:
            raise TypeError(f"For 'save', 'file_name' must be a str that is not empty, but got {file_name!r}.")
        if file_type not in ("mindrecord", "tfrecord"):
            raise ValueError(f"For 'save', 'file_type' must be 'mindrecord' or 'tfrecord', but got {file_type!r}.")
        stage = Stage(self._node, _seed.next_seed_sequence("dataset"))
        paths = [file_name] if number == 1 else [f"{file_name}{i}" for i in range(number)]
        save_rows(self._node.columns, stage.blocks(1), paths, file_type)
