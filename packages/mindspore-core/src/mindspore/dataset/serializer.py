"""Pipelines as JSON: writing one down, making it again, showing it, and comparing two.

A step is an object with "op_type", the class of a source without the ending "Dataset" or the name of a method such as
"Map", its arguments by name, and "children", the steps before it. Transforms, samplers, schemas, members of
enumerations and arrays, which JSON does not have, are objects of their own kinds. What a program defines itself
(functions, classes, the objects of a GeneratorDataset) is no text, so pipelines with it cannot be written down.
"""
from __future__ import annotations

import enum
import json
import logging
import os
from collections.abc import Callable
from typing import Any

import numpy as np

from . import audio, text, transforms, vision
from ._record import constructor_arguments
from ._transform import Transform
from .datasets import Dataset, zip_datasets
from .samplers import Sampler
from .schema import Schema

__all__ = ["compare", "deserialize", "serialize", "show"]

_LOG = logging.getLogger("mindspore.dataset")
_PACKAGES = {"vision": vision, "transforms": transforms, "text": text, "audio": audio}
_STEPS = {"Map": "map", "Batch": "batch", "Shuffle": "shuffle", "Repeat": "repeat", "Take": "take", "Skip": "skip",
          "Filter": "filter", "Project": "project", "Rename": "rename", "Concat": "concat", "Zip": "zip",
          "PaddedBatch": "padded_batch", "BucketBatchByLength": "bucket_batch_by_length", "FlatMap": "flat_map",
          "SyncWait": "sync_wait"}
_TYPES = {method: name for name, method in _STEPS.items()}


# ------------------------------------------------------------------------------------------------------------- writing

def _public(kind: type) -> str:
    """The name that a class has below `mindspore.dataset`."""
    import mindspore.dataset as package
    for prefix, module in _PACKAGES.items():
        if vars(module).get(kind.__name__) is kind:
            return f"{prefix}.{kind.__name__}"
    if vars(package).get(kind.__name__) is kind:
        return kind.__name__
    raise TypeError(f"For 'serialize', the class {kind.__module__}.{kind.__qualname__} is no part of "
                    f"mindspore.dataset, so it cannot be written down.")


def _sampler(sampler: Sampler) -> dict[str, Any]:
    child = None if sampler.child is None else _sampler(sampler.child)
    return {"sampler_name": _public(type(sampler)), "child_sampler": child,
            "sampler_params": _plain_dict(constructor_arguments(sampler))}


def _plain_dict(values: dict) -> dict[str, Any]:
    return {name: _plain(value) for name, value in values.items()}


def _plain(value):
    """A value as JSON has it.

    Raises:
        TypeError: it is something that a program defines itself.
    """
    if isinstance(value, enum.Enum):
        return {"enum": _public(type(value)), "member": value.name}
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.ndarray):
        return {"array": value.tolist(), "dtype": value.dtype.str}
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, dict) and all(isinstance(name, str) for name in value):
        return {"dict": _plain_dict(value)}
    if isinstance(value, Transform):
        return {"tensor_op_name": _public(type(value)), "tensor_op_params": _plain_dict(constructor_arguments(value))}
    if isinstance(value, Sampler):
        return _sampler(value)
    if isinstance(value, Schema):
        return {"schema": json.loads(value.to_json())}
    name = _dtype_name(value)
    if name is None:
        raise TypeError(f"For 'serialize', {value!r} of type {type(value).__name__} cannot be written down: functions "
                        f"and objects of the program are no part of a text.")
    return name


def _dtype_name(value) -> str | None:
    from ._check import check_dtype
    try:
        return check_dtype(value, "", "serialize").name
    except TypeError:
        return None


def _step(dataset: Dataset) -> dict[str, Any]:
    if dataset._made is not None:
        method, arguments = dataset._made
        kind, arguments = _TYPES[method], {name: value for name, value in arguments.items() if name != "datasets"}
    elif type(dataset) is Dataset:
        raise TypeError("For 'serialize', a part that 'split' made cannot be written down. Split the dataset that "
                        "'deserialize' makes.")
    else:
        kind, arguments = _public(type(dataset)).removesuffix("Dataset"), constructor_arguments(dataset)
    made = {"op_type": kind, **_plain_dict(arguments), "children": [_step(child) for child in dataset.children]}
    if dataset._resampled:
        made["samplers"] = [[method, _sampler(sampler)] for method, sampler in dataset._resampled]
    return made


def serialize(dataset: Dataset, json_filepath: str = "") -> dict[str, Any]:
    """A pipeline as a dict that JSON can hold.

    Args:
        dataset: the pipeline.
        json_filepath: the path of a file to write it to; empty for none.

    Raises:
        TypeError: `dataset` is no Dataset, or holds functions or objects of the program.
        OSError: the file cannot be written.
    """
    if not isinstance(dataset, Dataset):
        raise TypeError(f"For 'serialize', 'dataset' must be a Dataset, but got {type(dataset).__name__}.")
    made = _step(dataset)
    if json_filepath:
        with open(json_filepath, "w", encoding="utf-8") as file:
            json.dump(made, file, indent=2)
    return made


def show(dataset: Dataset, indentation: int = 2) -> None:
    """Writes a pipeline as JSON to the log `mindspore.dataset`, at the level INFO.

    Args:
        dataset: the pipeline.
        indentation: spaces before each level.
    """
    _LOG.info("%s", json.dumps(serialize(dataset), indent=indentation))


def compare(pipeline1: Dataset, pipeline2: Dataset) -> bool:
    """Whether two pipelines have the same steps with the same arguments, as `serialize` writes them."""
    return serialize(pipeline1) == serialize(pipeline2)


# ------------------------------------------------------------------------------------------------------------- reading

def _class(name, base: type) -> Any:
    """The class of a public name below `mindspore.dataset`, which must be of a kind."""
    import mindspore.dataset as package
    prefix, _, last = str(name).rpartition(".")
    kind = vars(_PACKAGES.get(prefix, package)).get(last)
    if prefix not in (*_PACKAGES, "") or not isinstance(kind, type) or not issubclass(kind, base):
        raise ValueError(f"For 'deserialize', mindspore.dataset has no {base.__name__} of the name {name!r}.")
    return kind


def _read_sampler(made: dict) -> Sampler:
    sampler = _class(made["sampler_name"], Sampler)(**_read_dict(made["sampler_params"]))
    if made.get("child_sampler") is not None:
        sampler.add_child(_read_sampler(made["child_sampler"]))
    return sampler


def _read_dict(values: dict) -> dict[str, Any]:
    return {name: _read(value) for name, value in values.items()}


_KINDS: dict[str, Callable[[dict], Any]] = {
    "enum": lambda made: _class(made["enum"], enum.Enum)[made["member"]],
    "array": lambda made: np.array(made["array"], made["dtype"]),
    "dict": lambda made: _read_dict(made["dict"]),
    "tensor_op_name": lambda made: _class(made["tensor_op_name"], Transform)(**_read_dict(made["tensor_op_params"])),
    "sampler_name": _read_sampler,
}


def _read(value):
    """What `_plain` made a value of."""
    if isinstance(value, list):
        return [_read(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "schema" in value:
        schema = Schema()
        schema.from_json(value["schema"])
        return schema
    return next(read for kind, read in _KINDS.items() if kind in value)(value)


def _made_again(made: dict) -> Dataset:
    kind = made["op_type"]
    arguments = _read_dict({name: value for name, value in made.items()
                            if name not in ("op_type", "children", "samplers")})
    children = [_made_again(child) for child in made["children"]]
    if kind not in _STEPS:
        dataset = _class(f"{kind}Dataset", Dataset)(**arguments)
    elif kind == "Zip":
        dataset = zip_datasets(tuple(children))
    elif kind == "Concat":
        dataset = children[0].concat(children[1:])
    else:
        dataset = getattr(children[0], _STEPS[kind])(**arguments)
    for method, sampler in made.get("samplers", ()):
        getattr(dataset, {"use_sampler": "use_sampler", "add_sampler": "add_sampler"}[method])(_read_sampler(sampler))
    return dataset


def deserialize(input_dict: dict | None = None, json_filepath: str | None = None) -> Dataset:
    """The pipeline that `serialize` wrote.

    Args:
        input_dict: what it returned; None to read the file.
        json_filepath: the path of the file.

    Raises:
        ValueError: neither or both are given, or it is no such pipeline.
        OSError: the file cannot be read.
    """
    if (input_dict is None) == (json_filepath is None):
        raise ValueError("For 'deserialize', either 'input_dict' or 'json_filepath' must be given.")
    if json_filepath is not None:
        with open(json_filepath, encoding="utf-8") as file:
            input_dict = json.load(file)
    try:
        return _made_again(input_dict)      # type: ignore[arg-type]
    except (KeyError, IndexError, StopIteration, AttributeError, TypeError) as error:
        raise ValueError(f"For 'deserialize', this is no pipeline that 'serialize' wrote: {error!r}.") from error
