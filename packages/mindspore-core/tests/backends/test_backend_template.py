"""`python -m mindspore new-backend`: what it writes, what it refuses, and that the Python kind passes its own tests.

tests/test_new_backend.py of the repository installs both kinds.
"""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mindspore.__main__ import main
from mindspore.plugin import PLUGIN_API_VERSION, new_backend
from mindspore.plugin.new_backend import NewBackendError, create
from mindspore.testing import conformance
from mindspore.testing.conformance import requirements

COMMON = {".github/workflows/test.yml", ".gitignore", "LICENSE", "README.md", "pyproject.toml", "tox.ini",
          *(f"src/mindspore_acme/{name}.py" for name in ("__init__", "_version", "plugin", "backend", "device",
                                                         "memory", "kernels")),
          *(f"tests/{name}" for name in ("conftest.py", "requirements.toml", "expected_failures.txt", "test_backend.py",
                                         "test_conformance.py", "test_lenet.py", "test_requirements.py"))}
COMPILED = {"CMakeLists.txt", *(f"csrc/{name}" for name in ("kernel.h", "elementwise.cpp", "dense.cpp", "windows.cpp",
                                                            "ext.cpp"))}


@pytest.mark.parametrize(("kind", "expected"), [("python", COMMON), ("cpp", COMMON | COMPILED)])
def test_a_repository_is_complete_and_speaks_of_the_backend_alone(tmp_path, kind, expected):
    folder, *files = create("acme", kind, tmp_path / "place")
    assert {path.relative_to(folder).as_posix() for path in files} == expected
    assert sorted(p for p in folder.rglob("*") if p.is_file()) == sorted(files)
    for path in files:
        text = path.read_text(encoding="utf-8")
        assert text and not re.search(r"(?<!\$)\{\{|_package_", text), path
        if path.suffix == ".py":
            compile(text, str(path), "exec")
    project = requirements._toml((folder / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["name"] == "mindspore-acme"
    assert project["project"]["entry-points"]["mindspore.plugins"] == {"acme": "mindspore_acme.plugin"}
    assert f"mindspore_plugin_api = {PLUGIN_API_VERSION}\n" in (folder / "src/mindspore_acme/plugin.py").read_text()
    assert 10 <= len(requirements.load(str(folder / "tests/requirements.toml"))["acme"].kernels) <= 15


@pytest.mark.parametrize("kind", new_backend.KINDS)
def test_all_templates_are_used_and_all_fields(kind):
    templates = [p for top in ("common", kind) for p in (new_backend.TEMPLATES / top).rglob("*") if p.is_file()]
    assert len(templates) == len(new_backend.render("acme", kind)) and {p.suffix for p in templates} == {".in"}
    used = {key for p in templates for key in re.findall(r"\{\{(\w+)\}\}", p.read_text(encoding="utf-8"))}
    assert used == set(new_backend.fields("acme", kind))


def test_what_is_chosen_of_the_conformance_suite_is_there():
    text = new_backend.render("acme", "python")["tests/test_conformance.py"]
    chosen = set(re.findall(r"\btest_\w+", re.search(r"chosen = (.*?)\n    done", text, re.DOTALL)[1]))
    suite = {path.stem: path.read_text(encoding="utf-8")
             for path in Path(conformance.__file__).parent.glob("test_*.py")}
    functions = set(re.findall(r"^def (test_\w+)", "\n".join(suite.values()), re.MULTILINE))
    assert len(chosen) == 5 and chosen <= set(suite) | functions


@pytest.mark.parametrize(("name", "says"), [
    ("", "is no name of a backend"), ("3d", "begins with a letter; 'd' would do"), ("my-chip", "'mychip' would do"),
    ("My_Chip", "'mychip' would do"), ("mindspore-acme", "'acme' would do"), ("a b", "'ab' would do"),
    ("../up", "'up' would do"), ("acme\n", "'acme' would do"), ("größe", "'gre' would do"), ("--", "is no name"),
    ("reference", "is taken: .*'reference' is installed"), ("core", "the package mindspore-core is installed"),
    ("cpu", "'cpu' is taken"),
])
def test_a_bad_or_taken_name_is_refused_and_nothing_is_written(tmp_path, monkeypatch, name, says):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NewBackendError, match=says):
        create(name)
    assert not list(tmp_path.iterdir())


def test_an_unknown_kind_is_refused(tmp_path):
    with pytest.raises(NewBackendError, match="no kind 'rust' of backend; expected python or cpp"):
        create("acme", "rust", tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_what_is_there_is_left_alone_and_an_empty_folder_is_taken(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for place in ("full", "file"):
        with pytest.raises(NewBackendError, match=f"{place} exists and is no empty folder; name another"):
            create("acme", directory=tmp_path / place)
    with pytest.raises(NewBackendError, match="cannot be written"):
        create("acme", directory=tmp_path / "file" / "below")
    assert sorted(p.name for p in tmp_path.rglob("*")) == ["file", "full", "mine.txt"]
    (tmp_path / "empty").mkdir()
    assert create("acme", directory=tmp_path / "empty")[0] == tmp_path / "empty"
    assert (create("acme", directory=tmp_path / "some" / "where")[0] / "README.md").is_file()


def test_a_failure_half_way_leaves_nothing(tmp_path, monkeypatch):
    write, left = Path.write_text, [3]

    def fail_later(self, *args, **kwargs):
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device")
        return write(self, *args, **kwargs)
    monkeypatch.setattr(Path, "write_text", fail_later)
    with pytest.raises(NewBackendError, match="cannot be written: .*No space left"):
        create("acme", directory=tmp_path / "new")
    assert not list(tmp_path.iterdir())


def test_the_command_says_what_comes_next_and_what_is_wrong(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new-backend", "acme"]) == 0
    assert "cd mindspore-acme\n" in capsys.readouterr().out and (tmp_path / "mindspore-acme" / "LICENSE").is_file()
    assert main(["new-backend", "acme"]) == 2
    assert capsys.readouterr().err.startswith("new-backend: mindspore-acme exists and is no empty folder")


def test_the_python_kind_passes_its_own_tests(tmp_path):
    """As if installed: its sources and an entry point are on the path."""
    folder = create("acme", directory=tmp_path / "acme")[0]
    info = tmp_path / "site" / "mindspore_acme-0.1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: mindspore-acme\nVersion: 0.1.0\n")
    (info / "entry_points.txt").write_text("[mindspore.plugins]\nacme = mindspore_acme.plugin\n")
    path = os.pathsep.join([str(folder / "src"), str(info.parent), *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"], cwd=folder,
                          env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert int(re.search(r"(\d+) passed", done.stdout)[1]) >= 14 and "skipped" not in done.stdout
