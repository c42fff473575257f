"""Functions in C++ files and shared libraries, as computations of arrays on the host: `ops.Custom(func_type="aot")`.

Such a function has C linkage and the type

    int name(int nparam, void **params, int *ndims, int64_t **shapes, const char **dtypes, void *stream, void *extra);

Its parameters are the operands followed by the results: addresses of row-major elements, numbers of axes, sizes, and
names of dtypes ("float32"). `stream` and `extra` are null pointers here. It returns 0, or another number for an error.
"""
from __future__ import annotations

import atexit
import ctypes
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

import numpy as np

from mindspore.compiler.ir.aval import TensorAval

__all__ = ["LibraryFunction"]

SOURCES = (".cc", ".cpp", ".cxx", ".c++")
ALLOWED = "MS_CUSTOM_AOT_WHITE_LIST"  # folders, separated by `os.pathsep`: where it is set, no other file is loaded
FLAGS = ("-std=c++17", "-O2", "-shared", "-fPIC")


class LibraryFunction:
    """A function of a C++ file, which is compiled, or of a shared library.

    Args:
        place: `path:name`. A file with an ending of `SOURCES` is compiled with $CXX, or else `c++`.

    Raises:
        ValueError: a place of another form, a CUDA file, or one outside of the folders of `MS_CUSTOM_AOT_WHITE_LIST`.
        FileNotFoundError: there is no such file.
        RuntimeError: it cannot be compiled or loaded, there is no compiler, or it has no such function; and at a call,
            the function returned another number than 0.
    """

    def __init__(self, place: str) -> None:
        path, colon, self.name = place.rpartition(":")
        if not colon or not path or not self.name.isidentifier():
            raise ValueError(f"Custom: func is {place!r}; expected 'path:name', a file and the name of its function")
        file = Path(path).resolve()
        if file.suffix == ".cu":
            raise ValueError(f"Custom: {path} is a CUDA file; expected C++ ({', '.join(SOURCES)}) or a shared library, "
                             f"which run on the host: no installed backend compiles CUDA files")
        if not file.is_file():
            raise FileNotFoundError(f"Custom: there is no file {path!r} (looked for {file})")
        allowed = [Path(each).resolve() for each in os.environ.get(ALLOWED, "").split(os.pathsep) if each]
        if allowed and not any(each == file.parent or each in file.parents for each in allowed):
            raise ValueError(f"Custom: {file} is not below a folder of {ALLOWED}, which are "
                             f"{', '.join(map(str, allowed))}; add its folder")
        library = _compiled(file.read_bytes(), str(file)) if file.suffix in SOURCES else str(file)
        try:
            self.call = getattr(ctypes.CDLL(library), self.name)
        except OSError as error:
            raise RuntimeError(f"Custom: {path} cannot be loaded as a shared library: {error}") from error
        except AttributeError:
            raise RuntimeError(f"Custom: {path} has no function {self.name!r}; in C++ it must be declared extern \"C\""
                               ) from None
        self.call.restype = ctypes.c_int

    def for_results(self, results: tuple[TensorAval, ...]):
        """The function from the operands' arrays to those of results with known shapes and dtypes."""

        def run(*operands: np.ndarray) -> tuple[np.ndarray, ...]:
            found = tuple(np.zeros(aval.shape, aval.dtype.np) for aval in results)
            arrays = [*map(np.ascontiguousarray, operands), *found]
            count = len(arrays)
            shapes = [(ctypes.c_int64 * max(each.ndim, 1))(*each.shape) for each in arrays]
            status = self.call(
                ctypes.c_int(count), (ctypes.c_void_p * count)(*[each.ctypes.data for each in arrays]),
                (ctypes.c_int * count)(*[each.ndim for each in arrays]),
                (ctypes.POINTER(ctypes.c_int64) * count)(*[ctypes.cast(s, ctypes.POINTER(ctypes.c_int64))
                                                           for s in shapes]),
                (ctypes.c_char_p * count)(*[each.dtype.name.encode() for each in arrays]), None, None)
            if status != 0:
                raise RuntimeError(f"Custom: the function {self.name} returned {status}, which is its number for an "
                                   f"error; expected 0")
            return found

        return run


@cache
def _compiled(source: bytes, path: str) -> str:
    """The path of a shared library made of a C++ file; each content is compiled once in a process."""
    compiler = os.environ.get("CXX") or shutil.which("c++") or shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        raise RuntimeError(f"Custom: {path} must be compiled, and there is no C++ compiler on the path; install g++ or "
                           f"give the path of a shared library")
    library = Path(_folder(), f"{hashlib.sha256(source).hexdigest()[:16]}.so")
    done = subprocess.run([compiler, *FLAGS, path, "-o", str(library)], capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"Custom: {path} cannot be compiled by {compiler}:\n{done.stderr.strip()}")
    return str(library)


@cache
def _folder() -> str:
    """The folder of this process's compiled libraries, which goes when it ends."""
    folder = tempfile.mkdtemp(prefix="mindspore-custom-")
    atexit.register(shutil.rmtree, folder, True)
    return folder
