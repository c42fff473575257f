"""The longer examples in short form, run as a user runs them: the losses fall, and the files are there."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

Run = Callable[..., str]
PICTURES = importlib.util.find_spec("matplotlib") is not None


@pytest.fixture
def run(repository: Path, tmp_path: Path) -> Run:
    """Runs an example in a folder of its own: what it prints. It prints nothing on standard error."""

    def program(name: str, *arguments: str) -> str:
        command = [sys.executable, str(repository / "examples" / name), *arguments]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=300)
        assert (done.returncode, done.stderr) == (0, ""), done.stdout
        assert "\r" not in done.stdout and "\x1b" not in done.stdout
        print(done.stdout)
        return done.stdout

    return program


def figure(pattern: str, text: str) -> float:
    """The number that the pattern finds."""
    return float(re.search(pattern, text)[1])


def shows(text: str, folder: Path, path: str) -> None:
    """The text names the picture, and it is there, where matplotlib is."""
    if PICTURES:
        assert f"picture {path}\n" in text
        assert (folder / path).read_bytes().startswith(b"\x89PNG")
    else:
        assert "no picture: it needs matplotlib" in text


def monitored(text: str) -> list[float]:
    """The losses that LossMonitor prints."""
    return [float(found) for found in re.findall(r"^epoch: \d+ step: \d+, loss is ([\d.]+)", text, re.MULTILINE)]


def test_resnet_learns_shapes(run: Run, tmp_path: Path) -> None:
    text = run("resnet_cifar.py", "--images", "800", "--epochs", "3", "--width", "8")
    losses = monitored(text)
    assert len(losses) == 12 and np.mean(losses[-4:]) < np.mean(losses[:4]) - 0.3
    assert figure(r"test accuracy: ([\d.]+)%", text) > 18
    assert [path.name for path in sorted((tmp_path / "resnet_output").glob("*.ckpt"))] == [
        "resnet-2_16.ckpt", "resnet-3_16.ckpt"]
    shows(text, tmp_path, "resnet_output/images.png")


def test_resnet_reads_cifar_files_and_transfer_its_checkpoint(
    run: Run, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder of CIFAR-10's format: a byte for the class and 3072 for the colours' planes, one row after another."""
    monkeypatch.syspath_prepend(repository / "examples")
    import shapes
    folder = tmp_path / "cifar-10-batches-bin"
    folder.mkdir()
    for seed, name in enumerate([*(f"data_batch_{i}.bin" for i in range(1, 6)), "test_batch.bin"]):
        images, labels = shapes.drawn(20, seed)
        planes = images.transpose(0, 3, 1, 2).reshape(20, -1)
        (folder / name).write_bytes(np.hstack([labels[:, None].astype(np.uint8), planes]).tobytes())
    monkeypatch.setenv("MS_TEST_DATA", str(tmp_path))
    text = run("resnet_cifar.py", "--epochs", "1", "--width", "2")
    assert "on CIFAR-10: 1 epochs of 2 steps" in text
    assert len(monitored(text)) == 2
    # What the callback has saved, with the optimizer's state, is what transfer starts from.
    text = run("transfer.py", "--checkpoint", "resnet_output/resnet-1_2.ckpt", "--few", "20", "--tune", "1")
    assert "loaded 100 parameters of resnet-1_2.ckpt, new: head.weight, head.bias\n" in text
    assert "first task" not in text


def test_gpt_learns_and_writes(run: Run, data_dir: Path, tmp_path: Path) -> None:
    """A tiny network on much text: what it learns holds for text that it has not seen."""
    text = run("gpt.py", "--text", str(data_dir / "tinyshakespeare/input.txt"), "--steps", "60", "--width", "32",
               "--layers", "1", "--length", "32", "--batch", "16", "--rate", "0.01", "--write", "50")
    found = re.findall(r"^step +\d+  training ([\d.]+)  held back ([\d.]+) bits", text, re.MULTILINE)
    learned, held = zip(*((float(a), float(b)) for a, b in found))
    assert len(learned) == 10 and learned[-1] < learned[0] - 0.5 and held[-1] < held[0] - 0.3
    assert text.endswith(f"validation loss: {min(held):.3f} bits per character\n")
    first, new = re.search(r"\n\n(.*)\|(.*)\n\n50 characters", text, re.DOTALL).groups()
    assert (len(first), len(new)) == (32, 50)
    shows(text, tmp_path, "gpt_output/loss.png")


def test_text_classifier_hears_how_a_review_ends(run: Run, tmp_path: Path) -> None:
    long = "the room was cold " + "and the zebra was cold " * 12 + "but the bill was fair"  # more words than are read
    text = run("text_classifier.py", "--reviews", "1500", "--batch", "16", "--epochs", "4", "--say", long,
               "--say", "the room was not warm", "--say", "the room was cold but the zebra was warm")
    found = re.findall(r"^epoch \d/4  loss ([\d.]+)  unseen ([\d.]+)  accuracy ([\d.]+)%", text, re.MULTILINE)
    learned, unseen, accuracy = zip(*(map(float, row) for row in found))
    assert len(found) == 4 and learned[-1] < learned[0] / 2 and unseen[-1] < unseen[0] / 2
    assert accuracy[-1] > 85
    assert f"  complaint: {long}\n" in text and "  complaint: the room was not warm\n" in text
    assert "  praise: the room was cold but the zebra was warm\n" in text
    assert figure(r"test accuracy: ([\d.]+)%\n$", text) == accuracy[-1]
    shows(text, tmp_path, "text_output/curves.png")


def test_transfer_helps_with_few_images(run: Run, tmp_path: Path) -> None:
    text = run("transfer.py", "--width", "4", "--images", "1000", "--epochs", "4", "--tune", "10")
    first = monitored(text)
    assert len(first) == 4 and first[-1] < first[0]
    assert text.count("loaded 100 parameters of shapes.ckpt, new: head.weight, head.bias\n") == 2
    found = re.findall(r"^(\w.*?)  +(\d+) weights trained  loss ([\d.]+) to ([\d.]+)  accuracy ([\d.]+)%", text,
                       re.MULTILINE)
    assert [(name, int(count)) for name, count, *_ in found] == [
        ("from scratch", 44424), ("new head", 132), ("all tuned", 44424)]
    assert all(float(last) < float(start) for _, _, start, last, _ in found)
    with_transfer, without = map(float, re.search(r"with transfer ([\d.]+)%, without ([\d.]+)%\n$", text).groups())
    assert with_transfer > without
    shows(text, tmp_path, "transfer_output/images.png")
    shows(text, tmp_path, "transfer_output/bars.png")
