"""The plugin API version: which plugins are taken, what becomes of the others, and what came with which version."""
from __future__ import annotations

import dataclasses
import inspect
import re
import types

import numpy as np
import pytest

from mindspore import Tensor, plugin
from mindspore.plugin import (
    OLDEST_PLUGIN_API,
    PLUGIN_API_VERSION,
    BackendInfo,
    PluginVersionError,
    hookimpl,
    hookspecs,
    manager,
    protocols,
    versions,
)
from mindspore.reference.device import ReferenceDevice
from mindspore.runtime.device import set_target, use_backend

TAKEN = tuple(range(OLDEST_PLUGIN_API, PLUGIN_API_VERSION + 1))


class Backend:
    def __init__(self, name, **fields):
        self.info = BackendInfo(name, name.title(), "1.0", **fields)

    def open(self, device_id=0):
        return ReferenceDevice()

    def status(self):
        return "available"


def plugin_of(*backends, stated=None, **hooks):
    """A plugin object with these backends; what it states is left out where it is None."""
    made = types.SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items()})
    made.mindspore_backends = hookimpl(lambda: list(backends))
    if stated is not None:
        made.mindspore_plugin_api = stated
    return made


@pytest.fixture
def register():
    """`manager.register_plugin`, whose plugins are taken out after the test."""
    names = []

    def add(made, name):
        names.append(name)
        return manager.register_plugin(made, name)
    yield add
    for name in names:
        if any(record.name == name for record in manager.records()):
            manager.unregister_plugin(name)


def runs_on(name: str) -> bool:
    with use_backend(name):
        return float((Tensor(np.float32(2)) * 3).asnumpy()) == 6


@pytest.mark.parametrize("stated", [None, *TAKEN])
def test_versions_up_to_the_newest_are_taken(register, stated):
    fields = {} if stated is None else {"api_version": stated}
    record = register(plugin_of(Backend("fits", **fields), stated=stated), "fits")
    assert record.problem is None and record.api_version == (stated or 1)
    assert runs_on("fits")


@pytest.mark.parametrize("stated", [OLDEST_PLUGIN_API - 1, PLUGIN_API_VERSION + 1, "2", 2.0, True])
def test_a_plugin_for_another_version_is_refused_by_name_and_calls_nothing(register, stated):
    made = plugin_of(stated=stated, mindspore_kernels=lambda backend: pytest.fail("called"))
    made.mindspore_backends = hookimpl(lambda: pytest.fail("called"))
    record = register(made, "misfit")
    says = f"plugin 'misfit' was written for plugin API {stated}, this mindspore-core takes {TAKEN[0]} to {TAKEN[-1]}"
    assert record.problem.startswith(says) and record in manager.records()
    with pytest.raises(PluginVersionError, match=says) as caught:
        manager.device("misfit")
    assert (caught.value.written_for, caught.value.taken) == (stated, TAKEN)
    register(plugin_of(Backend("other")), "other")
    assert runs_on("other")


@pytest.mark.parametrize("fields", [{"api_version": PLUGIN_API_VERSION + 1}, {"plan_versions": (7, 8)}])
def test_a_backend_for_another_version_is_refused_and_its_sister_is_not(register, fields):
    record = register(plugin_of(Backend("wrong", **fields), Backend("right"), stated=2), "two")
    assert [info.name for info in record.backends] == ["right"] and "backend 'wrong' was written for" in record.problem
    assert runs_on("right")
    for ask in (lambda: manager.device("wrong"), lambda: set_target("Wrong")):
        with pytest.raises(PluginVersionError, match="backend 'wrong' was written for"):
            ask()


def test_a_contract_that_gave_up_its_oldest_version_refuses_what_was_written_for_it(register, monkeypatch):
    monkeypatch.setattr(versions, "OLDEST_PLUGIN_API", PLUGIN_API_VERSION)
    taken = f"was written for plugin API 1, this mindspore-core takes {PLUGIN_API_VERSION}:"
    assert taken in register(plugin_of(), "old").problem
    new = plugin_of(Backend("new", api_version=PLUGIN_API_VERSION), stated=PLUGIN_API_VERSION)
    assert register(new, "new").problem is None


def test_what_was_refused_can_be_taken_out_and_put_right(register):
    register(plugin_of(stated=9), "again")
    manager.unregister_plugin("again")
    register(plugin_of(Backend("again"), stated=2), "again")
    assert runs_on("again")
    with pytest.raises(KeyError, match="no plugin is registered as 'absent'"):
        manager.unregister_plugin("absent")


def test_a_marked_function_that_is_no_hook_is_an_error(register):
    with pytest.raises(ValueError, match=r"mindspore_kernel is no hook of plugin API \d; the hooks are .*_kernels"):
        register(plugin_of(mindspore_kernel=lambda backend: {}), "typo")
    assert "typo" not in [record.name for record in manager.records()]
    optional = plugin_of(Backend("later"))
    optional.mindspore_later = hookimpl(optionalhook=True)(lambda: None)
    assert register(optional, "later").problem is None


def test_a_plugin_whose_hook_raises_contributes_nothing(register):
    made = plugin_of(mindspore_kernels=lambda backend: pytest.fail("called"))
    made.mindspore_backends = hookimpl(lambda: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        register(made, "broken")
    register(plugin_of(Backend("whole")), "whole")
    assert runs_on("whole")


def test_kernels_that_raise_do_not_keep_somebody_elses_device_from_opening(register):
    record = register(plugin_of(mindspore_kernels=lambda backend: {}["absent"]), "extra")
    register(plugin_of(Backend("host")), "host")
    with pytest.warns(UserWarning, match="plugin extra: mindspore_kernels for backend 'host' raised KeyError"):
        assert runs_on("host")
    assert "'host' raised KeyError: 'absent'" in record.problem


# -- what came with which version --------------------------------------------------------------------------------------


def parts_of_the_contract() -> set[str]:
    """Everything that a plugin may use or supply, found in the code."""
    found = {name for name, hook in vars(hookspecs).items() if hasattr(hook, "mindspore_spec")}
    found |= set(plugin.__all__) | {versions.STATED}
    for name in plugin.__all__:
        owner = getattr(plugin, name)
        if not inspect.isclass(owner) or issubclass(owner, BaseException):
            continue
        members = [f.name for f in dataclasses.fields(owner)] if dataclasses.is_dataclass(owner) else [
            *owner.__annotations__, *(n for n, m in vars(owner).items() if inspect.isfunction(m) and n[0] != "_")]
        # core looks for optional methods at the device
        found |= {f"{'Device' if name == 'FullDevice' else name}.{member}" for member in members}
    found |= {f"Backend.{name}" for name in re.findall(r"Optional: `(\w+)\(", protocols.Backend.__doc__)}
    return found


def test_every_part_of_the_contract_has_a_version_and_every_entry_is_a_part():
    listed = [name for names in versions.HISTORY.values() for name in names]
    assert len(listed) == len(set(listed)), "in two versions"
    assert set(listed) == parts_of_the_contract()
    assert list(versions.HISTORY) == list(range(1, PLUGIN_API_VERSION + 1))
    assert plugin.since("Device.claim") == 1 and plugin.since("mindspore_plugin_api") == 2
    with pytest.raises(LookupError, match="no part 'Device.clam'"):
        plugin.since("Device.clam")


def test_every_hook_says_since_when_it_is():
    hooks = {name: hook for name, hook in vars(hookspecs).items() if hasattr(hook, "mindspore_spec")}
    assert len(hooks) >= 5
    for name, hook in hooks.items():
        assert re.search(r"since: plugin API (\d+)$", hook.__doc__, re.MULTILINE)[1] == str(plugin.since(name)), name
