"""What a program that is asked to end says to those around it."""
from __future__ import annotations

__all__ = ["ExitByRequest"]


class ExitByRequest(RuntimeError):
    """Raised by a program, a callback or a data source to end a run because somebody has asked for it, and not because
    of an error."""
