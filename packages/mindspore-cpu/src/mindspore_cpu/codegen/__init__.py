"""Code generation: groups of primitives become loop kernels, through LLVM.

Core decides which primitives form a group and hands each group over as a closed graph (`Launch.body`). This package
prints one LLVM function per group, compiles all groups of a plan together, and returns a `LoopKernel` for each.

The contract with the executor
------------------------------

A `LoopKernel` is a sequence of *phases*. A phase is a C function

    void fn(char* const* bufs, int64_t begin, int64_t end)

that does the work units `begin <= u < end` out of `units`. The units of one phase are independent of each other: the
executor may split the range over threads in any way, and the results do not depend on how it does. All units of a
phase are done before the next phase starts. `cost` is an estimate of the time of one unit on one core, in
nanoseconds, for the choice of the number of threads.

`bufs` holds first `params`, a constant address which belongs to the kernel, and the address of `scratch` bytes (any
value where `scratch` is 0), then the addresses of the group's inputs in the order of the body's parameters and of its
outputs in the order of the body's outputs. Scratch needs no initial value and holds nothing between calls. All
buffers are aligned to 64 bytes; a function never touches a byte behind the end of a buffer. Generated code does not
allocate, does not lock, raises nothing, and keeps no state, so one kernel may run in several threads at once.
An output may be the same buffer as an input where `mindspore.compiler.passes.groups.overwritable` says so.

A loop of groups may be one kernel, a `WholeLoop`: `whole_loops` says how it is run.

`keepalive` owns the code and the `params` block; the executor holds a reference to it as long as it may call `fn`.
"""
from mindspore_cpu.codegen.kernel import LoopKernel, Phase, compile_groups
from mindspore_cpu.codegen.support import SUPPORTED
from mindspore_cpu.codegen.whole_loops import WholeLoop, compile_loop

__all__ = ["LoopKernel", "Phase", "SUPPORTED", "WholeLoop", "compile_groups", "compile_loop"]
