"""Images in files: decoding, encoding, reading and writing.

Only JPEG, PNG, BMP, GIF, TIFF and WebP are decoded. The sizes that a file's head claims are believed as far as its
length can account for them: real images do not reach `_MOST_PER_BYTE` bytes of pixels per byte of file, and what does
is refused before memory is taken for it.
"""
from __future__ import annotations

import io
import os
import warnings

import numpy as np

from .._blocks import as_array
from .._check import check_bool, check_int
from .._transform import Transform, is_image
from ._enums import ImageReadMode
from ._image import DeviceChoice, check_choice, check_uint8, to_pillow

__all__ = ["Decode", "decode_image", "encode_jpeg", "encode_png", "get_image_num_channels", "get_image_size",
           "read_file", "read_image", "write_file", "write_jpeg", "write_png"]

_FORMATS = ("JPEG", "PNG", "BMP", "GIF", "TIFF", "WEBP")
_MOST_PER_BYTE = 4096
_ALWAYS_ALLOWED = 1 << 22


def decode_image(data, function: str, mode: str | None = "RGB"):
    """The Pillow image in some bytes, converted to a mode (None for its own).

    Raises:
        ValueError: the bytes are no image of a known format, are damaged, or claim to be far larger than they can be.
    """
    from PIL import Image
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data), formats=_FORMATS)
            claimed = image.width * image.height * max(3, len(image.getbands()))
            if claimed > max(_ALWAYS_ALLOWED, len(data) * _MOST_PER_BYTE):
                raise ValueError(f"its head claims {image.width} x {image.height} pixels, which {len(data)} bytes "
                                 f"cannot hold")
            image.load()
            if mode is None:
                mode = image.mode if image.mode in ("L", "RGB", "RGBA") else "RGB"
            return image if image.mode == mode else image.convert(mode)
    except Exception as error:          # Pillow's decoders raise errors of many types for damaged bytes
        if isinstance(error, MemoryError):
            raise
        raise ValueError(f"For '{function}', the {len(data)} bytes are no image of the formats {', '.join(_FORMATS)}, "
                         f"or are damaged: {error}.") from error


def _bytes_of(value, function: str) -> bytes:
    array = as_array(value, f"For '{function}'")
    if array.dtype.kind == "S" and not array.ndim:
        return array.item()
    if array.dtype not in (np.uint8, np.int8) or array.ndim != 1:
        raise TypeError(f"For '{function}', an encoded image must be bytes or a uint8 array of one dimension, but got "
                        f"{array.dtype} of the shape {array.shape}.")
    return array.tobytes()


class Decode(DeviceChoice, Transform):
    """Decodes images: bytes, as uint8 or int8 of one dimension, become RGB of shape (H, W, 3).

    Args:
        to_pil: give Pillow images instead of arrays, for the operations that follow.

    Raises:
        TypeError: `to_pil` is no bool, or the input is no row of bytes.
        ValueError: the bytes are no image, or are damaged.
    """

    def __init__(self, to_pil: bool = False):
        self.to_pil = check_bool(to_pil, "to_pil", "Decode")

    def apply_to_value(self, value, rng):
        image = value.convert("RGB") if is_image(value) else decode_image(_bytes_of(value, "Decode"), "Decode")
        return image if self.to_pil else np.array(image)

    def _apply_to_column(self, column, rng):
        values = column if isinstance(column, list) else [column[i, ...] for i in range(len(column))]
        return [self.apply_to_value(value, rng) for value in values]


# --------------------------------------------------------------------------------------------------- files and encoding

def _path(filename, function: str) -> str:
    if not isinstance(filename, (str, os.PathLike)):
        raise TypeError(f"For '{function}', 'filename' must be a path, but got {type(filename).__name__}.")
    return os.fspath(filename)


def read_file(filename) -> np.ndarray:
    """The bytes of a file as uint8 of one dimension; OSError where it cannot be read."""
    return np.fromfile(_path(filename, "read_file"), np.uint8)


def write_file(filename, data) -> None:
    """Writes uint8 of one dimension to a file; TypeError for anything else."""
    array = as_array(data, "For 'write_file'")
    if array.dtype != np.uint8 or array.ndim != 1:
        raise TypeError(f"For 'write_file', 'data' must be uint8 of one dimension, but is {array.dtype} of the shape "
                        f"{array.shape}.")
    array.tofile(_path(filename, "write_file"))


def read_image(filename, mode: ImageReadMode = ImageReadMode.UNCHANGED) -> np.ndarray:
    """The image in a file: uint8 of shape (H, W, C).

    Args:
        filename: the path.
        mode: UNCHANGED, or what to convert to: GRAYSCALE, of one channel, or COLOR, RGB.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: the file is no image, or is damaged.
        OSError: it cannot be read.
    """
    check_choice(mode, ImageReadMode, "mode", "read_image")
    wanted = {ImageReadMode.UNCHANGED: None, ImageReadMode.GRAYSCALE: "L", ImageReadMode.COLOR: "RGB"}[mode]
    array = np.array(decode_image(read_file(filename).tobytes(), "read_image", wanted))
    return array[..., np.newaxis] if array.ndim == 2 else array


def _encoded(image, function: str, kind: str, channels: tuple[int, ...], **options) -> np.ndarray:
    array = as_array(image, f"For '{function}'")
    check_uint8(array, function)
    if array.ndim == 3 and array.shape[2] not in channels:
        raise ValueError(f"For '{function}', an image must have {' or '.join(map(str, channels))} channels, but has "
                         f"{array.shape[2]}.")
    stream = io.BytesIO()
    to_pillow(array, function).save(stream, kind, **options)
    return np.frombuffer(stream.getvalue(), np.uint8).copy()


def encode_jpeg(image, quality: int = 75) -> np.ndarray:
    """A uint8 image (H, W), (H, W, 1) or (H, W, 3) as a JPEG file of uint8; quality is in 1..100."""
    return _encoded(image, "encode_jpeg", "JPEG", (1, 3), quality=check_int(quality, "quality", "encode_jpeg", 1, 100))


def encode_png(image, compression_level: int = 6) -> np.ndarray:
    """A uint8 image (H, W), (H, W, 1) or (H, W, 3) as a PNG file of uint8; compression_level is in 0..9."""
    level = check_int(compression_level, "compression_level", "encode_png", 0, 9)
    return _encoded(image, "encode_png", "PNG", (1, 3), compress_level=level)


def write_jpeg(filename, image, quality: int = 75) -> None:
    """Writes `encode_jpeg(image, quality)` to a file."""
    write_file(filename, encode_jpeg(image, quality))


def write_png(filename, image, compression_level: int = 6) -> None:
    """Writes `encode_png(image, compression_level)` to a file."""
    write_file(filename, encode_png(image, compression_level))


def get_image_size(image) -> list[int]:
    """[height, width] of a Pillow image or an array (H, W), (..., H, W, C)."""
    if is_image(image):
        return [image.height, image.width]
    array = as_array(image, "For 'get_image_size'")
    if array.ndim < 2:
        raise ValueError(f"For 'get_image_size', an image must have at least 2 dimensions, but has the shape "
                         f"{array.shape}.")
    return list(array.shape[:2] if array.ndim == 2 else array.shape[-3:-1])


def get_image_num_channels(image) -> int:
    """The number of channels of a Pillow image or an array (H, W), (..., H, W, C)."""
    if is_image(image):
        return len(image.getbands())
    array = as_array(image, "For 'get_image_num_channels'")
    if array.ndim < 2:
        raise ValueError(f"For 'get_image_num_channels', an image must have at least 2 dimensions, but has the shape "
                         f"{array.shape}.")
    return 1 if array.ndim == 2 else array.shape[-1]
