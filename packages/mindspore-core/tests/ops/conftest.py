"""The operators are tested on the reference backend, in PyNative mode unless a test says otherwise."""
from __future__ import annotations

import pytest

from mindspore import context
from mindspore.runtime.device import use_backend


@pytest.fixture(autouse=True)
def reference_backend():
    saved = context.get_context("mode")
    context.set_context(mode=context.PYNATIVE_MODE)
    with use_backend("reference"):
        yield
    context.set_context(mode=saved)
