"""A trained network leaves Python: LeNet-5 as a MINDIR and an ONNX file, and digits read from both.

    python examples/exporting.py                     # trains a small while, then exports
    python examples/exporting.py --checkpoint FILE   # exports the network that examples/quickstart.py has saved

Both files leave the number of images open. The MINDIR file is loaded into `nn.GraphCell`, and the ONNX file into
onnxruntime where that is installed; each reads the test digits, in batches of several sizes, and must read what the
network reads. What is printed last is the share of digits that all of them agree on.
"""
from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
from quickstart import SIZE, LeNet5, digits

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.dataset import Dataset
from mindspore.train import Model, ProgressBar

BATCHES = (1, 7, 90)  # how many images at a time


def trained(checkpoint: Path | None, train: Dataset, test: Dataset) -> LeNet5:
    """The network, from a checkpoint or after five epochs on scikit-learn's digits."""
    network = LeNet5()
    if checkpoint is not None:
        ms.load_checkpoint(str(checkpoint), network)
        print(f"weights from {checkpoint}")
        return network
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    optimizer = nn.Momentum(network.trainable_params(), 0.05, momentum=0.9)
    Model(network, loss, optimizer, metrics={"accuracy"}).fit(5, train, test, callbacks=ProgressBar())
    return network


def onnx_reader(path: Path) -> Callable[[np.ndarray], np.ndarray] | None:
    """What gives the scores of images by onnxruntime; None where it is not installed."""
    try:
        import onnxruntime
    except ModuleNotFoundError:
        print("ONNX is not read: it needs onnxruntime (pip install onnxruntime)")
        return None
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda images: session.run(None, {session.get_inputs()[0].name: images})[0]


def compare(name: str, scores: Callable, images: np.ndarray, wanted: np.ndarray) -> np.ndarray:
    """The digits that a reader sees, in batches of all sizes, and how far its scores are from the network's."""
    found = np.empty(len(images), int)
    farthest, start, turn = 0.0, 0, 0
    while start < len(images):
        part = slice(start, start + BATCHES[turn % len(BATCHES)])
        result = scores(images[part])
        found[part] = result.argmax(1)
        farthest = max(farthest, float(np.abs(result - wanted[part]).max()))
        start, turn = part.stop, turn + 1
    print(f"{name}: {len(images)} digits in batches of {', '.join(map(str, BATCHES))}, scores differ by at most "
          f"{farthest:.1e}")
    return found


def main(arguments: list[str] | None = None) -> None:
    """Train or load, export, and compare."""
    parser = argparse.ArgumentParser(description="LeNet-5 as a MINDIR and an ONNX file.")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="weights that quickstart.py has saved")
    parser.add_argument("--output", type=Path, metavar="DIR", default=Path("exporting_output"),
                        help="where the files go (default: ./exporting_output)")
    options = parser.parse_args(arguments)
    options.output.mkdir(parents=True, exist_ok=True)
    ms.set_context(mode=ms.GRAPH_MODE)
    ms.set_seed(1)
    try:
        train, test = digits(32)
    except ModuleNotFoundError as error:
        raise SystemExit(f"no digits to learn from: {error}") from None
    network = trained(options.checkpoint, train, test)
    batches = list(test.create_tuple_iterator(output_numpy=True))
    images, labels = (np.concatenate(column) for column in zip(*batches))

    shape = Tensor(shape=[None, 1, SIZE, SIZE], dtype=ms.float32)
    for file_format in ("MINDIR", "ONNX"):
        ms.export(network, shape, file_name=options.output / "lenet", file_format=file_format)
        path = options.output / f"lenet.{file_format.lower()}"
        print(f"{path}: {path.stat().st_size} bytes")

    loaded = nn.GraphCell(ms.load(options.output / "lenet.mindir"))
    readers = {"MINDIR in nn.GraphCell": lambda x: loaded(Tensor(x)).asnumpy(),
               "ONNX in onnxruntime": onnx_reader(options.output / "lenet.onnx")}
    wanted = network(Tensor(images)).asnumpy()
    agreed = np.ones(len(images), bool)
    for name, reader in readers.items():
        if reader is not None:
            agreed &= compare(name, reader, images, wanted) == wanted.argmax(1)
    print(f"test accuracy: {100 * np.mean(wanted.argmax(1) == labels):.1f}%")
    print(f"agreement: {100 * agreed.mean():.1f}%")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)
