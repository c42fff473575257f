"""Names of what is profiled."""
from __future__ import annotations

from enum import Enum

__all__ = ["AicoreMetrics", "ExportType", "HostSystem", "ProfilerActivity", "ProfilerLevel"]


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


class AicoreMetrics(Enum):
    """What is counted in the cores of Ascend devices. Other devices have no such counters, and record nothing of it."""

    AiCoreNone = -1
    PipeUtilization = 0
    ArithmeticUtilization = 1
    Memory = 2
    MemoryL0 = 3
    MemoryUB = 4
    ResourceConflictRatio = 5
    L2Cache = 6
    MemoryAccess = 7


class ExportType(Enum):
    """The form of what is written: files of text and JSON, or a database. Text is what this profiler writes."""

    Text = "text"
    Db = "db"


class HostSystem(Enum):
    """What of the host is watched beside the program."""

    CPU = "cpu"
    MEM = "mem"
    DISK = "disk"
    NETWORK = "network"
    OSRT = "osrt"


class _ExperimentalConfig:
    """Settings of a profile, as its argument `experimental_config`.

    Args:
        profiler_level: a ProfilerLevel, how much is recorded.
        export_type: [ExportType.Text], the form that is written.
        the others: what is recorded of Ascend devices and of the host's system; nothing of it is here, so they are
            kept and have no effect.

    Raises:
        TypeError: arguments of other types. ValueError: a form that is not written.
    """

    def __init__(self, profiler_level=ProfilerLevel.Level0, aic_metrics=AicoreMetrics.AiCoreNone, l2_cache=False,
                 mstx=False, data_simplification=False, export_type=None, mstx_domain_include=None,
                 mstx_domain_exclude=None, sys_io=False, sys_interconnection=False, host_sys=None):
        forms = [ExportType.Text] if export_type is None else list(export_type)
        watched = list(host_sys or ())
        for name, value, kind in (("profiler_level", profiler_level, ProfilerLevel),
                                  ("aic_metrics", aic_metrics, AicoreMetrics),
                                  *(("export_type", form, ExportType) for form in forms),
                                  *(("host_sys", each, HostSystem) for each in watched)):
            if not isinstance(value, kind):
                raise TypeError(f"_ExperimentalConfig: {name} must be of {kind.__name__}, got {value!r}")
        if ExportType.Text not in forms:
            raise ValueError("_ExperimentalConfig: export_type has no ExportType.Text, the form that is written here")
        self.profiler_level, self.aic_metrics, self.export_type, self.host_sys = (
            profiler_level, aic_metrics, forms, watched)
        self.l2_cache, self.mstx, self.data_simplification = l2_cache, mstx, data_simplification
        self.mstx_domain_include, self.mstx_domain_exclude = list(mstx_domain_include or ()), list(
            mstx_domain_exclude or ())
        self.sys_io, self.sys_interconnection = sys_io, sys_interconnection
