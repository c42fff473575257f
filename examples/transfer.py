"""What a network has learned helps with the next task: a checkpoint, a new head, frozen weights.

    python examples/transfer.py                     # learns six shapes first, and writes the checkpoint itself
    python examples/transfer.py --checkpoint FILE   # a checkpoint that examples/resnet_cifar.py has written

The second task is to tell four other shapes apart, from a few dozen images. A ResNet-18 does that three times, with the
same images and the same steps: from random weights; with the weights of the checkpoint, frozen, under a new head; and
with the weights of the checkpoint, all of them trained further.

A checkpoint is read in two ways here. Loaded strictly, it must hold all that the network has, in the same shapes and
types. Loaded in part, without the old head, it gives what it has, and `load_param_into_net` returns the names of what
is left as it was.
"""
from __future__ import annotations

import argparse
import sys
import time
import warnings
from pathlib import Path

import numpy as np
import pictures
import shapes
from resnet_cifar import MEAN, SPREAD, ResNet18, pipeline

import mindspore as ms
from mindspore import nn
from mindspore.dataset import Dataset, NumpySlicesDataset
from mindspore.train import LossMonitor, Model

SECOND = ("disc", "square", "triangle", "cross")
FIRST = tuple(name for name in shapes.NAMES if name not in SECOND)


def drawn(count: int, seed: int, names: tuple[str, ...], batch: int, training: bool) -> Dataset:
    """Batches of images that show the shapes of these names."""
    rows = NumpySlicesDataset(shapes.drawn(count, seed, names), ["image", "label"], shuffle=training)
    return pipeline(rows, batch, training)


def pretrained(options: argparse.Namespace) -> Path:
    """The checkpoint of a network that has learned the first six shapes; a second network has loaded it strictly."""
    train = drawn(options.images, 0, FIRST, 25, training=True)
    network, steps = ResNet18(len(FIRST), options.width), train.get_dataset_size()
    print(f"first task: {', '.join(FIRST)}; {options.images} images, {options.epochs} epochs of {steps} steps",
          flush=True)
    rate = nn.cosine_decay_lr(0.0, 0.004, steps * options.epochs, steps, options.epochs)
    optimizer = nn.Adam(network.trainable_params(), rate)
    Model(network, nn.CrossEntropyLoss(), optimizer).train(options.epochs, train, callbacks=LossMonitor(steps))
    path = options.output / "shapes.ckpt"
    ms.save_checkpoint(network, str(path))
    restored = ResNet18(len(FIRST), options.width)
    ms.load_param_into_net(restored, ms.load_checkpoint(str(path)), strict_load=True)
    print(f"checkpoint {path}; first task: {100 * accuracy_of(restored, drawn(300, 1, FIRST, 100, False)):.1f}%")
    return path


def with_new_head(path: Path) -> ResNet18:
    """A network for the second task with all weights of the checkpoint but those of its head, which is new.

    A file that `ModelCheckpoint` has written holds the optimizer's state, too, which stays where it is.
    """
    try:
        weights = ms.load_checkpoint(str(path), specify_prefix=("conv.", "bn.", "blocks."))
        width = weights["conv.weight"].shape[0]
    except (ValueError, KeyError) as error:
        raise SystemExit(f"{path} holds no ResNet-18 of examples/resnet_cifar.py: {error}") from None
    network = ResNet18(len(SECOND), width)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what is missing, which is looked at below
        missing, _ = ms.load_param_into_net(network, weights, strict_load=False)
    print(f"loaded {len(weights)} parameters of {path.name}, new: {', '.join(missing)}")
    if set(missing) != {"head.weight", "head.bias"}:
        raise SystemExit(f"{path} lacks {', '.join(missing)}; only the head may be missing")
    return network


def freeze(network: ResNet18) -> None:
    """Keep all weights but the head's: they get no gradients, and the optimizer never sees them."""
    for parameter in network.get_parameters():
        parameter.requires_grad = parameter.name.startswith("head.")


def learn(network: ResNet18, data: Dataset, epochs: int) -> list[float]:
    """Train what is trainable; the mean loss of each epoch.

    Where the body is frozen the whole network is left in the mode of evaluation, so that the batch normalization keeps
    the statistics that it has learned, too.
    """
    weights = network.trainable_params()
    frozen = not network.conv.weight.requires_grad
    optimizer = nn.Adam(weights, learning_rate=0.01 if frozen else 0.002)
    loss_of = nn.CrossEntropyLoss()
    gradient = ms.value_and_grad(lambda images, labels: loss_of(network(images), labels), None, weights)
    network.set_train(not frozen)

    @ms.jit
    def update(images, labels):
        loss, gradients = gradient(images, labels)
        optimizer(gradients)
        return loss

    losses = [np.mean([float(update(*batch)) for batch in data.create_tuple_iterator(num_epochs=1)])
              for _ in range(epochs)]
    network.set_train(False)
    return losses


def accuracy_of(network: nn.Cell, data: Dataset) -> float:
    """The share of images that the network names rightly."""
    return Model(network, nn.CrossEntropyLoss(), metrics={"accuracy"}).eval(data)["accuracy"]


def compare(path: Path, options: argparse.Namespace) -> tuple[dict[str, float], ResNet18]:
    """The accuracies of the three ways on the second task, in percent, and the network that was tuned as a whole."""
    body, tuned = with_new_head(path), with_new_head(path)
    freeze(body)
    ways = {"from scratch": ResNet18(len(SECOND), body.conv.weight.shape[0]), "new head": body, "all tuned": tuned}
    few = drawn(options.few, 2, SECOND, 20, training=True)
    test = drawn(400, 3, SECOND, 100, training=False)
    found = {}
    print(f"second task: {', '.join(SECOND)}; {options.few} images, {options.tune} epochs of {few.get_dataset_size()} "
          f"steps")
    for name, network in ways.items():
        began = time.perf_counter()
        losses = learn(network, few, options.tune)
        found[name] = 100 * accuracy_of(network, test)
        print(f"{name:12}  {sum(p.size for p in network.trainable_params()):7} weights trained  loss "
              f"{losses[0]:.3f} to {losses[-1]:.3f}  accuracy {found[name]:.1f}%  {time.perf_counter() - began:.1f} s",
              flush=True)
    return found, tuned


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="What a network has learned helps with the next task.")
    parser.add_argument("--checkpoint", type=Path, metavar="FILE", help="a file that resnet_cifar.py has written "
                                                                       "(default: learn six shapes first)")
    parser.add_argument("--images", type=int, default=2000, help="images of the first task (2000)")
    parser.add_argument("--epochs", type=int, default=5, help="passes over them (5)")
    parser.add_argument("--few", type=int, default=60, help="images of the second task (60)")
    parser.add_argument("--tune", type=int, default=15, help="passes over them, each of the three times (15)")
    parser.add_argument("--width", type=int, default=8, help="channels of the network's first stage (8)")
    parser.add_argument("--mode", choices=("graph", "pynative"), default="graph")
    parser.add_argument("--device", default="CPU", help="the device target (default: CPU)")
    parser.add_argument("--output", type=Path, metavar="DIR", default=Path("transfer_output"),
                        help="where the checkpoint and the pictures go (default: ./transfer_output)")
    options = parser.parse_args(arguments)
    for name, least in (("images", 50), ("epochs", 1), ("few", 20), ("tune", 1), ("width", 1)):
        if getattr(options, name) < least:
            parser.error(f"--{name} must be at least {least}, but is {getattr(options, name)}")
    if options.checkpoint is not None and not options.checkpoint.is_file():
        parser.error(f"there is no file {options.checkpoint}")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Learn the first task or load it, learn the second in three ways, and show."""
    options = parse(arguments)
    began = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    ms.set_context(mode=ms.GRAPH_MODE if options.mode == "graph" else ms.PYNATIVE_MODE, device_target=options.device)
    ms.set_seed(1)
    found, network = compare(options.checkpoint or pretrained(options), options)

    images, labels = next(drawn(32, 4, SECOND, 32, training=False).create_tuple_iterator(num_epochs=1))
    answers = Model(network).predict(images).asnumpy().argmax(1)
    points = (images.asnumpy().transpose(0, 2, 3, 1) * SPREAD + MEAN).clip(0, 1)
    pictures.answers(points, [SECOND[i] for i in answers], [SECOND[i] for i in labels.asnumpy()],
                     f"{options.few} images are enough, after the first task", options.output / "images.png")
    pictures.bars(found, "test accuracy, %", f"four new shapes from {options.few} images", options.output / "bars.png")
    print(f"total time: {time.perf_counter() - began:.1f} s")
    print(f"with transfer {max(found['new head'], found['all tuned']):.1f}%, without {found['from scratch']:.1f}%")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)
