"""Fixtures that all of core's tests share."""
from __future__ import annotations

import os
from pathlib import Path

import pytest

os.environ.setdefault("MS_CPU_CACHE", "0")  # tests neither write nor read the user's machine code


@pytest.fixture(autouse=True, scope="session")
def what_is_refused_is_an_error():
    """Nothing that a test compiles runs in PyNative mode unseen (`graph/fall_back.py`)."""
    import mindspore as ms
    ms.set_context(jit_syntax_level=ms.STRICT)


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real test data (MNIST, files written by MindSpore itself), named by MS_TEST_DATA.

    Without it a test is skipped, visibly; with MS_REQUIRE_DATA=1 it fails instead. A folder that is named and is not
    there is always a failure.
    """
    named = os.environ.get("MS_TEST_DATA")
    if named is None:
        message = "set MS_TEST_DATA to the absolute path of the folder of test data"
        if os.environ.get("MS_REQUIRE_DATA") == "1":
            pytest.fail(f"MS_REQUIRE_DATA=1, but {message}")
        pytest.skip(message)
    folder = Path(named)
    if not folder.is_absolute() or not folder.is_dir():
        pytest.fail(f"MS_TEST_DATA must be the absolute path of a folder, but is {named!r}")
    return folder


@pytest.fixture(scope="session")
def discrete() -> str:
    """The name of the test backend whose device is not the host (see backends/discrete.py), registered."""
    import sys
    sys.path.insert(0, str(Path(__file__).parent / "backends"))
    import discrete

    from mindspore.plugin import manager
    if "discrete" not in manager.backends():
        manager.register_plugin(discrete, "discrete")
    return "discrete"


@pytest.fixture(autouse=True)
def no_gradient_is_left_open():
    """What is differentiated in PyNative mode ends with the call, also where that raises."""
    yield
    from mindspore.eager import segment
    left, segment.current().regions[:] = list(segment.current().regions), []
    assert not left, "a gradient that the test began goes on recording"


@pytest.fixture(params=["graph", "pynative"])
def mode(request):
    """Each of the two execution modes in turn, on the reference backend; its name."""
    import mindspore as ms
    from mindspore.runtime.device import use_backend
    with use_backend("reference"):
        ms.set_context(mode=ms.GRAPH_MODE if request.param == "graph" else ms.PYNATIVE_MODE)
        yield request.param
        ms.set_context(mode=ms.PYNATIVE_MODE)
