"""Loss landscapes: the loss on a plane through the space of a network's weights.

A training leaves checkpoints of some of its steps or epochs (`SummaryCollector` with "collect_landscape"). The plane of
a stretch of the training goes through its last weights and along the two principal directions of the way that led
there; the weights of the stretch are shown by their projections on the plane. The plane of the result goes along two
random directions, each parameter's part of which is as long as the parameter (Li et al., "Visualizing the Loss
Landscape of Neural Nets", 2018). The loss is that of the network in evaluation mode.
"""
from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

from mindspore.common.tensor import Tensor
from mindspore.nn.optim.optimizer import Optimizer
from mindspore.plugin import manager
from mindspore.train.dataset_helper import batches

__all__ = ["LandscapeNotes", "SummaryLandscape", "checked_landscape"]

_DEFAULTS: dict[str, Any] = {"landscape_size": 40, "unit": "step", "num_samples": 2048,
                             "create_landscape": {"train": True, "result": True}, "intervals": []}
_KEYS = ("epoch_group", "model_params_file_map", "step_per_epoch", "unit", "num_samples", "landscape_size",
         "create_landscape")
MARGIN = 0.2  # how much wider than the way the plane is, at each side


def checked_landscape(given: Any, name: str) -> dict[str, Any]:
    """What a landscape is made of, as far as it is given, after a check: `landscape_size`, points along each side, from
    3 to 256; `unit`, "step" or "epoch"; `num_samples`, of the data; `create_landscape`, {"train": bool, "result":
    bool}; `intervals`, lists of the numbers, three or more, of steps or epochs.

    Raises:
        TypeError, ValueError: another key, type or value.
    """
    if not isinstance(given, dict):
        raise TypeError(f"{name}: collect_landscape must be a dict, got {given!r}")
    for key, value in given.items():
        if key not in _DEFAULTS:
            raise ValueError(f"{name}: collect_landscape has the unknown key {key!r}; known are {', '.join(_DEFAULTS)}")
        if key == "landscape_size" and not (_is_int(value) and 3 <= value <= 256):
            raise ValueError(f"{name}: landscape_size must be an int from 3 to 256, got {value!r}")
        if key == "unit" and value not in ("step", "epoch"):
            raise ValueError(f"{name}: unit must be 'step' or 'epoch', got {value!r}")
        if key == "num_samples" and not (_is_int(value) and value > 0):
            raise ValueError(f"{name}: num_samples must be a positive int, got {value!r}")
        if key == "create_landscape" and not (isinstance(value, dict) and set(value) == {"train", "result"}
                                              and all(isinstance(on, bool) for on in value.values())):
            raise ValueError(f"{name}: create_landscape must be {{'train': bool, 'result': bool}}, got {value!r}")
        if key == "intervals" and not (isinstance(value, list) and all(
                isinstance(part, list) and len(part) >= 3 and all(map(_is_int, part)) for part in value)):
            raise ValueError(f"{name}: intervals must be a list of lists of three ints or more, got {value!r}")
    return dict(given)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


class LandscapeNotes:
    """Saves the checkpoints of a training from which its landscapes are made, for `SummaryCollector`.

    Args:
        folder: the folder of summaries. settings: see `checked_landscape`; what they lack has defaults.
    """

    def __init__(self, folder: str, settings: dict[str, Any]):
        self._settings, self._folder = {**_DEFAULTS, **settings}, os.path.join(folder, "ckpt_dir")
        self._wanted = {number for part in self._settings["intervals"] for number in part}
        self._files: dict[str, str] = {}
        self._trained: list[str] = []

    def begin(self) -> None:
        """Forget the checkpoints of an earlier training."""
        shutil.rmtree(self._folder, ignore_errors=True)
        os.makedirs(self._folder)
        self._files = {}

    def note(self, unit: str, number: int, network: Any) -> None:
        """A step or an epoch is over."""
        from mindspore.train.serialization import save_checkpoint
        if unit == self._settings["unit"] and number in self._wanted:
            self._files[str(number)] = path = os.path.join(self._folder, f"{unit}_{number}.ckpt")
            self._trained = [param.name for param in network.trainable_params()]
            save_checkpoint(network, path)

    def end(self, step_per_epoch: int) -> None:
        """Write what `SummaryLandscape` reads."""
        groups = {str(k): part for k, part in enumerate(self._settings["intervals"])}
        made = {"epoch_group": groups, "model_params_file_map": self._files, "step_per_epoch": step_per_epoch,
                "trained": self._trained, **{key: self._settings[key] for key in _KEYS if key in self._settings}}
        with open(os.path.join(self._folder, "train_metadata.json"), "w", encoding="utf-8") as file:
            json.dump(made, file)


class _Plane(NamedTuple):
    """The trained weights at its center, two directions, and what is shown: the axes, (size,), and the places of the
    way, (2, points) or None."""

    center: dict[str, np.ndarray]
    directions: tuple[dict[str, np.ndarray], dict[str, np.ndarray]]
    axes: tuple[np.ndarray, np.ndarray]
    way: np.ndarray | None


class SummaryLandscape:
    """Loss landscapes of a training that a `SummaryCollector` has collected.

    Args:
        summary_dir: the folder of the collector.

    Raises:
        TypeError: it is no str.
    """

    def __init__(self, summary_dir):
        if not isinstance(summary_dir, str) or not summary_dir:
            raise TypeError(f"SummaryLandscape: summary_dir must be the path of a folder, got {summary_dir!r}")
        self._folder = os.path.realpath(summary_dir)
        self._checkpoints = os.path.join(self._folder, "ckpt_dir")

    def clean_ckpt(self) -> None:
        """Remove the collected checkpoints."""
        shutil.rmtree(self._checkpoints, ignore_errors=True)

    def gen_landscapes_with_multi_process(self, callback_fn: Callable, collect_landscape=None, device_ids=None,
                                          device_target="Ascend", output=None) -> None:
        """Compute the landscapes, one after the other in this process, and write them as summaries: for each the
        tensors `x`, `y` (size,), `z` (size, size), of a way `path` (3, points), the point `convergence` (3,), the
        heights as an image, and a text with what it shows; under the name landscape_[first, last].

        Args:
            callback_fn: gives (Model without an optimizer, its network, a data set, metrics with a "Loss").
            collect_landscape: takes the place of what the collector was told.
            device_ids: None, or a list of ints; the work is not divided. device_target: what an installed backend
                serves, such as "CPU". output: the folder of the summaries; by default that of the collector.

        Raises:
            TypeError, ValueError: arguments of wrong types or values; an optimizer in the Model; a step without a
                checkpoint. FileNotFoundError: the collector has left nothing.
        """
        from mindspore.train.summary import SummaryRecord
        name = "gen_landscapes_with_multi_process"
        if device_target not in manager.targets():
            raise ValueError(f"{name}: device_target must be a target that an installed backend serves "
                             f"({', '.join(manager.targets())}), but got {device_target!r}")
        if device_ids is not None and not (isinstance(device_ids, list) and all(map(_is_int, device_ids))):
            raise TypeError(f"{name}: device_ids must be None or a list of ints, but got {device_ids!r}")
        notes = self._notes(checked_landscape(collect_landscape or {}, name))
        with SummaryRecord(self._folder if output is None else output) as record:
            for number, (span, decomposition, plane) in enumerate(self._planes(notes)):
                heights = _Heights(callback_fn, notes["num_samples"], plane, _saved(notes, span[-1]))
                _add(record, f"landscape_{span}", heights, {
                    "decomposition": decomposition, "unit": notes["unit"], "step_per_epoch": notes["step_per_epoch"],
                    "intervals": span})
                record.record(number)

    def _notes(self, changes: dict[str, Any]) -> dict[str, Any]:
        """What the collector has written, with changes."""
        path = os.path.join(self._checkpoints, "train_metadata.json")
        if not os.path.exists(path):
            raise FileNotFoundError(f"there is no {path!r}: train with SummaryCollector(..., collect_specified_data="
                                    f"{{'collect_landscape': {{'intervals': [...]}}}}) first")
        with open(path, encoding="utf-8") as file:
            notes = json.load(file)
        if "intervals" in changes:
            notes["epoch_group"] = {str(k): part for k, part in enumerate(changes["intervals"])}
        notes.update({key: value for key, value in changes.items() if key in notes})
        for part in notes["epoch_group"].values():
            for number in part:
                if str(number) not in notes["model_params_file_map"]:
                    raise ValueError(f"there is no checkpoint of {notes['unit']} {number}: it was in no interval of "
                                     f"the collector, or the training was over before")
        return notes

    def _planes(self, notes: dict[str, Any]) -> Iterator[tuple[list[int], str, _Plane]]:
        """The planes with what they are of."""
        size, groups = notes["landscape_size"], list(notes["epoch_group"].values())

        def weights(number: int) -> dict[str, np.ndarray]:
            found = _saved(notes, number)
            return {name: found[name].asnumpy() for name in notes["trained"]}

        for part in groups if notes["create_landscape"]["train"] else ():
            yield [part[0], part[-1]], "PCA", _principal_plane([weights(number) for number in part], size)
        if notes["create_landscape"]["result"] and groups:
            yield [groups[-1][-1]], "Random", _random_plane(weights(groups[-1][-1]), size)


def _saved(notes: dict[str, Any], number: int) -> dict[str, Any]:
    """The Parameters of a checkpoint, by name."""
    from mindspore.train.serialization import load_checkpoint
    return load_checkpoint(notes["model_params_file_map"][str(number)])


def _flat(weights: dict[str, np.ndarray]) -> np.ndarray:
    return np.concatenate([value.ravel().astype(np.float64) for value in weights.values()])


def _like(vector: np.ndarray, weights: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    parts = np.split(vector, np.cumsum([value.size for value in weights.values()])[:-1])
    return {name: part.reshape(value.shape) for (name, value), part in zip(weights.items(), parts)}


def _principal_plane(points: list[dict[str, np.ndarray]], size: int) -> _Plane:
    center = points[-1]
    way = np.stack([_flat(point) - _flat(center) for point in points])
    directions = np.linalg.svd(way, full_matrices=False)[2][:2]
    places = directions @ way.T
    axes = []
    for along in places:
        wide = float(along.max() - along.min()) or 1.0
        axes.append(np.linspace(along.min() - MARGIN * wide, along.max() + MARGIN * wide, size))
    return _Plane(center, (_like(directions[0], center), _like(directions[1], center)), (axes[0], axes[1]), places)


def _random_plane(center: dict[str, np.ndarray], size: int) -> _Plane:
    def direction() -> dict[str, np.ndarray]:
        drawn = {name: np.random.normal(size=value.shape) for name, value in center.items()}
        return {name: d * (np.linalg.norm(center[name]) / (np.linalg.norm(d) or 1.0)) for name, d in drawn.items()}

    axis = np.linspace(-1.0, 1.0, size)
    return _Plane(center, (direction(), direction()), (axis, axis), None)


class _Heights:
    """The losses on a plane."""

    def __init__(self, callback_fn: Callable, num_samples: int, plane: _Plane, saved: dict[str, Any]):
        model, self._network, dataset, metrics = callback_fn()
        if isinstance(getattr(model, "_optimizer", None), Optimizer):
            raise ValueError("callback_fn must give a Model without an optimizer: its loss is computed, not trained")
        if "Loss" not in metrics:
            raise ValueError(f"callback_fn must give metrics with a 'Loss', but got {', '.join(metrics) or 'none'}")
        self._step, self._metric = model.train_network.set_train(False), metrics["Loss"]
        count = max(num_samples // max(dataset.get_batch_size(), 1), 1)
        self._batches = [columns for _, columns in zip(range(count), batches(dataset))]
        self._plane, self._params = plane, self._network.parameters_dict()
        for name, param in saved.items():
            if name in self._params:
                self._params[name].set_data(param)  # what is not trained, moving statistics, is that of the center
        x, y = plane.axes
        self.x, self.y = x, y
        self.z = np.array([[self._at(a, b) for a in x] for b in y])
        self.path = None if plane.way is None else np.array([*plane.way, [self._at(a, b) for a, b in plane.way.T]])
        self.convergence = np.array([0.0, 0.0, self._at(0.0, 0.0)])

    def _at(self, a: float, b: float) -> float:
        """The loss at a place of the plane."""
        first, second = self._plane.directions
        for name, value in self._plane.center.items():
            if name in self._params:
                moved = value + a * first[name] + b * second[name]
                self._params[name].set_data(Tensor(moved.astype(value.dtype)))
        self._metric.clear()
        for columns in self._batches:
            found = self._step(*columns)
            self._metric.update(found[0] if isinstance(found, tuple) else found)
        return float(self._metric.eval())


def _add(record: Any, name: str, heights: _Heights, described: dict[str, Any]) -> None:
    """The values of a landscape, for the next `record`."""
    for part in ("x", "y", "z", "path", "convergence"):
        value = getattr(heights, part)
        if value is not None:
            record.add_value("tensor", f"{name}/{part}", value)
    finite = np.nan_to_num(heights.z, nan=0.0, posinf=0.0, neginf=0.0)
    scaled = (finite - finite.min()) / (float(np.ptp(finite)) or 1.0)
    record.add_value("image", f"{name}/heights", scaled[None, None].astype(np.float32))
    record.add_value("text", f"{name}/described", json.dumps(described))
