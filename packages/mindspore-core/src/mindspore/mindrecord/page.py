"""MindPage: the rows of a MindRecord data set by category, a page of them at a time."""
from __future__ import annotations

import json
from typing import Any

from mindspore.mindrecord.exceptions import ParamTypeError, ParamValueError
from mindspore.mindrecord.reader import RecordFiles
from mindspore.mindrecord.writer import SUCCESS, Status

__all__ = ["MindPage"]


class MindPage:
    """Groups the rows of a data set by the values of one index field, the category.

    Args:
        file_name: the file or any shard of a data set; or a list of shards.
        num_consumer: checked only.

    Raises:
        ParamTypeError, ParamValueError: an argument is not allowed.
        MRMOpenError: a file is missing or damaged.
    """

    def __init__(self, file_name, num_consumer: int = 4):
        if not isinstance(num_consumer, int) or isinstance(num_consumer, bool) or num_consumer < 1:
            raise ParamValueError(f"For 'MindPage', 'num_consumer' must be an int of at least 1, but got "
                                  f"{num_consumer!r}.")
        self._files = RecordFiles(file_name)
        self._field: str | None = None
        self._rows: dict[Any, list[int]] = {}

    @property
    def candidate_fields(self) -> list[str]:
        """The fields that can be the category: those with an index."""
        return list(self._files.index)

    def get_category_fields(self) -> list[str]:
        """The fields that can be the category."""
        return self.candidate_fields

    @property
    def category_field(self) -> str | None:
        """The field that is the category; None before it is set."""
        return self._field

    @category_field.setter
    def category_field(self, name: str) -> None:
        self.set_category_field(name)

    def set_category_field(self, category_field: str) -> Status:
        """Choose the category.

        Raises:
            ParamValueError: it is no field with an index.
        """
        if category_field not in self._files.index:
            raise ParamValueError(f"For 'MindPage', 'category_field' must be one of {self._files.index}, but got "
                                  f"{category_field!r}.")
        self._field = category_field
        self._rows = {}
        for index in range(len(self._files)):
            value = self._files.row(index, frozenset([category_field]))[category_field]
            self._rows.setdefault(value, []).append(index)
        self._rows = dict(sorted(self._rows.items()))
        return SUCCESS

    def read_category_info(self) -> str:
        """The categories as JSON: {"key": field, "categories": [{"count": rows, "id": number, "name": value}, ...]}.

        Raises:
            ParamValueError: no category is set.
        """
        self._check_category()
        return json.dumps({"key": self._field, "categories": [
            {"count": len(rows), "id": k, "name": str(value)} for k, (value, rows) in enumerate(self._rows.items())]})

    def _check_category(self) -> None:
        if self._field is None:
            raise ParamValueError("For 'MindPage', no category is set. Set category_field first.")

    def read_at_page_by_id(self, category_id: int, page: int, num_row: int) -> list[dict]:
        """The rows of a page of a category.

        Args:
            category_id: number of the category, from 0.
            page: number of the page, from 0.
            num_row: rows in a page, at least 1.

        Raises:
            ParamTypeError, ParamValueError: an argument is not allowed.
        """
        self._check_category()
        for name, value, least in (("category_id", category_id, 0), ("page", page, 0), ("num_row", num_row, 1)):
            if not isinstance(value, int) or isinstance(value, bool):
                raise ParamTypeError(f"For 'MindPage', '{name}' must be an int, but got {type(value).__name__}.")
            if value < least:
                raise ParamValueError(f"For 'MindPage', '{name}' must be at least {least}, but got {value}.")
        if category_id >= len(self._rows):
            raise ParamValueError(f"For 'MindPage', 'category_id' must be less than {len(self._rows)}, but got "
                                  f"{category_id}.")
        chosen = list(self._rows.values())[category_id][page * num_row:(page + 1) * num_row]
        wanted = frozenset(self._files.schema.fields)
        return [self._files.row(index, wanted) for index in chosen]

    def read_at_page_by_name(self, category_name: str, page: int, num_row: int) -> list[dict]:
        """The rows of a page of the category whose value, as text, is `category_name`; see `read_at_page_by_id`."""
        self._check_category()
        names = [str(value) for value in self._rows]
        if category_name not in names:
            raise ParamValueError(f"For 'MindPage', there is no category {category_name!r}.")
        return self.read_at_page_by_id(names.index(category_name), page, num_row)
