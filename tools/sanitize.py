#!/usr/bin/env python3
"""Run the tests of the C++ parts under sanitizers.

    python tools/sanitize.py FOLDER [--only address|thread] [pytest arguments]

`address`: builds mindspore-cpu's extension with AddressSanitizer and UndefinedBehaviorSanitizer into FOLDER, beside a
copy of the package's Python files, and runs the tests named in `TESTS` with it: executor, regions, loops in one kernel,
tapes, recursion, threads, memory. The interpreter and LLVM are not instrumented, so their own leaks are not looked for;
what generated code does is seen where it calls the extension. A report ends the run; pytest leaves file descriptor 2
alone, to which it is written.

`thread`: ThreadSanitizer does not see what OpenMP's library does, so it gets the parts that have threads of their own:
the kit's programs in tests/kit, where many threads share executors, frames, tapes and the cache of memory blocks.

GCC's libraries are used, so `g++` must be installed. Nothing is written outside of FOLDER and the extension's build
folder.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import build_ext
from build_ext import CORE, CPU, ROOT

TESTS = [
    "mindspore-cpu/tests/test_executor.py", "mindspore-cpu/tests/test_executor_regions.py",
    "mindspore-cpu/tests/test_whole_loops.py", "mindspore-cpu/tests/test_kit.py",
    "mindspore-cpu/tests/test_threads.py", "mindspore-cpu/tests/test_memory.py",
    "mindspore-core/tests/compiler/test_recursion.py", "mindspore-core/tests/graph/test_recursive_functions.py",
]
KIT = CPU / "tests" / "kit"
THREADED = ["check_kit.cpp", "stress_kit.cpp"]
ADDRESS_OPTIONS = ("detect_leaks=0:halt_on_error=1:abort_on_error=0:exitcode=99:detect_stack_use_after_return=0"
                   ":allocator_may_return_null=1")  # tests ask for more memory than there is


def library(name: str) -> str:
    """The path of one of GCC's libraries."""
    found = subprocess.run(["g++", f"-print-file-name={name}"], check=True, capture_output=True, text=True)
    path = Path(found.stdout.strip())
    if not path.is_absolute():
        sys.exit(f"sanitize: g++ has no {name}; install GCC's sanitizers")
    return str(path.resolve())


def build_package(folder: Path) -> None:
    """The instrumented extension with the package's Python files, in `folder`."""
    package = folder / "mindspore_cpu"
    shutil.rmtree(package, ignore_errors=True)
    ignored = shutil.ignore_patterns("*.so", "lib", "__pycache__")
    shutil.copytree(CPU / "src" / "mindspore_cpu", package, ignore=ignored)
    build_ext.prepare()
    with open(CPU / "build" / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        build_ext.build("", "address,undefined", os.cpu_count() or 1, folder)
    core = folder / "core"
    core.mkdir(exist_ok=True)
    build_ext.write_metadata(CORE, core)
    build_ext.write_metadata(CPU, folder)


def run_address(folder: Path, arguments: list[str]) -> int:
    """The tests with the instrumented extension; the exit status of pytest."""
    build_package(folder)
    environment = {
        **os.environ,
        "LD_PRELOAD": " ".join([library("libasan.so"), library("libubsan.so"), library("libstdc++.so")]),
        "ASAN_OPTIONS": ADDRESS_OPTIONS,
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "PYTHONPATH": os.pathsep.join([str(folder), str(folder / "core"), str(CORE / "src")]),
    }
    tests = [str(ROOT / "packages" / test) for test in TESTS]
    command = [sys.executable, "-m", "pytest", "-q", "--capture=sys", "-p", "no:cacheprovider", "-p", "no:faulthandler",
               *tests]
    return subprocess.run([*command, *arguments], env=environment, cwd=folder).returncode


def run_thread(folder: Path) -> int:
    """The kit's programs under ThreadSanitizer; 0 where none reports anything."""
    status = 0
    for name in THREADED:
        program = folder / Path(name).stem
        subprocess.run(["g++", "-std=c++17", "-O1", "-g", "-fsanitize=thread", "-pthread",
                        f"-I{CORE / 'src' / 'mindspore' / 'include'}", str(KIT / name), "-o", str(program)], check=True)
        done = subprocess.run([str(program)], env={**os.environ, "TSAN_OPTIONS": "halt_on_error=1:exitcode=98"})
        print(f"{name} under ThreadSanitizer: {'passed' if done.returncode == 0 else 'failed'}", flush=True)
        status = status or done.returncode
    return status


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=["address", "thread"])
    options, arguments = parser.parse_known_args()
    if shutil.which("g++") is None:
        sys.exit("sanitize: g++ is missing; install it")
    options.folder.mkdir(parents=True, exist_ok=True)
    folder = options.folder.resolve()
    status = run_thread(folder) if options.only != "address" else 0
    if options.only != "thread":
        status = run_address(folder, arguments) or status
    return status


if __name__ == "__main__":
    sys.exit(main())
