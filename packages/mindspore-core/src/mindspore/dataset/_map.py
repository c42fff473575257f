"""`map` and `batch`: the two operations that make new values.

`map` runs its operations one after the other over a portion of rows. One that works on a leading batch dimension (every
`Transform`) gets a stacked column whole; any other callable gets one row at a time. Several threads or processes take a
portion each if asked for.
"""
from __future__ import annotations

import inspect
import math
from collections import deque
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from . import config
from ._blocks import Block, Blocks, Column, Rows, as_array, rows_of, stack
from ._faults import Faults, sift
from ._nodes import _Unary
from ._objects import boxed, joined, unboxed
from ._pipeline import Node, Parallel, Stage, annotate
from ._transform import Transform, call_operation, finished, operation_name
from .callbacks import CallbackRun
from .config import ErrorSamplesMode
from .debug import show
from .transforms import Compose

__all__ = ["Batch", "BatchInfo", "Batching", "Map", "flatten_operations", "parameters_wanted"]


def flatten_operations(operations) -> list[Callable]:
    """The operations of `map` as a flat list: a list of callables with each Compose replaced by its parts.

    Raises:
        TypeError: there is something that cannot be called.
        ValueError: there is no operation.
    """
    listed = operations if isinstance(operations, (list, tuple)) else [operations]
    flat: list[Callable] = []
    for operation in listed:
        if isinstance(operation, Compose):
            flat += flatten_operations(operation.transforms)
        elif callable(operation):
            flat.append(operation)
        else:
            raise TypeError(f"For 'map', 'operations' must be callables, but got {operation!r} of type "
                            f"{type(operation).__name__}.")
    if not flat:
        raise ValueError("For 'map', 'operations' must not be empty.")
    return flat


def parameters_wanted(operation: Callable) -> int:
    """How many columns an operation takes when none are named: 1, or its number of required parameters."""
    if isinstance(operation, Transform):
        return 1
    try:
        parameters = inspect.signature(operation).parameters.values()
    except (TypeError, ValueError):
        return 1
    positional = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return max(1, sum(p.kind in positional and p.default is p.empty for p in parameters))


def _columns_after(columns: tuple[str, ...], inputs: tuple[str, ...], outputs: tuple[str, ...]) -> tuple[str, ...]:
    """As many outputs as inputs take the inputs' places; otherwise the outputs come first and the others follow."""
    if len(inputs) == len(outputs):
        renamed = dict(zip(inputs, outputs, strict=True))
        return tuple(renamed.get(name, name) for name in columns)
    return outputs + tuple(name for name in columns if name not in inputs)


class _Operations:
    """What `map` does with the input columns of some rows; worker processes get it by pickle."""

    def __init__(self, operations: list[Callable], inputs: tuple[str, ...], outputs: tuple[str, ...]):
        self.operations, self.inputs, self.outputs = operations, inputs, outputs

    def __call__(self, columns: list[Column], seed: int | None, mode: ErrorSamplesMode):
        """The new columns; unless `mode` is RETURN, of the rows that do not raise, with what `sift` says of them."""
        rng = None if seed is None else np.random.Generator(np.random.Philox(seed))
        if mode is ErrorSamplesMode.RETURN:
            return self._finished(self._applied(columns, rng))
        made, kept, fault = sift(lambda row: self._applied(row, rng), columns)
        return self._finished(made) if kept else [], kept, fault

    def _applied(self, columns: list[Column], rng: np.random.Generator | None) -> list[Column]:
        hooks = config.debug_hooks()
        if hooks:
            show(hooks, operation_name(self.operations[0]), True, columns)
        for operation in self.operations:
            try:
                columns = call_operation(operation, columns, rng)
                if hooks:
                    show(hooks, operation_name(operation), False, columns)
            except Exception as error:
                annotate(error, f"raised by {operation_name(operation)} in map on {list(self.inputs)}")
                raise
        return columns

    def _finished(self, columns: list[Column]) -> list[Column]:
        if len(columns) != len(self.outputs):
            raise ValueError(f"For 'map', the operations return {len(columns)} values for the columns "
                             f"{list(self.outputs)}. Name one output column per value in 'output_columns'.")
        where = f"For 'map', the result of {operation_name(self.operations[-1])}"
        return [finished(column, where) for column in columns]


_ROWS_PER_TASK = 32


class Map(_Unary):
    """Operations on some columns.

    What is random is drawn from a seed per portion of at most `_ROWS_PER_TASK` rows, so that it does not depend on the
    workers.
    """

    def __init__(self, child: Node, operations: list[Callable], inputs: tuple[str, ...], outputs: tuple[str, ...],
                 parallel: Parallel, callbacks: Sequence = ()):
        super().__init__(child)
        self.function = _Operations(operations, inputs, outputs)
        self.parallel, self.callbacks = parallel, callbacks
        self.columns = _columns_after(child.columns, inputs, outputs)
        self.random = any(getattr(operation, "random", False) for operation in operations)
        # A user's function may be slow: its results are passed on as soon as the consumer can take them.
        self.by_block = (all(isinstance(operation, Transform) for operation in operations) and not self.random
                         and parallel.count == 1)

    def _portions(self, stage: Stage, hint: int) -> Iterator[Block]:
        step = min(hint, _ROWS_PER_TASK) if not config.debug_hooks() else 1
        for block in stage.children[0].blocks(hint):
            if block.count <= step or self.by_block and step > 1:
                yield block
            else:
                for start in range(0, block.count, step):
                    yield block.slice(start, min(start + step, block.count))

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        names = self.children[0].columns
        picked = [names.index(name) for name in self.function.inputs]
        waiting: deque[Block] = deque()
        faults = Faults(config.get_error_samples_mode())

        def tasks() -> Iterator[tuple]:
            for block in self._portions(stage, hint):
                waiting.append(block)
                seed = int(stage.rng.integers(1 << 63)) if self.random else None
                yield [block.columns[i] for i in picked], seed, faults.mode

        def combined(block: Block, results: list[Column]) -> Block:
            named = dict(zip(names, block.columns, strict=True))
            named.update(zip(self.function.outputs, results, strict=True))
            return Block([named[name] for name in self.columns], block.count)

        calls = CallbackRun(self.callbacks, stage) if self.callbacks and not stage.probing else None
        for results in stage.call(self.function, tasks(), self.parallel, "map"):
            block = waiting.popleft()
            result: Block | None
            if faults.mode is ErrorSamplesMode.RETURN:
                result = combined(block, results)
            else:
                made, kept, fault = results
                faults.noted(fault)
                result = faults.arranged(combined(block.take(np.array(kept)), made) if kept else None, kept,
                                         block.count)
            if result is None:
                continue
            if calls is None:
                yield result
            else:
                yield from calls.around(result)
        faults.end()
        if calls is not None:
            calls.end()


class BatchInfo:
    """What `batch` tells a batch_size or per_batch_map function about the batch that it is for."""

    def __init__(self, batch: int, epoch: int):
        self._batch, self._epoch = batch, epoch

    def get_batch_num(self) -> int:
        """The number of the batch in its epoch, from 0."""
        return self._batch

    def get_epoch_num(self) -> int:
        """The number of the epoch, from 0."""
        return self._epoch


class _PerBatch:
    """What a per_batch_map does with the input columns of a batch; worker processes get it by pickle."""

    def __init__(self, function: Callable, inputs: tuple[str, ...], outputs: tuple[str, ...]):
        self.function, self.inputs, self.outputs = function, inputs, outputs

    def __call__(self, columns: list[Column], info: BatchInfo) -> list[Column]:
        try:
            result = self.function(*(list(map(unboxed, rows_of(column))) for column in columns), info)
        except Exception as error:
            annotate(error, f"raised by the per_batch_map of batch {info.get_batch_num()}")
            raise
        values = result if isinstance(result, tuple) else (result,)
        if len(values) != len(self.outputs):
            raise ValueError(f"For 'batch', per_batch_map returned {len(values)} values for the columns "
                             f"{list(self.outputs)}. Return a tuple with one list per column.")
        where = "For 'batch', the result of per_batch_map"
        return [boxed(value) if isinstance(value, dict) else stack([as_array(row, where) for row in value])
                for value in values]


class Batching(_Unary):
    """The base of what joins consecutive rows.

    Args:
        size: rows in a batch, or a function of a BatchInfo that returns that.
        drop_remainder: leave out a last batch that is not full.
    """

    called = "batch"

    def __init__(self, child: Node, size: int | Callable, drop_remainder: bool):
        super().__init__(child)
        self.batch_size, self.drop_remainder = size, drop_remainder

    def _size_of(self, info: BatchInfo) -> int:
        if not callable(self.batch_size):
            return self.batch_size
        size = self.batch_size(info)
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"For '{self.called}', the batch_size function must return a positive int, but "
                             f"returned {size!r}.")
        return size

    def _parts(self, stage: Stage) -> Iterator[tuple[Block, BatchInfo]]:
        number = 0
        info = BatchInfo(number, stage.epoch - 1)
        size = self._size_of(info)
        rows = Rows(stage.children[0].blocks(size))
        while (part := rows.pull(size)) is not None:
            if part.count < size and self.drop_remainder:
                return
            yield part, info
            number += 1
            info = BatchInfo(number, stage.epoch - 1)
            size = self._size_of(info)

    def size(self, endless: float) -> float | None:
        rows = super().size(endless)
        if rows is None or callable(self.batch_size):
            return None
        if rows == math.inf:
            return rows
        return rows // self.batch_size if self.drop_remainder else -(-rows // self.batch_size)


_ALONE = Parallel()


class Batch(Batching):
    """Joins consecutive rows: the values of a column become one array with a new first dimension.

    Args:
        size, drop_remainder: as for `Batching`.
        per_batch_map: called with one list of arrays per input column and the BatchInfo before the rows are joined;
            returns one list (or array) per output column.
    """

    def __init__(self, child: Node, size: int | Callable, drop_remainder: bool, per_batch_map: Callable | None = None,
                 inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = (), parallel: Parallel = _ALONE):
        super().__init__(child, size, drop_remainder)
        self.function = None if per_batch_map is None else _PerBatch(per_batch_map, inputs, outputs)
        self.parallel = parallel
        self.columns = _columns_after(child.columns, inputs, outputs)

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        names = self.children[0].columns
        if self.function is None:
            for part, _ in self._parts(stage):
                yield Block([_joined(name, column)[np.newaxis] for name, column in zip(names, part.columns)], 1)
            return
        picked = [names.index(name) for name in self.function.inputs]
        waiting: deque[Block] = deque()

        def tasks() -> Iterator[tuple]:
            for part, info in self._parts(stage):
                waiting.append(part)
                yield [part.columns[i] for i in picked], info

        for results in stage.call(self.function, tasks(), self.parallel, "batch"):
            columns = dict(zip(names, waiting.popleft().columns, strict=True))
            columns.update(zip(self.function.outputs, results, strict=True))
            yield Block([_joined(name, columns[name])[np.newaxis] for name in self.columns], 1)


def _joined(name: str, column: Column) -> np.ndarray:
    if not isinstance(column, list):
        if column.dtype.hasobject and column.ndim:
            return boxed(joined(name, [unboxed(row) for row in rows_of(column)]))
        return column
    kinds = sorted({f"{row.dtype}{list(row.shape)}" for row in column})
    raise RuntimeError(f"For 'batch', the rows of column '{name}' differ in shape or type: {', '.join(kinds[:4])}. "
                       f"Make them equal with map, or join them with per_batch_map.")
