#!/usr/bin/env python3
"""Build mindspore-cpu's extension in place, for development.

Puts ``_ext*.so`` and ``lib/`` into packages/mindspore-cpu/src/mindspore_cpu, and each package's metadata (entry points)
beside its source, so that with both src folders on the path the sources run as if they were installed.  Everything
it writes is ignored by git and left out of wheels.  The build folder packages/mindspore-cpu/build/<python tag> is
kept: the next run compiles only what changed.

It needs what the packages' builds need: see "Development" in docs/packaging.md.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parent.parent
CORE = ROOT / "packages" / "mindspore-core"
CPU = ROOT / "packages" / "mindspore-cpu"


def _tool(name: str) -> str:
    """Return the path of CMake or Ninja, the one of this environment first."""
    found = shutil.which(name, path=os.pathsep.join([sysconfig.get_path("scripts"), os.environ.get("PATH", "")]))
    if found is None:
        sys.exit(f"build_ext: {name} is missing; install it: {sys.executable} -m pip install {name}")
    return found


def write_metadata(project: Path, target: Path | None = None) -> None:
    """Write `project`'s dist-info folder into its src folder, or into `target`, where importlib.metadata finds name,
    version, plugins."""
    described = tomllib.loads((project / "pyproject.toml").read_text())["project"]
    name = described["name"]
    package = project / "src" / ("mindspore" if project == CORE else name.replace("-", "_"))
    version = re.search(r'__version__ = "(.+)"', (package / "_version.py").read_text())[1]
    requires = "".join(f"Requires-Dist: {requirement}\n" for requirement in described["dependencies"])
    entries = "".join(
        f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in members.items()) + "\n"
        for group, members in described.get("entry-points", {}).items()
    )
    target = target or package.parent
    folder = target / f"{name.replace('-', '_')}-{version}.dist-info"
    for stale in target.glob("*.dist-info"):
        shutil.rmtree(stale)
    folder.mkdir()
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{requires}")
    (folder / "entry_points.txt").write_text(entries)


def build(build_type: str, sanitize: str, jobs: int, target: Path | None = None) -> Path:
    """Configure, compile and install the extension into the source folder, or below `target`; return the folder it was
    built in."""
    import mindspore_cpu_build
    import pybind11

    folder = CPU / "build" / f"{sys.implementation.cache_tag}-{(sanitize or build_type).replace(',', '-').lower()}"
    definitions = {
        **mindspore_cpu_build.cmake_definitions(),
        "CMAKE_BUILD_TYPE": build_type,
        "CMAKE_MAKE_PROGRAM": _tool("ninja"),
        "CMAKE_INSTALL_PREFIX": str(target or CPU / "src"),
        "MINDSPORE_CPU_SANITIZE": sanitize,
        "Python_EXECUTABLE": sys.executable,
        "pybind11_DIR": pybind11.get_cmake_dir(),
    }
    if sanitize:
        definitions |= {"CMAKE_BUILD_TYPE": "Sanitized", "CMAKE_CXX_FLAGS_SANITIZED": "-O1"}
    cmake = _tool("cmake")
    configure = [cmake, "-S", str(CPU), "-B", str(folder), "-G", "Ninja"]
    subprocess.run([*configure, *(f"-D{name}={value}" for name, value in definitions.items())], check=True)
    subprocess.run([cmake, "--build", str(folder), "-j", str(jobs)], check=True)
    subprocess.run([cmake, "--install", str(folder)], check=True)
    return folder


def prepare() -> None:
    """Make the packages' build back end importable, and the folder of builds."""
    sys.path.insert(0, str(CPU / "build_backend"))
    (CPU / "build").mkdir(exist_ok=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--build-type", default="Release", choices=["Release", "RelWithDebInfo", "Debug"])
    parser.add_argument("--sanitize", default="", help="address, undefined, thread, or a comma list")
    parser.add_argument("-j", "--jobs", type=int, default=os.cpu_count() or 1)
    options = parser.parse_args()
    prepare()
    try:
        with open(CPU / "build" / "lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            build(options.build_type, options.sanitize, options.jobs)
            write_metadata(CORE)
            write_metadata(CPU)
    except ModuleNotFoundError as error:
        sys.exit(f"build_ext: {error}; install the build requirements named in docs/packaging.md")
    except subprocess.CalledProcessError as error:
        sys.exit(f"build_ext: this command failed: {' '.join(map(str, error.cmd))}")


if __name__ == "__main__":
    main()
