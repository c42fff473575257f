"""The page about the conformance suite lists its modules, its options and the properties of requirements."""
from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import docs_files

from mindspore.testing import conformance, plugin
from mindspore.testing.conformance.requirements import Requirements, documented


@docs_files.needs_docs
def test_the_page_lists_what_there_is():
    page = (docs_files.DOCS / "conformance.md").read_text(encoding="utf-8")
    listed = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", page, re.M))
    assert listed == {f.name: str(f.default) for f in fields(Requirements)}
    assert not [name for name, text in documented().items() if text not in page]
    modules = {path.name for path in Path(conformance.__file__).parent.glob("test_*.py")}
    assert set(re.findall(r"^\| `(test_\w+\.py)` \|", page, re.M)) == modules
    options = set(re.findall(r'"(--ms-[\w-]+)"', Path(plugin.__file__).read_text(encoding="utf-8")))
    assert set(re.findall(r"^\| `(--ms-[\w-]+)", page, re.M)) == options
