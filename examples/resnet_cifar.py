"""A ResNet-18 learns to name small colour images: a pipeline that varies them, `Model.train`, callbacks, a checkpoint.

    python examples/resnet_cifar.py                     # ten shapes that the program draws itself: no download
    python examples/resnet_cifar.py --data CIFAR_DIR    # the folder cifar-10-batches-bin with CIFAR-10's binary files

The network is that of He, Zhang, Ren and Sun, "Deep residual learning for image recognition", 2016, with the beginning
that is usual for images of 32 x 32 points: a 3 x 3 convolution that keeps the size, and no pooling. Four stages of two
blocks follow; each stage after the first halves the image and doubles the channels. `--width 64` is the network of the
paper, the default is a quarter of it, which two cores train in a minute.

Where the environment variable MS_TEST_DATA names a folder that has a folder cifar-10-batches-bin, that is what is
learned by default.
"""
from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

import pictures
import shapes

import mindspore as ms
from mindspore import nn, ops
from mindspore.dataset import Cifar10Dataset, Dataset, NumpySlicesDataset, transforms, vision
from mindspore.train import CheckpointConfig, LossMonitor, Model, ModelCheckpoint, TimeMonitor

FOLDER = "cifar-10-batches-bin"
CIFAR_NAMES = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")
MEAN, SPREAD = (0.4914, 0.4822, 0.4465), (0.2470, 0.2435, 0.2616)  # of CIFAR-10's points, from 0 to 1


class Block(nn.Cell):
    """Two 3 x 3 convolutions beside a shortcut: (N, before, H, W) to (N, after, H / stride, W / stride)."""

    def __init__(self, before: int, after: int, stride: int):
        super().__init__()
        self.conv1 = nn.Conv2d(before, after, 3, stride, pad_mode="same")
        self.bn1 = nn.BatchNorm2d(after)
        self.conv2 = nn.Conv2d(after, after, 3, pad_mode="same")
        self.bn2 = nn.BatchNorm2d(after)
        self.shortcut = nn.SequentialCell() if before == after and stride == 1 else nn.SequentialCell(
            nn.Conv2d(before, after, 1, stride, pad_mode="valid"), nn.BatchNorm2d(after))

    def construct(self, x):
        """What the convolutions add to the shortcut."""
        out = ops.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return ops.relu(out + self.shortcut(x))


class ResNet18(nn.Cell):
    """Images (N, 3, H, W) to scores (N, classes). features() gives what the last layer sees, (N, 8 * width)."""

    def __init__(self, classes: int = 10, width: int = 64):
        super().__init__()
        self.conv = nn.Conv2d(3, width, 3, pad_mode="same")
        self.bn = nn.BatchNorm2d(width)
        blocks, before = [], width
        for stage in range(4):
            after = width * 2**stage
            blocks += [Block(before, after, 1 if stage == 0 else 2), Block(after, after, 1)]
            before = after
        self.blocks = nn.SequentialCell(blocks)
        self.head = nn.Dense(before, classes)

    def features(self, x):
        """The means over the places of the last stage's channels."""
        x = ops.relu(self.bn(self.conv(x)))
        return self.blocks(x).mean((2, 3))

    def construct(self, x):
        """The scores of the classes."""
        return self.head(self.features(x))


def pipeline(rows: Dataset, batch_size: int, training: bool) -> Dataset:
    """Batches of normalized images (N, 3, 32, 32) and labels; those for training are moved and mirrored at random."""
    vary = [vision.RandomCrop(shapes.SIZE, padding=4), vision.RandomHorizontalFlip()] if training else []
    rows = rows.map([*vary, vision.ToTensor(), vision.Normalize(MEAN, SPREAD, is_hwc=False)], "image")
    rows = rows.map(transforms.TypeCast(ms.int32), "label")
    return rows.batch(batch_size, drop_remainder=training)


def cifar(folder: Path) -> tuple[Dataset, Dataset, tuple[str, ...]]:
    """The rows of CIFAR-10 for training and for the test, and the names of its classes."""
    return Cifar10Dataset(folder, usage="train", shuffle=True), Cifar10Dataset(folder, usage="test"), CIFAR_NAMES


def drawn(count: int) -> tuple[Dataset, Dataset, tuple[str, ...]]:
    """The rows of the drawn images, a quarter more for the test, and the names of the shapes."""
    train = NumpySlicesDataset(shapes.drawn(count, seed=0), ["image", "label"], shuffle=True)
    test = NumpySlicesDataset(shapes.drawn(count // 4, seed=1), ["image", "label"], shuffle=False)
    return train, test, shapes.NAMES


def picture(network: nn.Cell, test: Dataset, names: tuple[str, ...], path: Path) -> None:
    """Draw the first test images with the names that the network gives them."""
    images, labels = next(test.create_tuple_iterator(num_epochs=1))
    found = Model(network).predict(images).asnumpy().argmax(1)
    points = images.asnumpy().transpose(0, 2, 3, 1) * SPREAD + MEAN
    pictures.answers(points.clip(0, 1), [names[i] for i in found], [names[i] for i in labels.asnumpy()],
                     "what ResNet-18 sees", path)


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="A ResNet-18 learns to name small colour images.")
    known = Path(os.environ.get("MS_TEST_DATA", ""), FOLDER)
    parser.add_argument("--data", type=Path, metavar="DIR", default=known if known.is_dir() else None,
                        help="a folder with CIFAR-10's binary files (default: images that the program draws)")
    parser.add_argument("--images", type=int, default=2000, help="how many images to draw for training (2000)")
    parser.add_argument("--epochs", type=int, default=5, help="passes over the training images (5)")
    parser.add_argument("--batch", type=int, default=50, help="images of a step (50)")
    parser.add_argument("--width", type=int, default=16, help="channels of the first stage (16; 64 in the paper)")
    parser.add_argument("--mode", choices=("graph", "pynative"), default="graph")
    parser.add_argument("--device", default="CPU", help="the device target (default: CPU)")
    parser.add_argument("--output", type=Path, metavar="DIR", default=Path("resnet_output"),
                        help="where checkpoints and the picture go (default: ./resnet_output)")
    options = parser.parse_args(arguments)
    for name, least in (("images", 40), ("epochs", 1), ("batch", 2), ("width", 1)):
        if getattr(options, name) < least:
            parser.error(f"--{name} must be at least {least}, but is {getattr(options, name)}")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Train, keep checkpoints, evaluate what the last one holds, and show."""
    options = parse(arguments)
    began = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    ms.set_context(mode=ms.GRAPH_MODE if options.mode == "graph" else ms.PYNATIVE_MODE, device_target=options.device)
    ms.set_seed(1)
    try:
        train, test, names = drawn(options.images) if options.data is None else cifar(options.data)
    except (FileNotFoundError, ValueError) as error:
        raise SystemExit(f"no images to learn from: {error}") from None
    train, test = pipeline(train, options.batch, True), pipeline(test, options.batch, False)
    steps = train.get_dataset_size()
    if steps == 0:
        raise SystemExit(f"no images to learn from: there are fewer than the {options.batch} of one step (--batch)")

    network = ResNet18(len(names), options.width)
    loss = nn.CrossEntropyLoss()
    rate = nn.cosine_decay_lr(0.0, 0.05, steps * options.epochs, steps, options.epochs)
    rate[:steps] = [full * (k + 1) / steps for k, full in enumerate(rate[:steps])]  # the first pass rises to it
    optimizer = nn.Momentum(network.trainable_params(), rate, momentum=0.9, weight_decay=5e-4)
    model = Model(network, loss, optimizer, metrics={"accuracy"})
    count = sum(parameter.size for parameter in network.trainable_params())
    source = "CIFAR-10" if options.data else "drawn shapes"
    print(f"ResNet-18 with {count} weights on {source}: {options.epochs} epochs of {steps} steps, {options.mode} mode, "
          f"device {options.device}", flush=True)
    keep = ModelCheckpoint("resnet", str(options.output), CheckpointConfig(steps, keep_checkpoint_max=2))
    model.train(options.epochs, train, callbacks=[LossMonitor(max(steps // 4, 1)), TimeMonitor(), keep])

    restored = ResNet18(len(names), options.width)
    ms.load_checkpoint(keep.latest_ckpt_file_name, restored)
    print(f"checkpoint {keep.latest_ckpt_file_name}")
    picture(restored, test, names, options.output / "images.png")
    accuracy = Model(restored, loss, metrics={"accuracy"}).eval(test)["accuracy"]
    print(f"test accuracy: {100 * accuracy:.1f}%")
    print(f"total time: {time.perf_counter() - began:.1f} s")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)
