"""Changing the sampler of a dataset after it was made, and samplers for concatenated datasets.

A source gets a new sampler in its place, or one that chooses among the rows of the old one. A concatenation has no row
numbers that all of its parts know, so it takes two kinds of samplers: a DistributedSampler, which is passed on to the
parts with the offset that keeps row i of the whole in shard i modulo their number, and a RandomSampler, which mixes the
parts at random and leaves each part its order.
"""
from __future__ import annotations

import copy
from collections.abc import Callable

import numpy as np

from ._blocks import Blocks, Rows
from ._map import Batch
from ._nodes import Concat, _Unary
from ._padding import BucketBatch, PaddedBatch
from ._pipeline import Node, Stage
from .samplers import DistributedSampler, RandomSampler, Sampler

__all__ = ["add_sampler", "use_sampler"]


class EveryNth(_Unary):
    """The rows first, first + step, first + 2 step ..."""

    def __init__(self, child: Node, first: int, step: int):
        super().__init__(child)
        self.first, self.step = first, step

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        skip = self.first
        for block in stage.children[0].blocks(hint):
            if skip < block.count:
                yield block.take(np.arange(skip, block.count, self.step))
            skip += -(-max(block.count - skip, 0) // self.step) * self.step - block.count

    def size(self, endless: float) -> float | None:
        size = super().size(endless)
        return None if size is None else max(-(-(size - self.first) // self.step), 0)


class MixedConcat(Concat):
    """The rows of several datasets in a random mixture: all mixtures have the same probability.

    Args:
        children: the datasets' nodes.
        counts: their numbers of rows.
    """

    def __init__(self, children: tuple[Node, ...], counts: list[int]):
        super().__init__(children)
        self.counts = counts

    def blocks(self, stage: Stage, hint: int) -> Blocks:
        streams = [Rows(child.blocks(1)) for child in stage.children]
        for part in stage.rng.permutation(np.repeat(np.arange(len(streams)), self.counts)):
            block = streams[part].pull(1)
            if block is not None:
                yield block


def _check(sampler, function: str) -> Sampler:
    if not isinstance(sampler, Sampler):
        raise TypeError(f"For '{function}', a Sampler is needed, but got {sampler!r} of type {type(sampler).__name__}.")
    return sampler


def _needs_source(node: Node, function: str) -> None:
    if not isinstance(getattr(node, "sampler", None), Sampler):
        raise TypeError(f"For '{function}', the dataset must be a source whose rows have numbers, but its last step is "
                        f"{type(node).__name__}. Call it on the dataset that the pipeline begins with, before other "
                        f"operations.")


def add_sampler(node: Node, sampler) -> None:
    """Makes a source's rows pass through one more sampler: it chooses among those that the present one chooses."""
    new = copy.copy(_check(sampler, "add_sampler"))
    _needs_source(node, "add_sampler")
    new.add_child(node.sampler)         # type: ignore[attr-defined]
    node.sampler = new                  # type: ignore[attr-defined]


def use_sampler(node: Node, sampler, count: Callable[[Node], int]) -> Node:
    """A node that uses another sampler: a source itself, changed, or a new concatenation.

    Args:
        node: the source or concatenation.
        sampler: the sampler, which a source gets in the place of its own; a child of that one stays.
        count: tells the number of rows of a node.

    Raises:
        TypeError: there is no sampler, or the node takes none of its kind.
        ValueError: a concatenation cannot be divided as the sampler says.
    """
    _check(sampler, "use_sampler")
    if isinstance(node, Concat):
        return _shared_concat(node, sampler, count)
    _needs_source(node, "use_sampler")
    new, child = copy.copy(sampler), node.sampler.child     # type: ignore[attr-defined]
    if child is not None:
        new.add_child(child)
    node.sampler = new                  # type: ignore[attr-defined]
    return node


def _shared_concat(node: Concat, sampler: Sampler, count: Callable[[Node], int]) -> Node:
    parts = node.parts
    if isinstance(sampler, RandomSampler):
        result: Concat = MixedConcat(parts, [count(part) for part in parts])
    elif isinstance(sampler, DistributedSampler):
        _check_shared(_joined_parts(parts), sampler)
        shards, at = [], 0
        for part in _joined_parts(parts):
            shards.append(_shard(part, sampler, at % sampler.num_shards))
            at += count(part)
        result = Concat(tuple(shards))
    else:
        raise TypeError(f"For 'use_sampler', a concatenated dataset takes a DistributedSampler or a RandomSampler, but "
                        f"got {type(sampler).__name__}.")
    result.parts = parts
    return result


def _joined_parts(parts: tuple[Node, ...]) -> list[Node]:
    """The parts, with concatenations among them replaced by theirs."""
    return [leaf for part in parts for leaf in (_joined_parts(part.parts) if type(part) is Concat else [part])]


def _check_shared(parts: list[Node], sampler: DistributedSampler) -> None:
    if sampler.shuffle or sampler.num_samples is not None:
        raise ValueError("For 'use_sampler', the DistributedSampler of a concatenated dataset must have shuffle=False "
                         "and no num_samples.")
    for part in parts:
        if isinstance(part, (Batch, BucketBatch, PaddedBatch)):
            raise TypeError("For 'use_sampler', the rows of the concatenated datasets must not be batched yet. Call "
                            "batch on the whole.")
        if getattr(getattr(part, "sampler", None), "num_samples", None) is not None:
            raise ValueError("For 'use_sampler', the concatenated datasets must be whole, but one has a 'num_samples'. "
                             "Leave it out, or take rows with 'take'.")


def _shard(part: Node, sampler: DistributedSampler, offset: int) -> Node:
    """The rows of a part that belong to a shard of the whole, which begins `offset` rows after a multiple."""
    if not isinstance(getattr(part, "sampler", None), Sampler):
        return EveryNth(part, (sampler.shard_id - offset) % sampler.num_shards, sampler.num_shards)
    node = copy.copy(part)
    shard = DistributedSampler(sampler.num_shards, sampler.shard_id, False, offset=offset)
    if part.sampler.child is not None:          # type: ignore[attr-defined]
        shard.add_child(part.sampler.child)     # type: ignore[attr-defined]
    node.sampler = shard                        # type: ignore[attr-defined]
    return node
