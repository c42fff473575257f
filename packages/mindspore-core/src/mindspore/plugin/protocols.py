"""What a backend is: the protocols of the plugin contract.

The smallest backend supplies an `Allocator` and a dozen kernels; core decomposes, sequences and plans memory for it
(`Device.kernels`, the Python executor). A larger one adds claims (anchor + epilogue kernels), code generation for
groups, and its own executor (`Device.compile`). Everything heavy happens in `Backend.open`.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mindspore.compiler.ir import Graph, TensorAval


@dataclass(frozen=True)
class Capabilities:
    """What a device can do, as data.

    dtypes: keys of the element types that its kernels take (`float32`, ...). codegen: names of the primitives that may
    be members of generated groups (empty: no code generation). codegen_dtypes: the element types of generated groups,
    where they are fewer than `dtypes`. host_memory: whether `Allocator.as_numpy` gives a
    zero-copy view. in_place: whether element-wise kernels and groups may write over an input that dies there. regions:
    whether `Device.compile` takes plans with regions (version 2); without it core runs branches and loops itself.
    loops: whether it makes one kernel of a loop of groups; core then says which loops are such (`Region.whole`).
    symbolic: whether code generation takes groups whose bodies have symbolic sizes (`Launch.binding` has the numbers);
    without it they come with numbers, and are generated anew for each size.
    """

    dtypes: frozenset[str]
    codegen: frozenset[str] = frozenset()
    host_memory: bool = False
    in_place: bool = False
    regions: bool = False
    loops: bool = False
    symbolic: bool = False
    codegen_dtypes: frozenset[str] | None = None


@dataclass(frozen=True)
class BackendInfo:
    """Who a backend is. target: the device target that users name ("CPU"). api_version: the plugin API version that it
    was written for (`versions`). priority: among several backends that serve one target, the highest wins; the
    reference backend has the lowest. plan_versions: plan formats it reads."""

    name: str
    target: str
    version: str
    api_version: int = 1
    priority: int = 100
    plan_versions: tuple[int, ...] = (1,)
    description: str = ""


@dataclass(frozen=True)
class KernelSpec:
    """What a kernel builder is asked for: one primitive at fixed shapes, dtypes and attributes."""

    name: str
    attrs: Mapping[str, Any]
    ins: tuple[TensorAval, ...]
    outs: tuple[TensorAval, ...]
    body: Graph | None = None


Kernel = Callable[[Sequence[Any], Sequence[Any]], None]
"""A built kernel for the Python executor: called with input buffers and output buffers, enqueues its work."""

KernelBuilder = Callable[[KernelSpec], "Kernel | None"]
"""Builds a kernel, or returns None to decline: the launch then runs on the host. A backend that wants the operator to
be decomposed instead says so beforehand, through `Device.supports`."""


@runtime_checkable
class Allocator(Protocol):
    """Device memory. Buffers are opaque to core; they are freed when the last reference to them goes."""

    def allocate(self, nbytes: int) -> Any:
        """A buffer of `nbytes` bytes, aligned to 64. DeviceMemoryError when there is no room."""

    def copy_from_host(self, buffer: Any, array: np.ndarray) -> None:
        """Start copying a C-contiguous array into the buffer. The array must not change until `synchronize`."""

    def copy_to_host(self, buffer: Any, array: np.ndarray) -> None:
        """Wait for the work that writes the buffer, then copy it into a C-contiguous array."""

    def copy(self, target: Any, source: Any, nbytes: int) -> None:
        """Device to device copy, in queue order."""

    def synchronize(self) -> None:
        """Wait for all enqueued work."""


@dataclass
class Claim:
    """Nodes (indices in the graph) which the backend runs as one kernel `name`: an anchor and its epilogue. Only the
    last node's value may be used outside. operands: nodes before them whose values the kernel reads from memory even
    where they are embedded constants; other constants are part of the claim's graph, as numbers that the backend may
    look at."""

    name: str
    nodes: tuple[int, ...]
    operands: tuple[int, ...] = ()


@runtime_checkable
class Device(Protocol):
    """An opened device. `kernels` maps primitive names to builders. The optional methods:

    * `supports(spec) -> bool`: whether the kernel table serves this `KernelSpec`; where it does not, the operator is
      decomposed, or runs on the host if it has no decomposition;
    * `claim(graph) -> list[Claim]`: anchor + epilogue patterns, by the backend's own deterministic costs;
    * `compile(plan) -> Executable`: its own executor; without it core's Python executor runs the plan;
    * `as_numpy(buffer, dtype, shape)`: a zero-copy view, where `capabilities.host_memory`;
    * `describe() -> str`: one line for people, which `python -m mindspore doctor` and the page about a run of the
      conformance suite show; what programs read belongs into `properties`;
    * `properties() -> dict`: what the device is: `name`, `total_memory` (bytes), and what else it has to tell;
    * `set_option(name, value) -> bool`: change one setting of `mindspore.device_context`; False where the device has no
      such setting;
    * `memory_statistics() -> dict`: bytes: `allocated` (in buffers), `reserved` (taken from the system), and the
      largest values of both so far, `allocated_peak` and `reserved_peak`;
    * `reset_memory_peaks(allocated, reserved)`: start one peak or both again from now;
    * `release_idle_memory()`: give memory back that is reserved and not allocated;
    * `limit_memory(nbytes)`: reserve no more than this.
    """

    capabilities: Capabilities
    allocator: Allocator
    kernels: Mapping[str, KernelBuilder]


class Backend(Protocol):
    """What `mindspore_backends` returns: light until `open`. Optional: `device_count() -> int`, how many devices there
    are, without initialising one; without it there is one device, if `status` says so."""

    info: BackendInfo

    def open(self, device_id: int = 0) -> Device:
        """Load libraries, initialise the device. DeviceUnavailableError with the reason if it cannot be used."""

    def status(self) -> str:
        """"available", or why not, without initialising the device."""


class DeviceUnavailableError(RuntimeError):
    """The backend is installed but its device cannot be used; the message says why and what to do."""


class DeviceFeatureError(RuntimeError):
    """The device does not have what was asked for: a setting, statistics; the message says which device and what."""


class DeviceMemoryError(MemoryError):
    """The device has no room; the message says how much was asked for and how much is in use."""


