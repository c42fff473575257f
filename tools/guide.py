#!/usr/bin/env python3
"""Follow the guide for authors of backends: `python tools/guide.py FOLDER`, where FOLDER is empty or does not exist.

The Python blocks of docs/writing-a-backend.md are written into the folder, one file each, and run in order in one
process, as a reader would type them. Those that make and register the page's first backend become a pytest plugin, with
which a part of the conformance suite runs on that backend. The exit status is 0 if all of it succeeds. It needs
mindspore-core[testing], installed, and nothing else of the repository.
"""
from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

PAGE = Path(__file__).resolve().parent.parent / "docs" / "writing-a-backend.md"
PLUGIN = "first_backend"
REGISTERS = "manager.register_plugin("
SUBSET = ("test_device_memory or "
          "test_ops and (add or mul or exp or sigmoid or tanh or softmax or matmul or reduce_sum)")


def blocks(page: Path) -> list[str]:
    """The Python blocks of a page, in order."""
    return re.findall(r"^```python\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


def write(folder: Path, found: list[str]) -> tuple[str, Path]:
    """Write the blocks as files and the script that runs them; the name of the first backend, and the script."""
    names = [f"block_{number:02}.py" for number in range(1, len(found) + 1)]
    for name, text in zip(names, found):
        (folder / name).write_text(text, encoding="utf-8")
        if named := re.match(r"# (\w+\.py)\n", text):
            (folder / named[1]).write_text(text, encoding="utf-8")
    first = next(k for k, text in enumerate(found) if REGISTERS in text)
    plugin = "".join(found[:first + 1])
    (folder / f"{PLUGIN}.py").write_text(plugin, encoding="utf-8")
    script = folder / "follow.py"
    script.write_text("names = {'__name__': '__main__'}\n"
                      f"for file in {names}:\n"
                      "    print(f'== {file}', flush=True)\n"
                      "    exec(compile(open(file).read(), file, 'exec'), names)\n")
    return re.search(rf'{re.escape(REGISTERS)}\w+, "(\w+)"', plugin)[1], script


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        sys.exit(f"guide: {folder} is not empty; name a folder that is empty or does not exist")
    found = blocks(PAGE)
    backend, script = write(folder, found)
    suite = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "--pyargs", "mindspore.testing.conformance",
             f"--ms-backend={backend}", "-k", SUBSET]
    for command in ([sys.executable, script.name], suite):
        status = subprocess.run(command, cwd=folder).returncode
        if status:
            print(f"guide: {' '.join(map(str, command))} failed with exit status {status}", file=sys.stderr)
            return status
    print(f"guide: {len(found)} blocks ran, and the suite's subset is green on {backend!r}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
