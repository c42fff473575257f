"""The character LSTM, run as a user runs it: it learns verses and writes some."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

SMALL = ("--width", "24", "--length", "20", "--batch", "8")


def run(repository: Path, *arguments: str) -> str:
    """What the program prints; it prints nothing on standard error."""
    command = [sys.executable, str(repository / "examples/shakespeare.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout


def losses(text: str) -> list[float]:
    return [float(found) for found in re.findall(r"^step +\d+  loss ([\d.]+)", text, re.MULTILINE)]


def written(text: str) -> tuple[str, int]:
    """The text that the network wrote, and the number of characters that it says it wrote."""
    found = re.search(r"\n\n(.*)\n\n(\d+) characters in ", text, re.DOTALL)
    return found[1], int(found[2])


def test_it_learns_its_verses_and_writes(repository: Path) -> None:
    text = run(repository, "--steps", "150", "--heat", "0.3")
    falling = losses(text)
    assert len(falling) == 10 and falling[-1] < 0.6 < 1.8 < falling[0]
    verses, count = written(text)
    assert 20 < count <= 600
    source = (repository / "examples/verses.py").read_text()
    words = re.findall(r"[a-z]{3,}", verses)
    assert len(words) >= 5 and sum(word in source for word in words) / len(words) > 0.8


def test_writing_ends_with_the_paragraph_or_the_limit(repository: Path) -> None:
    """With no training the network writes noise up to the limit; the `while` and its `break` count right."""
    text, count = written(run(repository, *SMALL, "--steps", "1", "--write", "40", "--heat", "0.01"))
    assert count == 40 or len(text) < 40


def test_both_modes_learn_alike(repository: Path) -> None:
    graph, pynative = [losses(run(repository, *SMALL, "--steps", "10", "--mode", mode))
                       for mode in ("graph", "pynative")]
    assert graph == pytest.approx(pynative, abs=2e-3)
    assert graph[-1] < graph[0]


def test_a_text_of_ones_own(repository: Path, data_dir: Path) -> None:
    text = run(repository, "--text", str(data_dir / "tinyshakespeare/input.txt"), "--steps", "60")
    assert losses(text)[-1] < 2.7


def test_mistakes_are_refused_by_name(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "short.txt").write_text("ab")
    for arguments, words in ((["--text", "missing.txt"], "missing.txt"), (["--steps", "0"], "--steps"),
                             (["--text", str(tmp_path / "short.txt")], "--length 64 needs more")):
        command = [sys.executable, str(repository / "examples/shakespeare.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode != 0 and words in done.stderr
