"""Manners of the package: another distribution of its name, and names that have successors."""
from __future__ import annotations

import subprocess
import sys
import warnings

import pytest

import mindspore as ms
from mindspore import _distribution, deprecation, nn
from mindspore.ops import operations as P


@pytest.mark.parametrize("folder", ["mindspore-2.3.1.dist-info", "mindspore-2.10.0rc1-py3.11.egg-info"])
def test_another_distribution_of_the_name_is_refused(tmp_path, monkeypatch, folder):
    (tmp_path / folder).mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(ImportError, match=f"'mindspore' {folder.split('-')[1].removesuffix('.dist')}.*both installed"):
        _distribution.refuse_others()
    done = subprocess.run([sys.executable, "-c", f"import sys; sys.path.append({str(tmp_path)!r}); import mindspore"],
                          capture_output=True, text=True)
    assert done.returncode and "pip uninstall -y mindspore mindspore-core" in done.stderr


def test_the_packages_of_this_family_are_not(tmp_path, monkeypatch):
    for folder in ("mindspore_core-2.10.0.dist-info", "mindspore_gpu-2.10.0.dist-info", "mindsporex-1.0.dist-info"):
        (tmp_path / folder).mkdir()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.syspath_prepend(str(tmp_path / "missing"))
    _distribution.refuse_others()


@pytest.fixture
def said(monkeypatch):
    """The warnings of a test, in which no name has been used before."""
    monkeypatch.setattr(deprecation, "_warned", set())
    with warnings.catch_warnings(record=True) as found:
        warnings.simplefilter("always")
        yield found


@pytest.mark.parametrize("use, text", [
    (P.TensorAdd, "ops.TensorAdd is deprecated; use ops.Add"), (lambda: P.Pack(1), "ops.Pack is deprecated; use"),
    (nn.MatMul, "nn.MatMul is deprecated; use ops.matmul"), (lambda: nn.Range(1, 5), "use ops.range"),
    (lambda: ms.ms_function(lambda x: x), "ms_function is deprecated; use jit"),
    (lambda: ms.ms_class(int), "ms_class is deprecated; use jit_class"),
])
def test_a_name_with_a_successor_warns_once_at_the_line_that_uses_it(said, use, text):
    use(), use()
    (warning,) = said
    assert text in str(warning.message) and warning.category is DeprecationWarning
    assert warning.filename == __file__


def test_a_module_with_a_successor_warns_when_it_is_imported():
    code = "import mindspore.dataset.vision.c_transforms as c; import mindspore.dataset.vision.c_transforms; c"
    done = subprocess.run([sys.executable, "-W", "always", "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr.count("DeprecationWarning: mindspore.dataset.vision.c_transforms is deprecated; use") == 1
    assert done.stderr.startswith("<string>:1:")


def test_users_classes_of_these_names_and_successors_do_not_warn(said):
    class MatMul(nn.Cell):
        """A layer of the program's own."""

    MatMul(), P.Add(), nn.Dense(1, 1), ms.jit(lambda x: x)
    assert not said


def test_successors_exist():
    for successor in (*deprecation.OPERATORS.values(), *deprecation.LAYERS.values()):
        module, name = successor.split()[0].split(".")
        assert hasattr(getattr(ms, module), name), successor
