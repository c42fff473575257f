"""Protocol-buffer messages from a short table.

A table names messages and enums, and their fields one a line: number, name, type; a prefix of the type says how often
the field occurs. The classes live in a pool of their own, so that they do not meet others of the same names (the `onnx`
package registers messages called `onnx.ModelProto`, as it must). proto2, unpacked repeated numbers unless `packed`.

    TensorProto
      1 dims *int64
      2 data_type int32
      3 name !string
    DataType = FLOAT 1, DOUBLE 11

`*` marks a repeated, `*packed:` a repeated packed, `!` a required field; the others are optional. A name with a dot is
nested in the message before the dot, which must stand earlier. Types that are no number, text or bytes name a message
or enum of the table by its full name. Messages keep the fields that they do not know.
"""
from __future__ import annotations

from typing import Any

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from google.protobuf.message import Message

_FIELD = descriptor_pb2.FieldDescriptorProto
_SCALARS = {name: getattr(_FIELD, f"TYPE_{name.upper()}")
            for name in ("double", "float", "int64", "uint64", "int32", "uint32", "bool", "string", "bytes")}


def _split(table: str) -> tuple[dict[str, list[list[str]]], dict[str, list[tuple[str, int]]]]:
    """The fields of each message and the values of each enum."""
    messages: dict[str, list[list[str]]] = {}
    enums: dict[str, list[tuple[str, int]]] = {}
    current: list[list[str]] = []
    for line in table.splitlines():
        if not line.strip():
            continue
        if line.startswith(" "):
            current.append(line.split())
        elif "=" in line:
            name, values = line.split("=")
            enums[name.strip()] = [(value.split()[0], int(value.split()[1])) for value in values.split(",")]
        else:
            current = messages.setdefault(line.strip(), [])
    return messages, enums


def _add_field(message, package: str, enums, number: str, name: str, kind: str) -> None:
    field = message.field.add(name=name, number=int(number), label=_FIELD.LABEL_OPTIONAL)
    if kind[0] in "*!":
        field.label = _FIELD.LABEL_REPEATED if kind[0] == "*" else _FIELD.LABEL_REQUIRED
        kind = kind[1:]
    if kind.startswith("packed:"):
        field.options.packed = True
        kind = kind.removeprefix("packed:")
    if kind in _SCALARS:
        field.type = _SCALARS[kind]
    else:
        field.type = _FIELD.TYPE_ENUM if kind in enums else _FIELD.TYPE_MESSAGE
        field.type_name = f".{package}.{kind}"


def texts_are_texts(message: Any) -> bool:
    """Whether all texts of a parsed message are UTF-8: the parser keeps others as bytes."""
    for field, value in message.ListFields():
        values = (value,) if isinstance(value, (str, bytes, int, float, Message)) else value
        if field.type == _FIELD.TYPE_STRING and not all(isinstance(v, str) for v in values):
            return False
        if field.type == _FIELD.TYPE_MESSAGE and not all(map(texts_are_texts, values)):
            return False
    return True


def has_more_parts(data: bytes, cls: type, most: int) -> bool:
    """Whether a serialised message has more than `most` texts, byte strings and messages in it.

    A parser makes some 100 bytes of each message, however few bytes it takes in the file; so a file that consists of
    empty messages is found before it is parsed. What is no message at all is left to the parser.
    """
    pending = [(0, len(data), cls.DESCRIPTOR)]  # type: ignore[attr-defined]
    count = 0
    while pending:
        at, end, descriptor = pending.pop()
        fields = descriptor.fields_by_number
        while at < end:
            key, at = _varint(data, at, end)
            kind = key & 7
            if kind == 0:
                _, at = _varint(data, at, end)
            elif kind in (1, 5):
                at += 8 if kind == 1 else 4
            elif kind == 2:
                length, at = _varint(data, at, end)
                count += 1
                field = fields.get(key >> 3)
                if length and field is not None and field.message_type is not None and at + length <= end:
                    pending.append((at, at + length, field.message_type))
                at += length
            else:
                return False
            if count > most:
                return True
    return False


def _varint(data: bytes, at: int, end: int) -> tuple[int, int]:
    """A number of the wire format, and what follows it; past the end where there is none."""
    value = shift = 0
    while at < end:
        byte = data[at]
        value |= (byte & 127) << shift
        at += 1
        if byte < 128:
            return value, at
        shift += 7
        if shift > 63:
            break
    return 0, end + 1


def message_classes(package: str, table: str) -> dict[str, Any]:
    """The classes of the messages of a table, by name.

    Args:
        package: the name of the protocol-buffer package.
        table: as the module's text describes.
    """
    messages, enums = _split(table)
    file = descriptor_pb2.FileDescriptorProto(name=f"{package}.proto", package=package, syntax="proto2")
    made: dict = {}

    def home(name: str):
        outer, _, own = name.rpartition(".")
        return made[outer] if outer else None, own

    for name in messages:
        outer, own = home(name)
        made[name] = file.message_type.add(name=own) if outer is None else outer.nested_type.add(name=own)
    for name, values in enums.items():
        outer, own = home(name)
        enum = file.enum_type.add(name=own) if outer is None else outer.enum_type.add(name=own)
        for label, number in values:
            enum.value.add(name=label, number=number)
    for name, fields in messages.items():
        for field in fields:
            _add_field(made[name], package, enums, *field)
    pool = descriptor_pool.DescriptorPool()
    pool.AddSerializedFile(file.SerializeToString())
    return {name: message_factory.GetMessageClass(pool.FindMessageTypeByName(f"{package}.{name}")) for name in messages}
