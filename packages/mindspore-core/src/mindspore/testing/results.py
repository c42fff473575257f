"""What the conformance suite found: collected from the reports of tests, told at the end, and written as a page.

A test of a backend attaches what it counted to its report (`Tally`), so that the numbers arrive wherever the test ran,
also in the processes of pytest-xdist. `--ms-report=PATH` writes the page of each backend: HTML where the name ends in
.html, Markdown otherwise.
"""
from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

PROPERTY = "mindspore"
_VALUES = re.compile(r"test_values\[.*?-(\w+)-(\w+)\]$")


@dataclass
class Tally:
    """Results of one test on one backend. agreed and failed count single results, refused counts samples at dtypes
    which the device does not claim, on_host counts launches that fell back to the host. facts: what is known of the
    backend. missing: why its device cannot be used, where that kept the test from running."""

    backend: str
    agreed: int = 0
    failed: int = 0
    refused: int = 0
    on_host: int = 0
    facts: dict[str, str] = field(default_factory=dict)
    missing: str | None = None

    def count(self, problem: str | None) -> None:
        """One more result, good where there is no problem."""
        if problem is None:
            self.agreed += 1
        else:
            self.failed += 1

    def check(self, problem: str | None) -> None:
        """One more result; AssertionError where there is a problem."""
        self.count(problem)
        assert problem is None, problem


@dataclass(frozen=True)
class Test:
    """One test that ran. outcome: passed, failed, skipped, or expected (a failure that is on the list)."""

    __test__ = False

    name: str
    module: str
    outcome: str
    reason: str
    counts: dict


class Results:
    """The pytest plugin that collects."""

    def __init__(self, paths: list[str]):
        self.paths = paths
        self.tests: dict[str, list[Test]] = {}

    def pytest_runtest_logreport(self, report) -> None:
        """Keep the report of a test of a backend: of its call, or of what kept it from being called."""
        if report.when != "call" and (report.when != "setup" or report.outcome == "passed"):
            return
        counts = next((value for key, value in report.user_properties if key == PROPERTY), None)
        if counts is None:
            return
        path, _, name = report.nodeid.partition("::")
        expected = getattr(report, "wasxfail", None)
        outcome = "expected" if expected is not None and report.outcome == "skipped" else report.outcome
        self.tests.setdefault(counts["backend"], []).append(
            Test(name, path.rpartition("/")[2], outcome, expected or _reason(report), dict(counts)))

    def pytest_terminal_summary(self, terminalreporter) -> None:
        """One line for each backend, and where its page is."""
        if self.tests:
            terminalreporter.section("conformance")
        for name, tests in self.tests.items():
            agreed, failed, refused, on_host = (_total(tests, what) for what in
                                                ("agreed", "failed", "refused", "on_host"))
            terminalreporter.line(f"{name}: {agreed} results agree, {failed} do not, {refused} samples refused (dtype "
                                  f"not claimed), {on_host} launches on the host")
            for reason, number in Counter(t.counts["missing"] for t in tests if t.counts["missing"]).items():
                terminalreporter.line(f"{name}: {number} tests did not run, the device is missing: {reason}", red=True)
        for path in self.paths if self.tests else ():
            page = as_html if path.endswith((".html", ".htm")) else as_markdown
            with open(path, "w", encoding="utf-8") as file:
                file.write(page(list(sections(self.tests))))
            terminalreporter.line(f"report: {path}")


def _reason(report) -> str:
    """Why a test was skipped or failed, in a line."""
    if report.outcome == "skipped" and isinstance(report.longrepr, tuple):
        return report.longrepr[2].removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return crash.message.partition("\n")[0] if report.outcome == "failed" and crash is not None else ""


def _total(tests: list[Test], what: str) -> int:
    return sum(test.counts[what] for test in tests)


# -- the page ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Section:
    """A title with a table below it; level 1 begins a backend."""

    title: str
    level: int
    head: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def sections(tests: dict[str, list[Test]]) -> Iterator[Section]:
    """All that is known of each backend."""
    for name, own in tests.items():
        facts: dict[str, str] = {}
        for test in own:
            facts.update(test.counts["facts"])
        yield Section(f"Conformance of the backend {name}", 1, ("fact", "value"), list(facts.items()))
        yield Section("What was tested", 2, ("module", "passed", "failed", "expected failures", "skipped",
                                             "results that agree", "samples refused", "launches on the host"),
                      [_module_row(module, [t for t in own if t.module == module])
                       for module in sorted({t.module for t in own})])
        for outcome, title in (("failed", "Failures"), ("expected", "Expected failures")):
            found = [(t.name, t.reason) for t in own if t.outcome == outcome]
            if found:
                yield Section(title, 2, ("test", "reason"), found)
        skipped = Counter(t.reason for t in own if t.outcome == "skipped")
        if skipped:
            yield Section("Skipped", 2, ("reason", "tests"), [(r, str(n)) for r, n in skipped.most_common()])
        matrix = _operators(own)
        if matrix:
            yield matrix


def _module_row(module: str, tests: list[Test]) -> tuple[str, ...]:
    outcomes = Counter(t.outcome for t in tests)
    return (module, *(str(outcomes[o]) for o in ("passed", "failed", "expected", "skipped")),
            *(str(_total(tests, what)) for what in ("agreed", "refused", "on_host")))


def _operators(tests: list[Test]) -> Section | None:
    """Operators and dtypes: `yes`, `host` where launches fell back, `no` where a value is wrong, `-` where the device
    does not claim what the samples need; `native` stands for the samples' own integers and bools."""
    cells: dict[str, dict[str, str]] = {}
    for test in tests:
        found = _VALUES.match(test.name)
        if found:
            good = "host" if test.counts["on_host"] else "yes"
            cells.setdefault(found[1], {})[found[2]] = {"passed": good, "skipped": "-"}.get(test.outcome, "no")
    keys = sorted({key for row in cells.values() for key in row}, key=lambda k: (k == "native", len(k), k))
    return Section("Operators", 2, ("operator", *keys), [
        (name, *(row.get(key, "") for key in keys)) for name, row in sorted(cells.items())]) if cells else None


def as_markdown(found: list[Section]) -> str:
    """The sections as a page of Markdown."""
    lines: list[str] = []
    for section in found:
        lines += ["#" * section.level + " " + section.title, ""]
        rows = [section.head, ("---",) * len(section.head), *section.rows]
        lines += ["| " + " | ".join(cell.replace("|", "\\|") for cell in row) + " |" for row in rows] + [""]
    return "\n".join(lines)


STYLE = ("body{font-family:sans-serif;margin:2em}table{border-collapse:collapse}td,th{border:1px solid #bbb;"
         "padding:2px 8px;text-align:left}td.no{background:#f6c9c9}td.yes{background:#d5efd5}"
         "td.host{background:#f5edc8}")


def as_html(found: list[Section]) -> str:
    """The sections as a page of HTML that needs no other file."""
    parts = [f"<!DOCTYPE html><html lang=\"en\"><head><meta charset=\"utf-8\"><title>Conformance</title>"
             f"<style>{STYLE}</style></head><body>"]
    for section in found:
        parts.append(f"<h{section.level}>{html.escape(section.title)}</h{section.level}><table>")
        parts.append("<tr>" + "".join(f"<th>{html.escape(cell)}</th>" for cell in section.head) + "</tr>")
        parts += ["<tr>" + "".join(_cell(cell) for cell in row) + "</tr>" for row in section.rows]
        parts.append("</table>")
    return "\n".join([*parts, "</body></html>", ""])


def _cell(text: str) -> str:
    mark = f' class="{text}"' if text in ("yes", "no", "host") else ""
    return f"<td{mark}>{html.escape(text)}</td>"
