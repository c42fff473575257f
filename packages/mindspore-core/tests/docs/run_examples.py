"""Run the examples of one page in a process of their own, on the reference backend.

    python run_examples.py FOLDER < blocks.json > results.json

Standard input is a list of sources. They run in order in one namespace, in FOLDER, each from a file of its own (so that
graph mode can read their source and errors show their lines). Standard output is a list of [printed text, traceback or
null], which ends with the first block that failed.
"""
from __future__ import annotations

import contextlib
import io
import json
import os
import re
import sys
import traceback
import warnings

from mindspore.runtime.device import use_backend


def main(folder: str) -> None:
    """Run what standard input holds."""
    os.chdir(folder)
    namespace: dict = {"__name__": "__main__"}
    results: list[tuple[str, str | None]] = []
    with use_backend("reference"), warnings.catch_warnings():
        warnings.simplefilter("error")
        for number, source in enumerate(json.load(sys.stdin), 1):
            results.append(_run(source, f"example_{number}.py", namespace))
            if results[-1][1] is not None:
                break
    json.dump(results, sys.stdout)


def _run(source: str, name: str, namespace: dict) -> tuple[str, str | None]:
    named = re.match(r"# (\w+\.py)\n", source)
    for file in (name, *(named.groups() if named else ())):
        with open(file, "w", encoding="utf-8") as out:
            out.write(source)
    printed = io.StringIO()
    try:
        with contextlib.redirect_stdout(printed):
            exec(compile(source, os.path.abspath(name), "exec"), namespace)
    except BaseException:
        return printed.getvalue(), traceback.format_exc()
    return printed.getvalue(), None


if __name__ == "__main__":
    main(sys.argv[1])
