"""Time input pipelines, here and by PyTorch's DataLoader.

    python benchmarks/dataset.py [--rounds N] [--works A,B] [--peer-python PYTHON]

`arrays`: 20,000 images of 28x28 in one array, scaled to float32, batches of 64.
`rows`: 4,000 rows of a Python object, an image of 28x28 and a label, batches of 64.
`workers`: 512 rows of a Python object that takes a sort of 20,000 numbers each, two worker processes, batches of 16.
`images`: 256 JPEG images of 160x200, decoded, a random part resized to 112x112, mirrored at random, normalised, one
process, batches of 32.

Each contender runs in a process of its own, PYTHON for the peer (this one by default); without PyTorch there is no
peer. A figure is the smallest time of several epochs after the first, in milliseconds: what the pipeline takes when
nothing else runs. Iterators and workers are kept over the epochs on both sides. The sums of the labels are compared, so
that no figure belongs to rows that were not delivered. The status does not depend on the figures.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterable

import numpy as np

CONTENDERS = ("mindspore", "torch")
WORKS = ("arrays", "rows", "workers", "images")
SIZE = {"arrays": 20_000, "rows": 4_000, "workers": 512, "images": 256}
BATCH = {"arrays": 64, "rows": 64, "workers": 16, "images": 32}
MEAN, STD = np.array([120, 110, 100], np.float32), np.array([60, 61, 62], np.float32)
EPOCHS = 4


class Rows:
    """Images with labels, one by one."""

    def __init__(self, count: int):
        self.images = np.random.default_rng(0).integers(0, 256, (count, 28, 28), np.uint8)

    def __len__(self) -> int:
        return len(self.images)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.int64]:
        return self.images[index].astype(np.float32) / 255, np.int64(index)


class Heavy(Rows):
    """Rows that take some time."""

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.int64]:
        np.sort(np.random.default_rng(index).random(20_000))
        return super().__getitem__(index)


def jpegs(count: int) -> list[np.ndarray]:
    """Encoded images."""
    from PIL import Image
    base, made = np.add.outer(np.arange(160), np.arange(200)) % 256, []
    for i in range(count):
        stream = io.BytesIO()
        Image.fromarray(np.stack([base + i, base, base - i], 2).astype(np.uint8)).save(stream, "JPEG", quality=85)
        made.append(np.frombuffer(stream.getvalue(), np.uint8))
    return made


def in_mindspore(work: str) -> Callable[[], Iterable]:
    """The pipeline; a call gives the batches of the next epoch."""
    import mindspore.dataset as ds
    from mindspore.dataset import vision
    if work == "arrays":
        images = Rows(SIZE[work]).images
        made = ds.NumpySlicesDataset((images, np.arange(len(images))), ["x", "y"]).map(vision.Rescale(1 / 255, 0), "x")
    elif work == "images":
        source = list(zip(jpegs(SIZE[work]), np.arange(SIZE[work])))
        made = ds.GeneratorDataset(source, ["x", "y"]).map(
            [vision.Decode(), vision.RandomResizedCrop(112), vision.RandomHorizontalFlip(),
             vision.Normalize(MEAN.tolist(), STD.tolist()), vision.HWC2CHW()], "x")
    else:
        made = ds.GeneratorDataset((Heavy if work == "workers" else Rows)(SIZE[work]), ["x", "y"],
                                   num_parallel_workers=2 if work == "workers" else 1)
    iterator = made.batch(BATCH[work]).create_tuple_iterator()
    return lambda: ((x, y.asnumpy()) for x, y in iterator)


class Arrays(Rows):
    """What `arrays` is for PyTorch: scaling a row at a time, as its users write it."""


class Images:
    """What `images` is for PyTorch without torchvision: Pillow and NumPy."""

    def __init__(self, count: int):
        self.data, self.rng = jpegs(count), np.random.default_rng(1)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> tuple[np.ndarray, np.int64]:
        from PIL import Image
        image = Image.open(io.BytesIO(self.data[index].tobytes())).convert("RGB")
        area, shape = 160 * 200 * self.rng.uniform(0.08, 1), np.exp(self.rng.uniform(np.log(3 / 4), np.log(4 / 3)))
        width, height = min(200, round((area * shape) ** 0.5)), min(160, round((area / shape) ** 0.5))
        left, top = self.rng.integers(200 - width + 1), self.rng.integers(160 - height + 1)
        image = image.resize((112, 112), Image.Resampling.BILINEAR, (left, top, left + width, top + height))
        array = (np.asarray(image, np.float32) - MEAN) / STD
        if self.rng.random() < 0.5:
            array = array[:, ::-1]
        return np.ascontiguousarray(array.transpose(2, 0, 1)), np.int64(index)


def in_torch(work: str) -> Callable[[], Iterable]:
    """The same by a DataLoader."""
    import torch
    from torch.utils.data import DataLoader
    torch.set_num_threads(1)
    source = {"arrays": Arrays, "rows": Rows, "workers": Heavy, "images": Images}[work](SIZE[work])
    workers = 2 if work == "workers" else 0
    loader = DataLoader(source, BATCH[work], shuffle=True, num_workers=workers, persistent_workers=bool(workers))
    return lambda: ((x, y.numpy()) for x, y in loader)


def measured(contender: str, work: str) -> dict:
    """The figures of one contender: the first epoch, the quickest of the others, and the rows' sum."""
    epoch = (in_mindspore if contender == "mindspore" else in_torch)(work)
    times, total = [], 0
    for _ in range(EPOCHS):
        begin = time.perf_counter()
        total = sum(int(y.sum()) for _, y in epoch())
        times.append((time.perf_counter() - begin) * 1e3)
    return {"contender": contender, "work": work, "first_ms": times[0], "ms": min(times[1:]), "sum": total}


def run(python: str, contender: str, work: str) -> dict | None:
    """One contender in a process of its own, or None where it is not installed."""
    done = subprocess.run([python, __file__, "--measure", contender, work], capture_output=True, text=True)
    if done.returncode == 3:
        return None
    if done.returncode:
        raise SystemExit(f"{contender} failed at {work}:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--works", default=",".join(WORKS))
    parser.add_argument("--peer-python", default=sys.executable)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        try:
            print(json.dumps(measured(*options.measure)))
        except ModuleNotFoundError as error:
            sys.exit(3 if error.name == "torch" else f"{error}")
        return
    for work in options.works.split(","):
        best: dict[str, dict] = {}
        for _ in range(options.rounds):
            for contender in CONTENDERS:
                python = sys.executable if contender == "mindspore" else options.peer_python
                figures = run(python, contender, work)
                if figures and figures["ms"] < best.get(contender, {"ms": float("inf")})["ms"]:
                    best[contender] = figures
        sums = {figures["sum"] for figures in best.values()}
        if len(sums) > 1:
            raise SystemExit(f"{work}: the rows differ: {sums}")
        line = f"{work:8}" + "".join(f"  {name} {figures['ms']:9.1f} ms" for name, figures in best.items())
        if len(best) == 2:
            line += f"  torch / mindspore {best['torch']['ms'] / best['mindspore']['ms']:6.2f}"
        print(line, flush=True)


if __name__ == "__main__":
    main()
