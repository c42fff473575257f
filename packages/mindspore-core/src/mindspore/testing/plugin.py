"""The pytest plugin of the conformance suite: its command-line options, and the collection of its results.

pytest loads it through its entry point `mindspore`, since options must be known before the suite's own `conftest` is
found by `pytest --pyargs mindspore.testing.conformance`.
"""
from __future__ import annotations

from mindspore.testing.results import Results


def pytest_addoption(parser) -> None:
    """`--ms-backend`, `--ms-require-device`, `--ms-xfail`, `--ms-requirements` and `--ms-report`."""
    group = parser.getgroup("mindspore", "conformance of MindSpore backends")
    group.addoption("--ms-backend", metavar="NAME[,NAME]", default=None,
                    help="the backends to test (default: every installed one); where a device is missing, the tests "
                         "that need it are skipped with the reason")
    group.addoption("--ms-require-device", action="store_true", default=False,
                    help="a test whose device is missing fails instead of being skipped")
    group.addoption("--ms-xfail", metavar="FILE", default=None,
                    help="a list of tests that are known to fail, one test id and a reason a line; a test on the list "
                         "that passes fails the run")
    group.addoption("--ms-requirements", metavar="FILE", default=None,
                    help="what the backends claim beyond what their devices say: TOML, or a Python literal in a file "
                         "named .py")
    group.addoption("--ms-report", metavar="PATH", action="append", default=[],
                    help="write what was found as a page: HTML where the name ends in .html, Markdown otherwise; may "
                         "be given several times")


def pytest_configure(config) -> None:
    """Collect results where they are told: with pytest-xdist, in the process that hands tests out."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Results(config.getoption("ms_report")), "mindspore-results")
