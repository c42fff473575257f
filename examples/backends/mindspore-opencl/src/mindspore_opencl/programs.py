"""Compilation and launches.

A compiler call is expensive, so sources do not hold sizes: these are arguments, and a source serves every shape of its
structure. Sources asked for are compiled when the first of them is launched, all that wait in one call.
"""
from __future__ import annotations

import hashlib
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyopencl as cl

NAME = "KERNEL_NAME"
PRELUDE = """
#if defined(cl_khr_fp64)
#pragma OPENCL EXTENSION cl_khr_fp64 : enable
#endif
#pragma OPENCL FP_CONTRACT OFF
"""


@dataclass(frozen=True)
class Source:
    """The text of a kernel called NAME, and of what it needs outside of it. Its last argument is a table of int64
    numbers. A word of the helpers' text must not occur twice: each helper is compiled once in a program."""

    text: str
    helpers: tuple[str, ...] = ()


@dataclass
class Launch:
    """A kernel with its numbers: `run(buffers)` puts it into the queue."""

    programs: Programs
    source: Source
    items: int
    local: int
    table: cl.Buffer | None
    kernel: cl.Kernel | None = None

    def run(self, buffers: Sequence[cl.Buffer]) -> None:
        """Queue the kernel on these buffers."""
        if self.kernel is None:
            self.kernel = self.programs.kernel(self.source)
        self.kernel.set_args(*buffers, self.table)
        cl.enqueue_nd_range_kernel(self.programs.queue, self.kernel, (self.items,), (self.local,))


class Programs:
    """The compiled sources of one device."""

    def __init__(self, context: cl.Context, queue: cl.CommandQueue, options: Sequence[str]):
        self.context, self.queue, self.options = context, queue, list(options)
        self._lock = threading.Lock()
        self._waiting: dict[Source, str] = {}
        self.built: dict[Source, tuple[cl.Program, str]] = {}

    def launch(self, source: Source, items: int, numbers: Sequence[int], local: int) -> Launch:
        """A launch of at least `items` work-items, in groups of `local`; the kernel gets these numbers."""
        with self._lock:
            if source not in self.built:
                self._waiting.setdefault(source, "k" + hashlib.sha1(repr(source).encode()).hexdigest()[:20])
        flags = cl.mem_flags.READ_ONLY | cl.mem_flags.COPY_HOST_PTR
        table = cl.Buffer(self.context, flags, hostbuf=np.array([*numbers, 0], np.int64))
        return Launch(self, source, -(-items // local) * local, local, table)

    def kernel(self, source: Source) -> cl.Kernel:
        """A kernel of this source, for one launch."""
        with self._lock:
            if source not in self.built:
                self._build()
            program, name = self.built[source]
        return cl.Kernel(program, name)

    def _build(self) -> None:
        helpers = dict.fromkeys(h for source in self._waiting for h in source.helpers)
        kernels = [source.text.replace(NAME, name) for source, name in self._waiting.items()]
        program = cl.Program(self.context, "\n".join([PRELUDE, *helpers, *kernels])).build(self.options)
        self.built.update({source: (program, name) for source, name in self._waiting.items()})
        self._waiting.clear()
