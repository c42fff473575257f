"""Where the time of a program goes: a trace of its steps, compiled programs and operators, and tables."""
from mindspore.profiler.constant import (
    AicoreMetrics,
    ExportType,
    HostSystem,
    ProfilerActivity,
    ProfilerLevel,
    _ExperimentalConfig,
)
from mindspore.profiler.monitor import DynamicProfilerMonitor
from mindspore.profiler.profiler import Profiler, analyse, mstx, profile, tensorboard_trace_handler
from mindspore.profiler.schedule import ProfilerAction, schedule

__all__ = ["AicoreMetrics", "DynamicProfilerMonitor", "ExportType", "HostSystem", "Profiler", "ProfilerAction",
           "ProfilerActivity", "ProfilerLevel", "analyse", "mstx", "profile", "schedule", "tensorboard_trace_handler"]
