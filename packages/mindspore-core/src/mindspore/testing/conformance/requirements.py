"""What a backend claims beyond what its device says by itself, as data that tests read and documents list.

A file of requirements is TOML with one table for each backend, or a Python literal of the same form (`.py`): a dict of
dicts. Every property may be left out.

    [tiny]
    large_bytes = 1048576
"""
from __future__ import annotations

import ast
import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

CHOICES = {"fork": ("child", "parent", "none"), "members": ("processes", "threads")}


def _claim(default: Any, text: str) -> Any:
    return field(default=default, metadata={"text": text})


@dataclass(frozen=True)
class Requirements:
    """The properties of one backend; each field's text says what the suite does with it."""

    dtypes: tuple[str, ...] = _claim((), "element types that the device must claim; fewer fail the run")
    kernels: tuple[str, ...] = _claim((), "primitives that must have an entry in the kernel table")
    capabilities: tuple[str, ...] = _claim((), "switches of `Capabilities` that must be on, such as `host_memory`")
    import_seconds: float = _claim(0.25, "processor seconds that importing the plugin's module may take")
    large_bytes: int = _claim(1 << 24, "size of the largest block that is allocated and copied")
    impossible_bytes: int = _claim(1 << 50, "a size for which the device never has room; 0: requests are not refused")
    alignment: int = _claim(64, "alignment of buffers in bytes, checked where the host sees their memory")
    host_fallback: bool = _claim(True, "whether launches may fall back to the host; false: those that do fail")
    threads: int = _claim(4, "how many threads may use the device at once; 1: those tests are skipped")
    fork: str = _claim("parent", "`child`: both processes go on with the device after a fork; `parent`: only the "
                                 "parent does; `none`: nobody may fork")
    group_sizes: tuple[int, ...] = _claim((2, 3), "how many members the groups have in which communicators are tested: "
                                                  "a small number and a larger one")
    members: str = _claim("processes", "what the members of such a group are: `processes`, or `threads` with a device "
                                       "each")
    loss_rtol: float = _claim(1e-3, "how far losses of training may be from the reference backend's, relatively")


def documented() -> dict[str, str]:
    """The text of each property."""
    return {f.name: f.metadata["text"] for f in fields(Requirements)}


def parse(backend: str, table: Mapping[str, Any]) -> Requirements:
    """The requirements of one table. ValueError for an unknown property, TypeError for a value of another type."""
    known = {f.name: f for f in fields(Requirements)}
    values: dict[str, Any] = {}
    for name, value in table.items():
        if name not in known:
            raise ValueError(f"requirements of {backend!r}: there is no property {name!r}, expected one of "
                             f"{', '.join(known)}")
        default: Any = known[name].default
        expected = (list, tuple) if isinstance(default, tuple) else (float, int) if isinstance(default, float) \
            else type(default)
        if not isinstance(value, expected) or isinstance(value, bool) != isinstance(default, bool):
            raise TypeError(f"requirements of {backend!r}: {name} is {value!r}, expected a value like {default!r}")
        values[name] = tuple(value) if isinstance(value, list) else value
    for name, choices in CHOICES.items():
        if name in values and values[name] not in choices:
            raise ValueError(f"requirements of {backend!r}: {name} is {values[name]!r}, expected one of "
                             f"{', '.join(choices)}")
    return Requirements(**values)


def load(path: str) -> dict[str, Requirements]:
    """The requirements of each backend in a file. ValueError and TypeError name the file's fault."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    tables = ast.literal_eval(text) if path.endswith(".py") else _toml(text)
    if not isinstance(tables, dict) or not all(isinstance(t, dict) for t in tables.values()):
        raise TypeError(f"{path}: expected one table of properties for each backend")
    return {name: parse(name, table) for name, table in tables.items()}


def _toml(text: str) -> dict[str, Any]:
    # Python 3.10 has no tomllib; pytest brings tomli there
    return importlib.import_module("tomllib" if sys.version_info >= (3, 11) else "tomli").loads(text)
