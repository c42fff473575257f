"""TED-LIUM: talks in NIST SPHERE files, and in STM files what was said from when to when.

A SPHERE file begins with `NIST_1A`, the size of its header, and lines of a name, a type and a value; then come samples,
16 bits each, in the order of bytes that `sample_byte_format` says (01: little-endian). A line of an STM file is the
talk, the channel, the speaker, begin and end in seconds, labels, and the words; `ignore_time_segment_in_scoring` stands
for what is no speech.
"""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ._files import map_file
from ._image_files import ImageFilesDataset, check_folder, lines_of
from ._pipeline import annotate

__all__ = ["TedliumDataset"]


def _header(data: memoryview) -> tuple[int, dict[str, str]]:
    """The size of a SPHERE file's header, and its fields. ValueError where it is none."""
    start = bytes(data[:16]).split(b"\n")
    if len(start) < 2 or start[0] != b"NIST_1A" or not start[1].strip().isdigit():
        raise ValueError("it does not begin with NIST_1A and the size of its header")
    size = int(start[1])
    fields = {}
    for line in bytes(data[16:size]).decode("latin1").splitlines():
        parts = line.split(maxsplit=2)
        if line.startswith("end_head"):
            break
        if len(parts) == 3:
            fields[parts[0]] = parts[2]
    return size, fields


def _samples(path: str) -> tuple[np.ndarray, int]:
    """The samples (length, channels) of a SPHERE file, mapped, and their rate."""
    data = map_file(path)
    size, fields = _header(data)
    try:
        channels, rate = int(fields["channel_count"]), int(fields["sample_rate"])
        order = {"01": "<i2", "10": ">i2"}[fields["sample_byte_format"]]
        if fields["sample_n_bytes"] != "2" or fields.get("sample_coding", "pcm") != "pcm" or channels < 1:
            raise ValueError("only samples of 16 bits that are not packed are read")
        samples = np.frombuffer(data[size:size + (len(data) - size) // (2 * channels) * 2 * channels], order)
    except KeyError as error:
        raise ValueError(f"its header has no usable {error}") from None
    return samples.reshape(-1, channels), rate


class _ReadSegments:
    """Reads segments: rows of a file, and begin and end in seconds."""

    def __call__(self, rows: Sequence[Sequence[str]]) -> list[tuple]:
        found = []
        for path, begin, end in rows:
            try:
                samples, rate = _samples(path)
                part = samples[int(float(begin) * rate):int(float(end) * rate)]
                found.append((np.ascontiguousarray(part.T).astype(np.float32) / 32768, np.array(rate, np.uint32)))
            except Exception as error:
                annotate(error, f"raised by recording '{path}'")
                raise
        return found


class TedliumDataset(ImageFilesDataset):
    """TED-LIUM: a segment of a talk is a row; `waveform`, float32 of shape (channels, length) from -1 to 1,
    `sample_rate`, uint32, and `transcript`, `talk_id`, `speaker_id` and `identifier`, str.

    Args:
        dataset_dir: the folder of the release, or the one around it: `dev`, `test` and `train`, each with `sph` and
            `stm`; for the third release `data` with both.
        release: "release1", "release2" or "release3".
        usage: "train", "test", "dev", or "all" or None for all of them; for the third release "all" or None.
        extensions: the ending of the recordings' names, ".sph" or None.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `ImageFolderDataset`.
    """

    _FOLDERS = {"release1": "TEDLIUM_release1", "release2": "TEDLIUM_release2", "release3": "TEDLIUM_release-3"}

    def __init__(self, dataset_dir, release: str, usage: str | None = None, extensions=None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = {**locals(), "decode": False}
        name = "TedliumDataset"
        if release not in self._FOLDERS:
            raise ValueError(f"For '{name}', 'release' must be one of {list(self._FOLDERS)}, but got {release!r}.")
        if extensions not in (None, ".sph"):
            raise ValueError(f"For '{name}', 'extensions' must be '.sph' or None, but got {extensions!r}.")
        folder, parts = self._open(options, ("train", "test", "dev") if release != "release3" else ())
        inner = folder / self._FOLDERS[release]
        folder = inner if inner.is_dir() else folder
        rows = [row for part in (parts if release != "release3" else ["data"])
                for row in _segments(check_folder(folder / part, "dataset_dir", name))]
        columns = [np.array([row[1][k] for row in rows]) for k in range(4)]
        self._build(("waveform", "sample_rate", "transcript", "talk_id", "speaker_id", "identifier"),
                    [row[0] for row in rows], columns, options, read=_ReadSegments())


def _segments(folder: Path) -> list[tuple[tuple[str, str, str], tuple[str, str, str, str]]]:
    """((recording, begin, end), (words, talk, speaker, identifier)) of the speech in a folder."""
    found = []
    for path in sorted((folder / "stm").glob("*.stm")):
        for number, line in enumerate(lines_of(path, "TedliumDataset"), 1):
            parts = line.split(maxsplit=6)
            try:
                float(parts[3]), float(parts[4])
            except (IndexError, ValueError):
                raise ValueError(f"For 'TedliumDataset', line {number} of '{path}' is no segment: {line!r}.") from None
            words = parts[6].strip() if len(parts) > 6 else ""
            if words and words != "ignore_time_segment_in_scoring":
                talk, _, speaker, begin, end = parts[:5]
                found.append(((str(folder / "sph" / f"{talk}.sph"), begin, end), (words, talk, speaker, parts[5])))
    return found
