"""Event files, as TensorBoard reads them.

A file is a row of records, framed as in TFRecord files (length, checksum, data, checksum), each an `Event` message: the
first says "brain.Event:2", the others hold a step, a time and the values of a summary. A scalar is a `simple_value`, an
image a PNG file, a histogram the counts between bucket limits with its moments, a tensor a `TensorProto`; a text is a
tensor of one string under the plugin "text".
"""
from __future__ import annotations

import io
import os
import socket
import threading
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from mindspore.formats.messages import message_classes

__all__ = ["EventFile", "read_events", "summary_value"]

_TABLE = """
Dim
  1 size int64
Shape
  2 dim *Dim
Tensor
  1 dtype int32
  2 tensor_shape Shape
  4 tensor_content bytes
  8 string_val *bytes
PluginData
  1 plugin_name string
  2 content bytes
Metadata
  1 plugin_data PluginData
Image
  1 height int32
  2 width int32
  3 colorspace int32
  4 encoded_image_string bytes
Histogram
  1 min double
  2 max double
  3 num double
  4 sum double
  5 sum_squares double
  6 bucket_limit *packed:double
  7 bucket *packed:double
Value
  1 tag string
  2 simple_value float
  4 image Image
  5 histo Histogram
  8 tensor Tensor
  9 metadata Metadata
Summary
  1 value *Value
Event
  1 wall_time double
  2 step int64
  3 file_version string
  5 summary Summary
"""
_TYPES = {"float32": 1, "float64": 2, "int32": 3, "uint8": 4, "int16": 5, "int8": 6, "complex64": 8, "int64": 9,
          "bool": 10, "bfloat16": 14, "uint16": 17, "complex128": 18, "float16": 19, "uint32": 22, "uint64": 23}
_STRING = 7
_BUCKETS = 30
_IMAGES = 10


@cache
def messages() -> dict[str, Any]:
    """The classes of the messages, by name."""
    return message_classes("mindspore.events", _TABLE)


def summary_value(kind: str, tag: str, value: Any) -> Any:
    """The message `Value` of a scalar, image, tensor, histogram or text."""
    made = messages()["Value"](tag=tag)
    if kind == "scalar":
        made.simple_value = float(np.asarray(value).reshape(()))
    elif kind == "image":
        _put_image(made.image, np.asarray(value))
    elif kind == "histogram":
        _put_histogram(made.histo, np.asarray(value))
    elif kind == "tensor":
        _put_tensor(made.tensor, np.asarray(value))
        made.metadata.plugin_data.plugin_name = "tensors"
    else:
        made.tensor.dtype = _STRING
        made.tensor.string_val.append(str(value).encode())
        made.metadata.plugin_data.plugin_name = "text"
    return made


def _put_image(image: Any, pixels: np.ndarray) -> None:
    """The first images of a batch (N, C, H, W), side by side, as a PNG file."""
    from PIL import Image
    row = np.concatenate(list(pixels[:_IMAGES].transpose(0, 2, 3, 1)), axis=1)
    if row.dtype != np.uint8:
        row = row.astype(np.float64)
        low, high = float(row.min()), float(row.max())
        if low < 0 or high > 1:
            row = (row - low) / ((high - low) or 1.0)
        row = np.round(row * 255).astype(np.uint8)
    image.height, image.width, image.colorspace = row.shape
    file = io.BytesIO()
    Image.fromarray(row[..., 0] if row.shape[2] == 1 else row).save(file, "PNG")
    image.encoded_image_string = file.getvalue()


def _put_histogram(histogram: Any, values: np.ndarray) -> None:
    """The distribution of the finite values."""
    finite = values.astype(np.float64).ravel()
    finite = finite[np.isfinite(finite)]
    if not finite.size:
        return
    counts, edges = np.histogram(finite, _BUCKETS)
    histogram.min, histogram.max, histogram.num = finite.min(), finite.max(), finite.size
    histogram.sum, histogram.sum_squares = finite.sum(), (finite ** 2).sum()
    histogram.bucket_limit.extend(edges[1:])
    histogram.bucket.extend(counts)


def _put_tensor(tensor: Any, array: np.ndarray) -> None:
    tensor.dtype = _TYPES[array.dtype.name]
    tensor.tensor_shape.dim.extend([messages()["Dim"](size=size) for size in array.shape])
    tensor.tensor_content = np.ascontiguousarray(array).tobytes()


class EventFile:
    """A new event file in a folder. limit: how many bytes it may have, None for any number."""

    def __init__(self, folder: Path, prefix: str, suffix: str, limit: int | None):
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while True:
            name = f"{prefix}.out.tfevents.{int(time.time())}.{socket.gethostname()}.{os.getpid()}.{number}{suffix}"
            try:
                self._file = open(folder / name, "xb")
                break
            except FileExistsError:
                number += 1
        self.path, self._limit, self._lock = folder / name, limit, threading.Lock()
        self.write([], version="brain.Event:2")

    def write(self, values: list, step: int = 0, version: str = "") -> bool:
        """Append an event with these values; False, and nothing is written, where the file would be too large."""
        event = messages()["Event"](wall_time=time.time(), step=step)
        if version:
            event.file_version = version
        event.summary.value.extend(values)
        if not values:
            event.ClearField("summary")
        from mindspore.dataset._tfrecord import encode_record
        record = encode_record(event.SerializeToString())
        with self._lock:
            if self._limit is not None and self._file.tell() + len(record) > self._limit:
                return False
            self._file.write(record)
            return True

    def flush(self) -> None:
        """Let readers see what was written."""
        with self._lock:
            self._file.flush()

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.close()


def read_events(path: str | os.PathLike) -> Iterator[Any]:
    """The events of a file, as messages. `mindspore.dataset._tfrecord.Damaged` (a ValueError) where it is none."""
    from mindspore.dataset._tfrecord import check_record, record_places
    data = memoryview(Path(path).read_bytes())
    for start, length in record_places(data):
        yield messages()["Event"].FromString(bytes(check_record(data, start, length)))
