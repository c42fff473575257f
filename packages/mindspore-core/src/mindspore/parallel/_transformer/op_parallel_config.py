"""How many devices programs want to split operators over.

The numbers take effect in the parallel modes "semi_auto_parallel" and "auto_parallel" alone, which need the package
mindspore-parallel. In one process, stand-alone, they are checked and kept, and change nothing that is computed.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mindspore.nn._check import flag, positive_int

__all__ = ["OpParallelConfig"]


class Setting:
    """An attribute of a configuration that is checked whenever it is set.

    Args:
        check: takes the names of the configuration's class and of the attribute, and the value; returns the value.
    """

    def __init__(self, check: Callable[[str, str, Any], Any]):
        self.check = check

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, config: Any, owner: type | None = None) -> Any:
        return self if config is None else config.__dict__[self.name]

    def __set__(self, config: Any, value: Any) -> None:
        config.__dict__[self.name] = self.check(type(config).__name__, self.name, value)


def count() -> Any:
    """A setting that is an int above 0."""
    return Setting(positive_int)


def switch() -> Any:
    """A setting that is a bool."""
    return Setting(flag)


class _Config:
    """A configuration prints its settings, and is equal to another of its class that has the same."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__dict__.items())})"

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.__dict__ == other.__dict__

    __hash__ = object.__hash__


class OpParallelConfig(_Config):
    """The parts into which operators are split.

    Args:
        data_parallel: parts of the batch. model_parallel: parts of the weights.
    """

    data_parallel, model_parallel = count(), count()

    def __init__(self, data_parallel=1, model_parallel=1):
        self.data_parallel, self.model_parallel = data_parallel, model_parallel


class MoEParallelConfig(_Config):
    """The parts into which a mixture of experts is split.

    Args:
        data_parallel: parts of the batch. model_parallel: parts of the weights. expert_parallel: parts of the experts.
    """

    data_parallel, model_parallel, expert_parallel = count(), count(), count()

    def __init__(self, data_parallel=1, model_parallel=1, expert_parallel=1):
        self.data_parallel, self.model_parallel = data_parallel, model_parallel
        self.expert_parallel = expert_parallel

    @property
    def dpmp(self) -> OpParallelConfig:
        """The parts of what is no expert."""
        return OpParallelConfig(self.data_parallel, self.model_parallel)


class _PipeLineConfig(_Config):
    """The stages of a pipeline, their segments, and the parts of a batch that pass through it one after another."""

    pipeline_stage, micro_batch_num, pipeline_segment = count(), count(), count()

    def __init__(self, pipeline_stage=1, micro_batch_num=1, pipeline_segment=1):
        self.pipeline_stage, self.micro_batch_num = pipeline_stage, micro_batch_num
        self.pipeline_segment = pipeline_segment


default_dpmp_config = OpParallelConfig()
default_moeparallel_config = MoEParallelConfig()


def _check_config(config: Any) -> None:
    """TypeError for anything but a configuration of this package."""
    if not isinstance(config, _Config):
        raise TypeError(f"the 'parallel_config' must be an OpParallelConfig, a MoEParallelConfig, an "
                        f"EmbeddingOpParallelConfig or a TransformerOpParallelConfig, but got {config!r} of type "
                        f"{type(config).__name__}")


def check_divides(layer: str, parts: int, **sizes: int) -> None:
    """ValueError unless each of the sizes is a multiple of the parts that `model_parallel` wants."""
    for name, size in sizes.items():
        if size % parts:
            raise ValueError(f"For '{layer}', the '{name}' must be a multiple of the parallel_config's model_parallel, "
                             f"but got {size} and {parts}.")
