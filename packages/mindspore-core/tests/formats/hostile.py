"""Damaged and hostile files for every reader: whole files, changed at random.

A reader must give values or an error of its kind, which names the file; it must not hang, crash, or take memory that
the file does not justify. Run it for many files: `python hostile.py [COUNT] [SEED] [FORMAT ...]`.
"""
from __future__ import annotations

import gzip
import json
import os
import random
import signal
import sys
import tempfile
import tracemalloc
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
from exported_networks import Deciding, Leaving, Many, floats

import mindspore as ms
from mindspore import Tensor, dataset, mindrecord, nn
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.dataset import vision
from mindspore.dataset._idx import read_idx
from mindspore.dataset._tfrecord import encode_example, encode_record
from mindspore.formats.mind_ir import ModelProto

SECONDS = 60
MEMORY_PER_BYTE, MEMORY_AT_LEAST = 40, 8 << 20
_NUMBERS = [bytes(n) for n in (1, 4, 8)] + [b"\xff" * n for n in (1, 4, 8)] + [
    b"\x7f", b"\x80", b"\xff\xff\xff\x7f", b"\x00\x00\x00\x80", b"\xff" * 9 + b"\x01", (1 << 40).to_bytes(8, "little")]


NESTED = 20  # a graph that calls itself is compiled up to 150 times, one inside of the other, before it is refused


@dataclass
class Target:
    """A reader: `seeds`, names and contents of good files that stand in one folder, and `read`, which gets the folder.

    inside: changes a file as one who knows the format would, so that it is still one on the face of it. memory: how
    many bytes a reader may allocate for each byte of the file; packed data may justify more than plain data.
    """

    seeds: list[dict[str, bytes]]
    read: Callable[[Path], object]
    errors: tuple[type[Exception], ...] = (ValueError,)
    inside: Callable[[bytes, random.Random], bytes] | None = None
    memory: int = MEMORY_PER_BYTE


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def _made(make: Callable[[Path], object]) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder))
        return _files(Path(folder))


# -- the readers -------------------------------------------------------------------------------------------------------


def _values() -> dict:
    return {"weight": Tensor(np.arange(6, dtype=np.float32).reshape(2, 3)), "n": Tensor(np.int64(3)),
            "flags": Tensor(np.array([True, False])), "half": Tensor(np.ones((2, 0), np.float16))}


def _checkpoint() -> Target:
    def save(folder, crc=False):
        ms.save_checkpoint(_values(), folder / "a.ckpt", append_dict={"text": "some text", "b": True}, crc_check=crc)
    return Target([_made(save), _made(lambda folder: save(folder, True))],
                  lambda folder: ms.load_checkpoint(folder / "a.ckpt"))


def _safetensors() -> Target:
    return Target([_made(lambda folder: ms.save_checkpoint(_values(), folder / "a", format="safetensors",
                                                           crc_check=True))],
                  lambda folder: ms.load_checkpoint(folder / "a.safetensors", format="safetensors"),
                  inside=changed_header)


def _mindir() -> Target:
    inputs = {1: [floats(3)], 2: [floats(3), Tensor(5)], 3: [floats(2, 3, 8, 8), Tensor(np.array([1, 3], np.int32))]}

    def seed(net, count):
        return _made(lambda folder: ms.export(net, *inputs[count], file_name=folder / "a", file_format="MINDIR"))

    def read(folder):
        loaded = ms.load(folder / "a.mindir")
        shapes = [i.shape for i in loaded.top.inputs]
        given = next((v for v in inputs.values() if [x.shape for x in v] == shapes), inputs[1])
        return nn.GraphCell(loaded).graph(*given)

    seeds = [seed(Deciding(), 1), seed(Leaving(), 2), seed(Many(), 3)]
    real = os.environ.get("MS_TEST_DATA")
    if real:
        seeds += [{"a.mindir": (Path(real) / "formats" / name).read_bytes()} for name in ("while.mindir", "dyn.mindir")]
    return Target(seeds, read, (ValueError, GraphCompileError), changed_message, memory=NESTED * MEMORY_PER_BYTE)


def _mindrecord() -> Target:
    schema = {"image": {"type": "bytes"}, "label": {"type": "int32"}, "text": {"type": "string"},
              "box": {"type": "float32", "shape": [2, 2]}, "ids": {"type": "int64", "shape": [-1]}}

    def save(folder):
        writer = mindrecord.FileWriter(str(folder / "a"))
        writer.add_schema(schema)
        writer.write_raw_data([{"image": bytes([k]) * k, "label": k, "text": "x" * k, "ids": np.arange(k) * 1000,
                                "box": np.ones((2, 2), np.float32)} for k in range(5)])
        writer.commit()

    def read(folder):
        reader = mindrecord.FileReader(str(folder / "a"))
        try:
            return list(reader.get_next())
        finally:
            reader.close()
    return Target([_made(save)], read, inside=changed_header)


def _idx() -> Target:
    plain = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in (2, 3, 4)) + bytes(range(24))

    def read(folder):
        return read_idx(next(folder.iterdir()), 3)
    return Target([{"a-idx3-ubyte": plain}, {"a-idx3-ubyte.gz": gzip.compress(plain, mtime=0)}], read)


def _tfrecord() -> Target:
    """Records whose checksums are right, so that the messages in them are read; `inside` makes them right again."""
    def save(folder):
        rows = [{"image": [bytes(range(k))], "label": np.array([k]), "scores": np.arange(k + 1, dtype=np.float32)}
                for k in range(4)]
        (folder / "a.tfrecord").write_bytes(b"".join(encode_record(encode_example(row)) for row in rows))

    def read(folder):
        return list(dataset.TFRecordDataset(str(folder / "a.tfrecord"), shuffle=False).create_dict_iterator(
            num_epochs=1, output_numpy=True))
    return Target([_made(save)], read, (ValueError, RuntimeError), inside=changed_records)


def _image() -> Target:
    """Pictures of a few kinds in each format that is decoded, some of whose parts are packed a hundredfold."""
    from PIL import Image
    ramp = np.arange(24 * 32 * 3, dtype=np.uint8).reshape(24, 32, 3)
    pictures = {"RGB": Image.fromarray(ramp), "L": Image.fromarray(ramp[..., 0]),
                "P": Image.fromarray(ramp).quantize(16), "flat": Image.new("RGB", (200, 150), (9, 8, 7))}
    kinds = [("JPEG", "RGB", {}), ("JPEG", "L", {"progressive": True}), ("JPEG", "flat", {"optimize": True}),
             ("PNG", "RGB", {}), ("PNG", "P", {}), ("PNG", "flat", {}), ("BMP", "RGB", {}), ("BMP", "P", {}),
             ("GIF", "P", {}), ("TIFF", "RGB", {}), ("TIFF", "RGB", {"compression": "tiff_lzw"}),
             ("WEBP", "RGB", {}), ("WEBP", "RGB", {"lossless": True})]

    def save(folder, kind, picture, options):
        pictures[picture].save(folder / f"a.{kind.lower()}", kind, **options)

    def read(folder):
        path = next(folder.iterdir())
        data = np.frombuffer(path.read_bytes(), np.uint8)
        found = vision.Decode()(data)
        assert found.ndim == 3 and found.shape[2] == 3 and found.dtype == np.uint8, (found.shape, found.dtype)
        return vision.read_image(path)
    return Target([_made(lambda folder, each=each: save(folder, *each)) for each in kinds], read,
                  (ValueError, RuntimeError), memory=3 * 4096)


TARGETS: dict[str, Callable[[], Target]] = {
    "checkpoint": _checkpoint, "safetensors": _safetensors, "mindir": _mindir, "mindrecord": _mindrecord, "idx": _idx,
    "tfrecord": _tfrecord, "image": _image}


# -- changes -----------------------------------------------------------------------------------------------------------


def changed(data: bytes, rng: random.Random) -> bytes:
    """The contents of a file with one to four changes; most hit what is not zero."""
    result = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 4))):
        at = rng.randrange(len(result) + 1) if result else 0
        if rng.random() < 0.9:
            for _ in range(40):
                if at < len(result) and result[at]:
                    break
                at = rng.randrange(len(result) + 1) if result else 0
        kind = rng.randrange(8)
        if kind == 0:
            result = result[:at]
        elif kind == 1:
            result[at:at] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 2:
            del result[at:at + rng.randrange(1, 40)]
        elif kind == 3:
            length = rng.randrange(1, 60)
            source = rng.randrange(len(result) + 1)
            result[at:at] = result[source:source + length]
        elif kind == 4:
            number = rng.choice(_NUMBERS)
            result[at:at + len(number)] = number
        elif at < len(result):
            result[at] = result[at] ^ 1 << rng.randrange(8) if kind < 7 else rng.randrange(256)
    return bytes(result)


_INTS = [0, 1, -1, 2, 7, 43, 127, 255, 1 << 15, 1 << 31, -(1 << 31), 1 << 40, (1 << 63) - 1, -(1 << 63)]


def changed_json(value, rng: random.Random):
    """A JSON value with one part of it changed."""
    if isinstance(value, (dict, list)) and value and rng.random() < 0.85:
        key = rng.choice(list(value) if isinstance(value, dict) else range(len(value)))
        if rng.random() < 0.15:
            value.pop(key)
        elif rng.random() < 0.1 and isinstance(value, list):
            value.append(value[key])
        else:
            value[key] = changed_json(value[key], rng)
        return value
    if isinstance(value, int) and rng.random() < 0.5:
        return value + rng.choice((-8, -1, 1, 8))
    return rng.choice([*_INTS, None, True, 0.5, "", "a", "../a", "float32", "F64", "int64", [], {}, [1], {"a": 1},
                       [1 << 40, 1 << 40], "BLOB_DATA"])


def changed_header(data: bytes, rng: random.Random) -> bytes:
    """A file that begins with the length of a JSON text and that text, with a part of it changed; what follows stays
    where it is, as far as the text is not longer."""
    if data[:6] == b"SQLite":
        return changed(data, rng)
    length = int.from_bytes(data[:8], "little")
    header = json.loads(data[8:8 + length])
    for _ in range(rng.choice((1, 1, 2, 3))):
        header = changed_json(header, rng)
    text = json.dumps(header, separators=(",", ":")).encode()
    rest = data[8 + length:] if rng.random() < 0.5 else data[8 + len(text):]
    return len(text).to_bytes(8, "little") + text + rest


def changed_records(data: bytes, rng: random.Random) -> bytes:
    """A TFRecord file whose messages are changed, each with its right checksum."""
    result, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at:at + 8], "little")
        payload = data[at + 12:at + 12 + length]
        result.append(encode_record(changed(payload, rng) if rng.random() < 0.5 else payload))
        at += 16 + length
    return b"".join(result)


def changed_message(data: bytes, rng: random.Random) -> bytes:
    """A MINDIR file with one to four fields changed."""
    model = ModelProto()
    model.ParseFromString(data)
    texts = [n.output[0] for g in (model.graph, *model.functions) for n in g.node] + [
        *[p.name for p in model.primitives], *[g.name for g in model.functions]]
    for _ in range(rng.choice((1, 1, 2, 4))):
        _change_field(model, texts, rng)
    return model.SerializeToString()


def _change_field(message, texts: list[str], rng: random.Random) -> None:
    fields = message.ListFields()
    if not fields:
        return
    field, value = rng.choice(fields)
    many = hasattr(value, "__len__") and not isinstance(value, (str, bytes))
    if many and value and rng.random() < 0.3:
        index = rng.randrange(len(value))
        if rng.random() < 0.5:
            del value[index]
        else:
            value.append(value[index])
        return
    if many and value:
        index = rng.randrange(len(value))
        if field.message_type:
            _change_field(value[index], texts, rng)
        else:
            value[index] = _other(value[index], texts, rng)
    elif field.message_type:
        _change_field(value, texts, rng)
    elif field.enum_type:
        setattr(message, field.name, rng.choice([v.number for v in field.enum_type.values]))
    else:
        try:
            setattr(message, field.name, _other(value, texts, rng))
        except ValueError:
            message.ClearField(field.name)


def _other(value, texts: list[str], rng: random.Random):
    if isinstance(value, str):
        return rng.choice([*texts, "", "Constant", "REF::", f"REF::{rng.choice(texts)}"])
    if isinstance(value, bytes):
        return changed(value, rng)
    if isinstance(value, float):
        return rng.choice([0.0, -1.0, float("nan"), float("inf"), 1e30])
    return type(value)(rng.choice(_INTS))


def attack(target: Target, rng: random.Random, folder: Path) -> str:
    """Read one changed set of files: 'read', or the name of the error. What must not happen is raised."""
    files = dict(rng.choice(target.seeds))
    name = rng.choice(list(files))
    change = changed if target.inside is None or rng.random() < 0.5 else target.inside
    files[name] = change(files[name], rng)
    for each, data in files.items():
        (folder / each).write_bytes(data)
    size = sum(map(len, files.values()))
    tracemalloc.start()
    try:
        target.read(folder)
        return "read"
    except target.errors as error:
        return type(error).__name__
    finally:
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        for each in files:
            (folder / each).unlink()
        if peak > MEMORY_AT_LEAST + target.memory * size:
            raise MemoryError(f"{peak} bytes were allocated for files of {size}")


def campaign(name: str, count: int, seed: int, folder: Path) -> Counter:
    """Attack a reader many times: how often what happened. An AssertionError tells how to repeat what must not."""
    target, found = TARGETS[name](), Counter()
    for k in range(count):
        rng = random.Random(f"{name} {seed} {k}")
        try:
            found[attack(target, rng, folder)] += 1
        except Exception as error:
            raise AssertionError(f"{name}, file {k} of seed {seed}: {type(error).__name__}: {error}") from error
    return found


def main(arguments: list[str]) -> None:
    count, seed = (int(a) for a in (arguments + ["10000", "0"][len(arguments):])[:2])
    with tempfile.TemporaryDirectory() as folder:
        for name in arguments[2:] or TARGETS:
            signal.signal(signal.SIGALRM, lambda *_: os.abort())
            target, found = TARGETS[name](), Counter()
            for k in range(count):
                signal.alarm(SECONDS)
                try:
                    found[attack(target, random.Random(f"{name} {seed} {k}"), Path(folder))] += 1
                except Exception as error:
                    found["WRONG"] += 1
                    print(f"{name}, file {k} of seed {seed}: {type(error).__name__}: {error}")
                    for left in Path(folder).iterdir():
                        left.unlink()
            signal.alarm(0)
            print(f"{name}: {count} files, {dict(found.most_common())}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
