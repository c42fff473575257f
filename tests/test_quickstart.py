"""The quick start, run as a user runs it: LeNet-5 learns digits, is saved, restored and shown."""

from __future__ import annotations

import functools
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

EMBEDDED_ACCURACY, EMBEDDED_SECONDS = 97.0, 60.0
MNIST_ACCURACY = 98.5


def command(repository: Path, *arguments: str) -> list[str]:
    return [sys.executable, str(repository / "examples/quickstart.py"), *arguments]


def figure(pattern: str, text: str) -> float:
    return float(re.search(pattern, text)[1])


@pytest.mark.parametrize("mode", ["graph", "pynative"])
def test_embedded_digits(repository: Path, tmp_path: Path, mode: str) -> None:
    """Without a terminal: plain lines, nothing on standard error, everything written below the current folder."""
    done = subprocess.run(command(repository, "--mode", mode), cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    print(done.stdout)
    assert "\r" not in done.stdout and "\x1b" not in done.stdout
    assert len(re.findall(r"^epoch .*loss .*accuracy", done.stdout, re.MULTILINE)) >= 2
    assert figure(r"test accuracy: ([\d.]+)%", done.stdout) >= EMBEDDED_ACCURACY
    assert figure(r"total time: ([\d.]+) s", done.stdout) <= EMBEDDED_SECONDS
    output = tmp_path / "quickstart_output"
    assert (output / "digits.png").read_bytes().startswith(b"\x89PNG")
    assert (output / "lenet.ckpt").stat().st_size > 100_000
    assert [path.name for path in tmp_path.iterdir()] == ["quickstart_output"]


def test_mnist(repository: Path, tmp_path: Path, data_dir: Path) -> None:
    arguments = command(repository, "--data", str(data_dir / "mnist"))
    done = subprocess.run(arguments, cwd=tmp_path, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    print(done.stdout)
    assert len(re.findall(r"^epoch \d+/3", done.stdout, re.MULTILINE)) == 3
    assert figure(r"test accuracy: ([\d.]+)%", done.stdout) >= MNIST_ACCURACY


def test_control_c_ends_cleanly(repository: Path, tmp_path: Path) -> None:
    """In the middle of training: soon, with the exit status of an interrupted program and no traceback."""
    arguments = command(repository, "--epochs", "1000")
    pipe = subprocess.PIPE
    # Background jobs of a shell start with SIGINT ignored, and the program would inherit that.
    listen = functools.partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(arguments, cwd=tmp_path, stdout=pipe, stderr=pipe, text=True, preexec_fn=listen) as process:
        for line in process.stdout:
            if line.startswith("epoch 1/"):
                break
        process.send_signal(signal.SIGINT)
        start = time.monotonic()
        _, errors = process.communicate(timeout=30)
    assert time.monotonic() - start < 10
    assert process.returncode == 130
    assert "Traceback" not in errors


def test_a_folder_without_mnist_is_refused_by_name(repository: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = subprocess.run(command(repository, "--data", "empty"), cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode != 0
    assert "empty" in done.stderr
