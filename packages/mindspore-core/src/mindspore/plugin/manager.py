"""The plugin manager: finds plugins, negotiates versions, chooses and opens backends.

Nothing is loaded before the first device is needed. A plugin that cannot be loaded, or whose API version does not fit,
is kept in the list with the reason (`python -m mindspore plugins`), and never breaks the others.
"""
from __future__ import annotations

import threading
import warnings
from dataclasses import dataclass, field

import pluggy

from mindspore.compiler.program import PLAN_VERSION
from mindspore.plugin import hookspecs
from mindspore.plugin.protocols import PLUGIN_API_VERSION, Backend, BackendInfo, Device

GROUP = "mindspore.plugins"


class BackendMissingError(RuntimeError):
    """No installed backend serves the device target; the message holds the pip command that installs one."""


@dataclass
class PluginRecord:
    """What is known of one entry point: for the `plugins` command and for error messages."""

    name: str
    distribution: str
    version: str
    hooks: list[str] = field(default_factory=list)
    backends: list[BackendInfo] = field(default_factory=list)
    problem: str | None = None


class _State:
    def __init__(self):
        self.lock = threading.RLock()
        self.loaded = False
        self.records: list[PluginRecord] = []
        self.backends: dict[str, Backend] = {}
        self.devices: dict[tuple[str, int], Device] = {}
        self.passes: dict[str, list] = {}
        self.pluggy = pluggy.PluginManager("mindspore")
        self.warned: set[str] = set()


_state = _State()


def load() -> None:
    """Load every plugin once."""
    with _state.lock:
        if _state.loaded:
            return
        _state.loaded = True
        import importlib.metadata
        _state.pluggy.add_hookspecs(hookspecs)
        for entry in sorted(importlib.metadata.entry_points(group=GROUP), key=lambda e: e.name):
            _load_entry(entry)
        if "reference" not in _state.backends:
            from mindspore.reference import plugin
            register_plugin(plugin, "reference")


def _load_entry(entry) -> None:
    dist = entry.dist
    record = PluginRecord(entry.name, dist.name if dist else "?", dist.version if dist else "?")
    if any(r.name == record.name and r.distribution == record.distribution for r in _state.records):
        return
    try:
        register_plugin(entry.load(), entry.name, record)
    except Exception as error:  # a broken plugin must not take the others down; the reason is reported
        record.problem = f"{type(error).__name__}: {error}"
        if record not in _state.records:
            _state.records.append(record)


def register_plugin(module, name: str, record: PluginRecord | None = None) -> PluginRecord:
    """Register a plugin object; tests and embedding programs call it directly."""
    with _state.lock:
        if not _state.loaded:
            load()
        record = record or PluginRecord(name, "-", "-")
        _state.pluggy.register(module, name=name)
        _state.records.append(record)
        callers = _state.pluggy.get_hookcallers(module) or []
        record.hooks = sorted(caller.name for caller in callers)
        for primitive in _own_hook(module, "mindspore_primitives"):
            from mindspore.compiler.primitives.base import register
            register(primitive)
        _state.passes[name] = _own_hook(module, "mindspore_passes")
        for backend in _own_hook(module, "mindspore_backends"):
            _add_backend(backend, record)
        return record


def _own_hook(module, hook: str) -> list:
    function = getattr(module, hook, None)
    return list(function() or ()) if callable(function) else []


def _add_backend(backend: Backend, record: PluginRecord) -> None:
    info = backend.info
    if info.api_version != PLUGIN_API_VERSION:
        record.problem = (f"backend {info.name!r} was written for plugin API {info.api_version}, this mindspore-core "
                          f"has {PLUGIN_API_VERSION}: install versions that fit together")
        return
    if PLAN_VERSION not in info.plan_versions:
        record.problem = (f"backend {info.name!r} reads plan versions {info.plan_versions}, this mindspore-core emits "
                          f"{PLAN_VERSION}: install versions that fit together")
        return
    record.backends.append(info)
    _state.backends[info.name] = backend


def unregister_plugin(name: str) -> None:
    """Take a plugin and its backends out again (for tests)."""
    with _state.lock:
        plugin = _state.pluggy.get_plugin(name)
        if plugin is None:
            raise KeyError(f"no plugin is registered as {name!r}")
        _state.pluggy.unregister(plugin)
        _state.passes.pop(name, None)
        for record in [r for r in _state.records if r.name == name]:
            _state.records.remove(record)
            for info in record.backends:
                _state.backends.pop(info.name, None)
                _state.devices.pop((info.name, 0), None)


def records() -> list[PluginRecord]:
    """Every plugin that was found, working or not."""
    load()
    return list(_state.records)


def backends() -> dict[str, Backend]:
    """The working backends by name."""
    load()
    return dict(_state.backends)


def passes() -> list:
    """The graph passes that plugins contribute."""
    load()
    return [found for name in sorted(_state.passes) for found in _state.passes[name]]


def targets() -> list[str]:
    """The device targets that some installed backend serves."""
    load()
    return sorted({b.info.target for b in _state.backends.values()})


def backend_for(target: str, advise: bool = True) -> Backend:
    """The backend of the highest priority that serves `target`; BackendMissingError with the pip command.

    advise: warn, once, if that is only the reference backend.
    """
    load()
    serving = [b for b in _state.backends.values() if b.info.target == target]
    if not serving:
        off = "; ".join(f"{r.name}: {r.problem}" for r in _state.records if r.problem)
        raise BackendMissingError(
            f"no installed backend serves the device target {target!r} (installed targets: {', '.join(targets())}). "
            f"Install one with: pip install mindspore-{target.lower()}"
            + (f". Plugins that are off: {off}" if off else ""))
    best = max(serving, key=lambda b: b.info.priority)
    if advise and best.info.priority <= 0 and target not in _state.warned:
        _state.warned.add(target)
        warnings.warn(f"{target} is served by the {best.info.name} backend, which is complete but slow; "
                      f"for speed: pip install mindspore-{target.lower()}", stacklevel=2)
    return best


def device(name: str, device_id: int = 0) -> Device:
    """The opened device of the backend called `name`."""
    load()
    with _state.lock:
        found = _state.devices.get((name, device_id))
        if found is None:
            backend = _state.backends.get(name)
            if backend is None:
                raise BackendMissingError(f"no backend is called {name!r}; installed: {', '.join(_state.backends)}. "
                                          f"Install one with: pip install mindspore-{name.lower()}")
            found = backend.open(device_id)
            _contribute_kernels(found, backend.info)
            _state.devices[name, device_id] = found
        return found


def is_open(name: str, device_id: int = 0) -> bool:
    """Whether the device of the backend called `name` was opened."""
    return (name, device_id) in _state.devices


def _contribute_kernels(opened: Device, info: BackendInfo) -> None:
    extra: dict = {}
    for kernels in _state.pluggy.hook.mindspore_kernels(backend=info):
        extra.update(kernels or {})
    if extra:
        opened.kernels = {**opened.kernels, **extra}
