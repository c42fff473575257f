"""Fixtures: the device under test."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

from mindspore.plugin import manager

EXAMPLE = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def platform() -> None:
    """Without an OpenCL device the tests are skipped; with MS_REQUIRE_OPENCL=1 they fail."""
    status = manager.backends()["opencl"].status()
    if status != "available":
        (pytest.fail if os.environ.get("MS_REQUIRE_OPENCL") == "1" else pytest.skip)(f"OPENCL: {status}")


@pytest.fixture(scope="session")
def device():
    """The opened device."""
    return manager.device("opencl")
