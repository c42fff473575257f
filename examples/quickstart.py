"""LeNet-5 learns to read handwritten digits, from the data to a checked prediction.

    python examples/quickstart.py                     # 1797 digits that come with scikit-learn: no download
    python examples/quickstart.py --data MNIST_DIR    # the MNIST files, plain or with .gz

The network is that of LeCun, Bottou, Bengio and Haffner, "Gradient-based learning applied to document recognition",
1998, with today's activations and pooling: two convolutions, each followed by a halving of the image, and three dense
layers. Training shows loss and accuracy of each epoch; then a checkpoint is saved, loaded into a second network, whose
predictions must be the same, and a picture shows some digits with what the network read.
"""
from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
import pictures

import mindspore as ms
from mindspore import nn
from mindspore.dataset import Dataset, MnistDataset, NumpySlicesDataset, transforms, vision
from mindspore.train import Model, ProgressBar

SIZE = 32  # the side of LeNet's input


class LeNet5(nn.Cell):
    """Images (N, 1, 32, 32) to scores (N, 10)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid")
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid")
        self.fc1 = nn.Dense(16 * 5 * 5, 120)
        self.fc2 = nn.Dense(120, 84)
        self.fc3 = nn.Dense(84, 10)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(kernel_size=2, stride=2)
        self.flatten = nn.Flatten()

    def construct(self, x):
        """The scores of the ten digits."""
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.flatten(x)
        x = self.relu(self.fc1(x))
        x = self.relu(self.fc2(x))
        return self.fc3(x)


def digits(batch_size: int) -> tuple[Dataset, Dataset]:
    """Training and test batches of scikit-learn's digits, 8 x 8 images enlarged by repeating their pixels."""
    from sklearn.datasets import load_digits
    found = load_digits()
    images = np.kron(found.images / 16, np.ones((SIZE // 8, SIZE // 8)))[:, None].astype(np.float32)
    labels = found.target.astype(np.int32)
    order = np.random.default_rng(0).permutation(len(images))
    parts = order[:-360], order[-360:]
    train, test = (NumpySlicesDataset((images[part], labels[part]), ["image", "label"], shuffle=number == 0)
                   for number, part in enumerate(parts))
    return train.batch(batch_size, drop_remainder=True), test.batch(90)


def mnist(folder: Path, batch_size: int) -> tuple[Dataset, Dataset]:
    """Training and test batches of MNIST, 28 x 28 images in a black frame."""

    def batches(usage: str, size: int) -> Dataset:
        rows = MnistDataset(folder, usage=usage, shuffle=usage == "train")
        rows = rows.map([vision.Pad((SIZE - 28) // 2), vision.Rescale(1 / 255, 0), vision.HWC2CHW()], "image")
        rows = rows.map(transforms.TypeCast(ms.int32), "label")
        return rows.batch(size, drop_remainder=usage == "train")

    return batches("train", batch_size), batches("test", 500)


def read(network: nn.Cell, images: ms.Tensor) -> np.ndarray:
    """The digit that the network sees in each image."""
    return Model(network).predict(images).asnumpy().argmax(1)


def check_checkpoint(network: nn.Cell, path: Path, images: ms.Tensor) -> np.ndarray:
    """Save the network, load it into a new one, and compare what the two read; the digits read."""
    ms.save_checkpoint(network, str(path))
    restored = LeNet5()
    ms.load_param_into_net(restored, ms.load_checkpoint(str(path)))
    expected, found = read(network, images), read(restored, images)
    if not np.array_equal(expected, found):
        raise SystemExit(f"the network from {path} reads {np.count_nonzero(expected != found)} of {len(found)} digits "
                         f"differently from the network that was saved")
    print(f"checkpoint {path}: the restored network reads the same in {len(found)} digits")
    return found


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="LeNet-5 learns to read handwritten digits.")
    parser.add_argument("--data", type=Path, metavar="DIR", help="a folder with the MNIST files (default: the digits "
                                                                 "of scikit-learn)")
    parser.add_argument("--mode", choices=("graph", "pynative"), default="graph")
    parser.add_argument("--device", default="CPU", help="the device target (default: CPU)")
    parser.add_argument("--epochs", type=int, help="default: 10, with --data 3")
    parser.add_argument("--output", type=Path, metavar="DIR", default=Path("quickstart_output"),
                        help="where checkpoint and picture go (default: ./quickstart_output)")
    options = parser.parse_args(arguments)
    if options.epochs is not None and options.epochs < 1:
        parser.error(f"--epochs must be at least 1, but is {options.epochs}")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Train, save, restore, and show."""
    options = parse(arguments)
    began = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    ms.set_context(mode=ms.GRAPH_MODE if options.mode == "graph" else ms.PYNATIVE_MODE, device_target=options.device)
    ms.set_seed(1)
    try:
        train, test = digits(32) if options.data is None else mnist(options.data, 64)
    except (ModuleNotFoundError, FileNotFoundError, ValueError) as error:
        raise SystemExit(f"no digits to learn from: {error}") from None
    epochs = options.epochs or (10 if options.data is None else 3)

    network = LeNet5()
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    steps = epochs * train.get_dataset_size()
    rate = nn.cosine_decay_lr(0.0, 0.05, steps, train.get_dataset_size(), epochs)
    optimizer = nn.Momentum(network.trainable_params(), rate, momentum=0.9)
    model = Model(network, loss, optimizer, metrics={"accuracy"})
    source = "MNIST" if options.data else "the digits of scikit-learn"
    print(f"LeNet-5 on {source}: {train.get_dataset_size()} steps an epoch, {options.mode} mode, device "
          f"{options.device}")
    model.fit(epochs, train, test, callbacks=ProgressBar())

    images, labels = next(test.create_tuple_iterator())
    found = check_checkpoint(network, options.output / "lenet.ckpt", images)
    pictures.answers(images.asnumpy()[:, 0], [str(digit) for digit in found],
                     [str(label) for label in labels.asnumpy()], "what LeNet-5 reads", options.output / "digits.png")
    print(f"test accuracy: {100 * model.eval(test)['accuracy']:.1f}%")
    print(f"total time: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)
