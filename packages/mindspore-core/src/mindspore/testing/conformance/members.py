"""What each member of a group does when `test_communicators` looks at a communicator, and what must come of it.

A member is a process of its own, `python -m mindspore.testing.conformance.members FILE` with a task in the file, or a
thread with a device of its own. All members do the same cases in the same order; `expected` says what each finds.
"""
from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from mindspore.common.dtype import DType, np_dtype_to_dtype
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.pipeline import compile_graph
from mindspore.plugin import Communicator, FolderStore, Group, manager
from mindspore.plugin.communicators import REDUCTIONS
from mindspore.runtime.transfer import download, upload

DTYPES = ("float32", "float64", "int32", "int64")
SHAPES = ((), (5,), (3, 4), (0, 2), (1000,))
REDUCE: dict[str, Callable] = {"sum": np.sum, "max": np.max, "min": np.min, "prod": np.prod, "avg": np.mean}


def given(rank: int, shape: tuple[int, ...], key: str) -> np.ndarray:
    """What a member brings to a case: whole numbers, so that sums are exact in any order."""
    draw = np.random.default_rng([rank, len(shape), *shape])
    return draw.integers(1, 5, shape).astype(DType._by_key[key].np)


def cases(claimed: frozenset[str], size: int) -> Iterator[tuple[str, str, tuple[int, ...], Any]]:
    """(collective, dtype, shape of a part, operator or rank) of each case, in order."""
    for key in DTYPES:
        for shape in SHAPES if key in claimed else ():
            for op in REDUCTIONS:
                if op != "avg" or key.startswith("float"):
                    yield "all_reduce", key, shape, op
                    yield "reduce_scatter", key, shape, op
            yield "all_gather", key, shape, None
            yield "all_to_all", key, shape, None
            yield "ring", key, shape, None
            for root in range(size):
                yield "broadcast", key, shape, root


def expected(what: str, key: str, shape: tuple[int, ...], how: Any, rank: int, size: int) -> np.ndarray:
    """What the member `rank` must find, along a new first axis where parts are joined."""
    whole = what in ("reduce_scatter", "all_to_all")
    brought = [given(r, (size, *shape) if whole else shape, key) for r in range(size)]
    if what == "all_reduce" or what == "reduce_scatter":
        found = REDUCE[how](np.stack(brought), axis=0)
        found = found[rank] if whole else found
    elif what == "all_gather":
        found = np.stack(brought)
    elif what == "all_to_all":
        found = np.stack([b[rank] for b in brought])
    else:
        found = brought[how if what == "broadcast" else (rank - 1) % size]
    return np.asarray(found).astype(brought[0].dtype)


class Member:
    """One member at work."""

    def __init__(self, device, communicator: Communicator):
        self.device, self.own = device, communicator
        self.rank, self.size = communicator.rank, communicator.size

    def result(self, what: str, key: str, shape: tuple[int, ...], how: Any) -> np.ndarray:
        """What this member finds in a case."""
        own, size, allocator = self.own, self.size, self.device.allocator
        part = tensor_aval(shape, DType._by_key[key])
        joined = tensor_aval((size, *shape), DType._by_key[key])
        whole = what in ("reduce_scatter", "all_to_all")
        source = upload(allocator, given(self.rank, joined.shape if whole else shape, key))
        out = joined if what in ("all_gather", "all_to_all") else part
        target = allocator.allocate(out.nbytes)
        if what in ("all_reduce", "reduce_scatter"):
            getattr(own, what)(target, source, part, how)
        elif what == "broadcast":
            own.broadcast(target, source, part, how)
        elif what == "ring":  # who is even sends first, so that communicators may wait for the other one
            for sends in (True, False) if self.rank % 2 == 0 else (False, True):
                if sends:
                    own.send(source, part, (self.rank + 1) % size)
                else:
                    own.receive(target, part, (self.rank - 1) % size)
        else:
            getattr(own, what)(target, source, part)
        return download(allocator, target, out)

    def chain(self) -> np.ndarray:
        """Kernels and collectives by turns, without waiting: (2 x summed) 2 summed, in place."""
        aval = tensor_aval((64, 9), np_dtype_to_dtype(np.dtype(np.float32)))
        b = Builder("twice")
        run = compile_graph(b.finish([b.mul(b.parameter(aval), 2.0)]), self.device).run
        x = upload(self.device.allocator, given(self.rank, aval.shape, "float32"))
        for _ in range(2):
            (x,) = run([x])
            self.own.all_reduce(x, x, aval, "sum")
        return download(self.device.allocator, x, aval)

    def refused(self) -> list[str]:
        """The types of the errors for what makes no sense."""
        aval = tensor_aval((2,), np_dtype_to_dtype(np.dtype(np.float32)))
        x, found = upload(self.device.allocator, np.ones(2, np.float32)), []
        for action in (lambda: self.own.all_reduce(x, x, aval, "median"),
                       lambda: self.own.broadcast(x, x, aval, self.size), lambda: self.own.send(x, aval, -1)):
            try:
                action()
                found.append("nothing")
            except Exception as error:
                found.append(type(error).__name__)
        return found


def work(device, make: Callable, rank: int, size: int, folder: str) -> dict[str, Any]:
    """All that a member does; what it found, by the names of the cases."""
    store = FolderStore(folder)
    world = Member(device, make(device, Group("world", rank, size, store)))
    found: dict[str, Any] = {"rank": (world.rank, world.size)}
    for case in cases(device.capabilities.dtypes, size):
        found[repr(case)] = world.result(*case)
    found["chain"] = world.chain()
    found["refused"] = world.refused()
    if size > 2 and rank < size - 1:
        part = Member(device, make(device, Group("part", rank, size - 1, store)))
        found["part"] = part.result("all_reduce", "float32", (5,), "sum")
        part.own.close()
    world.own.barrier()
    world.own.close()
    return found


def main(file: str) -> None:
    """Do the task in a file, and leave what was found beside it."""
    task = json.loads(Path(file).read_text(encoding="utf-8"))
    for name in task["plugins"]:
        importlib.import_module(name)
    make = manager.communicators(task["backend"])[task["communicator"]]
    found = work(manager.device(task["backend"]), make, task["rank"], task["size"], task["folder"])
    arrays: dict[str, Any] = {name: np.asarray(value) for name, value in found.items()}
    np.savez(f"{file}.npz", **arrays)


if __name__ == "__main__":
    main(sys.argv[1])
