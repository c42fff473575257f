"""Samplers: which rows of a random-access dataset one pass takes, in which order.

A sampler turns the number of rows into an array of row numbers. A sampler that has a child works on the child's choice:
its numbers are positions in what the child selected.
"""
from __future__ import annotations

import copy
import enum
import zlib
from collections.abc import Callable, Iterable, Sized
from itertools import islice

import numpy as np

from mindspore.common import seed as _seed

from ._check import check_bool, check_int, check_numbers, check_optional_int
from ._record import Recorded

__all__ = ["DistributedSampler", "IterSampler", "PKSampler", "RandomSampler", "Sampler", "SequentialSampler", "Shuffle",
           "SubsetRandomSampler", "SubsetSampler", "WeightedRandomSampler"]


class Shuffle(str, enum.Enum):
    """How far a dataset of several files mixes its rows."""

    FALSE = "false"             # not at all
    FILES = "files"             # the order of the files only
    PARTIAL = "partial"         # within windows of rows
    INFILE = "infile"           # within each file
    GLOBAL = "global"           # files and rows
    ADAPTIVE = "adaptive"       # GLOBAL for what fits in memory

Values = Callable[[str], np.ndarray]        # the values of a column, by its name

class Sampler(Recorded):
    """The base of all samplers. A subclass defines `choose` and `chosen`, or `__iter__` which yields row numbers.

    Attributes: dataset_size, the number of rows to choose from, for `__iter__`; 0 before a pass.

    Args:
        num_samples: at most this many rows; None or 0 for all.
    """

    shuffles = False
    # For subclasses of users that define `__init__` without calling this one.
    num_samples: int | None = None
    child: Sampler | None = None
    values: Values | None = None
    dataset_size = 0

    def __init__(self, num_samples: int | None = None):
        self.num_samples = check_optional_int(num_samples, "num_samples", type(self).__name__, 0) or None
        self.child = None
        self.values = None

    def add_child(self, sampler: Sampler) -> None:
        """Makes this sampler choose among the rows that `sampler` chooses.

        Raises:
            TypeError: `sampler` is no Sampler.
            RuntimeError: there is a child already.
        """
        if not isinstance(sampler, Sampler):
            raise TypeError(f"For 'add_child', a Sampler is needed, but got {type(sampler).__name__}.")
        if self.child is not None:
            raise RuntimeError(f"For 'add_child', the {type(self).__name__} has a child sampler already. Add the new "
                               f"one to that.")
        self.child = sampler

    def get_child(self) -> Sampler | None:
        """The child sampler, or None."""
        return self.child

    def get_num_samples(self) -> int | None:
        """The limit on the number of rows, or None."""
        return self.num_samples

    def choose(self, count: int, rng: np.random.Generator, probing: bool) -> np.ndarray:
        """Row numbers for one pass over `count` rows; `probing` means that the pass only looks at the first row."""
        if not hasattr(self, "__iter__"):
            raise TypeError(f"For '{type(self).__name__}', define '__iter__', which yields row numbers.")
        self.dataset_size = count
        return _given_numbers(self, type(self).__name__)

    def chosen(self, count: int) -> int | None:
        """How many rows `choose` yields before num_samples counts, or None where only a pass can tell."""
        if isinstance(self, Sized):
            return len(self)
        if hasattr(self, "__iter__"):
            return _counted(self, count, self.num_samples)
        return None

    def indices(self, count: int, rng: np.random.Generator, probing: bool = False,
                values: Values | None = None) -> np.ndarray:
        """Row numbers for one pass over `count` rows, with the child and num_samples taken into account.

        Args:
            count: the number of rows.
            rng: the source of chance.
            probing: whether the pass only looks at the first row.
            values: gives the values of a column, for samplers that look at them; None where the source cannot.

        Raises:
            IndexError: a chosen number is not in 0..count-1.
        """
        below = None if self.child is None else self.child.indices(count, rng, probing, values)
        available = count if below is None else len(below)
        self.values = values if below is None or values is None else lambda name: values(name)[below]
        numbers = self.choose(available, rng, probing)[:self.num_samples]
        self.values = None
        outside = numbers[(numbers < 0) | (numbers >= available)]
        if outside.size:
            raise IndexError(f"For '{type(self).__name__}', row {outside[0]} does not exist: there are {available} "
                             f"rows to choose from.")
        return numbers if below is None else below[numbers]

    def size(self, count: int) -> int | None:
        """The number of rows of one pass over `count` rows."""
        available = count if self.child is None else self.child.size(count)
        chosen = None if available is None else self.chosen(available)
        return chosen if chosen is None or self.num_samples is None else min(chosen, self.num_samples)


def _given_numbers(numbers: Iterable[int], name: str) -> np.ndarray:
    """The row numbers of a user's iterable: as many as its length says, where it has one.

    Raises:
        RuntimeError: the length is greater than what there is.
    """
    length = len(numbers) if isinstance(numbers, Sized) else None
    listed = [check_int(i, "sampler", name, 0) for i in islice(iter(numbers), length)]
    if length is not None and len(listed) < length:
        raise RuntimeError(f"For '{name}', the sampler's length is {length}, but it yields {len(listed)} row numbers. "
                           f"Make '__len__' agree with '__iter__'.")
    return np.array(listed, np.int64)


def _counted(numbers, count: int, limit: int | None) -> int | None:
    """How many row numbers a copy of a user's iterable yields; None where it cannot be copied, so that chance and
    iterators inside it stay where they are."""
    try:
        again = copy.deepcopy(numbers)
    except Exception:
        return None
    if isinstance(again, Sampler):
        again.dataset_size = count
    return sum(1 for _ in islice(iter(again), limit))


class SequentialSampler(Sampler):
    """Rows in order.

    Args:
        start_index: the first row; None for 0.
        num_samples: at most this many rows; None or 0 for all.
    """

    def __init__(self, start_index: int | None = None, num_samples: int | None = None):
        super().__init__(num_samples)
        self.start_index = check_optional_int(start_index, "start_index", "SequentialSampler", 0) or 0

    def choose(self, count, rng, probing):
        if self.start_index >= max(count, 1):
            raise IndexError(f"For 'SequentialSampler', 'start_index' {self.start_index} is past the end of {count} "
                             f"rows.")
        return np.arange(self.start_index, count)

    def chosen(self, count):
        return max(count - self.start_index, 0)


class RandomSampler(Sampler):
    """Rows in random order, anew in each pass.

    Args:
        replacement: draw each row from all rows, so that some come several times.
        num_samples: at most this many rows; None or 0 for all.
        shuffle: checked only; see `Shuffle`.
    """

    shuffles = True

    def __init__(self, replacement: bool = False, num_samples: int | None = None, shuffle: Shuffle = Shuffle.GLOBAL):
        super().__init__(num_samples)
        if not isinstance(shuffle, Shuffle):
            raise TypeError(f"For 'RandomSampler', 'shuffle' must be a Shuffle, but got {shuffle!r}.")
        self.replacement = check_bool(replacement, "replacement", "RandomSampler")

    def choose(self, count, rng, probing):
        if self.replacement and count:
            return rng.integers(0, count, count if self.num_samples is None else self.num_samples)
        return rng.permutation(count)

    def chosen(self, count):
        return self.num_samples if self.replacement and count and self.num_samples is not None else count


class SubsetSampler(Sampler):
    """The given rows in the given order.

    Args:
        indices: row numbers; an int stands for a list of one.
        num_samples: at most this many of them; None for all.
    """

    def __init__(self, indices, num_samples: int | None = None):
        super().__init__(num_samples)
        listed = list(indices) if isinstance(indices, Iterable) else [indices]
        self.subset = np.array([check_int(i, "indices", type(self).__name__, 0) for i in listed], np.int64)

    def choose(self, count, rng, probing):
        return self.subset

    def chosen(self, count):
        return len(self.subset)


class SubsetRandomSampler(SubsetSampler):
    """The given rows in random order, anew in each pass.

    Args:
        indices: row numbers; an int stands for a list of one.
        num_samples: at most this many of them; None for all.
    """

    shuffles = True

    def choose(self, count, rng, probing):
        return rng.permutation(self.subset)


class WeightedRandomSampler(Sampler):
    """Rows drawn with the given weights.

    Args:
        weights: one number per row, not negative; rows beyond them are never drawn.
        num_samples: how many rows to draw; None for as many as there are weights.
        replacement: whether a row may come several times.
    """

    shuffles = True

    def __init__(self, weights, num_samples: int | None = None, replacement: bool = True):
        super().__init__(num_samples)
        values = np.array(check_numbers(weights, "weights", "WeightedRandomSampler"))
        self.replacement = check_bool(replacement, "replacement", "WeightedRandomSampler")
        if not (np.isfinite(values).all() and (values >= 0).all() and values.sum() > 0):
            raise ValueError("For 'WeightedRandomSampler', 'weights' must be finite, not negative and not all 0.")
        self.probabilities = values / values.sum()
        if not self.replacement and self.chosen(0) > np.count_nonzero(values):
            raise ValueError(f"For 'WeightedRandomSampler', {self.chosen(0)} rows cannot be drawn without replacement "
                             f"from {np.count_nonzero(values)} of non-zero weight.")

    def choose(self, count, rng, probing):
        return rng.choice(len(self.probabilities), self.chosen(count), self.replacement, self.probabilities)

    def chosen(self, count):
        return len(self.probabilities) if self.num_samples is None else self.num_samples


class DistributedSampler(Sampler):
    """Every `num_shards`-th row, so that the processes of a group share the rows between them.

    Each shard gets equally many rows; where they do not divide, the first rows come twice. With an offset no row comes
    twice, and shards differ by up to one row: row i goes to the shard of number (i + offset) modulo num_shards. All
    processes must shuffle
    alike: the order follows from the dataset seed (0 where none is set) and the number of passes made with this
    sampler, not from a stream that other datasets advance too.

    Args:
        num_shards: number of shards.
        shard_id: which of them this one is, from 0.
        shuffle: take the rows in random order, anew in each pass.
        num_samples: at most this many rows of the shard; None for all.
        offset: the shard that the first row goes to; -1 for equally many rows in each shard.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a number is out of range.
        RuntimeError: `offset` is greater than `num_shards`.
    """

    def __init__(self, num_shards: int, shard_id: int, shuffle: bool = True, num_samples: int | None = None,
                 offset: int = -1):
        super().__init__(num_samples)
        self.num_shards = check_int(num_shards, "num_shards", "DistributedSampler", 1)
        self.shard_id = check_int(shard_id, "shard_id", "DistributedSampler", 0, self.num_shards - 1)
        self.shuffle = self.shuffles = check_bool(shuffle, "shuffle", "DistributedSampler")
        self.offset = check_int(offset, "offset", "DistributedSampler", -1)
        if self.offset > self.num_shards:
            raise RuntimeError(f"For 'DistributedSampler', 'offset' must not be greater than the {self.num_shards} "
                               f"shards, but got {offset}.")
        self._seeded: tuple[int, int | None] | None = None
        self._passes = 0

    @property
    def passes(self) -> int:
        """The number of passes made under the present seed."""
        seeded = _seed.seed_epoch(), _seed.domain_seed("dataset")
        if seeded != self._seeded:
            self._seeded, self._passes = seeded, 0
        return self._passes

    @passes.setter
    def passes(self, count: int) -> None:
        self._passes = count + 0 * self.passes

    def _shared_permutation(self, count: int, probing: bool) -> np.ndarray:
        seeds = np.random.SeedSequence([_seed.domain_seed("dataset") or 0, zlib.crc32(b"shards"), self.passes])
        if not probing:
            self.passes += 1
        return np.random.Generator(np.random.Philox(seeds)).permutation(count)

    def _first(self) -> int:
        """The place of the first row of the shard."""
        return self.shard_id if self.offset < 0 else (self.shard_id - self.offset) % self.num_shards

    def choose(self, count, rng, probing):
        positions = np.arange(self.chosen(count)) * self.num_shards + self._first()
        if not count:
            return positions
        positions %= count
        return self._shared_permutation(count, probing)[positions] if self.shuffle else positions

    def chosen(self, count):
        return -(-(count if self.offset < 0 else max(count - self._first(), 0)) // self.num_shards)


class PKSampler(Sampler):
    """K rows of each of P classes, drawn with replacement, the classes one after the other.

    Args:
        num_val: rows of each class, K.
        num_class: must be None: all classes are taken.
        shuffle: take the classes in random order, anew in each pass, instead of increasing.
        class_column: the column with the classes.
        num_samples: at most this many rows; None or 0 for all.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: `num_val` is not positive.
        NotImplementedError: `num_class` is given.
        RuntimeError: while iterating, the source does not know its classes without reading all rows.
    """

    shuffles = True

    def __init__(self, num_val: int, num_class: int | None = None, shuffle: bool = False, class_column: str = "label",
                 num_samples: int | None = None):
        super().__init__(num_samples)
        self.num_val = check_int(num_val, "num_val", "PKSampler", 1)
        if num_class is not None:
            raise NotImplementedError("For 'PKSampler', 'num_class' must be None: all classes are taken. Choose "
                                      "classes with filter or SubsetSampler.")
        self.shuffle = check_bool(shuffle, "shuffle", "PKSampler")
        if not isinstance(class_column, str):
            raise TypeError(f"For 'PKSampler', 'class_column' must be a str, but got {class_column!r}.")
        self.class_column = class_column

    def choose(self, count, rng, probing):
        if self.values is None:
            raise RuntimeError("For 'PKSampler', the source does not know the classes of its rows. Use a dataset with "
                               "labels, such as ImageFolderDataset, MnistDataset or NumpySlicesDataset.")
        labels = self.values(self.class_column)
        classes = np.unique(labels)
        if self.shuffle:
            classes = rng.permutation(classes)
        drawn = [rng.choice(np.flatnonzero(labels == one), self.num_val) for one in classes]
        return np.concatenate(drawn) if drawn else np.zeros(0, np.int64)

    def chosen(self, count):
        return None


class IterSampler(Sampler):
    """Row numbers from any iterable that the user gives, read anew in each pass.

    Args:
        sampler: yields row numbers.
        num_samples: at most this many of them; None for all.
    """

    def __init__(self, sampler: Iterable[int], num_samples: int | None = None):
        super().__init__(num_samples)
        if not _yields_numbers(sampler):
            raise TypeError(f"For 'IterSampler', an iterable of row numbers is needed, but got "
                            f"{type(sampler).__name__}.")
        self.numbers = sampler

    def choose(self, count, rng, probing):
        return _given_numbers(self.numbers, "IterSampler")

    def chosen(self, count):
        return len(self.numbers) if isinstance(self.numbers, Sized) else _counted(self.numbers, count, self.num_samples)


def _yields_numbers(sampler) -> bool:
    """Whether something may be an iterable of row numbers, by `__iter__` or by `__getitem__`."""
    return not isinstance(sampler, (str, bytes)) and (isinstance(sampler, Iterable) or hasattr(sampler, "__getitem__"))


def select_sampler(function: str, num_samples, sampler, shuffle, num_shards, shard_id) -> Sampler:
    """The sampler that a dataset's arguments ask for; without any, random order.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: a number is out of range.
        RuntimeError: `sampler` contradicts shuffle or sharding, or is a Sampler, which has a num_samples of its own,
            together with num_samples; or one of num_shards and shard_id is missing.
    """
    num_samples = check_optional_int(num_samples, "num_samples", function, 0) or None
    if (num_shards is None) != (shard_id is None):
        raise RuntimeError(f"For '{function}', 'num_shards' and 'shard_id' must be given together, but got "
                           f"{num_shards!r} and {shard_id!r}.")
    if sampler is not None:
        for name, value in (("shuffle", shuffle), ("num_shards", num_shards)):
            if value is not None:
                raise RuntimeError(f"For '{function}', 'sampler' and '{name}' must not be given together. Leave it to "
                                   f"the sampler.")
        if isinstance(sampler, Sampler):
            if num_samples is not None:
                raise RuntimeError(f"For '{function}', 'sampler' and 'num_samples' must not be given together. Give "
                                   f"num_samples to the sampler.")
            return sampler
        if isinstance(sampler, (int, list, tuple, np.ndarray)) and not isinstance(sampler, bool):
            return SubsetSampler(sampler, num_samples)
        if _yields_numbers(sampler):
            return IterSampler(sampler, num_samples)
        raise TypeError(f"For '{function}', 'sampler' must be a Sampler, a row number, or an iterable of row numbers, "
                        f"but got {type(sampler).__name__}.")
    if isinstance(shuffle, Shuffle):
        shuffle = shuffle is not Shuffle.FALSE
    shuffle = True if shuffle is None else check_bool(shuffle, "shuffle", function)
    if num_shards is not None:
        check_int(num_shards, "num_shards", function, 1)
        check_int(shard_id, "shard_id", function, 0, num_shards - 1)
        return DistributedSampler(num_shards, shard_id, shuffle, num_samples)
    return RandomSampler(num_samples=num_samples) if shuffle else SequentialSampler(num_samples=num_samples)
