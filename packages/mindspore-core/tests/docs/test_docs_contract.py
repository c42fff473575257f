"""The docstrings of the plugin contract: every part has one, and the examples in them run."""
from __future__ import annotations

import inspect
import re
import subprocess
import sys

import docs_files as docs

from mindspore import plugin
from mindspore.plugin import FullDevice, hookspecs

HOOKS = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "mindspore_spec")}
PARTS = {name: getattr(plugin, name) for name in plugin.__all__}
WITH_EXAMPLES = (*HOOKS, "Allocator", "Backend", "Device", "Executable", "Failures", "FolderStore")
RUN = """
import doctest, inspect, sys
from mindspore import plugin
from mindspore.plugin import hookspecs
failed = 0
for name in sys.argv[1:]:
    text = inspect.getdoc(getattr(plugin, name, None) or getattr(hookspecs, name))
    test = doctest.DocTestParser().get_doctest(text, {}, name, None, 0)
    assert test.examples, name
    failed += doctest.DocTestRunner(optionflags=doctest.IGNORE_EXCEPTION_DETAIL).run(test).failed
sys.exit(failed > 0)
"""


def test_the_examples_of_hooks_and_protocols_run():
    """In a process of its own, since one of them registers an operator."""
    done = subprocess.run([sys.executable, "-c", RUN, *WITH_EXAMPLES], env=docs.environment(), capture_output=True,
                          text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_method_of_the_contract_has_a_text():
    classes = [part for part in PARTS.values() if inspect.isclass(part)]
    missing = [f"{owner.__name__}.{name}" for owner in classes for name, method in vars(owner).items()
               if inspect.isfunction(method) and not name.startswith("_") and not inspect.getdoc(method)]
    assert classes and not missing


@docs.needs_docs
def test_optional_methods_are_those_of_the_full_device():
    text = (docs.DOCS / "writing-a-backend.md").read_text(encoding="utf-8")
    table = text.partition("Optional methods of a device")[2].partition("###")[0]
    described = {name: re.split(r",\s*", given) if given else []
                 for name, given in re.findall(r"^\| `(\w+)\((.*?)\)`", table, re.MULTILINE)}
    methods = {name: list(inspect.signature(method).parameters)[1:] for name, method in vars(FullDevice).items()
               if inspect.isfunction(method) and not name.startswith("_")}
    assert methods == described
