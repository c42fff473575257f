"""The export of a trained network, run as a user runs it: both files read what the network reads."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path


def run(repository: Path, folder: Path, *arguments: str) -> str:
    """What the program prints; it prints nothing on standard error."""
    command = [sys.executable, str(repository / "examples/exporting.py"), *arguments]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    print(done.stdout)
    return done.stdout


def test_all_readers_agree(repository: Path, tmp_path: Path) -> None:
    text = run(repository, tmp_path)
    assert sorted(p.name for p in (tmp_path / "exporting_output").iterdir()) == ["lenet.mindir", "lenet.onnx"]
    differences = [float(found) for found in re.findall(r"differ by at most ([\d.e+-]+)", text)]
    assert len(differences) == 1 + (importlib.util.find_spec("onnxruntime") is not None)
    assert max(differences) < 1e-3
    assert float(re.search(r"test accuracy: ([\d.]+)%", text)[1]) > 85
    assert text.endswith("agreement: 100.0%\n")
