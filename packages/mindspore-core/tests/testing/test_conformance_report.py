"""The page about a run of the conformance suite, and its counts where tests run in several processes."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mindspore.testing.results import Section, as_html, as_markdown

HERE = Path(__file__).parent
CHOSEN = "test_values and (value-exp- or value-neg-) or test_the_device_says or test_peaks_start_again"


def run(tmp_path, *options: str) -> str:
    path = os.pathsep.join([str(HERE), *filter(None, [os.environ.get("PYTHONPATH")])])
    (tmp_path / "known.txt").write_text("test_values[value-exp-float32] exp is off by a thousandth\n")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "faulty_backend", "--pyargs",
         "mindspore.testing.conformance", "--ms-backend=value", "-k", CHOSEN, "--ms-xfail=known.txt",
         f"--ms-report={tmp_path / 'page.md'}", f"--ms-report={tmp_path / 'page.html'}", *options],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_the_page_says_what_was_found(tmp_path, options):
    if options:
        pytest.importorskip("xdist")
    text = run(tmp_path, *options)
    assert re.search(r"value: \d\d+ results agree, 4 do not, \d+ samples refused", text), text
    page = (tmp_path / "page.md").read_text(encoding="utf-8")
    assert page.startswith("# Conformance of the backend value\n")
    assert "| target | FAULTY |" in page and "| element types | bool_ float32 int32 |" in page
    assert "| test_values[value-exp-float32] | exp is off by a thousandth |" in page
    assert re.search(r"^\| the device keeps no statistics \| 1 \|$", page, re.M), page
    rows = dict(re.findall(r"^\| (exp|neg) \| (.*) \|$", page, re.M))
    head = re.search(r"^\| operator \| (.*) \|$", page, re.M)[1].split(" | ")
    assert dict(zip(head, rows["exp"].split(" | ")))["float32"] == "no"
    assert dict(zip(head, rows["neg"].split(" | ")))["float32"] == "yes"
    assert dict(zip(head, rows["neg"].split(" | ")))["float64"] == "-"
    written = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert written.startswith("<!DOCTYPE html>") and '<td class="no">no</td>' in written


def test_marks_in_texts_are_escaped():
    section = Section("a < b", 2, ("x | y",), [("<b> & |",)])
    assert as_markdown([section]) == "## a < b\n\n| x \\| y |\n| --- |\n| <b> & \\| |\n"
    assert "<h2>a &lt; b</h2>" in as_html([section]) and "<td>&lt;b&gt; &amp; |</td>" in as_html([section])
