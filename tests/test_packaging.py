"""What the wheels hold, what they load and how much room they take."""

from __future__ import annotations

import configparser
import importlib.metadata
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

PACKAGES = ("core", "cpu")
TEMPLATES = Path("packages/mindspore-core/src/mindspore/plugin/templates")
INSTALLED_LIMIT_MB = 400


@pytest.fixture(scope="module")
def core_wheel(wheels: ModuleType, repository: Path) -> Path:
    return wheels.build(repository, "core")


@pytest.fixture(scope="module")
def cpu_wheel(wheels: ModuleType, repository: Path) -> Path:
    return wheels.build(repository, "cpu")


def members(wheel: Path) -> set[str]:
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def test_core_is_one_pure_wheel_with_its_headers(core_wheel: Path, repository: Path) -> None:
    assert core_wheel.name.endswith("-py3-none-any.whl")
    source = repository / "packages/mindspore-core/src"
    headers = {p.relative_to(source).as_posix() for p in (source / "mindspore/include").rglob("*") if p.is_file()}
    assert headers
    templates = {p.relative_to(source.relative_to(repository)).as_posix()
                 for p in (path.relative_to(repository) for path in (repository / TEMPLATES).rglob("*.in"))}
    assert templates
    assert headers | templates | {"mindspore/py.typed", "mindspore/_version.py",
                                  "mindspore/testing/interface_names.txt"} <= members(core_wheel)
    assert not [name for name in members(core_wheel) if re.search(r"\.(so|pyc|o)$|^tests/", name)]


def test_cpu_carries_one_onednn_with_its_licences(cpu_wheel: Path) -> None:
    names = members(cpu_wheel)
    assert [name for name in names if "dnnl" in name and ".so" in name] == ["mindspore_cpu/lib/libdnnl.so.3"]
    assert {f"mindspore_cpu/lib/onednn-{text}.txt" for text in ("LICENSE", "THIRD-PARTY-PROGRAMS")} <= names
    assert len([name for name in names if name.startswith("mindspore_cpu/_ext.")]) == 1
    assert not [name for name in names if "gomp" in name], "libgomp is the system's"
    assert not [name for name in names if re.search(r"\.(pyc|o|cpp|h)$|^tests/", name)]


def test_the_process_has_one_onednn_and_one_openmp() -> None:
    """The installed extension loads oneDNN from its own package, and nothing brings a second OpenMP run-time."""
    code = "import mindspore_cpu._ext as e; print(e.__file__); print(open('/proc/self/maps').read())"
    module, _, maps = subprocess.check_output([sys.executable, "-c", code], text=True).partition("\n")
    loaded = {line.split(maxsplit=5)[5] for line in maps.splitlines() if ".so" in line}
    assert {path for path in loaded if "dnnl" in path} == {str(Path(module).resolve().parent / "lib/libdnnl.so.3")}
    assert len({path for path in loaded if re.search(r"lib([gi]omp|omp|iomp5)\b", path)}) == 1


def test_the_build_does_not_choose_the_instruction_set_of_its_own_machine(repository: Path) -> None:
    """A wheel is carried to other machines: only functions chosen at run time may be compiled for more than x86-64."""
    project = repository / "packages/mindspore-cpu"
    for name in ("CMakeLists.txt", "pyproject.toml", "build_backend/mindspore_cpu_build.py"):
        assert not re.search(r"-m(arch|tune|cpu|avx|fma|sse)", (project / name).read_text()), name


def test_the_installed_packages_are_the_wheels(core_wheel: Path, cpu_wheel: Path) -> None:
    for name, wheel in (("mindspore-core", core_wheel), ("mindspore-cpu", cpu_wheel)):
        installed = importlib.metadata.distribution(name)
        assert wheel.name.split("-")[1] == installed.version
        assert Path(str(installed.locate_file(""))).is_relative_to(sys.prefix)
    groups = importlib.metadata.entry_points(group="mindspore.plugins")
    assert {"reference", "cpu"} <= {entry.name for entry in groups}


def closure(name: str, seen: set[str]) -> set[str]:
    """Return `name` and the names of all that it requires to run."""
    if name not in seen:
        seen.add(name)
        for requirement in map(Requirement, importlib.metadata.requires(name) or ()):
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                closure(canonicalize_name(requirement.name), seen)
    return seen


def test_installed_size() -> None:
    sizes = {}
    for name in closure("mindspore-cpu", set()):
        files = importlib.metadata.files(name)
        sizes[name] = sum(path.stat().st_size for f in files if (path := Path(str(f.locate()))).is_file()) / 1e6
    total = sum(sizes.values())
    print("\n".join(f"{name} {size:.1f} MB" for name, size in sorted(sizes.items())), f"\ntotal {total:.0f} MB")
    assert {"mindspore-core", "mindspore-cpu", "numpy", "llvmlite"} <= sizes.keys()
    assert total <= INSTALLED_LIMIT_MB


def test_every_package_needs_and_is_tested_with_core_alone(repository: Path) -> None:
    """So that the tests of the others stay green where a package is deleted."""
    environments = configparser.ConfigParser(interpolation=None)
    environments.read(repository / "tox.ini")
    for folder in (repository / "packages").iterdir():
        package = folder.name.removeprefix("mindspore-")
        ours = {n for n in map(str, importlib.metadata.requires(folder.name) or ()) if n.startswith("mindspore-")}
        sisters = {Requirement(name).name for name in ours} - {folder.name}
        assert sisters <= {"mindspore-core"}, folder.name
        (installed,) = re.findall(r"\{\[run\]wheels\} (.*)", environments[f"testenv:{package}"]["commands_pre"])
        assert {name.partition("[")[0] for name in installed.split()} == {"core", package}


def test_all_packages_have_one_version(repository: Path) -> None:
    import mindspore
    versions = {name: importlib.metadata.version(f"mindspore-{name}") for name in PACKAGES}
    assert set(versions.values()) == {mindspore.__version__}
    assert re.fullmatch(r"2\.10\.\d+", mindspore.__version__)
    for name in set(PACKAGES) - {"core"}:
        (pin,) = (r for r in map(Requirement, importlib.metadata.requires(f"mindspore-{name}") or ())
                  if r.name == "mindspore-core" and r.marker is None)
        assert str(pin.specifier) == f"~={mindspore.__version__.rpartition('.')[0]}.0"


def test_what_is_installed_fits_together() -> None:
    done = subprocess.run([sys.executable, "-m", "pip", "--disable-pip-version-check", "check"], capture_output=True,
                          text=True)
    assert done.returncode == 0, done.stdout


def test_wheels_can_be_uploaded(core_wheel: Path, cpu_wheel: Path) -> None:
    """An index takes the metadata, and shows a page of each package's own."""
    for wheel in (core_wheel, cpu_wheel):
        done = subprocess.run([sys.executable, "-m", "twine", "check", "--strict", str(wheel)], capture_output=True,
                              text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        import_name = "mindspore" if wheel is core_wheel else "mindspore_cpu"
        names = members(wheel)
        assert f"{import_name}/py.typed" in names
        assert [name for name in names if re.search(r"\.dist-info/licenses/LICENSE$", name)]
        with zipfile.ZipFile(wheel) as archive:
            (metadata,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
        assert f"# {wheel.name.split('-')[0].replace('_', '-')}" in metadata


def test_core_runs_from_an_editable_installation(
    clone: Path, tmp_path: Path, shell: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """Beside the libraries of this environment; an edit of the source is seen without another installation."""
    shell(f'"{sys.executable}" -m venv fresh', tmp_path)
    python, project = tmp_path / "fresh/bin/python", clone / "packages/mindspore-core"
    libraries = Path(str(importlib.metadata.distribution("numpy").locate_file("")))
    shell(f'"{python}" -m pip install -q --no-deps -e "{project}"', tmp_path)
    for name in ("numpy", "numpy.libs", "pluggy", "ml_dtypes", "PIL", "pillow.libs", "google", "tqdm"):
        (tmp_path / "libraries").mkdir(exist_ok=True)
        if (libraries / name).exists():
            (tmp_path / "libraries" / name).symlink_to(libraries / name)
    with open(project / "src/mindspore/_version.py", "a") as file:
        file.write("EDITED = 'seen'\n")
    run = "import mindspore as ms; print(ms._version.EDITED, ms.ops.add(ms.Tensor([1.0]), 1.0))"
    done = shell(f'PYTHONPATH=libraries "{python}" -c "{run}"', tmp_path)
    assert done.stdout.split() == ["seen", "[2.]"]
    shell(f'"{python}" -m pip uninstall -q -y mindspore-core', tmp_path)
    gone = subprocess.run([str(python), "-c", "import mindspore"], capture_output=True, text=True, cwd=tmp_path)
    assert "No module named 'mindspore'" in gone.stderr


def test_every_package_has_the_licence(repository: Path) -> None:
    text = (repository / "LICENSE").read_text()
    assert "Apache License" in text and "END OF TERMS AND CONDITIONS" in text
    for package in PACKAGES:
        assert (repository / f"packages/mindspore-{package}/LICENSE").read_text() == text
    assert (repository / TEMPLATES / "common/LICENSE.in").read_text() == text


def test_a_source_distribution_builds_where_core_is_no_neighbour(
    clone: Path, core_wheel: Path, tmp_path: Path, shell: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    """There the kit's headers come from the build requirement mindspore-core, here found in a local folder."""
    python, project = f'"{sys.executable}"', clone / "packages/mindspore-cpu"
    for built_in_place in ("src/mindspore_cpu/_ext.old.so", "src/mindspore_cpu/lib/libdnnl.so.3", "build/a.o"):
        (project / built_in_place).parent.mkdir(exist_ok=True)
        (project / built_in_place).write_text("")
    shell(f"{python} -m build --sdist -o ../sdist .", project)
    (made,) = (project / "../sdist").resolve().iterdir()
    with tarfile.open(made) as archive:
        names = [name.partition("/")[2] for name in archive.getnames()]
    assert {"CMakeLists.txt", "LICENSE", "csrc/ext.cpp", "src/mindspore_cpu/plugin.py"} <= set(names)
    assert not [name for name in names if re.search(r"\.so|\.pyc|\.o$|dist-info|^build/", name)]
    found = f'--find-links "{core_wheel.parent}" -C cmake.build-type=None'
    shell(f'{python} -m pip wheel --no-deps {found} -w out "{made}"', tmp_path)
    assert len(list((tmp_path / "out").glob("mindspore_cpu-*.whl"))) == 1
