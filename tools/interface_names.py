#!/usr/bin/env python3
"""Write the table of names that `python -m mindspore coverage` compares the package with.

    python tools/interface_names.py FACTS.json

FACTS is a JSON file made by inspecting an installation of MindSpore: `{"version": ..., "modules": {module: {"names":
{name: ...}}}, "classes": {path: {"members": {name: ...}}}}`. The table keeps names alone. A class stands under the
public module that lists it, with the members that begin with no underscore and that it does not inherit from another
class of the table; what lists nothing has no section.
"""
from __future__ import annotations

import argparse
import json
import textwrap
from pathlib import Path

TABLE = (Path(__file__).resolve().parent.parent / "packages" / "mindspore-core" / "src" / "mindspore" / "testing" /
         "interface_names.txt")
HEADER = """\
# Names of MindSpore {version}'s interface: [module] or [class module.Class], then its names in order.
# Written by tools/interface_names.py; read by mindspore.testing.coverage.
"""


def public_path(path: str, modules: dict) -> str:
    """The shortest path under which a module lists the class that is defined at `path`."""
    name = path.rpartition(".")[2]
    listing = [m for m, known in modules.items() if name in known.get("names", {})]
    package = path.split(".")[1]
    near = [m for m in listing if m.split(".")[1:2] == [package]] or listing
    return f"{min(near, key=lambda m: (len(m), m))}.{name}" if near else path


def table(facts: dict) -> str:
    """The text of the table."""
    modules = facts["modules"]
    sections = {module: sorted(known["names"]) for module, known in modules.items() if known.get("names")}
    for path, known in facts["classes"].items():
        others = {other.rpartition(".")[2] for other in facts["classes"]} - {path.rpartition(".")[2]}
        members = sorted(name for name, member in known["members"].items()
                         if not name.startswith("_") and member.get("defined_on") not in others)
        if members:
            sections[f"class {public_path(path, modules)}"] = members
    text = HEADER.format(version=facts["version"])
    for title in sorted(sections, key=lambda title: (title.startswith("class "), title)):
        text += f"[{title}]\n" + "\n".join(textwrap.wrap(" ".join(sections[title]), 118)) + "\n"
    return text


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("facts", type=Path, metavar="FACTS", help="JSON file with the names of an installation")
    facts = json.loads(parser.parse_args().facts.read_text(encoding="utf-8"))
    TABLE.write_text(table(facts), encoding="utf-8")


if __name__ == "__main__":
    main()
