"""What programs for several devices say of a Cell: where its parts are to run and how its tensors are to be split.

With one process all of it runs on one device, so these methods check what they are given, keep it for whoever asks, and
change nothing that is computed. A program that was written for several devices runs as it stands.
"""
from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mindspore.nn._check import flag, is_int


class CellPlacement:
    """The part of `Cell` that the module's text describes."""

    UNGUARDED_PLACEMENT = frozenset({"_create_time", "_bprop_debug", "_pipeline_stage", "_pipeline_segment",
                                     "_strategies", "_offload"})
    T_destination = dict

    if TYPE_CHECKING:
        add_flags_recursive: Callable
        cells_and_names: Callable
        trainable_params: Callable

    def _noted(self, name: str, default: Any = None) -> Any:
        return self.__dict__.get(name, default)

    # -- stages ------------------------------------------------------------------------------------------------------

    @property
    def pipeline_stage(self) -> int | None:
        """The stage of a pipeline that this Cell is meant for; None if the program has not said."""
        return self._noted("_pipeline_stage")

    @pipeline_stage.setter
    def pipeline_stage(self, value: int) -> None:
        self.__dict__["_pipeline_stage"] = _not_negative("pipeline_stage", value)

    @property
    def pipeline_segment(self) -> int | None:
        """The segment of a stage that this Cell is meant for; None if the program has not said."""
        return self._noted("_pipeline_segment")

    @pipeline_segment.setter
    def pipeline_segment(self, value: int) -> None:
        self.__dict__["_pipeline_segment"] = _not_negative("pipeline_segment", value)

    # -- splitting ---------------------------------------------------------------------------------------------------

    def shard(self, in_strategy: tuple, out_strategy: tuple | None = None,
              parameter_plan: dict | None = None) -> CellPlacement:
        """Note how inputs, outputs and parameters are to be split over devices.

        Args:
            in_strategy, out_strategy: for each input or output the number of parts along each axis.
            parameter_plan: the same for parameters, by name.

        Returns:
            what is called in place of the Cell: the Cell itself.

        Raises:
            TypeError: a strategy is no tuple, or the plan no dict.
        """
        for name, value in (("in_strategy", in_strategy), ("out_strategy", out_strategy)):
            if not isinstance(value, tuple) and (value is not None or name == "in_strategy"):
                raise TypeError(f"Cell.shard: {name} must be a tuple, got {type(value).__name__}")
        if parameter_plan is not None and not isinstance(parameter_plan, dict):
            raise TypeError(f"Cell.shard: parameter_plan must be a dict or None, got {type(parameter_plan).__name__}")
        self.__dict__["_strategies"] = in_strategy, out_strategy, parameter_plan
        return self

    @property
    def parameter_layout_dict(self) -> dict:
        """How each parameter is split over devices, by name: empty, none is split."""
        return {}

    @property
    def parallel_parameter_name_list(self) -> list:
        """The names of the parameters that are split over devices: empty."""
        return []

    @property
    def parallel_parameter_merge_net_dict(self) -> dict:
        """The parameters that are put together from several devices, by name: empty."""
        return {}

    def remove_redundant_parameters(self) -> None:
        """Drop the parameters that another device holds: there are none."""

    # -- communication -----------------------------------------------------------------------------------------------

    def set_comm_fusion(self, fusion_type: int, recurse: bool = True) -> CellPlacement:
        """Note for the trainable parameters which of their transfers between devices belong together.

        Args:
            fusion_type: those of one number do; it is at least 0. recurse: for the parameters of the Cells below, too.
        """
        number = _not_negative("set_comm_fusion: fusion_type", fusion_type)
        for param in self.trainable_params(flag("Cell.set_comm_fusion", "recurse", recurse)):
            param.comm_fusion = number
        return self

    def set_broadcast_flag(self, mode: bool = True) -> CellPlacement:
        """Note as the flag `broadcast_flag` whether the parameters come from the first device; the Cell itself."""
        return self.add_flags_recursive(broadcast_flag=flag("Cell.set_broadcast_flag", "mode", mode))

    def set_data_parallel(self) -> None:
        """Note as the flag `data_parallel` that operators without a strategy split the batch."""
        self.add_flags_recursive(data_parallel=True)

    def offload(self, backward_prefetch: str | int = "Auto") -> None:
        """Note that what the Cell keeps for its gradient belongs into the host's memory.

        Args:
            backward_prefetch: 'Auto', or a positive number, how long before its use it is fetched.
        """
        if backward_prefetch != "Auto" and (not is_int(backward_prefetch) or backward_prefetch < 1):
            raise ValueError(f"Cell.offload: backward_prefetch must be 'Auto' or a positive int, got "
                             f"{backward_prefetch!r}")
        for _, cell in self.cells_and_names():
            cell.__dict__["_offload"] = backward_prefetch

    # -- the rest ----------------------------------------------------------------------------------------------------

    @property
    def create_time(self) -> int:
        """A number by the clock, in nanoseconds, that stays with this Cell from the first time that it is asked for."""
        return self.__dict__.setdefault("_create_time", time.time_ns())

    @property
    def bprop_debug(self) -> bool:
        """Whether the program has asked to look into its `bprop`; Python sees what runs in PyNative mode."""
        return self._noted("_bprop_debug", False)

    @bprop_debug.setter
    def bprop_debug(self, value: bool) -> None:
        self.__dict__["_bprop_debug"] = flag("Cell", "bprop_debug", value)


def _not_negative(what: str, value: Any) -> int:
    if not is_int(value):
        raise TypeError(f"Cell.{what} must be an int, got {type(value).__name__}")
    if value < 0:
        raise ValueError(f"Cell.{what} must be at least 0, got {value}")
    return value
