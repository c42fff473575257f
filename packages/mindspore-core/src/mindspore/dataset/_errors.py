"""Errors of a running pipeline, as its consumer gets them.

MindSpore raises a RuntimeError for whatever goes wrong while rows are made. Here such an error is a RuntimeError too,
and at the same time of the type that was raised, so that a program may catch either. Its text is that of the error,
followed by the line of the user's code that raised it.
"""
from __future__ import annotations

import functools
import os
import traceback
from typing import Any

__all__ = ["as_runtime_error"]

_HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__))) + os.sep


def _text(error) -> str:
    return error._pipeline_text


def _plain(error) -> tuple:
    return RuntimeError, (error._pipeline_text,)


@functools.cache
def _both(kind: Any) -> type[RuntimeError] | None:
    """A class that is a RuntimeError and of another kind, or None where Python cannot make one."""
    members = {"__str__": _text, "__reduce__": _plain, "__module__": kind.__module__, "__qualname__": kind.__qualname__}
    try:
        return type(kind.__name__, (kind, RuntimeError), members)
    except TypeError:
        return None


def _place(error: Exception) -> str:
    """The last line of the traceback that is not of this package; empty where there is none."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if not os.path.abspath(frame.filename).startswith(_HERE) and os.path.exists(frame.filename):
            return f"\n  File \"{frame.filename}\", line {frame.lineno}, in {frame.name}\n    {frame.line}"
    return ""


def as_runtime_error(error: Exception) -> RuntimeError:
    """An error as a RuntimeError with its traceback; one that is a RuntimeError already comes back itself."""
    if isinstance(error, RuntimeError):
        return error
    raised: Any = type(error)
    kind = _both(raised)
    text = f"{type(error).__name__}: {error}{_place(error)}"
    try:
        result = RuntimeError(text) if kind is None else kind.__new__(kind, *error.args)
    except Exception:                   # the user's class wants other arguments than it keeps
        result = RuntimeError(text)
    result.__dict__.update(error.__dict__)
    result.__dict__["_pipeline_text"] = text
    return result.with_traceback(error.__traceback__)
