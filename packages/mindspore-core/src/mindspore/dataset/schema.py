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

    Attributes: columns, a list of dicts; dataset_type, a str; num_rows, how many rows there are, 0 for any number.

    Args:
        schema_file: path of a JSON file `{"columns": {name: {"type": "uint8", "shape": [28, 28]}, ...}}` or with a list
            of `{"name": ..., "type": ..., "shape": ...}`, and if wanted with "datasetType" and "numRows"; None for an
            empty schema.

    Raises:
        TypeError: `schema_file` is no path.
        ValueError: the file is no such JSON text.
        OSError: the file cannot be read.
    """

    def __init__(self, schema_file: str | os.PathLike | None = None):
        self.columns: list[dict] = []
        self.dataset_type = ""
        self.num_rows = 0
        if schema_file is None:
            return
        if not isinstance(schema_file, (str, os.PathLike)):
            raise TypeError(f"For 'Schema', 'schema_file' must be a path, but got {schema_file!r}.")
        self._load(schema_file)

    def _load(self, path) -> None:
        try:
            with open(path, encoding="utf-8") as file:
                self.from_json(json.load(file))
        except (ValueError, KeyError, TypeError, AttributeError, RuntimeError) as error:
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

    def parse_columns(self, columns: dict | list) -> None:
        """Takes the columns of a dict of names to `{"type": ..., "shape": ...}`, in the order of the names, or of a
        list of dicts with names, in its order.

        Raises:
            TypeError: it is neither.
            RuntimeError: a name or type is missing.
        """
        if isinstance(columns, dict):
            columns = [{"name": name, **column} for name, column in sorted(columns.items())]
        if not isinstance(columns, list):
            raise TypeError(f"For 'parse_columns', 'columns' must be a dict or a list, but got "
                            f"{type(columns).__name__}.")
        self.columns = []
        for column in columns:
            for key in ("name", "type"):
                if key not in column:
                    raise RuntimeError(f"For 'parse_columns', column {column!r} has no '{key}'.")
            self.add_column(column["name"], column["type"], column.get("shape"))

    def from_json(self, json_obj: dict) -> None:
        """Takes what the JSON text of a schema says.

        Args:
            json_obj: a dict with "columns", and "datasetType" and "numRows" if wanted.

        Raises:
            TypeError: it is no dict, or an entry is of a wrong type.
            RuntimeError: there are no columns, or a name or type is missing.
            ValueError: "numRows" is negative.
        """
        if not isinstance(json_obj, dict):
            raise TypeError(f"For 'from_json', 'json_obj' must be a dict, but got {type(json_obj).__name__}.")
        if "columns" not in json_obj:
            raise RuntimeError("For 'from_json', the schema has no 'columns'.")
        self.dataset_type = str(json_obj.get("datasetType", ""))
        self.num_rows = check_int(json_obj.get("numRows", 0), "numRows", "from_json", 0)
        self.parse_columns(json_obj["columns"])

    def names_and_types(self) -> tuple[tuple[str, ...], tuple[np.dtype, ...]]:
        """The columns' names and NumPy dtypes."""
        return (tuple(column["name"] for column in self.columns),
                tuple(_dtype(column["type"], "Schema") for column in self.columns))

    def to_json(self) -> str:
        """The schema as JSON text, which a file for `Schema(path)` may hold."""
        described: dict = {}
        if self.dataset_type:
            described["datasetType"] = self.dataset_type
        if self.num_rows:
            described["numRows"] = self.num_rows
        return json.dumps({**described, "columns": self.columns}, indent=2)
