"""Fixtures of these tests."""
from __future__ import annotations

from types import SimpleNamespace

import pytest
import toy_device

from mindspore.plugin import manager


@pytest.fixture
def toy():
    """The device of a test backend that serves the target GPU, opened."""
    manager.register_plugin(SimpleNamespace(mindspore_backends=toy_device.mindspore_backends), "toy")
    try:
        yield manager.device("toy")
    finally:
        manager.unregister_plugin("toy")
