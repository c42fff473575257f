"""tools/wheels.py: an edited source is a new wheel, an unedited one is not built again."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType

import pytest

# A build back end without requirements, so that these tests need no index: it zips the package's folder.
BACKEND = '''
import pathlib, zipfile

def build_wheel(directory, config_settings=None, metadata_directory=None):
    name = "mindspore_toy-1.0-py3-none-any.whl"
    with open("builds.log", "a") as log:
        log.write("built\\n")
    info = "mindspore_toy-1.0.dist-info/"
    members = {path.relative_to("src").as_posix(): path.read_text() for path in pathlib.Path("src").rglob("*.py")}
    members[info + "METADATA"] = "Metadata-Version: 2.1\\nName: mindspore-toy\\nVersion: 1.0\\n"
    members[info + "WHEEL"] = "Wheel-Version: 1.0\\nGenerator: toy\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
    with zipfile.ZipFile(pathlib.Path(directory, name), "w") as wheel:
        for member, text in members.items():
            wheel.writestr(member, text)
        wheel.writestr(info + "RECORD", "".join(f"{member},,\\n" for member in [*members, info + "RECORD"]))
    return name
'''
PYPROJECT = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture
def toy(tmp_path: Path) -> Path:
    """The root of a repository with the one package mindspore-toy, whose VALUE is 1."""
    folder = tmp_path / "a root" / "packages" / "mindspore-toy"
    (folder / "src" / "mindspore_toy").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    set_value(tmp_path / "a root", 1)
    return tmp_path / "a root"


def set_value(root: Path, value: int) -> None:
    (root / "packages/mindspore-toy/src/mindspore_toy/__init__.py").write_text(f"VALUE = {value}\n")


def builds(root: Path) -> int:
    return (root / "packages/mindspore-toy/builds.log").read_text().count("built")


def packed_source(wheel: Path) -> str:
    with zipfile.ZipFile(wheel) as archive:
        return archive.read("mindspore_toy/__init__.py").decode()


def test_each_state_of_the_sources_is_built_once(wheels: ModuleType, toy: Path) -> None:
    first = wheels.build(toy, "toy")
    assert wheels.build(toy, "toy") == first
    assert builds(toy) == 1
    set_value(toy, 2)
    second = wheels.build(toy, "toy")
    assert second != first
    assert (packed_source(first), packed_source(second)) == ("VALUE = 1\n", "VALUE = 2\n")
    set_value(toy, 1)
    assert wheels.build(toy, "toy") == first
    assert builds(toy) == 2


def test_environments_side_by_side_share_one_build(wheels: ModuleType, toy: Path) -> None:
    code = f"import sys; sys.path.insert(0, {str(Path(wheels.__file__).parent)!r}); import wheels, pathlib; "
    code += f"print(wheels.build(pathlib.Path({str(toy)!r}), 'toy'))"
    with ThreadPoolExecutor(3) as pool:
        command = [sys.executable, "-c", code]
        paths = set(pool.map(lambda _: subprocess.check_output(command, text=True).splitlines()[-1], range(3)))
    assert len(paths) == 1
    assert builds(toy) == 1


def test_an_edited_source_is_seen_by_an_environment_that_holds_the_same_version(toy: Path, repository: Path) -> None:
    """The trap that the tool is there for: the version stays 1.0 throughout."""
    (toy / "tools").mkdir()
    (toy / "tools/wheels.py").write_text((repository / "tools/wheels.py").read_text())
    venv.create(toy / "env", with_pip=True)
    python = str(toy / "env/bin/python")
    for value in (1, 2, 1):
        set_value(toy, value)
        subprocess.run([python, str(toy / "tools/wheels.py"), "install", "toy"], check=True, cwd=toy)
        shown = subprocess.check_output([python, "-c", "import mindspore_toy as m; print(m.VALUE)"], cwd=toy, text=True)
        assert int(shown) == value


def test_hash_covers_what_a_build_reads_and_nothing_else(wheels: ModuleType, clone: Path) -> None:
    core, cpu = wheels.source_hash(clone, "core"), wheels.source_hash(clone, "cpu")
    ignored = ["src/mindspore_cpu/lib/libdnnl.so.3", "src/mindspore_cpu/_ext.x.so", "build/a.o", "tests/test_new.py"]
    for name in ignored:
        file = clone / "packages/mindspore-cpu" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    assert wheels.source_hash(clone, "cpu") == cpu
    (clone / "packages/mindspore-cpu/csrc/new.cpp").write_text("")
    edited = wheels.source_hash(clone, "cpu")
    assert edited != cpu
    (clone / "packages/mindspore-core/src/mindspore/include/mindspore/new.h").write_text("")
    assert wheels.source_hash(clone, "cpu") != edited, "the kit's headers are compiled into cpu's wheel"
    assert wheels.source_hash(clone, "core") != core


def test_an_unknown_package_is_refused_by_name(wheels: ModuleType, toy: Path) -> None:
    with pytest.raises(SystemExit, match="no package 'tpu'"):
        wheels.build(toy, "tpu")


def test_lowest_versions_are_the_bounds_of_all_packages(wheels: ModuleType, tmp_path: Path) -> None:
    required = {"core": '["numpy>=1.26", "pluggy>=1.5"]', "toy": '["mindspore-core~=1.0", "numpy>=2.0"]'}
    for name, requirements in required.items():
        folder = tmp_path / "packages" / f"mindspore-{name}"
        folder.mkdir(parents=True)
        (folder / "pyproject.toml").write_text(f"[project]\nname = 'mindspore-{name}'\ndependencies = {requirements}\n"
                                               "[project.optional-dependencies]\ntesting = ['pytest>=8']\n")
    assert wheels.lowest(tmp_path) == ["numpy==2.0", "pluggy==1.5", "pytest==8"]


def test_a_wheel_of_core_can_be_given(wheels: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = tmp_path / "mindspore_core-1.0-py3-none-any.whl"
    monkeypatch.setenv("CORE_WHEEL", str(given))
    with pytest.raises(SystemExit, match="which is no file"):
        wheels.build(tmp_path, "core")
    given.touch()
    assert wheels.build(tmp_path, "core") == given
