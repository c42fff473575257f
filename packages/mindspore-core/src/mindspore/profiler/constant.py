"""Names of what is profiled."""
from __future__ import annotations

from enum import Enum

__all__ = ["ProfilerActivity", "ProfilerLevel"]


class ProfilerLevel(Enum):
    """How much is recorded. `LevelNone` and `Level0`: calls of compiled programs alone; the others: each operator."""

    LevelNone = "LevelNone"
    Level0 = "Level0"
    Level1 = "Level1"
    Level2 = "Level2"


class ProfilerActivity(Enum):
    """Whose work is recorded."""

    CPU = "CPU"
    NPU = "NPU"
    GPU = "GPU"
