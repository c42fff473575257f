"""The names and signatures of MindSpore 2.10's dataset package: each is here, with equal parameters, or left out.

`names.json` holds what the real package's public modules list. `LEFT_OUT` says what is missing and why.
"""
from __future__ import annotations

import importlib
import inspect
import json
from pathlib import Path

import pytest

NAMES = json.loads((Path(__file__).parent / "names.json").read_text())

_ENGINE = "part of the real package's C++ pipeline and its serialised form"

LEFT_OUT = {
    "mindspore.dataset": {
        "OBSMindDataset": "reads a cloud provider's object storage",
        "sync_wait_for_dataset": "waits for a cloud provider's object storage"},
    "mindspore.dataset.transforms": {"Plugin": "loads a library of C++ operators of the real package"},
    "mindspore.dataset.audio": {},
    "mindspore.dataset.vision": {},
    "mindspore.dataset.text": {},
    "mindspore.dataset.Dataset": {
        **dict.fromkeys(["create_ir_tree", "iterator_bootstrap", "parse", "parse_tree", "post_parse", "pre_parse",
                         "pre_process", "copy_batch_size", "input_indexs"], _ENGINE),
        **dict.fromkeys(["recv", "send"], "rows are not sent between the processes of a group")},
}

# Parameters that differ on purpose.
OTHER_PARAMETERS = {
    "Vocab": "made by class methods only",
}


def found(module: str):
    if module == "mindspore.dataset.Dataset":
        return importlib.import_module("mindspore.dataset").Dataset
    return importlib.import_module(module)


def is_here(module: str, name: str) -> bool:
    return hasattr(found(module), name)


@pytest.mark.parametrize("module", NAMES)
def test_every_name_is_here_or_left_out_for_a_reason(module):
    missing = {name for name in NAMES[module] if not is_here(module, name)}
    assert missing == set(LEFT_OUT[module])


def parameters(text: str) -> list[str]:
    """The names of the parameters in the text of a signature."""
    depth, names, current = 0, [], ""
    text = text.replace("','", "comma")         # the one default that holds a comma
    for character in text.strip()[1:-1] + ",":
        depth += character in "([{<"
        depth -= character in ")]}>"
        if character == "," and not depth:
            names.append(current.split("=")[0].split(":")[0].strip())
            current = ""
        else:
            current += character
    return [name for name in names if name and name != "self"]


def own_parameters(thing) -> list[str]:
    listed = inspect.signature(thing).parameters.values()
    marks = {inspect.Parameter.VAR_POSITIONAL: "*", inspect.Parameter.VAR_KEYWORD: "**"}
    return [marks.get(p.kind, "") + p.name for p in listed if p.name != "self"]


PAIRS = [(module, name) for module, names in NAMES.items() for name, signature in names.items()
         if signature and name not in LEFT_OUT[module] and name not in OTHER_PARAMETERS]


@pytest.mark.parametrize("module, name", PAIRS)
def test_parameters_are_equal(module, name):
    assert own_parameters(getattr(found(module), name)) == parameters(NAMES[module][name])


def test_the_tables_name_nothing_unknown():
    for module, names in LEFT_OUT.items():
        assert set(names) <= set(NAMES[module])
