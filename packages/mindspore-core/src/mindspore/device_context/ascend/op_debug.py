"""Looking for faults of operators on Ascend."""
from __future__ import annotations

from mindspore.device_context._options import checked, positive, set_option

__all__ = ["aclinit_config", "debug_option", "execute_timeout"]


def execute_timeout(op_timeout: int) -> None:
    """How many seconds an operator may run."""
    set_option("Ascend", "execute_timeout", positive("execute_timeout", op_timeout))


def debug_option(option_value: str) -> None:
    """What is looked for: "oom", accesses outside of memory."""
    set_option("Ascend", "debug_option", checked("debug_option", option_value, str, ("oom",)))


def aclinit_config(config: dict) -> None:
    """The configuration with which the run-time is started."""
    set_option("Ascend", "aclinit_config", checked("aclinit_config", config, dict))
