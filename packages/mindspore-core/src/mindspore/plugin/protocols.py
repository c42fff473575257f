"""What a backend is: the protocols of the plugin contract.

The smallest backend supplies an `Allocator` and a dozen kernels; core decomposes, sequences and plans memory for it
(`Device.kernels`, the Python executor). A larger one adds claims (anchor + epilogue kernels), code generation for
groups, and its own executor (`Device.compile`). Everything heavy happens in `Backend.open`.
"""
from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, runtime_checkable

import numpy as np

from mindspore.compiler.ir import Graph, TensorAval


@dataclass(frozen=True)
class Capabilities:
    """What a device can do, as data.

    dtypes: keys of the element types that its kernels take (`float32`, ...). codegen: names of the primitives that may
    be members of generated groups (empty: no code generation). codegen_dtypes: the element types of generated groups,
    where they are fewer than `dtypes`. host_memory: whether the device's `as_numpy` gives a view without a copy.
    in_place: whether element-wise groups may write over an input that dies there. regions: whether `Device.compile`
    takes plans with regions (version 2); without it core runs branches and loops itself.
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
    """What a kernel builder is asked for: one primitive at fixed shapes, dtypes and attributes. name: of the primitive,
    of the claim, or `group`. attrs: the static attributes by name. ins, outs: shape and dtype of each operand and
    result. body: of claims and groups the graph of their members; its parameters are `ins`, its outputs `outs`.
    where: what errors call the launch: the operator, of groups the members, and the user's line where it is known.
    An executable serves every program of the same structure; the line is that of the program for which it was made."""

    name: str
    attrs: Mapping[str, Any]
    ins: tuple[TensorAval, ...]
    outs: tuple[TensorAval, ...]
    body: Graph | None = None
    where: str = field(default="", compare=False)


Kernel = Callable[[Sequence[Any], Sequence[Any]], None]
"""A built kernel for the Python executor: called with input buffers and output buffers, enqueues its work. It is called
from any thread, once at a time. An output is none of the inputs, except in groups of a device that says `in_place`; it
may hold anything before, and be longer than the result."""

KernelBuilder = Callable[[KernelSpec], "Kernel | None"]
"""Builds a kernel, or returns None to decline: the launch then runs on the host. A backend that wants the operator to
be decomposed instead says so beforehand, through `Device.supports`. Called from any thread; several may be at work at
once."""


@runtime_checkable
class Allocator(Protocol):
    """Device memory. Buffers are opaque to core; they are freed when the last reference to them goes. Every method is
    called from any thread.

    Examples:
        >>> import numpy as np
        >>> from mindspore.plugin import DeviceMemoryError
        >>> class Bytes:
        ...     def allocate(self, nbytes):
        ...         try:
        ...             return bytearray(nbytes)
        ...         except (MemoryError, OverflowError):
        ...             raise DeviceMemoryError(f"no room for {nbytes} bytes") from None
        ...     def copy_from_host(self, buffer, array):
        ...         buffer[:array.nbytes] = array.tobytes()
        ...     def copy_to_host(self, buffer, array):
        ...         array.reshape(-1).view(np.uint8)[:] = np.frombuffer(buffer, np.uint8, array.nbytes)
        ...     def copy(self, target, source, nbytes):
        ...         target[:nbytes] = source[:nbytes]
        ...     def synchronize(self):
        ...         pass
        >>> memory, found = Bytes(), np.zeros(2, np.float32)
        >>> buffer = memory.allocate(8)
        >>> memory.copy_from_host(buffer, np.array([1.5, -2.0], np.float32))
        >>> memory.copy_to_host(buffer, found)
        >>> found
        array([ 1.5, -2. ], dtype=float32)
        >>> memory.allocate(1 << 60)
        Traceback (most recent call last):
        mindspore.plugin.protocols.DeviceMemoryError: no room for 1152921504606846976 bytes
    """

    def allocate(self, nbytes: int) -> Any:
        """A buffer of `nbytes` bytes, aligned to 64. DeviceMemoryError when there is no room."""

    def copy_from_host(self, buffer: Any, array: np.ndarray) -> None:
        """Start copying a C-contiguous array into the buffer. The array must not change until `synchronize`."""

    def copy_to_host(self, buffer: Any, array: np.ndarray) -> None:
        """Wait for the work that writes the buffer, then copy it into a C-contiguous array. `KernelError`, each time,
        where a kernel that failed was to write it, or something that it is computed from."""

    def copy(self, target: Any, source: Any, nbytes: int) -> None:
        """Device to device copy, in queue order."""

    def synchronize(self) -> None:
        """Wait for all enqueued work. `KernelError` if a kernel failed of which nobody was told yet (see
        `mindspore.plugin.failures`)."""


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
    """An opened device. `kernels` maps primitive names to builders. What else it may have is listed in `FullDevice`.

    Examples:
        >>> from mindspore.plugin import Capabilities, Device
        >>> from mindspore.reference.device import HostAllocator, view
        >>> def build_neg(spec):
        ...     def run(ins, outs):
        ...         view(outs[0], spec.outs[0])[...] = -view(ins[0], spec.ins[0])
        ...     return run
        >>> class Negating:
        ...     capabilities = Capabilities(dtypes=frozenset({"float32"}))
        ...     def __init__(self):
        ...         self.allocator, self.kernels = HostAllocator(), {"neg": build_neg}
        >>> isinstance(Negating(), Device)
        True
    """

    capabilities: Capabilities
    allocator: Allocator
    kernels: Mapping[str, KernelBuilder]


class FullDevice(Device, Protocol):
    """A device with all optional methods. Core looks for each of them by its name; a device has those that it needs.
    They are called from any thread."""

    def supports(self, spec: KernelSpec) -> bool:
        """Whether the kernel table serves this `KernelSpec`. Where it does not, the operator is decomposed, or runs on
        the host if it has no decomposition. Without the method the table serves everything at the claimed dtypes."""
        ...

    def rewrite(self, graph: Graph, stable: frozenset[int]) -> Graph:
        """A legal graph written anew as the device wants it, with primitives of its own among others. stable: the
        numbers of the nodes whose values are the same in every call (weights of a network that infers, and what is
        computed from them alone), which core computes once. Asked before `claim`."""
        ...

    def claim(self, graph: Graph) -> list[Claim]:
        """Anchor and epilogue patterns to run as one kernel, by the backend's own deterministic costs. Asked once for
        each graph that is compiled, before groups are formed."""
        ...

    def compile(self, plan: Any) -> Any:
        """The `Executable` of a plan, by the device's own executor; without the method core's Python executor runs the
        plan. plan: see `Plan` in `mindspore.compiler.program`."""
        ...

    def as_numpy(self, buffer: Any, dtype: Any, shape: tuple[int, ...]) -> np.ndarray:
        """A view of a buffer's memory without a copy, which keeps it alive; needed where `capabilities.host_memory`.
        Core waits for the queue before it looks."""
        ...

    def describe(self) -> str:
        """One line for people, which `python -m mindspore doctor` and the page about a run of the conformance suite
        show; what programs read belongs into `properties`."""
        ...

    def properties(self) -> dict[str, Any]:
        """What the device is: `name`, `total_memory` in bytes, and what else it has to tell, for `mindspore.hal`."""
        ...

    def set_option(self, name: str, value: Any) -> bool:
        """Change one setting of `mindspore.device_context`, such as `threads_num`; False where the device has no such
        setting."""
        ...

    def memory_statistics(self) -> dict[str, int]:
        """Bytes: `allocated` (in buffers), `reserved` (taken from the system), and the largest values of both so far,
        `allocated_peak` and `reserved_peak`; for `mindspore.runtime`."""
        ...

    def reset_memory_peaks(self, allocated: bool, reserved: bool) -> None:
        """Start one peak or both again from now."""

    def release_idle_memory(self) -> None:
        """Give memory back that is reserved and not allocated."""

    def limit_memory(self, nbytes: int) -> None:
        """Reserve no more than this; requests beyond are `DeviceMemoryError`s."""

    def fail_next_kernel(self) -> None:
        """For tests of how failures are told: the next kernel that is run, or put into the queue, fails when it runs.
        The conformance suite asks this of a device of its own, which it opens for that."""


class Backend(Protocol):
    """What `mindspore_backends` returns: light until `open`. Optional: `device_count() -> int`, how many devices there
    are, without initialising one; without it there is one device, if `status` says so.

    Examples:
        >>> from mindspore.plugin import BackendInfo, DeviceUnavailableError
        >>> class NumPyBackend:
        ...     info = BackendInfo("numpy", "NumPy", "1.0", api_version=3)
        ...     def status(self):
        ...         return "available"
        ...     def device_count(self):
        ...         return 1
        ...     def open(self, device_id=0):
        ...         if device_id != 0:
        ...             raise DeviceUnavailableError(f"numpy: there is no device {device_id}; use 0")
        ...         from mindspore.reference.device import ReferenceDevice
        ...         return ReferenceDevice()
        >>> sorted(NumPyBackend().open().kernels)[:3]
        ['abs', 'acos', 'acosh']
    """

    info: BackendInfo

    def open(self, device_id: int = 0) -> Device:
        """Load libraries, initialise the device. DeviceUnavailableError with the reason if it cannot be used. Called
        once for each number that is used, under the manager's lock."""
        ...

    def status(self) -> str:
        """"available", or why not, without initialising the device."""
        ...


class DeviceUnavailableError(RuntimeError):
    """The backend is installed but its device cannot be used; the message says why and what to do."""


class DeviceFeatureError(RuntimeError):
    """The device does not have what was asked for: a setting, statistics; the message says which device and what."""


class DeviceMemoryError(MemoryError):
    """The device has no room; the message says how much was asked for and how much is in use."""
