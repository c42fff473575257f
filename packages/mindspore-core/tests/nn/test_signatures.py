"""Every layer, loss, metric, optimizer, schedule and function that `signatures.txt` lists exists with these arguments.

A line has a module, a name, the arguments, and for layers behind a colon those of a call. Names, order and defaults
must agree; more arguments with defaults may follow as keywords only. `(*args, **kwargs)` in the list says nothing.
"""
from __future__ import annotations

import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest

LINES = Path(__file__).with_name("signatures.txt").read_text().splitlines()
OTHER_CALLS = {"Optimizer", "Adadelta", "Adagrad", "LossBase"}  # their callers pass what they take by position


def shown(function, drop: int) -> str:
    """The arguments as the list writes them, without the first `drop` and without what may follow."""
    parameters = list(inspect.signature(function).parameters.values())[drop:]
    kept = [p.replace(annotation=p.empty) for p in parameters]
    return str(inspect.Signature(kept))


def agrees(listed: str, function, drop: int) -> bool:
    if listed == "(*args, **kwargs)":
        return True
    parameters = list(inspect.signature(function).parameters.values())[drop:]
    variants = [parameters, [p for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD)],
                [p for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]]
    texts = [str(inspect.Signature([p.replace(annotation=p.empty) for p in v])) for v in variants]
    return listed.replace(" ", "") in [text.replace(" ", "") for text in texts]


@pytest.mark.parametrize("line", LINES, ids=lambda line: " ".join(line.split(" ", 2)[:2]))
def test_arguments(line):
    module, name, rest = line.split(" ", 2)
    found = getattr(importlib.import_module(module), name, None)
    assert found is not None, f"{module} has no {name}"
    listed, _, call = rest.partition(" : ")
    is_class = inspect.isclass(found)
    plain = listed in ("()", "(auto_prefix=True, flags=None)")
    assert plain or agrees(listed, found.__init__ if is_class else found, int(is_class)), \
        shown(found.__init__ if is_class else found, int(is_class))
    if plain and is_class and not inspect.isabstract(found):
        found()
    if call and is_class and name not in OTHER_CALLS:
        assert agrees(call, found.construct, 1), shown(found.construct, 1)


def test_no_name_is_offered_twice():
    """Each layer and each class of operators is written in one file."""
    from mindspore.nn import layer
    from mindspore.ops import operations
    modules = [importlib.import_module(f"{layer.__name__}.{m.name}") for m in pkgutil.iter_modules(layer.__path__)]
    offered = [n for m in modules for n in m.__all__ if not n.startswith("_")]
    assert sorted(offered) == sorted(set(offered))
    assert sorted(operations.__all__) == sorted(set(operations.__all__))
