"""Exceptions of the program, and exceptions that are mistakes of the framework.

While a program is interpreted, an exception may be an event of the program: it is what Python would raise, the program
may catch it, and in a branch that depends on a tensor it is raised when the branch is taken. Or it is a mistake of the
front end, and must not be mistaken for the former. Its traceback tells them apart, by its innermost entry that is no
library's:

* In the user's code, in operators (`ops`, `nn`, rules of primitives) and in the parts of the front end that execute the
  program's own operations, it is the program's: `a + b` of unlike things raises TypeError there.
* In the machinery (decisions, joins, loops, traces, graphs, derivatives) only what a `raise` statement raises is: the
  machinery speaks for the program there. What fails by itself is a mistake.
* Everywhere in the framework an AssertionError, a name that Python does not find, an attribute that an object of the
  framework lacks, and an exception class of the machinery that leaves it are mistakes.
"""

from __future__ import annotations

import dis
import os
import sysconfig
from types import TracebackType

from mindspore.compiler.frontend.errors import GraphCompileError, InternalCompileError, Unwinding
from mindspore.compiler.frontend.tracebacks import places_of

__all__ = ["raise_if_internal"]

_ROOT = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "")
_LIBRARIES = tuple({os.path.join(sysconfig.get_path(name), "") for name in ("stdlib", "platstdlib", "purelib",
                                                                             "platlib")})
_FOLDERS = tuple(os.path.normpath(f"{part}/") + os.sep for part in (
    "graph", "compiler/autodiff", "compiler/ir", "compiler/passes"))
_MACHINERY = tuple(os.path.normpath(f"compiler/frontend/{name}.py") for name in (
    "collected", "conditions", "decisions", "dispatch", "errors", "frames", "interpreter", "journal", "leaving",
    "liveness", "location", "loop_containers", "loop_raises", "loops", "postponed", "protected", "recursion",
    "recursive_calls", "scans", "scopes", "sides", "state", "tracebacks", "variants"))
# The parts of the folders that execute operations of the program.
_OPERATING = tuple(os.path.normpath(f"graph/{name}.py") for name in (
    "policy", "effects", "numbers", "text", "trips"))
_ASSERTING = tuple(os.path.normpath(f"compiler/frontend/{name}.py") for name in ("compile_stmt", "compile_try"))
_INTERNAL_CLASSES = ("mindspore.compiler.", "mindspore.graph.")


def raise_if_internal(error: BaseException) -> None:
    """Raise an InternalCompileError from `error` if that is a mistake of the framework."""
    if isinstance(error, (GraphCompileError, Unwinding, RecursionError, MemoryError)) or not isinstance(
            error, Exception):
        return
    entry = _innermost(error)
    if entry is None or not _is_internal(error, entry):
        return
    code = entry.tb_frame.f_code
    raise InternalCompileError(
        "The compiler of graph mode failed at this expression. It is a mistake of the framework, not of the program.",
        found=f"{type(error).__name__}: {error}, in line {entry.tb_lineno} of {_part_of(code.co_filename)}",
        remedy="please report it; the program runs in PyNative mode",
        sites=[place.site for place in reversed(places_of(error))]) from error


def _innermost(error: BaseException) -> TracebackType | None:
    """The innermost entry of the traceback that is the framework's or the user's."""
    found = None
    entry = error.__traceback__
    while entry is not None:
        filename = entry.tb_frame.f_code.co_filename
        if filename.startswith(_ROOT) or not (filename.startswith(_LIBRARIES) or filename.startswith("<frozen ")):
            found = entry
        entry = entry.tb_next
    return found


def _is_internal(error: Exception, entry: TracebackType) -> bool:
    filename = entry.tb_frame.f_code.co_filename
    if not filename.startswith(_ROOT):
        return False
    part = _part_of(filename)
    if type(error).__module__.startswith(_INTERNAL_CLASSES):
        return True
    if isinstance(error, AssertionError):
        return part not in _ASSERTING
    deliberate = entry.tb_next is None and _is_raised_by_statement(entry)
    if deliberate:
        return False
    if isinstance(error, NameError) or type(getattr(error, "obj", None)).__module__.startswith(_INTERNAL_CLASSES):
        return True
    return part in _MACHINERY or (part.startswith(_FOLDERS) and part not in _OPERATING)


def _part_of(filename: str) -> str:
    return filename[len(_ROOT):]


def _is_raised_by_statement(entry: TracebackType) -> bool:
    """Whether the entry is at a `raise` statement."""
    return dis.opname[entry.tb_frame.f_code.co_code[entry.tb_lasti]] in ("RAISE_VARARGS", "RERAISE")
