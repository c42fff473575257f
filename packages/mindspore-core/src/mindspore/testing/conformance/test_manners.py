"""The manners of a plugin: light to import, lazy to open, honest about what it is.

What importing does is looked at in a fresh process, which imports the module of the backend's class and asks for the
status. A backend whose module cannot be imported by its name, such as one written in a notebook, skips those tests.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from mindspore.common.dtype import DType
from mindspore.compiler.primitives.base import PRIMITIVES
from mindspore.compiler.program import PLAN_VERSION
from mindspore.plugin import OLDEST_PLUGIN_API, PLUGIN_API_VERSION, BackendInfo, Capabilities, manager
from mindspore.plugin.protocols import Allocator

LOOK = """
import importlib, json, sys, sysconfig, threading, time
import mindspore.plugin
from mindspore.plugin import manager
name, module = sys.argv[1:]

def extensions():
    own = sysconfig.get_paths()
    return {n for n, m in list(sys.modules.items()) for f in [getattr(m, "__file__", None) or ""]
            if f.endswith((".so", ".pyd", ".dylib")) and not ("/lib-dynload/" in f or f.startswith(own["platstdlib"])
            and "site-packages" not in f)}

before, threads, start = extensions(), threading.active_count(), time.process_time()
loaded = importlib.import_module(module)
seconds = time.process_time() - start
found = {"seconds": seconds, "extensions": sorted(extensions() - before), "started": threading.active_count() - threads}
backend = manager.backends().get(name)
if backend is None:
    found_in = [v() for v in vars(loaded).values() if isinstance(v, type) and v.__module__ == module
                and hasattr(v, "open") and getattr(getattr(v, "info", None), "name", None) == name]
    backend = found_in[0] if found_in else None
if backend is not None:
    found["status"] = backend.status()
    found["count"] = backend.device_count() if hasattr(backend, "device_count") else None
found["open"] = manager.is_open(name)
found["started"] = max(found["started"], threading.active_count() - threads)
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def looked(backend_name):
    """What a fresh process sees when it imports the backend's module."""
    module = type(manager.backends()[backend_name]).__module__
    path = os.pathsep.join(p for p in sys.path if p)
    done = subprocess.run([sys.executable, "-c", LOOK, backend_name, module], capture_output=True, text=True,
                          env={**os.environ, "PYTHONPATH": path}, timeout=120, check=False)
    if f"No module named '{module}'" in done.stderr or module == "__main__":
        pytest.skip(f"the module {module} cannot be imported by its name")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def test_importing_takes_no_time(looked, requirements, tally):
    slow = looked["seconds"] > requirements.import_seconds
    tally.check(f"importing took {looked['seconds']:.3f} processor seconds, expected at most "
                f"{requirements.import_seconds}: load libraries in Backend.open" if slow else None)


def test_importing_loads_no_library(looked, tally):
    tally.check(f"importing loaded {looked['extensions']}: load libraries in Backend.open" if looked["extensions"]
                else None)


def test_neither_importing_nor_status_starts_a_thread(looked, tally):
    tally.check(f"{looked['started']} threads were started: start them in Backend.open" if looked["started"] else None)


def test_neither_importing_nor_status_opens_the_device(looked, tally):
    tally.check("the device is open" if looked["open"] else None)


def test_the_status_is_known_before_opening(looked, tally):
    if "status" not in looked:
        pytest.skip("the backend needs arguments: it cannot be made from its class")
    good = isinstance(looked["status"], str) and looked["status"]
    tally.check(None if good else f"the status is {looked['status']!r}, expected 'available' or why not")
    count = looked["count"]
    tally.check(None if count is None or isinstance(count, int) and count >= 0 else f"the device count is {count!r}")


def test_the_backend_says_what_it_is(backend_name, tally):
    info = manager.backends()[backend_name].info
    rules = {
        "info is no BackendInfo": isinstance(info, BackendInfo),
        f"info.name is {info.name!r}": info.name == backend_name,
        f"info.target is {info.target!r}": isinstance(info.target, str) and info.target,
        f"info.version is {info.version!r}": isinstance(info.version, str) and info.version,
        f"info.api_version is {info.api_version!r}":
            OLDEST_PLUGIN_API <= info.api_version <= PLUGIN_API_VERSION,
        f"info.priority is {info.priority!r}": isinstance(info.priority, int),
        f"info.plan_versions is {info.plan_versions!r}": PLAN_VERSION in info.plan_versions,
        f"info.description is {info.description!r}": isinstance(info.description, str)}
    for problem, good in rules.items():
        tally.check(None if good else problem)


def test_the_device_says_what_it_can(backend_name, device, requirements, tally):
    can = device.capabilities
    keys = {t.key for t in DType._all}
    info = manager.backends()[backend_name].info
    plans = info.plan_versions
    switches = [name for name in ("host_memory", "in_place", "regions", "loops", "symbolic") if getattr(can, name)]
    tally.facts |= {"target": info.target, "version": info.version, "plan versions": str(plans),
                    "element types": " ".join(sorted(can.dtypes)), "capabilities": " ".join(switches) or "-",
                    "primitives in generated groups": str(len(can.codegen)),
                    "kernel table": f"{len(device.kernels)} entries", "requirements": str(requirements)}
    rules = {
        "capabilities is no Capabilities": isinstance(can, Capabilities),
        f"unknown element types {sorted(can.dtypes - keys)}": can.dtypes <= keys,
        f"unknown element types of groups {sorted((can.codegen_dtypes or frozenset()) - can.dtypes)}":
            (can.codegen_dtypes or frozenset()) <= can.dtypes,
        f"unknown primitives in codegen {sorted(can.codegen - set(PRIMITIVES))}": can.codegen <= set(PRIMITIVES),
        "codegen without a builder 'group' or an own executor":
            not can.codegen or "group" in device.kernels or hasattr(device, "compile"),
        "host_memory without as_numpy": not can.host_memory or hasattr(device, "as_numpy"),
        f"regions with plan versions {plans}, expected 2 among them": not can.regions or 2 in plans,
        "loops without regions": not can.loops or can.regions,
        "the allocator lacks a method": isinstance(device.allocator, Allocator)}
    for problem, good in rules.items():
        tally.check(None if good else problem)
    missing = sorted(set(requirements.dtypes) - can.dtypes)
    tally.check(f"the device does not claim {missing}, which the requirements list" if missing else None)
    for name in requirements.capabilities:
        tally.check(None if getattr(can, name) else f"capabilities.{name} is off, the requirements say that it is on")


def test_kernels_are_builders_by_name(device, requirements, tally):
    wrong = [name for name in device.kernels if not isinstance(name, str) or not callable(device.kernels[name])]
    tally.check(f"no builders: {wrong}" if wrong else None)
    missing = [name for name in requirements.kernels if name not in device.kernels]
    tally.check(f"no kernels for {missing}, which the requirements list" if missing else None)


def test_the_device_is_opened_once(backend_name, device, tally):
    tally.check(None if manager.device(backend_name) is device else "another device was opened")
    tally.check(None if manager.is_open(backend_name) else "the manager does not know that the device is open")


NEEDS_DEVICE = False  # a plugin has manners where its device is missing, too
OPTIONAL = {"properties": ("name", "total_memory"),
            "memory_statistics": ("allocated", "reserved", "allocated_peak", "reserved_peak")}


@pytest.mark.parametrize("method", OPTIONAL)
def test_optional_methods_answer(device, tally, method):
    answer = getattr(device, method, None)
    if answer is None:
        pytest.skip(f"the device has no {method}")
    said = answer()
    for key in OPTIONAL[method]:
        tally.check(None if key in said else f"{method}() has no {key!r}: {said!r}")


def test_the_device_describes_itself_in_a_line(device, tally):
    if not hasattr(device, "describe"):
        pytest.skip("the device has no describe")
    said = device.describe()
    line = isinstance(said, str) and said.strip() and len(said.splitlines()) == 1
    tally.facts |= {"device": said} if line else {}
    tally.check(None if line else f"describe() gave {said!r}, expected a str of one line; what programs read belongs "
                                  f"into properties()")


def test_an_unknown_setting_is_not_taken(device, tally):
    if not hasattr(device, "set_option"):
        pytest.skip("the device has no settings")
    answer = device.set_option("no_such_setting_of_any_device", 1)
    tally.check(None if answer is False else f"set_option of an unknown name gave {answer!r}, expected False")
