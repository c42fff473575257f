"""A schema: names, types and shapes of columns, also as a JSON file."""
from __future__ import annotations

import json
import os

import numpy as np

from ._check import check_dtype, check_int

__all__ = ["Schema"]


def _dtype(value, function: str) -> np.dtype:
    if not isinstance(value, str):
        return check_dtype(value, "de_type", function)
    try:
        return np.dtype({"bool_": "bool", "string": "str"}.get(value, value))
    except TypeError:
        raise TypeError(f"For '{function}', {value!r} names no type.") from None


class Schema:
    """Describes the columns of a dataset.

    Args:
        schema_file: path of a JSON file `{"columns": {name: {"type": "uint8", "shape": [28, 28]}, ...}}` or with a list
            of `{"name": ..., "type": ..., "shape": ...}`; None for an empty schema.

    Raises:
        ValueError: the file is no such JSON text.
        OSError: the file cannot be read.
    """

    def __init__(self, schema_file: str | os.PathLike | None = None):
        self.columns: list[dict] = []
        if schema_file is not None:
            self._load(schema_file)

    def _load(self, path) -> None:
        try:
            with open(path, encoding="utf-8") as file:
                described = json.load(file)["columns"]
            if isinstance(described, dict):
                described = [{"name": name, **column} for name, column in described.items()]
            for column in described:
                self.add_column(column["name"], column["type"], column.get("shape"))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"For 'Schema', file '{os.fspath(path)}' does not describe columns: {error!r}. It must be "
                             f"{{\"columns\": {{name: {{\"type\": ..., \"shape\": [...]}}}}}}.") from error

    def add_column(self, name: str, de_type, shape: list[int] | None = None) -> None:
        """Adds a column.

        Args:
            name: the column's name.
            de_type: a mindspore dtype, a NumPy dtype or the name of one.
            shape: dimensions, -1 for one that varies; None for any.

        Raises:
            TypeError: an argument is of a wrong type.
            ValueError: the name is empty or taken, or a dimension is less than -1.
        """
        if not isinstance(name, str):
            raise TypeError(f"For 'add_column', 'name' must be a str, but got {type(name).__name__}.")
        if not name or any(column["name"] == name for column in self.columns):
            raise ValueError(f"For 'add_column', 'name' must be new and not empty, but got {name!r}.")
        column: dict = {"name": name, "type": _dtype(de_type, "add_column").name}
        if shape is not None:
            column["shape"] = [check_int(d, "shape", "add_column", -1) for d in shape]
        self.columns.append(column)

    def names_and_types(self) -> tuple[tuple[str, ...], tuple[np.dtype, ...]]:
        """The columns' names and NumPy dtypes."""
        return (tuple(column["name"] for column in self.columns),
                tuple(_dtype(column["type"], "Schema") for column in self.columns))

    def to_json(self) -> str:
        """The schema as JSON text, which a file for `Schema(path)` may hold."""
        return json.dumps({"columns": self.columns}, indent=2)
