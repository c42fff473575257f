"""The fixtures of the conformance suite: the device under test, the tally, and the list of expected failures."""
from __future__ import annotations

import pytest

from mindspore.plugin import DeviceUnavailableError, manager
from mindspore.testing.conformance.requirements import Requirements, load
from mindspore.testing.results import PROPERTY, Tally


def _backend_names(config) -> list[str]:
    chosen = config.getoption("ms_backend", default=None)
    return chosen.split(",") if chosen else list(manager.backends())


def pytest_generate_tests(metafunc) -> None:
    """Every test that is about a backend runs for each chosen backend."""
    if "backend_name" in metafunc.fixturenames:
        metafunc.parametrize("backend_name", _backend_names(metafunc.config), scope="session")


_missing: dict[str, str | None] = {}


def _what_is_missing(backend_name: str) -> str | None:
    """Why the backend's device cannot be used here; None where it can. The device is open afterwards."""
    if backend_name not in _missing:
        backend = manager.backends().get(backend_name)
        status = "available" if backend is None else backend.status()
        if status == "available":
            try:
                manager.device(backend_name)
            except DeviceUnavailableError as error:
                status = str(error)
        _missing[backend_name] = None if status == "available" else status
    return _missing[backend_name]


def pytest_runtest_setup(item) -> None:
    """Where its device is missing, a test that needs it is skipped with the reason; `--ms-require-device` fails it. In
    a module that says `NEEDS_DEVICE = False` those tests need it that take the fixture `device`."""
    params = item.callspec.params if hasattr(item, "callspec") else {}
    if "backend_name" not in params or not (getattr(item.module, "NEEDS_DEVICE", True)
                                            or "device" in item.fixturenames):
        return
    name = params["backend_name"]
    reason = _what_is_missing(name)
    if reason is not None:
        item.user_properties.append((PROPERTY, vars(Tally(name, missing=reason))))
        required = item.config.getoption("ms_require_device", default=False)
        (pytest.fail if required else pytest.skip)(f"the device of {name} is missing: {reason}")


@pytest.fixture(scope="session")
def device(backend_name):
    """The opened device."""
    return manager.device(backend_name)


@pytest.fixture(scope="session")
def requirements(backend_name, request) -> Requirements:
    """What the backend under test claims, from the file of `--ms-requirements`."""
    path = request.config.getoption("ms_requirements", default=None)
    return (load(path) if path else {}).get(backend_name, Requirements())


@pytest.fixture
def tally(backend_name, request) -> Tally:
    """What the test counts for the backend; it goes with the test's report."""
    counts = Tally(backend_name)
    request.node.user_properties.append((PROPERTY, vars(counts)))
    return counts


def pytest_collection_modifyitems(config, items) -> None:
    """Mark the tests on the list of expected failures; each line must name a test that exists."""
    path = config.getoption("ms_xfail", default=None)
    if path is None:
        return
    by_name: dict[str, list] = {}
    for item in items:
        by_name.setdefault(item.name, []).append(item)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            name, _, reason = line.strip().partition(" ")
            if not name or name.startswith("#"):
                continue
            if name not in by_name or not reason:
                raise pytest.UsageError(f"{path}: {line.strip()!r} must be the id of a test, a space and a reason")
            for item in by_name[name]:
                item.add_marker(pytest.mark.xfail(reason=reason.strip(), strict=True))
