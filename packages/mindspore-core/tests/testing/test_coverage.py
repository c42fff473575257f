"""The command `coverage`: names of the interface that are present and tested."""
from __future__ import annotations

import ast
import json

import pytest

import mindspore as ms
from mindspore import nn, ops
from mindspore.__main__ import main
from mindspore.testing import coverage


def references(tmp_path, **files):
    for name, text in files.items():
        (tmp_path / f"{name}.py").write_text(text)
    return coverage.References(sorted(tmp_path.glob("*.py")))


def test_table_has_the_modules_and_central_classes():
    table = coverage.interface()
    assert {"mindspore", "mindspore.nn", "mindspore.ops", "class mindspore.Tensor"} <= table.keys()
    assert "relu" in table["mindspore.ops"] and "asnumpy" in table["class mindspore.Tensor"]
    assert all(list(names) == sorted(set(names)) for names in table.values())


def test_present_and_missing_names(monkeypatch):
    monkeypatch.setattr(coverage, "interface", lambda: {
        "mindspore.ops": ("relu", "no_such_operator"), "mindspore.no_such_module": ("name",),
        "class mindspore.Tensor": ("asnumpy", "no_such_method")})
    found = coverage.coverage(list(coverage.interface()), None)
    assert [(entry.present, entry.missing) for entry in found.values()] == [
        (["relu"], ["no_such_operator"]), ([], ["name"]), (["asnumpy"], ["no_such_method"])]
    assert all(entry.tested is None for entry in found.values())


@pytest.mark.parametrize("text, touched", [
    ("import mindspore as ms\nms.ops.relu(1)", "relu"),
    ("import mindspore.ops as F\nF.relu(1)", "relu"),
    ("from mindspore.ops import relu", "relu"),
    ("from mindspore.mint.nn import functional\nfunctional.relu(1)", "relu"),
    ("from mindspore import ops\ngetattr(ops, name)('relu abs')", "relu abs"),
    ("from mindspore import ops\ngetattr(ops, f're{name}')('lu abs')", "relu"),
    ("import mindspore as ms\no = ms.ops\no.relu(1)", "relu"),
    ("from product import ops\nops.relu(1)", "relu"),
    ("from mindspore import ops\n'relu abs'", ""),
    ("from mindspore import ops\ngetattr(ops, name)\n'the relu of ops.'\ndef f():\n    'relu'", ""),
    ("import ops\nops.relu(1)", ""),
], ids=["through the package", "module", "name", "same object", "looked up", "looked up in part",
        "module by another name", "table of programs", "string alone",
        "prose", "other package"])
def test_what_a_test_touches(tmp_path, text, touched):
    found = references(tmp_path, test_it=text)
    names = [name for name in ("relu", "abs", "exp") if found.touch("mindspore.ops", name, getattr(ops, name))]
    same = ms.mint.nn.functional.relu is ops.relu
    assert names == (touched.split() if same or "functional" not in text else [])


def test_attributes_touch_members_and_no_functions(tmp_path):
    found = references(tmp_path, test_it="def test(x):\n    assert x.exp().asnumpy()")
    assert found.touch("class mindspore.Tensor", "exp", ms.Tensor.exp)
    assert not found.touch("class mindspore.Tensor", "abs", ms.Tensor.abs)
    found = references(tmp_path, test_it="def test(x):\n    getattr(x, name)('abs')")
    assert found.touch("class mindspore.Tensor", "abs", ms.Tensor.abs)
    assert not found.touch("mindspore.ops", "exp", ops.exp)


def test_numbers_are_not_the_same_object(tmp_path):
    found = references(tmp_path, test_it="import mindspore as ms\nms.GRAPH_MODE")
    assert not found.touch("mindspore", "STRICT", ms.STRICT) and found.touch("mindspore", "GRAPH_MODE", 0)


@pytest.fixture
def few(monkeypatch, tmp_path):
    """A small interface and one test file."""
    (tmp_path / "test_it.py").write_text("from mindspore import nn\nnn.Dense(2, 3)")
    monkeypatch.setattr(coverage, "interface", lambda: {"mindspore.nn": ("Dense", "NoSuch", "ReLU"),
                                                        "class mindspore.Tensor": ("abs",)})
    monkeypatch.setattr(coverage, "source_tests", lambda: [tmp_path / "test_it.py"])


def test_command_prints_counts(few, capsys):
    assert main(["coverage"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows == [["names", "present", "tested"], ["mindspore.nn", "3", "2", "1"],
                    ["class", "mindspore.Tensor", "1", "1", "0"], ["all", "4", "3", "1"]]


def test_command_lists_the_names_of_a_module(few, capsys):
    assert main(["coverage", "mindspore.nn"]) == 0
    assert capsys.readouterr().out.splitlines()[2:] == ["    missing: NoSuch", "    not tested: ReLU"]


def test_command_prints_json(few, capsys):
    assert main(["coverage", "--json", "mindspore.nn"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "mindspore.nn": {"present": ["Dense", "ReLU"], "tested": ["Dense"], "missing": ["NoSuch"]}}


def test_outside_of_a_source_tree_nothing_is_said_of_tests(few, capsys, monkeypatch):
    monkeypatch.setattr(coverage, "source_tests", lambda: [])
    assert main(["coverage"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["mindspore.nn", "3", "2"]


def test_command_refuses_what_the_interface_does_not_have(few, capsys):
    assert main(["coverage", "mindspore.mm"]) == 2
    assert capsys.readouterr().err.startswith(
        "coverage: the interface has no module or class 'mindspore.mm'; did you mean mindspore.nn")


def test_every_name_of_a_test_file_is_read():
    tree = ast.parse("from mindspore import nn\nnn.Dense")
    assert coverage._dotted(tree.body[1].value, {"nn": "mindspore.nn"}) == "mindspore.nn.Dense"
    assert nn.Dense is coverage.resolve("mindspore.nn.Dense")
