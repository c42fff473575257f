"""The fixtures of the conformance suite: the device under test, the tally, and the list of expected failures."""
from __future__ import annotations

import pytest

from mindspore.plugin import manager
from mindspore.testing.conformance.requirements import Requirements, load
from mindspore.testing.results import PROPERTY, Tally


def _backend_names(config) -> list[str]:
    chosen = config.getoption("ms_backend", default=None)
    return chosen.split(",") if chosen else list(manager.backends())


def pytest_generate_tests(metafunc) -> None:
    """Every test that is about a backend runs for each chosen backend."""
    if "backend_name" in metafunc.fixturenames:
        metafunc.parametrize("backend_name", _backend_names(metafunc.config), scope="session")


@pytest.fixture(scope="session")
def device(backend_name, request):
    """The opened device. A backend that was asked for by name must open; others are skipped where they cannot."""
    if request.config.getoption("ms_backend", default=None) is None:
        status = manager.backends()[backend_name].status()
        if status != "available":
            pytest.skip(f"backend {backend_name}: {status}")
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
