"""LLVM: from text to loaded code.

Every function is compiled as a module of its own, so that it can be kept under a key of its own, in memory by those who
ask and on disk (`object_cache`). Several are compiled at the same time, by as many threads as there are processors.
What is asked for at once is loaded at once, which costs little more than loading one.
"""
from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from pathlib import Path

import llvmlite
import llvmlite.binding as llvm
from llvmlite.binding import ffi

from mindspore._version import __version__ as core_version
from mindspore.common import dtype
from mindspore.compiler.passes import group_space
from mindspore_cpu._version import __version__
from mindspore_cpu.codegen.object_cache import ObjectCache, object_cache
from mindspore_cpu.codegen.target import Target

MOST_THREADS = 16
compile_count = 0  # functions that LLVM compiled in this process
_numbers = iter(range(1 << 62))
_counting = threading.Lock()
_idle_machines: dict[Target, list[llvm.TargetMachine]] = {}


@dataclass(frozen=True, slots=True)
class Code:
    """A loaded function: its address, and what keeps it loaded."""

    address: int
    keepalive: object


@dataclass(frozen=True, slots=True)
class Source:
    """What a function is made of. name: of the function, another one for each that is loaded at once. key: what its
    text follows from, given this package's sources and a target. write: gives the text. optimized: whether LLVM's
    passes run over it."""

    name: str
    key: str
    write: Callable[[], str]
    optimized: bool = False


@lru_cache(maxsize=1)
def _initialize() -> None:
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()


def _new_machine(where: Target) -> llvm.TargetMachine:
    _initialize()
    if where.triple:
        llvm.initialize_all_targets()
        llvm.initialize_all_asmprinters()
    known = llvm.Target.from_triple(where.triple) if where.triple else llvm.Target.from_default_triple()
    return known.create_target_machine(cpu=where.cpu, features=where.features, opt=2, reloc="pic", codemodel="small")


@lru_cache(maxsize=8)
def _linker(where: Target) -> llvm.LLJIT:
    # JITLink puts all sections of an object into one piece of memory. The older linker maps each by itself, and ends
    # the process where the free addresses are scattered, so that a section is out of another one's 32-bit reach.
    return llvm.create_lljit_compiler(_new_machine(where), use_jit_link=True)


# -- compiling ---------------------------------------------------------------------------------------------------------


def object_code(text: str, where: Target, optimized: bool = False) -> bytes:
    """The relocatable object that LLVM makes of a module's text, as it is or optimized. RuntimeError if the text is
    wrong. Threads may call it at the same time: each has a context and a machine to itself."""
    global compile_count
    idle = _idle_machines.setdefault(where, [])
    try:
        machine = idle.pop()
    except IndexError:
        machine = _new_machine(where)
    triple = where.triple or llvm.get_process_triple()
    head = f'target datalayout = "{machine.target_data}"\ntarget triple = "{triple}"\n'
    with llvm.parse_assembly(head + text, llvm.create_context()) as module:
        module.verify()
        if optimized:
            _optimize(module, machine)
        code = _emit(module, machine)
    idle.append(machine)
    with _counting:
        compile_count += 1
    return code


def _emit(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> bytes:
    """As `machine.emit_object`, without the lock that llvmlite holds during its calls: this one takes nearly all
    of the time."""
    emit = unlocked(ffi.lib.LLVMPY_TargetMachineEmitToMemory)
    with ffi.OutputString() as said:
        memory = emit(machine, module, 1, said)
        if not memory:
            raise RuntimeError(str(said))
    try:
        return ctypes.string_at(ffi.lib.LLVMPY_GetBufferStart(memory), ffi.lib.LLVMPY_GetBufferSize(memory))
    finally:
        ffi.lib.LLVMPY_DisposeMemoryBuffer(memory)


def unlocked(function: Callable) -> Callable:
    """A function of LLVM's library without llvmlite's lock around it; as it is where llvmlite has no such lock."""
    return getattr(function, "_cfn", function)


def _optimize(module: llvm.ModuleRef, machine: llvm.TargetMachine) -> None:
    """LLVM's cheaper passes: they inline, put what lies in the frame into registers, and unroll short loops. The dearer
    ones double the time to compile and gain nothing on loops that were written as vectors."""
    options = llvm.create_pipeline_tuning_options(speed_level=1)
    options.loop_vectorization = options.slp_vectorization = False
    with llvm.create_pass_builder(machine, options) as builder, builder.getModulePassManager() as passes:
        passes.run(module, builder)


def _compiled(sources: Sequence[Source], where: Target) -> list[bytes]:
    """The objects of sources, written and compiled by several threads, this one among them."""
    found: dict[int, bytes] = {}
    errors: list[BaseException] = []
    waiting = list(range(len(sources)))[::-1]

    def work() -> None:
        while not errors:
            try:
                number = waiting.pop()
            except IndexError:
                return
            try:
                found[number] = object_code(sources[number].write(), where, sources[number].optimized)
            except BaseException as error:  # raised by the thread that waits for the others
                errors.append(error)

    helpers: list[threading.Thread] = []
    while len(helpers) + 1 < min(len(sources), len(os.sched_getaffinity(0)), MOST_THREADS):
        helper = threading.Thread(target=work, daemon=True)
        try:
            helper.start()
        except RuntimeError:  # the process ends, or may have no more threads
            break
        helpers.append(helper)
    work()
    for helper in helpers:
        helper.join()
    if errors:
        raise errors[0]
    return [found[number] for number in range(len(sources))]


# -- loading -----------------------------------------------------------------------------------------------------------


def load_sources(sources: Sequence[Source], where: Target) -> list[Code]:
    """The code of each source, from the disk where it is kept there. RuntimeError if a text is wrong."""
    names, cache = [source.name for source in sources], object_cache()
    if cache is None:
        return _loaded(_compiled(sources, where), names, where)
    keys = [object_key(source, where) for source in sources]
    objects = [cache.load(key) for key in keys]
    known = [number for number, code in enumerate(objects) if code is not None]
    _fill(objects, sources, where, keys, cache)
    try:
        return _loaded(objects, names, where)
    except RuntimeError:
        if not known:
            raise
    for number in known:  # they are what was written, but LLVM does not take them
        cache.discard(keys[number])
        objects[number] = None
    _fill(objects, sources, where, keys, cache)
    return _loaded(objects, names, where)


def _fill(objects: list, sources: Sequence[Source], where: Target, keys: list[str], cache: ObjectCache) -> None:
    """Compile what is None among the objects, and keep it."""
    missing = [number for number, code in enumerate(objects) if code is None]
    for number, code in zip(missing, _compiled([sources[number] for number in missing], where)):
        objects[number] = code
        cache.store(keys[number], code)


def _loaded(objects: Sequence[bytes], names: Sequence[str], where: Target) -> list[Code]:
    """The functions of objects, which are loaded together. RuntimeError if LLVM does not take one."""
    if not objects:
        return []
    builder = llvm.JITLibraryBuilder().add_current_process()
    for code, name in zip(objects, names):
        builder.add_object_img(code).export_symbol(name)
    tracker = builder.link(_linker(where), f"groups{next(_numbers)}")
    return [Code(tracker[name], tracker) for name in names]


def compile_text(text: str, where: Target, name: str) -> Code:
    """Compile a module that nobody keeps, and load it; the code of its function `name`."""
    return _loaded([object_code(text, where)], [name], where)[0]


# -- keys --------------------------------------------------------------------------------------------------------------


def digest(text: str) -> str:
    """What stands for a text in names and keys."""
    return blake2b(text.encode(), digest_size=20).hexdigest()


def object_key(source: Source, where: Target) -> str:
    """The key of a source's object on disk: everything that the object follows from."""
    return digest(repr((_generator(), where, source.name, source.key, source.optimized)))


@lru_cache(maxsize=1)
def _generator() -> tuple:
    """What turns keys into objects: versions, and the sources themselves, which change without them."""
    sources = blake2b()
    for path in [*sorted(Path(__file__).parent.rglob("*.py")), Path(dtype.__file__), Path(group_space.__file__)]:
        sources.update(path.read_bytes())
    return (__version__, core_version, llvmlite.__version__, llvm.llvm_version_info, llvm.get_process_triple(),
            sources.hexdigest())
