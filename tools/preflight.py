#!/usr/bin/env python3
"""Say which system packages are missing, by name, before a build fails for want of them.

The README's commands run it first, with the interpreter that will make the environment.  It exits with 0 and prints
nothing when all is there.  It uses no recent syntax: an interpreter that is too old must be able to say so.
"""

import os
import platform
import shutil
import subprocess
import sys
import sysconfig
import tempfile

MINIMUM = (3, 10)
# Compiling and linking this needs what the extension needs: C++20, OpenMP and the interpreter's headers.
PROGRAM = """#include <Python.h>
#include <omp.h>
#include <concepts>
int main() { return omp_get_max_threads() < 1; }
"""


def _importable(name):
    """Return whether `name` can be imported; Debian ships venv without ensurepip unless python3-venv is there."""
    try:
        __import__(name)
    except ImportError:
        return False
    return True


def _compile_error(compiler, include):
    """Return what the compiler says about PROGRAM, "" when it builds."""
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.cpp")
        with open(source, "w") as file:
            file.write(PROGRAM)
        command = [compiler, "-std=c++20", "-fopenmp", "-I" + include, source, "-o", os.path.join(folder, "probe")]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    return done.stdout if done.returncode else ""


def findings():
    """Return two lists: the Debian packages that are missing, and what no package would mend."""
    packages, problems = [], []
    if sys.version_info < MINIMUM:
        problems.append(f"Python {platform.python_version()} is too old: 3.10 or newer is needed ({sys.executable})")
        return packages, problems
    if sys.platform != "linux" or platform.machine() not in ("x86_64", "AMD64"):
        system = platform.system() + " " + platform.machine()
        problems.append("mindspore-cpu runs on x86-64 Linux only, and this is " + system)
    if not (_importable("venv") and _importable("ensurepip")):
        packages.append("python3-venv")
    include = sysconfig.get_paths()["include"]
    if not os.path.isfile(os.path.join(include, "Python.h")):
        packages.append("python3-dev")
    compiler = shutil.which(os.environ.get("CXX", "c++")) or shutil.which("g++")
    if compiler is None:
        packages.append("g++")
    elif "python3-dev" not in packages:
        error = _compile_error(compiler, include)
        if error:
            problems.append(compiler + " cannot build a C++20 program with OpenMP:\n" + error)
    return packages, problems


def main():
    packages, problems = findings()
    for problem in problems:
        print("preflight: " + problem, file=sys.stderr)
    if packages:
        names = " ".join(packages)
        print("preflight: missing system packages: " + names, file=sys.stderr)
        print("preflight: install them: sudo apt-get install -y " + names, file=sys.stderr)
    sys.exit(1 if packages or problems else 0)


if __name__ == "__main__":
    main()
