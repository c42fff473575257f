#!/usr/bin/env python3
"""Build the packages' wheels, each once per state of its sources, and install them into this environment.

    python tools/wheels.py install core[testing] cpu    make the environment hold exactly these packages
    python tools/wheels.py lowest core[testing] cpu     the same with the lowest versions of what they require
    python tools/wheels.py build cpu                    print the path of an up-to-date wheel

A test environment that installs a package from its folder stays green on stale code: the version has not changed, so
the installer has nothing to do.  Here a wheel is filed under a hash of the sources that go into it, below ``.wheels/``
at the root of the work tree.  An edited source means another hash and so another wheel; an unedited one costs a hash.
A wheel is always installed anew, whatever the environment holds.

Where the variable CORE_WHEEL names a wheel of core, that one is installed instead of one made from the sources.

Environments may run side by side: a package is built under a file lock, in a temporary folder that is renamed when the
wheel is complete.  Sources that change while they are being built are noticed, and built again.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = None  # only `lowest` reads project files

ROOT = Path(__file__).resolve().parent.parent
PREFIX = "mindspore-"
KIT = Path("packages", "mindspore-core", "src", "mindspore", "include")
# What a build reads, relative to the package's folder.
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "CMakeLists.txt", "build_backend", "csrc", "src")
# What is never a source, by its path in the package's folder: caches, and what tools/build_ext.py leaves behind.
IGNORED = re.compile(r".*__pycache__|.*\.pyc|src/[^/]*\.(dist|egg)-info|src/[^/]*/_ext[^/]*\.so|src/[^/]*/lib")
KEPT_WHEELS = 6
KEPT_SECONDS = 24 * 3600
ATTEMPTS = 3


def source_files(root: Path, package: str) -> list[Path]:
    """Return every file under `root` that goes into the wheel of `package`, sorted."""
    folder = root / "packages" / (PREFIX + package)
    if not (folder / "pyproject.toml").is_file():
        raise SystemExit(f"wheels: there is no package {package!r}: {folder / 'pyproject.toml'} does not exist")
    files = [file for name in SOURCES for file in _walk(folder / name, folder)]
    if is_compiled(root, package):
        files.extend(_walk(root / KIT, root))
    return sorted(files)


def _walk(top: Path, folder: Path) -> Iterator[Path]:
    """Yield the files at and below `top`, but those whose path in `folder` says that they are no sources."""
    if IGNORED.fullmatch(top.relative_to(folder).as_posix()):
        return
    if top.is_file():
        yield top
    elif top.is_dir():
        for child in top.iterdir():
            yield from _walk(child, folder)


def is_compiled(root: Path, package: str) -> bool:
    """Return whether the package has C++ sources: its wheel then depends on the interpreter and on core's headers."""
    return (root / "packages" / (PREFIX + package) / "csrc").is_dir()


def source_hash(root: Path, package: str) -> str:
    """Return the hash under which the wheel of `package` is filed: of names and contents, and the ABI if compiled."""
    digest = hashlib.sha256()
    for file in source_files(root, package):
        content = file.read_bytes()
        digest.update(f"{file.relative_to(root).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    if is_compiled(root, package):
        digest.update(sysconfig.get_config_var("SOABI").encode())
    return digest.hexdigest()[:16]


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *arguments]
    status = subprocess.run(command).returncode
    if status:
        raise SystemExit(f"wheels: pip {' '.join(arguments)} failed with exit status {status}")


def build(root: Path, package: str) -> Path:
    """Return a wheel of `package` made from the sources as they are now, building it unless the cache holds it."""
    given = os.environ.get("CORE_WHEEL")
    if package == "core" and given:
        if not Path(given).is_file():
            raise SystemExit(f"wheels: CORE_WHEEL is {given!r}, which is no file; unset it, or name a wheel")
        return Path(given).resolve()
    shelf = root / ".wheels" / package
    with _locked(shelf / "lock"):
        for _ in range(ATTEMPTS):
            key = source_hash(root, package)
            place = shelf / key
            if not place.is_dir():
                _build_into(place, root, package)
            if source_hash(root, package) == key:
                os.utime(place)
                _prune(shelf)
                return next(place.glob("*.whl"))
            shutil.rmtree(place)
    raise SystemExit(f"wheels: the sources of {package} changed during each of {ATTEMPTS} builds; try again")


def _build_into(place: Path, root: Path, package: str) -> None:
    print(f"wheels: building {PREFIX}{package} for sources {place.name}", file=sys.stderr, flush=True)
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="building-") as scratch:
        made = Path(scratch, "wheel")
        _pip("wheel", "--quiet", "--no-deps", "--wheel-dir", str(made), str(root / "packages" / (PREFIX + package)))
        made.rename(place)
    wheel = next(place.glob("*.whl"))
    size = wheel.stat().st_size / 2**20
    print(f"wheels: {wheel.name}, {size:.1f} MiB, took {time.monotonic() - start:.0f} s", file=sys.stderr, flush=True)


def _prune(shelf: Path) -> None:
    """Remove wheels that are neither among the newest nor recently used; a recent one may be about to be installed."""
    places = sorted((p for p in shelf.iterdir() if p.is_dir()), key=lambda p: p.stat().st_mtime, reverse=True)
    for place in places[KEPT_WHEELS:]:
        if time.time() - place.stat().st_mtime > KEPT_SECONDS:
            shutil.rmtree(place, ignore_errors=True)


def lowest(root: Path) -> list[str]:
    """Return what all packages require, each at the lowest version that they allow, as `name==version`."""
    bounds: dict[str, str] = {}
    for project in sorted(root.glob("packages/*/pyproject.toml")):
        described = tomllib.loads(project.read_text())["project"]
        extras = described.get("optional-dependencies", {}).values()
        for requirement in [*described["dependencies"], *(each for extra in extras for each in extra)]:
            found = re.fullmatch(r"([\w-]+)>=([\d.]+)", requirement)
            if found and _numbers(found[2]) > _numbers(bounds.get(found[1], "0")):
                bounds[found[1]] = found[2]
    return [f"{name}=={version}" for name, version in sorted(bounds.items())]


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def install(root: Path, requests: Iterable[str], constraints: Iterable[str] = ()) -> None:
    """Make this environment hold exactly the requested packages, e.g. ``["core[testing]", "cpu"]``.

    Their dependencies are installed where missing, or where another version than one of `constraints` is there;
    packages of this repository that are not requested are removed.
    """
    if sys.prefix == sys.base_prefix:
        raise SystemExit(f"wheels: {sys.executable} is not in a virtual environment; make one: python3 -m venv DIR")
    targets = []
    for request in requests:
        package, bracket, extras = request.partition("[")
        targets.append(str(build(root, package)) + bracket + extras)
    ours = {folder.name for folder in (root / "packages").iterdir()}
    present = sorted({d.metadata["Name"] for d in importlib.metadata.distributions(path=_site())} & ours)
    if present:
        _pip("uninstall", "--quiet", "--yes", *present)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "constraints.txt")
        file.write_text("".join(f"{each}\n" for each in constraints))
        _pip("install", "--quiet", "--constraint", str(file), *targets)


def _site() -> list[str]:
    return [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("action", choices=["build", "install", "lowest"])
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", help="core, cpu, ...; to install also core[testing]")
    options = parser.parse_args()
    if options.action != "build":
        install(ROOT, options.packages, lowest(ROOT) if options.action == "lowest" else ())
    else:
        for package in options.packages:
            print(build(ROOT, package))


if __name__ == "__main__":
    main()
