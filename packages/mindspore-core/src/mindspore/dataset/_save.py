"""Writing the rows of a pipeline to files, for `Dataset.save`."""
from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack

import numpy as np

from ._blocks import Blocks
from ._tfrecord import Feature, encode_example, encode_record

__all__ = ["save_rows"]


def _feature(array: np.ndarray) -> Feature:
    """An array as a feature of a TFRecord: text and bytes (uint8) as bytes, numbers flattened."""
    if array.dtype.kind in "US":
        return [item.encode() if isinstance(item, str) else item for item in array.reshape(-1).tolist()]
    if array.dtype == np.uint8:
        return [array.tobytes()]
    return array.reshape(-1).astype(np.float32 if array.dtype.kind not in "iub" else np.int64)


def _save_tfrecord(columns: Sequence[str], blocks: Blocks, paths: Sequence[str]) -> int:
    count = 0
    with ExitStack() as stack:
        files = [stack.enter_context(open(path, "wb")) for path in paths]
        for block in blocks:
            for i in range(block.count):
                features = {name: _feature(value) for name, value in zip(columns, block.row(i), strict=True)}
                files[count % len(files)].write(encode_record(encode_example(features)))
                count += 1
    return count


_MINDRECORD_TYPES = {"uint8": "int32", "int8": "int32", "int16": "int32", "uint16": "int32", "int32": "int32",
                     "uint32": "int64", "int64": "int64", "uint64": "int64", "bool": "int32", "float16": "float32",
                     "float32": "float32", "float64": "float64"}


def _field(name: str, array: np.ndarray) -> tuple[dict, type | None]:
    """The schema entry of a column and the NumPy type to store it as (None for text)."""
    if array.dtype.kind in "US":
        if array.ndim:
            raise TypeError(f"For 'save', column '{name}' holds arrays of text, which MindRecord files cannot. Save "
                            f"as 'tfrecord', or join the text first.")
        return {"type": "string"}, None
    stored = _MINDRECORD_TYPES.get(array.dtype.name)
    if stored is None:
        raise TypeError(f"For 'save', column '{name}' is {array.dtype}, which MindRecord files cannot hold. Convert it "
                        f"with TypeCast.")
    entry: dict = {"type": stored}
    if array.ndim:
        entry["shape"] = [-1, *array.shape[1:]]
    return entry, np.dtype(stored).type


def _save_mindrecord(columns: Sequence[str], blocks: Blocks, paths: Sequence[str]) -> int:
    from mindspore.mindrecord import FileWriter
    count, writer, types = 0, None, []
    base = paths[0] if len(paths) == 1 else paths[0][:-1]
    for block in blocks:
        for i in range(block.count):
            row = block.row(i)
            if writer is None:
                fields = [_field(name, value) for name, value in zip(columns, row, strict=True)]
                types = [kind for _, kind in fields]
                writer = FileWriter(base, len(paths), overwrite=True)
                writer.add_schema({name: entry for name, (entry, _) in zip(columns, fields, strict=True)}, "dataset")
            writer.write_raw_data([{name: _stored(value, kind)
                                    for name, value, kind in zip(columns, row, types, strict=True)}])
            count += 1
    if writer is not None:
        writer.commit()
    return count


def _stored(value: np.ndarray, kind: type | None):
    if kind is None:
        item = value.item()
        return item.decode() if isinstance(item, bytes) else item
    return value.astype(kind) if value.ndim else value.astype(kind).item()


def save_rows(columns: Sequence[str], blocks: Blocks, paths: Sequence[str], file_type: str) -> None:
    """Writes rows to files, row i to file i modulo their number where the format leaves the choice.

    Args:
        columns: the columns' names.
        blocks: the rows.
        paths: the files.
        file_type: "mindrecord" or "tfrecord".

    Raises:
        RuntimeError: there are no rows.
        TypeError: the format cannot hold a column.
    """
    count = (_save_tfrecord if file_type == "tfrecord" else _save_mindrecord)(columns, blocks, paths)
    if not count:
        raise RuntimeError("For 'save', the dataset has no rows, so there is nothing to write.")
