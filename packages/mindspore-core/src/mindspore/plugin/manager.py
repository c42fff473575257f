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
from mindspore.plugin import hookspecs, versions
from mindspore.plugin.communicators import CommunicatorFactory
from mindspore.plugin.protocols import Backend, BackendInfo, Device
from mindspore.plugin.versions import PluginVersionError

GROUP = "mindspore.plugins"


class BackendMissingError(RuntimeError):
    """No installed backend serves the device target; the message holds the pip command that installs one."""


@dataclass
class PluginRecord:
    """What is known of one entry point: for the `plugins` command and for error messages. api_version: the plugin API
    version that it states; None where it was not loaded."""

    name: str
    distribution: str
    version: str
    api_version: int | None = None
    hooks: list[str] = field(default_factory=list)
    backends: list[BackendInfo] = field(default_factory=list)
    problem: str | None = None


class _State:
    def __init__(self):
        self.lock = threading.RLock()
        self.loaded = False
        self.records: list[PluginRecord] = []
        self.backends: dict[str, Backend] = {}
        self.refused: dict[str, tuple[PluginRecord, str | None, PluginVersionError]] = {}
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
        _note(record, f"{type(error).__name__}: {error}")


def _note(record: PluginRecord, problem: str) -> None:
    """Add a problem to what is known of a plugin, and the plugin to the list."""
    record.problem = f"{record.problem}; {problem}" if record.problem else problem
    if record not in _state.records:
        _state.records.append(record)


def register_plugin(module, name: str, record: PluginRecord | None = None) -> PluginRecord:
    """Register a plugin object; tests and embedding programs call it directly.

    A plugin or backend that was written for a version which does not fit is left out; the record's `problem` says so.

    Raises:
        ValueError: a plugin of that name is registered, or it implements a hook that the contract does not have.
        Exception: what its hooks raise. It then contributes nothing.
    """
    with _state.lock:
        if not _state.loaded:
            load()
        record = record or PluginRecord(name, "-", "-")
        try:
            record.api_version = versions.check_plugin(module, name)
        except PluginVersionError as error:
            _refuse(record, name, None, error)
            return record
        _state.pluggy.register(module, name=name)
        try:
            _take_in(module, name, record)
        except BaseException:
            _state.pluggy.unregister(module)
            _forget(record)
            raise
        return record


def _take_in(module, name: str, record: PluginRecord) -> None:
    _check_hooks(module)
    record.hooks = sorted(caller.name for caller in _state.pluggy.get_hookcallers(module) or [])
    _state.records.append(record)
    for primitive in _own_hook(module, "mindspore_primitives"):
        from mindspore.compiler.primitives.base import register
        register(primitive)
    _state.passes[name] = _own_hook(module, "mindspore_passes")
    for backend in _own_hook(module, "mindspore_backends"):
        _add_backend(backend, record)


def _check_hooks(module) -> None:
    """Refuse a plugin with a marked function that is no hook, unless it is marked as optional: it would never run."""
    known = {name for name, found in vars(hookspecs).items() if hasattr(found, "mindspore_spec")}
    for name in dir(module):
        marks = getattr(getattr(module, name, None), "mindspore_impl", None)
        if isinstance(marks, dict) and not marks.get("optionalhook"):
            if (marks.get("specname") or name) not in known:
                raise ValueError(f"{name} is no hook of plugin API {versions.PLUGIN_API_VERSION}; the hooks are "
                                 f"{', '.join(sorted(known))}. One that other versions have may be marked with "
                                 f"hookimpl(optionalhook=True)")


def _own_hook(module, hook: str) -> list:
    function = getattr(module, hook, None)
    return list(function() or ()) if callable(function) else []


def _add_backend(backend: Backend, record: PluginRecord) -> None:
    info = backend.info
    what = f"backend {info.name!r}"
    try:
        versions.check(what, info.api_version)
        if PLAN_VERSION not in info.plan_versions:
            raise PluginVersionError(what, "plan version", " or ".join(map(str, info.plan_versions)), (PLAN_VERSION,))
    except PluginVersionError as error:
        _refuse(record, info.name, info.target, error)
        return
    record.backends.append(info)
    _state.backends[info.name] = backend


def _refuse(record: PluginRecord, name: str, target: str | None, error: PluginVersionError) -> None:
    _note(record, str(error))
    _state.refused[name] = record, target, error


def _forget(record: PluginRecord) -> None:
    """Take out what a plugin contributed."""
    if record in _state.records:
        _state.records.remove(record)
    _state.passes.pop(record.name, None)
    for info in record.backends:
        _state.backends.pop(info.name, None)
        for key in [key for key in _state.devices if key[0] == info.name]:
            del _state.devices[key]
    record.backends.clear()
    for name in [name for name, (of, *_) in _state.refused.items() if of is record]:
        del _state.refused[name]


def unregister_plugin(name: str) -> None:
    """Take a plugin and its backends out again (for tests)."""
    with _state.lock:
        found = [record for record in _state.records if record.name == name]
        plugin = _state.pluggy.get_plugin(name)
        if plugin is None and not found:
            raise KeyError(f"no plugin is registered as {name!r}")
        if plugin is not None:
            _state.pluggy.unregister(plugin)
        for record in found:
            _forget(record)


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
    """The backend of the highest priority that serves `target`; BackendMissingError with the pip command, or
    PluginVersionError where the backends that serve it do not fit.

    advise: warn, once, if that is only the reference backend.
    """
    load()
    serving = [b for b in _state.backends.values() if b.info.target == target]
    if not serving:
        for _, served, error in _state.refused.values():
            if served == target:
                raise error
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
    """The opened device of the backend called `name`. BackendMissingError, or PluginVersionError where it is installed
    and does not fit."""
    load()
    with _state.lock:
        found = _state.devices.get((name, device_id))
        if found is None:
            backend = _state.backends.get(name)
            if backend is None and name in _state.refused:
                raise _state.refused[name][2]
            if backend is None:
                raise BackendMissingError(f"no backend is called {name!r}; installed: {', '.join(_state.backends)}. "
                                          f"Install one with: pip install mindspore-{name.lower()}")
            found = backend.open(device_id)
            _contribute_kernels(found, backend.info)
            _state.devices[name, device_id] = found
        return found


def communicators(name: str) -> dict[str, CommunicatorFactory]:
    """The communicators that plugins bring for the backend called `name`, by their own names. BackendMissingError where
    there is no such backend; what a hook raises comes through, with the plugin's name in the message."""
    load()
    if name not in _state.backends:
        raise BackendMissingError(f"no backend is called {name!r}; installed: {', '.join(_state.backends)}")
    found: dict[str, CommunicatorFactory] = {}
    info = _state.backends[name].info
    for hook in reversed(_state.pluggy.hook.mindspore_communicators.get_hookimpls()):
        try:
            found.update(hook.function(*[info for _ in hook.argnames]) or {})
        except Exception as error:
            raise RuntimeError(f"plugin {hook.plugin_name}: mindspore_communicators for backend {name!r} raised "
                               f"{type(error).__name__}: {error}") from error
    return found


def is_open(name: str, device_id: int = 0) -> bool:
    """Whether the device of the backend called `name` was opened."""
    return (name, device_id) in _state.devices


def _contribute_kernels(opened: Device, info: BackendInfo) -> None:
    """Add the kernels of other plugins. One that raises contributes none, and its record says why."""
    extra: dict = {}
    for hook in reversed(_state.pluggy.hook.mindspore_kernels.get_hookimpls()):
        try:
            extra.update(hook.function(*[info for _ in hook.argnames]) or {})
        except Exception as error:
            problem = f"mindspore_kernels for backend {info.name!r} raised {type(error).__name__}: {error}"
            for record in [r for r in _state.records if r.name == hook.plugin_name]:
                _note(record, problem)
            warnings.warn(f"plugin {hook.plugin_name}: {problem}", stacklevel=4)
    if extra:
        opened.kernels = {**opened.kernels, **extra}
