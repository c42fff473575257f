"""Videos in files: frames, sound and times, decoded by FFmpeg through the package `av`.

The package is an optional requirement (`pip install mindspore-core[media]`), imported when it is first needed. Whatever
formats its FFmpeg knows are read. Times are those of the frames, in the unit of the video stream ("pts") or in seconds;
of the sound the share is kept that the frames are of all frames.
"""
from __future__ import annotations

import io
import logging
import math
import numbers
import os
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

import numpy as np

from .._blocks import as_array
from .._check import media_package
from .._transform import RowTransform

__all__ = ["DecodeVideo", "VideoDecoder", "VideoError", "read_video", "read_video_timestamps"]

_LOG = logging.getLogger("mindspore.dataset")
_UNITS = ("pts", "sec")


class VideoError(ValueError, RuntimeError):
    """A file that does not exist or is no video, or a wrong argument. Programs that were written for MindSpore expect
    now a ValueError and now a RuntimeError, so this is both."""


def _file(path, name: str, function: str) -> str:
    if not isinstance(path, str):
        raise TypeError(f"For '{function}', '{name}' must be a str, but got {path!r} of type {type(path).__name__}.")
    if not os.path.isfile(path):
        kind = "is no regular file" if os.path.exists(path) else "does not exist"
        raise VideoError(f"For '{function}', '{name}' must be the path of a file, but {path!r} {kind}.")
    return path


def _unit(unit, function: str) -> str:
    if not isinstance(unit, str):
        raise TypeError(f"For '{function}', 'pts_unit' must be a str, but got {unit!r}.")
    if unit not in _UNITS:
        raise VideoError(f"For '{function}', 'pts_unit' must be 'pts' or 'sec', but got {unit!r}.")
    return unit


def _time(value, name: str, function: str) -> float:
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        raise TypeError(f"For '{function}', '{name}' must be an int, a float or a Fraction, but got {value!r} of type "
                        f"{type(value).__name__}.")
    return float(value)


class _Reader:
    """An open file, and its first streams of pictures and of sound. Errors of the package are a VideoError."""

    def __init__(self, source, described: str, function: str):
        self.av, self.described, self.function = media_package("av", function), described, function
        try:
            self.container = self.av.open(source)
        except self.av.error.FFmpegError as error:
            raise self.error("is no video of a known format, or is damaged", error) from error
        video, audio = self.container.streams.video, self.container.streams.audio
        self.video: Any = video[0] if video else None
        self.audio: Any = audio[0] if audio else None
        if self.video is not None:
            self.video.codec_context.thread_type = "AUTO"

    def __enter__(self) -> _Reader:
        return self

    def __exit__(self, *_) -> None:
        self.container.close()

    def error(self, what: str, cause=None) -> VideoError:
        return VideoError(f"For '{self.function}', {self.described} {what}{'.' if cause is None else f': {cause}.'}")

    @property
    def rate(self) -> Fraction:
        """Frames per second; where the file does not say, one to each unit of time."""
        return self.video.average_rate or 1 / self.video.time_base

    def _packets(self, streams: list) -> Iterator:
        try:
            yield from self.container.demux(streams)
        except self.av.error.FFmpegError as error:
            raise self.error("is damaged", error) from error

    def frames(self, with_audio: bool = False) -> Iterator[tuple[int | None, Any]]:
        """All frames, those of pictures with their times, those of sound with None. Sound ends where it is damaged."""
        count, streams = 0, [self.video] if self.video is not None else []
        if with_audio and self.audio is not None:
            streams.append(self.audio)
        for packet in self._packets(streams):
            if packet.stream not in streams:
                continue
            try:
                decoded = packet.decode()
            except self.av.error.FFmpegError as error:
                if packet.stream is self.video:
                    raise self.error(f"is damaged at frame {count}", error) from error
                _LOG.warning("For '%s', the sound of %s is damaged and ends there: %s", self.function, self.described,
                             error)
                streams.remove(self.audio)
                continue
            for frame in decoded:
                if packet.stream is self.audio:
                    yield None, frame
                else:
                    yield self._time_of(frame, count), frame
                    count += 1

    def _time_of(self, frame, number: int) -> int:
        if frame.pts is not None:
            return frame.pts
        return frame.dts if frame.dts is not None else int(number / (self.rate * self.video.time_base))

    def picture(self, frame, shape: tuple[int, int] | None) -> np.ndarray:
        """A frame as uint8 of shape (H, W, 3), which must be of a shape where one is given."""
        if shape is not None and (frame.height, frame.width) != shape:
            raise self.error(f"has frames of different sizes: {shape[0]} x {shape[1]} and {frame.height} x "
                             f"{frame.width}")
        return frame.to_ndarray(format="rgb24")


def _sound(frame) -> np.ndarray:
    """The samples of a frame: shape (channels, samples)."""
    array, channels = frame.to_ndarray(), len(frame.layout.channels)
    return array if frame.format.is_planar else array.reshape(-1, channels).T


def _nearest(value: float) -> int:
    """The nearest int, a half away from 0; infinity stays."""
    return value if math.isinf(value) else math.floor(value + 0.5)      # type: ignore[return-value]


def _read(reader: _Reader, start: float, end: float, unit: str) -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """Frames, sound and rates of what lies between two times, both included."""
    if reader.video is None and reader.audio is None:
        raise reader.error("holds neither pictures nor sound")
    pictures: list[np.ndarray] = []
    sounds: list[np.ndarray] = []
    height, width, first, count, known = 1, 1, 0, 0, {}
    if reader.video is not None:
        height, width = reader.video.codec_context.height, reader.video.codec_context.width
        known["video_fps"] = float(reader.rate)
        seconds = reader.video.time_base if unit == "sec" else 1
        low, high = _nearest(start / seconds), _nearest(end / seconds)
    if reader.audio is not None:
        known["audio_fps"] = reader.audio.codec_context.sample_rate
    for time, frame in reader.frames(with_audio=True):
        if time is None:
            sounds.append(_sound(frame))
            continue
        if low <= time <= high:
            first = first if pictures else count
            pictures.append(reader.picture(frame, pictures[0].shape[:2] if pictures else None))
        count += 1
    if sounds and len({(part.shape[0], part.dtype) for part in sounds}) > 1:
        raise reader.error("changes the number of channels or the type of its sound")
    video = np.stack(pictures) if pictures else np.empty((0, height, width, 3), np.uint8)
    audio = np.concatenate(sounds, 1) if sounds else np.empty((1, 0), np.float32)
    if sounds and count and len(pictures) < count:
        share = audio.shape[1] / count
        begin = _nearest(first * share)
        audio = audio[:, begin:begin + _nearest(len(pictures) * share)]
    return video, np.ascontiguousarray(audio), known


def read_video(filename: str, start_pts: float | Fraction = 0, end_pts: float | Fraction | None = None,
               pts_unit: str = "pts") -> tuple[np.ndarray, np.ndarray, dict[str, Any]]:
    """The frames and the sound of a file.

    Args:
        filename: the path.
        start_pts: the time of the first frame.
        end_pts: the time of the last frame; None for the end.
        pts_unit: of the times: "pts", the unit of the file, or "sec".

    Returns:
        frames of uint8, (T, H, W, 3), in RGB; the sound, (channels, samples), in the file's type, for the part of the
        file that the frames are; and a dict with "video_fps", a float, and "audio_fps", an int, where there is
        such a stream.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: `start_pts` is negative, `end_pts` less than it, or `pts_unit` another.
        ValueError and RuntimeError at once: the file does not exist, is no video, or is damaged.
        ImportError: `av` is missing.
    """
    start = _time(start_pts, "start_pts", "read_video")
    end = math.inf if end_pts is None else _time(end_pts, "end_pts", "read_video")
    if not start >= 0:
        raise ValueError(f"For 'read_video', 'start_pts' must not be negative, but got {start_pts}.")
    if not end >= start:
        raise ValueError(f"For 'read_video', 'end_pts' must be at least 'start_pts', {start_pts}, but got {end_pts}.")
    unit = _unit(pts_unit, "read_video")
    path = _file(filename, "filename", "read_video")
    with _Reader(path, f"file '{path}'", "read_video") as reader:
        return _read(reader, start, end, unit)


def read_video_timestamps(filename: str, pts_unit: str = "pts") -> tuple[list, float | None]:
    """The times of all frames of a file, and its frames per second.

    Args:
        filename: the path.
        pts_unit: "pts" for ints in the unit of the file, "sec" for floats.

    Returns:
        the times, and the frames per second; an empty list and None where there are no frames.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError and RuntimeError at once: `pts_unit` is neither, or the file does not exist, is no video, or is
            damaged.
        ImportError: `av` is missing.
    """
    unit = _unit(pts_unit, "read_video_timestamps")
    path = _file(filename, "filename", "read_video_timestamps")
    with _Reader(path, f"file '{path}'", "read_video_timestamps") as reader:
        if reader.video is None:
            return [], None
        times = [time for time, _ in reader.frames() if time is not None]
        if unit == "sec":
            return [float(time * reader.video.time_base) for time in times], float(reader.rate) if times else None
        return times, float(reader.rate) if times else None


class DecodeVideo(RowTransform):
    """Decodes videos: the bytes of a file, uint8 of one dimension, become two columns, frames and sound, as those of
    `read_video`.

    Raises:
        ValueError and RuntimeError at once: the input is no uint8 of one dimension, is empty, is no video, or is
            damaged.
        TypeError: the input is text.
        ImportError: `av` is missing.
    """

    def __init__(self):
        super().__init__()

    def apply_to_row(self, values, rng):
        if len(values) != 1:
            raise ValueError(f"For 'DecodeVideo', one column is needed, but got {len(values)}.")
        data = as_array(values[0], "For 'DecodeVideo'")
        if data.dtype.kind in "US":
            raise TypeError("For 'DecodeVideo', the bytes of a file are needed as an array of uint8, but got text.")
        if data.dtype != np.uint8 or data.ndim != 1 or not data.size:
            raise VideoError(f"For 'DecodeVideo', the bytes of a file are needed: uint8 of one dimension, not empty; "
                             f"but got {data.dtype} of the shape {data.shape}.")
        with _Reader(io.BytesIO(data.tobytes()), f"the input of {data.size} bytes", "DecodeVideo") as reader:
            return _read(reader, 0, math.inf, "pts")[:2]


class VideoDecoder:
    """Gives single frames of a file.

    Args:
        source: the path.

    Raises:
        TypeError: `source` is no str.
        ValueError and RuntimeError at once: the file does not exist, is no video, or is damaged.
        ImportError: `av` is missing.
    """

    def __init__(self, source: str):
        self.source = _file(source, "source", "VideoDecoder")
        with self._reader() as reader:
            if reader.video is None:
                raise reader.error("holds no pictures")
            stream, container = reader.video, reader.container
            if stream.duration is not None:
                duration = float(stream.duration * stream.time_base)
            else:
                duration = (container.duration or 0) / reader.av.time_base
            number = stream.frames or sum(1 for _ in reader.frames())
            self._metadata = {"width": stream.codec_context.width, "height": stream.codec_context.height,
                              "duration_seconds": round(duration, 6), "num_frames": number,
                              "average_fps": float(reader.rate)}

    def _reader(self) -> _Reader:
        return _Reader(self.source, f"file '{self.source}'", "VideoDecoder")

    @property
    def metadata(self) -> dict[str, Any]:
        """Of the stream of pictures: "width", "height", "duration_seconds", "num_frames" and "average_fps"."""
        return dict(self._metadata)

    def get_frames_at(self, indices: list[int]) -> np.ndarray:
        """Some frames by their numbers, from 0 on, in any order and also repeatedly.

        Args:
            indices: the numbers.

        Returns:
            uint8 of shape (T, H, W, 3) in RGB; for no numbers of shape (0,).

        Raises:
            TypeError: `indices` is no list of int.
            ValueError: a number is none of a frame.
            ValueError and RuntimeError at once: the file is damaged, or is there no longer.
        """
        name, number = "VideoDecoder.get_frames_at", self._metadata["num_frames"]
        if not isinstance(indices, list):
            raise TypeError(f"For '{name}', 'indices' must be a list of int, but got {type(indices).__name__}.")
        for i, index in enumerate(indices):
            if isinstance(index, bool) or not isinstance(index, int):
                raise TypeError(f"For '{name}', 'indices[{i}]' must be an int, but got {index!r} of type "
                                f"{type(index).__name__}.")
            if not 0 <= index < number:
                raise ValueError(f"For '{name}', 'indices[{i}]' must be in 0..{number - 1}, but got {index}.")
        if not indices:
            return np.empty(0, np.uint8)
        with self._reader() as reader:
            found = self._found(reader, sorted(set(indices)))
        return np.stack([found[index] for index in indices])

    @staticmethod
    def _found(reader: _Reader, wanted: list[int]) -> dict[int, np.ndarray]:
        """The wanted frames by number."""
        found: dict[int, np.ndarray] = {}
        shape = None
        for number, (_, frame) in enumerate(reader.frames()):
            if number == wanted[len(found)]:
                found[number] = reader.picture(frame, shape)
                shape = found[number].shape[:2]
                if len(found) == len(wanted):
                    return found
        raise reader.error(f"ends before frame {wanted[len(found)]}")
