"""`map` and `batch`: the two operations that make new values.

`map` runs its operations one after the other over a block. One that works on a leading batch dimension (every
`Transform`) gets a stacked column whole; any other callable gets one row at a time, on several threads if asked for.
"""
from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Sequence

import numpy as np

from ._blocks import Block, Blocks, Column, Rows, as_array, rows_of, stack
from ._nodes import _Unary
from ._pipeline import Node, Stage, Workers, annotate
from .transforms import Compose, Transform

__all__ = ["Batch", "BatchInfo", "Map", "flatten_operations", "parameters_wanted"]


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


def _name(operation: Callable) -> str:
    return getattr(operation, "__name__", type(operation).__name__)


def _columns_after(columns: tuple[str, ...], inputs: tuple[str, ...], outputs: tuple[str, ...]) -> tuple[str, ...]:
    """As many outputs as inputs take the inputs' places; otherwise the outputs come first and the others follow."""
    if len(inputs) == len(outputs):
        renamed = dict(zip(inputs, outputs, strict=True))
        return tuple(renamed.get(name, name) for name in columns)
    return outputs + tuple(name for name in columns if name not in inputs)


class Map(_Unary):
    """Operations on some columns."""

    def __init__(self, child: Node, operations: list[Callable], inputs: tuple[str, ...], outputs: tuple[str, ...],
                 workers: int):
        super().__init__(child)
        self.operations, self.outputs, self.workers = operations, outputs, workers
        self.inputs = inputs
        self.columns = _columns_after(child.columns, inputs, outputs)
        self.by_block = all(isinstance(operation, Transform) for operation in operations)

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        # A user's function may be slow: its results are passed on as soon as the consumer can take them.
        portion = max(hint, 2 * self.workers) if self.workers > 1 else hint
        with Workers(self.workers) as workers:
            for block in stage.children[0].blocks(portion):
                step = block.count if self.by_block else portion
                for start in range(0, block.count, step):
                    part = block if step >= block.count else block.slice(start, min(start + step, block.count))
                    yield self._mapped(part, stage.rng, workers)

    def _mapped(self, block: Block, rng: np.random.Generator, workers: Workers) -> Block:
        named = dict(zip(self.children[0].columns, block.columns, strict=True))
        columns = [named[name] for name in self.inputs]
        for operation in self.operations:
            try:
                if isinstance(operation, Transform):
                    columns = operation.apply_to_columns([_stacked(c) for c in columns], rng)
                else:
                    columns = self._call_per_row(operation, columns, workers)
            except Exception as error:
                annotate(error, f"raised by {_name(operation)} in map on {list(self.inputs)}")
                raise
        if len(columns) != len(self.outputs):
            raise ValueError(f"For 'map', the operations return {len(columns)} values for the columns "
                             f"{list(self.outputs)}. Name one output column per value in 'output_columns'.")
        named.update(zip(self.outputs, map(_stacked, columns), strict=True))
        return Block([named[name] for name in self.columns], block.count)

    def _call_per_row(self, operation: Callable, columns: Sequence[Column], workers: Workers) -> list[Column]:
        where = f"For 'map', the result of {_name(operation)}"
        results = []
        rows = zip(*map(rows_of, columns), strict=True)
        for result in workers.map(lambda row: operation(*row), rows):
            values = result if isinstance(result, tuple) else (result,)
            results.append([as_array(value, where) for value in values])
            if len(values) != len(results[0]):
                raise ValueError(f"{where} has {len(values)} values for one row and {len(results[0])} for another.")
        return [list(column) for column in zip(*results, strict=True)]


def _stacked(column: Column) -> Column:
    return stack(column) if isinstance(column, list) else column


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


class Batch(_Unary):
    """Joins consecutive rows: the values of a column become one array with a new first dimension.

    Args:
        size: rows in a batch, or a function of a BatchInfo that returns that.
        drop_remainder: leave out a last batch that is not full.
        per_batch_map: called with one list of arrays per input column and the BatchInfo before the rows are joined;
            returns one list (or array) per output column.
    """

    def __init__(self, child: Node, size: int | Callable, drop_remainder: bool, per_batch_map: Callable | None = None,
                 inputs: tuple[str, ...] = (), outputs: tuple[str, ...] = ()):
        super().__init__(child)
        self.batch_size, self.drop_remainder, self.per_batch_map = size, drop_remainder, per_batch_map
        self.names, self.outputs = inputs, outputs
        self.columns = _columns_after(child.columns, inputs, outputs)

    def _size_of(self, info: BatchInfo) -> int:
        if not callable(self.batch_size):
            return self.batch_size
        size = self.batch_size(info)
        if not isinstance(size, int) or size < 1:
            raise ValueError(f"For 'batch', the batch_size function must return a positive int, but returned {size!r}.")
        return size

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        number = 0
        info = BatchInfo(number, stage.epoch - 1)
        size = self._size_of(info)
        rows = Rows(stage.children[0].blocks(size))
        while (part := rows.pull(size)) is not None:
            if part.count < size and self.drop_remainder:
                return
            columns = dict(zip(self.children[0].columns, part.columns, strict=True))
            if self.per_batch_map is not None:
                columns = self._mapped(self.per_batch_map, columns, info)
            yield Block([_joined(name, columns[name])[np.newaxis] for name in self.columns], 1)
            number += 1
            info = BatchInfo(number, stage.epoch - 1)
            size = self._size_of(info)

    def _mapped(self, function: Callable, columns: dict[str, Column], info: BatchInfo) -> dict[str, Column]:
        try:
            result = function(*(rows_of(columns[name]) for name in self.names), info)
        except Exception as error:
            annotate(error, f"raised by the per_batch_map of batch {info.get_batch_num()}")
            raise
        values = result if isinstance(result, tuple) else (result,)
        if len(values) != len(self.outputs):
            raise ValueError(f"For 'batch', per_batch_map returned {len(values)} values for the columns "
                             f"{list(self.outputs)}. Return a tuple with one list per column.")
        where = "For 'batch', the result of per_batch_map"
        made = {name: stack([as_array(row, where) for row in value])
                for name, value in zip(self.outputs, values, strict=True)}
        return {**columns, **made}

    def size(self, endless: float) -> float | None:
        rows = super().size(endless)
        if rows is None or callable(self.batch_size):
            return None
        if rows == math.inf:
            return rows
        return rows // self.batch_size if self.drop_remainder else -(-rows // self.batch_size)


def _joined(name: str, column: Column) -> np.ndarray:
    if not isinstance(column, list):
        return column
    kinds = sorted({f"{row.dtype}{list(row.shape)}" for row in column})
    raise RuntimeError(f"For 'batch', the rows of column '{name}' differ in shape or type: {', '.join(kinds[:4])}. "
                       f"Make them equal with map, or join them with per_batch_map.")
