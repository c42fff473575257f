"""Images that draw themselves: ten shapes in any colour on any ground, 32 x 32 points, as CIFAR-10's images are.

A shape is a rule on the points' places, in units of its half width and from its middle. Place, size, both colours and
some noise are drawn at random, so no pixel tells the class; what tells it is how the edges run.
"""
from __future__ import annotations

import numpy as np

SIZE = 32  # points along a side
RULES = {
    "disc": lambda x, y: np.hypot(x, y) < 1,
    "ring": lambda x, y: (np.hypot(x, y) < 1) & (np.hypot(x, y) > 0.6),
    "square": lambda x, y: np.maximum(abs(x), abs(y)) < 0.85,
    "frame": lambda x, y: (np.maximum(abs(x), abs(y)) < 0.9) & (np.maximum(abs(x), abs(y)) > 0.55),
    "diamond": lambda x, y: abs(x) + abs(y) < 1.1,
    "triangle": lambda x, y: (y < 0.8) & (abs(x) < 0.55 * (y + 1)),
    "plus": lambda x, y: (np.minimum(abs(x), abs(y)) < 0.3) & (np.maximum(abs(x), abs(y)) < 1),
    "cross": lambda x, y: (abs(abs(x) - abs(y)) < 0.35) & (np.maximum(abs(x), abs(y)) < 0.95),
    "bars": lambda x, y: (np.maximum(abs(x), abs(y)) < 1) & (np.floor((y + 1) * 2.5) % 2 == 0),
    "posts": lambda x, y: (np.maximum(abs(x), abs(y)) < 1) & (np.floor((x + 1) * 2.5) % 2 == 0),
}
NAMES = tuple(RULES)


def drawn(count: int, seed: int, names: tuple[str, ...] = NAMES) -> tuple[np.ndarray, np.ndarray]:
    """Images (count, 32, 32, 3) of uint8 and the numbers of their shapes among the names, (count,) of int32."""
    random = np.random.default_rng(seed)
    labels = random.permutation(np.arange(count) % len(names)).astype(np.int32)
    rules = [RULES[name] for name in names]
    rows, columns = np.mgrid[:SIZE, :SIZE]
    images = np.empty((count, SIZE, SIZE, 3))
    for image, label in zip(images, labels):
        half = random.uniform(7, 12)
        middle = random.uniform(half, SIZE - half, 2)
        inside = rules[label]((columns - middle[0]) / half, (rows - middle[1]) / half)
        ground = random.uniform(0, 255, 3)
        colour = (ground + random.uniform(90, 165, 3)) % 255
        image[:] = np.where(inside[..., None], colour, ground) + random.normal(0, 20, image.shape)
    return images.clip(0, 255).astype(np.uint8), labels
