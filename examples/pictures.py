"""The pictures that the examples end with. They need matplotlib; without it a line says so, and no picture is drawn."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np


def plotter():
    """matplotlib's pyplot, which draws into files alone; None where matplotlib is not installed."""
    try:
        import matplotlib
    except ModuleNotFoundError:
        print("no picture: it needs matplotlib (pip install matplotlib)")
        return None
    matplotlib.use("Agg")
    from matplotlib import pyplot
    return pyplot


def save(pyplot, figure, path: Path) -> None:
    """Write the figure and say where it is."""
    figure.tight_layout()
    figure.savefig(path, dpi=100)
    pyplot.close(figure)
    print(f"picture {path}")


def answers(images: np.ndarray, found: Sequence[str], labels: Sequence[str], heading: str, path: Path) -> None:
    """Four rows of eight images, each under what was found in it; mistakes in red.

    images: (N, H, W) grey or (N, H, W, 3), uint8 from 0 to 255 or float from 0 to 1.
    """
    pyplot = plotter()
    if pyplot is None:
        return
    figure, axes = pyplot.subplots(4, 8, figsize=(9, 5.4))
    for axis in axes.flat:
        axis.axis("off")
    for axis, image, answer, label in zip(axes.flat, images, found, labels):
        axis.imshow(image, cmap="gray" if image.ndim == 2 else None)
        axis.set_title(answer if answer == label else f"{answer},\nis {label}", fontsize=8,
                       color="black" if answer == label else "red")
    figure.suptitle(heading)
    save(pyplot, figure, path)


def curves(lines: dict[str, tuple[Sequence[float], Sequence[float]]], across: str, up: str, heading: str,
           path: Path) -> None:
    """Curves in one frame: for each name the places and the heights of its points."""
    pyplot = plotter()
    if pyplot is None:
        return
    figure, axis = pyplot.subplots(figsize=(7, 4.2))
    for name, (places, heights) in lines.items():
        axis.plot(places, heights, label=name)
    axis.set_xlabel(across)
    axis.set_ylabel(up)
    axis.grid(alpha=0.3)
    axis.legend()
    figure.suptitle(heading)
    save(pyplot, figure, path)


def bars(heights: dict[str, float], up: str, heading: str, path: Path) -> None:
    """A bar for each name, with its height written on it."""
    pyplot = plotter()
    if pyplot is None:
        return
    figure, axis = pyplot.subplots(figsize=(7, 4.2))
    axis.bar_label(axis.bar(list(heights), list(heights.values())), fmt="%.1f")
    axis.set_ylabel(up)
    figure.suptitle(heading)
    save(pyplot, figure, path)
