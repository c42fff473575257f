"""The operations of a pipeline except `map` and `batch`: order, selection and combination of rows."""
from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from ._blocks import Block, Blocks, Rows, rows_of
from ._objects import unboxed
from ._pipeline import Node, Stage, annotate

__all__ = ["Concat", "Filter", "Project", "Repeat", "Rename", "Shuffle", "Skip", "Take", "Zip"]


class _Unary(Node):
    """A node with one child and the child's columns."""

    def __init__(self, child: Node):
        self.children, self.columns = (child,), child.columns

    def size(self, endless: float) -> float | None:
        return self.children[0].size(endless)


class Shuffle(_Unary):
    """Random order by a buffer: rows leave it from random places, and the next rows take those places.

    Places are drawn for several rows at once, at most a quarter of the buffer, without repetition. A buffer that holds
    the whole dataset gives every order the same probability.
    """

    def __init__(self, child: Node, buffer_size: int):
        super().__init__(child)
        self.buffer_size = buffer_size

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        rows = Rows(stage.children[0].blocks(hint))
        buffer = rows.pull(self.buffer_size)
        if buffer is None:
            return
        step = min(hint, max(1, buffer.count // 4))
        while (arriving := rows.pull(step)) is not None:
            places = stage.rng.choice(buffer.count, arriving.count, replace=False)
            yield buffer.take(places)
            buffer = buffer.put(places, arriving)
        order = stage.rng.permutation(buffer.count)
        for start in range(0, buffer.count, hint):
            yield buffer.take(order[start:start + hint])


class Repeat(_Unary):
    """Several passes over the child as one; count None goes on for ever."""

    def __init__(self, child: Node, count: int | None):
        super().__init__(child)
        self.count = count
        self.passes_of_children = count or 1

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        done = 0
        while done != self.count:
            empty = True
            for block in stage.children[0].blocks(hint):
                empty = False
                yield block
            if empty:
                return
            done += 1

    def size(self, endless: float) -> float | None:
        size = super().size(endless)
        return size and size * (endless if self.count is None else self.count)


class Take(_Unary):
    """The first `count` rows."""

    def __init__(self, child: Node, count: int):
        super().__init__(child)
        self.count = count

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        left = self.count
        source = stage.children[0].blocks(min(hint, self.count))
        while left and (block := next(source, None)) is not None:
            block = block.slice(0, min(left, block.count))
            left -= block.count
            yield block
        source.close()

    def size(self, endless: float) -> float | None:
        size = super().size(endless)
        return size if size is None else min(size, self.count)


class Skip(_Unary):
    """All but the first `count` rows."""

    def __init__(self, child: Node, count: int):
        super().__init__(child)
        self.count = count

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        left = self.count
        for block in stage.children[0].blocks(hint):
            passed = min(left, block.count)
            left -= passed
            if passed < block.count:
                yield block.slice(passed, block.count) if passed else block

    def size(self, endless: float) -> float | None:
        size = super().size(endless)
        return size if size is None else max(size - self.count, 0)


class Filter(_Unary):
    """The rows for which a function of some columns is true."""

    def __init__(self, child: Node, predicate: Callable, inputs: Sequence[str]):
        super().__init__(child)
        self.predicate, self.inputs = predicate, [child.columns.index(name) for name in inputs]

    def _keep(self, row: tuple[np.ndarray, ...]) -> bool:
        try:
            answer = self.predicate(*map(unboxed, row))
            found = np.asarray(answer)
            if found.dtype != np.bool_ or found.size != 1:
                raise TypeError(f"For 'filter', the predicate must return a bool, or an array of one, but returned "
                                f"{type(answer).__name__}{f' of shape {found.shape}' if found.ndim else ''}.")
            return bool(found.reshape(()))
        except Exception as error:
            annotate(error, "raised by the predicate of filter")
            raise

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        for block in stage.children[0].blocks(hint):
            rows = zip(*(rows_of(block.columns[i]) for i in self.inputs), strict=True)
            kept = np.flatnonzero([self._keep(row) for row in rows])
            if len(kept):
                yield block if len(kept) == block.count else block.take(kept)

    def size(self, endless: float) -> None:
        return None


class Project(_Unary):
    """Some of the columns, in a new order."""

    def __init__(self, child: Node, columns: tuple[str, ...]):
        super().__init__(child)
        self.columns = columns
        self.picked = [child.columns.index(name) for name in columns]

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        for block in stage.children[0].blocks(hint):
            yield Block([block.columns[i] for i in self.picked], block.count)


class Rename(_Unary):
    """The same rows under other column names."""

    def __init__(self, child: Node, columns: tuple[str, ...]):
        super().__init__(child)
        self.columns = columns

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        yield from stage.children[0].blocks(hint)


def _known_sizes(nodes: Sequence[Node], endless: float) -> list[float] | None:
    """The sizes of several nodes, or None where one of them is unknown."""
    sizes = [size for node in nodes if (size := node.size(endless)) is not None]
    return sizes if len(sizes) == len(nodes) else None


class Concat(Node):
    """The rows of one dataset after those of another with the same columns.

    Attributes: parts, the nodes that were joined, of which `children` may be shards.
    """

    def __init__(self, children: tuple[Node, ...]):
        self.children, self.columns, self.parts = children, children[0].columns, children

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        for child in stage.children:
            yield from child.blocks(hint)

    def size(self, endless: float) -> float | None:
        sizes = _known_sizes(self.children, endless)
        return None if sizes is None else sum(sizes)


class Zip(Node):
    """The columns of several datasets side by side, as long as the shortest."""

    def __init__(self, children: tuple[Node, ...]):
        self.children = children
        self.columns = tuple(name for child in children for name in child.columns)

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        streams = [Rows(child.blocks(hint)) for child in stage.children]
        while True:
            parts = [part for stream in streams if (part := stream.pull(hint)) is not None]
            if len(parts) < len(streams):
                return
            count = min(part.count for part in parts)
            yield Block([column for part in parts for column in part.slice(0, count).columns], count)
            if count < hint:
                return

    def size(self, endless: float) -> float | None:
        sizes = _known_sizes(self.children, endless)
        return None if sizes is None else min(sizes)
