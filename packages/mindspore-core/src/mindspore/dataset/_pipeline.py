"""Running a pipeline: stages with their random streams, the prefetching thread, parallel calls of user code.

A dataset is a tree of nodes, which are descriptions. Iterating it makes a tree of *stages*, one per place in the tree
(a node that occurs twice gets two), each with its own random generator. A stage's `blocks(hint)` is one pass over its
rows; `hint` says in which portions the consumer takes them, so that most blocks need neither be cut nor joined.

The passes run on a daemon thread that fills a bounded channel while the consumer works. The thread refers to the
channel and the pass, not to the iterator: an iterator that is dropped closes its channel, which ends the thread. An
error in the pipeline comes out of the channel in its place, as the same object.
"""
from __future__ import annotations

import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from . import config
from ._blocks import Block, Blocks
from ._processes import ProcessPool, annotate, portable

__all__ = ["Direct", "Node", "Parallel", "Prefetcher", "Stage", "Workers", "annotate", "stopped"]

_FOR_WORKERS = 1 << 31          # keeps the seeds of workers apart from the numbers of passes
_BYTES_AHEAD = 256 << 20        # beyond the second block, which is always prepared


class Node:
    """One step of a pipeline. Attributes: children (nodes), columns (names of the rows' values, in order)."""

    children: tuple[Node, ...] = ()
    columns: tuple[str, ...] = ()
    passes_of_children = 1          # how many passes over its children one pass makes, where that is fixed
    paced = False                   # whether its rows come only when the consumer has taken those before

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        """One pass over the rows. Children are read through `stage.children`, chance comes from `stage.rng`."""
        raise TypeError(f"{type(self).__name__} defines no rows")

    def size(self, endless: float) -> float | None:
        """The number of rows of one pass, or None where only a pass can tell.

        Args:
            endless: how many passes a `repeat` without limit counts for: math.inf, or 1 to look at one of them.
        """
        return None


class Stage:
    """A node at one place of a running pipeline.

    The random generator of a pass follows from the place, and from which pass it is of which pass of the node behind:
    a pass can be started again without those before it.
    """

    def __init__(self, node: Node, seeds: np.random.SeedSequence, probing: bool = False):
        self.node, self.probing, self.epoch = node, probing, 0
        self._entropy, self._place = seeds.entropy, seeds.spawn_key
        self._behind: tuple[int, ...] = ()      # the numbers of the passes of the nodes behind this one
        self._passes = 0                        # passes within the present pass of the node behind
        self._key: tuple[int, ...] = ()
        self.rng: np.random.Generator
        self._pool: ProcessPool | None = None
        self.choose: Callable[[np.ndarray], np.ndarray] = lambda indices: indices   # which of a source's rows to make
        self.children = [Stage(child, child_seeds, probing)
                         for child, child_seeds in zip(node.children, seeds.spawn(len(node.children)), strict=True)]
        self.paced: bool = node.paced or any(child.paced for child in self.children)

    def blocks(self, hint: int) -> Blocks:
        """The next pass over this stage's rows."""
        self.epoch += 1
        key = (*self._behind, self._passes)
        self._passes += 1
        self._key = key
        self.rng = self._generator()
        for child in self.children:
            child._behind, child._passes = key, 0
        return self.node.blocks(self, hint)

    def _generator(self, *purpose: int) -> np.random.Generator:
        seeds = np.random.SeedSequence(self._entropy, spawn_key=(*self._place, *self._key, *purpose))
        return np.random.Generator(np.random.Philox(seeds))

    def skip_passes(self, count: int) -> None:
        """Counts passes as done."""
        self.epoch += count
        self._passes += count
        for child in self.children:
            child.skip_passes(count * self.node.passes_of_children)

    def call(self, function: Callable, items: Iterable[tuple], parallel: Parallel, what: str) -> Iterator:
        """The results of `function(*item)` in order, by as many workers, of the kind, that `parallel` says.

        Args:
            function: for processes, what they can be given by pickle; otherwise threads do the work.
            items: tuples of arguments.
            parallel: how many workers of which kind. A look at a few rows, debug mode, and rows that wait for the
                consumer, which cannot be asked for ahead, start none.
            what: the operation, for messages.
        """
        alone = self.probing or self.paced or config.get_debug_mode()
        if parallel.count > 1 and parallel.processes and not alone:
            if self._pool is None:
                package = portable(function, what)
                self._pool = None if package is None else ProcessPool(parallel.count, package, what)
                if self._pool is not None:
                    weakref.finalize(self, self._pool.close)
            if self._pool is not None:
                seeds = self._generator(_FOR_WORKERS)
                seeded = ((int(seeds.integers(1 << 32)), item) for item in items)
                yield from self._pool.map(seeded, stopped)
                return
        with Workers(1 if alone else parallel.count) as workers:
            yield from workers.map(lambda item: function(*item), items)


@dataclass(frozen=True)
class Parallel:
    """How an operation calls a user's function: by how many workers, and whether they are processes."""

    count: int = 1
    processes: bool = False


_present = threading.local()


def stopped() -> bool:
    """Whether the consumer of the pass that runs on this thread wants nothing more."""
    channel = getattr(_present, "channel", None)
    return channel is not None and channel.closed


class Workers:
    """Calls a user's function for many items, in order: on `count` threads, or on the calling one where that is 1."""

    def __init__(self, count: int):
        self.count = count
        self._pool = ThreadPoolExecutor(count, "mindspore-dataset") if count > 1 else None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *error) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=False, cancel_futures=True)

    def map(self, function: Callable, items: Iterable) -> Iterator:
        """The results in order, with at most two items per thread begun ahead.

        A StopIteration that the function raises is an error like any other: it comes out as a RuntimeError.
        """
        if self._pool is None:
            for item in items:
                yield function(item)
            return
        running: deque[Future] = deque()
        for item in items:
            running.append(self._pool.submit(function, item))
            if len(running) == 2 * self.count:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


class _Channel:
    """A bounded queue of blocks between two threads, which either side can close."""

    def __init__(self, capacity: int):
        self._capacity = capacity
        self._changed = threading.Condition()
        self._items: deque[tuple[Block, int]] = deque()
        self._bytes = 0
        self._closed = False            # by the consumer: nothing more is wanted
        self._ended = False             # by the producer: nothing more will come
        self._error: BaseException | None = None

    def _full(self) -> bool:
        return len(self._items) >= self._capacity or (len(self._items) >= 2 and self._bytes >= _BYTES_AHEAD)

    def put(self, block: Block) -> bool:
        """Adds a block when there is room; False once the consumer has closed the channel."""
        size = block.nbytes
        with self._changed:
            self._changed.wait_for(lambda: self._closed or not self._full())
            if self._closed:
                return False
            self._items.append((block, size))
            self._bytes += size
            self._changed.notify_all()
            return True

    def end(self, error: BaseException | None) -> None:
        """Says that nothing more will come, because the pass is over or because of an error."""
        with self._changed:
            self._ended, self._error = True, error
            self._changed.notify_all()

    def get(self) -> Block | None:
        """The next block, None at the end; raises the producer's error in its place."""
        with self._changed:
            while not self._items and not self._ended:
                self._changed.wait(0.5)         # a wait without a limit would hold up Ctrl-C on some systems
            if self._items:
                block, size = self._items.popleft()
                self._bytes -= size
                self._changed.notify_all()
                return block
            error, self._error = self._error, None
        if error is not None:
            raise error
        return None

    @property
    def closed(self) -> bool:
        """Whether nothing more is wanted."""
        return self._closed

    def close(self) -> None:
        """Says that nothing more is wanted."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()


def _produce(blocks: Blocks, channel: _Channel) -> None:
    """The thread: moves one pass into the channel."""
    error = None
    _present.channel = channel
    try:
        for block in blocks:
            if not channel.put(block):
                break
    except BaseException as caught:
        error = caught
    finally:
        blocks.close()
        channel.end(error)


def _stop(channel: _Channel, thread: threading.Thread) -> None:
    """Ends a producer; a thread that is inside a user's function gets a moment and is left behind then.

    Ctrl-C may arrive before the thread has begun: then there is nothing to wait for.
    """
    channel.close()
    if thread is not threading.current_thread() and thread.is_alive():
        thread.join(1.0)


class Prefetcher:
    """One pass of a pipeline, prepared ahead on a thread."""

    def __init__(self, blocks: Blocks, capacity: int):
        self._channel = _Channel(capacity)
        thread = threading.Thread(target=_produce, args=(blocks, self._channel), name="mindspore-dataset-prefetch",
                                  daemon=True)
        self._finalizer = weakref.finalize(self, _stop, self._channel, thread)
        thread.start()

    def next_block(self) -> Block | None:
        """The next block, or None at the end of the pass."""
        return self._channel.get()

    def close(self) -> None:
        """Ends the pass early."""
        self._finalizer()


class Direct:
    """One pass of a pipeline, run by the thread that asks for its rows, when it asks: for debuggers."""

    def __init__(self, blocks: Blocks):
        self._blocks = blocks

    def next_block(self) -> Block | None:
        """The next block, or None at the end of the pass."""
        return next(self._blocks, None)

    def close(self) -> None:
        """Ends the pass early."""
        self._blocks.close()
