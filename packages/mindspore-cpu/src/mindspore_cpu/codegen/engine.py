"""LLVM: from text to loaded code."""
from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import llvmlite.binding as llvm

from mindspore_cpu.codegen.target import Target

_numbers = iter(range(1 << 62))


@dataclass(frozen=True, slots=True)
class Code:
    """A loaded function: its address, and what keeps it loaded."""

    address: int
    keepalive: object


@lru_cache(maxsize=1)
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


@lru_cache(maxsize=8)
def _machine(where: Target) -> llvm.TargetMachine:
    _initialize()
    triple = llvm.Target.from_default_triple()
    return triple.create_target_machine(cpu=where.cpu, features=where.features, opt=2, reloc="pic", codemodel="small")


@lru_cache(maxsize=8)
def _linker(where: Target) -> llvm.LLJIT:
    # JITLink puts all sections of an object into one piece of memory. The older linker maps each by itself, and ends
    # the process where the free addresses are scattered, so that a section is out of another one's 32-bit reach.
    return llvm.create_lljit_compiler(_machine(where), use_jit_link=True)


def object_code(text: str, where: Target, optimized: bool = False) -> bytes:
    """The relocatable object that LLVM makes of a module's text, as it is or optimized. RuntimeError if the text is
    wrong."""
    machine = _machine(where)
    head = f'target datalayout = "{machine.target_data}"\ntarget triple = "{llvm.get_process_triple()}"\n'
    with llvm.parse_assembly(head + text) as module:
        module.verify()
        if optimized:
            _optimize(module, machine)
        return machine.emit_object(module)


def _optimize(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """LLVM's cheaper passes: they inline, put what lies in the frame into registers, and unroll short loops. The dearer
    ones double the time to compile and gain nothing on loops that were written as vectors."""
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = False
    with llvm.create_pass_builder(machine, options) as builder, builder.getModulePassManager() as passes:
        passes.run(module, builder)


def compile_text(text: str, where: Target, names: list[str], optimized: bool = False) -> dict[str, Code]:
    """Compile a module and load it; the code of the functions called `names`."""
    builder = llvm.JITLibraryBuilder().add_object_img(object_code(text, where, optimized)).add_current_process()
    for name in names:
        builder.export_symbol(name)
    tracker = builder.link(_linker(where), f"groups{next(_numbers)}")
    return {name: Code(tracker[name], tracker) for name in names}
