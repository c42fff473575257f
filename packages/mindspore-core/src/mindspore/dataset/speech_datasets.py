"""Collections of speech in WAV files: each row is a recording, `waveform`, float32 of shape (channels, length) from -1
to 1, and `sample_rate`, a uint32 scalar, with what was said.

Files of 8, 16, 24 and 32 bits are read.
"""
from __future__ import annotations

import csv
import re
import wave
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ._image_files import ImageFilesDataset, lines_of
from ._pipeline import annotate

__all__ = ["CMUArcticDataset", "GTZANDataset", "LJSpeechDataset", "LibriTTSDataset",
           "SpeechCommandsDataset", "YesNoDataset"]


def read_wave(path: str) -> tuple[np.ndarray, np.ndarray]:
    """Waveform, float32 of shape (channels, length) from -1 to 1, and sample rate of a WAV file.

    Raises:
        ValueError: the file is none of integers. OSError: it cannot be read.
    """
    try:
        with wave.open(path, "rb") as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            data = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"it is no WAV file of integers: {error}") from error
    values: np.ndarray
    if width == 1:
        values = np.frombuffer(data, np.uint8).astype(np.float32) / 128 - 1
    elif width == 3:
        parts = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(np.uint32)
        joined = (parts[:, 0] << 8 | parts[:, 1] << 16 | parts[:, 2] << 24).view(np.int32)
        values = joined.astype(np.float32) / np.float32(1 << 31)
    else:
        values = np.frombuffer(data, f"<i{width}").astype(np.float32) / np.float32(1 << (8 * width - 1))
    return np.ascontiguousarray(values.reshape(-1, channels).T), np.array(rate, np.uint32)


class _ReadWaves:
    """Reads the recordings of rows."""

    def __call__(self, rows: Sequence[Sequence[str]]) -> list[tuple]:
        found = []
        for (path,) in rows:
            try:
                found.append(read_wave(path))
            except Exception as error:
                annotate(error, f"raised by recording '{path}'")
                raise
        return found


class _Speech(ImageFilesDataset):
    """The base of these collections."""

    def _speak(self, columns: tuple[str, ...], paths: Sequence, others: Sequence, options: dict) -> None:
        self._build(("waveform", "sample_rate", *columns), [str(path) for path in paths], others,
                    {**options, "decode": False}, read=_ReadWaves())


class YesNoDataset(_Speech):
    """YesNo, a man who says eight words of Hebrew: `labels`, int32 of shape (8,): 1 for yes, 0 for no.

    Args:
        dataset_dir: the folder with the recordings, named by their words: `0_0_1_0_1_0_1_1.wav`.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        folder, _ = self._open(options)
        paths = [path for path in sorted(folder.glob("*.wav")) if re.fullmatch("[01](_[01]){7}", path.stem)]
        self._speak(("labels",), paths, [np.array([path.stem.split("_") for path in paths], np.int32)], options)


class SpeechCommandsDataset(_Speech):
    """Speech Commands: `label`, the word, and `speaker_id`, str, and `utterance_number`, int32.

    Args:
        dataset_dir: the folder with a folder of recordings for each word, `testing_list.txt` and `validation_list.txt`.
        usage: "train" (what is in neither list), "test", "valid", or "all" or None for all of them.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "test", "valid"))
        recordings = {f"{path.parent.name}/{path.name}": path for path in sorted(folder.glob("*/*_nohash_*.wav"))}
        lists = {"test": "testing_list.txt", "valid": "validation_list.txt"}
        wanted = set(recordings)
        if len(parts) == 1:
            chosen = {part: {line.strip() for line in lines_of(folder / file, "SpeechCommandsDataset")}
                      for part, file in lists.items() if parts[0] in ("train", part)}
            wanted = wanted - set().union(*chosen.values()) if parts[0] == "train" else chosen[parts[0]] & wanted
        names = sorted(wanted)
        pieces = [Path(name).stem.partition("_nohash_") for name in names]
        self._speak(("label", "speaker_id", "utterance_number"), [recordings[name] for name in names],
                    [np.array([name.partition("/")[0] for name in names]), np.array([p[0] for p in pieces]),
                     np.array([p[2] for p in pieces], np.int32)], options)


class LJSpeechDataset(_Speech):
    """LJ Speech: `transcription` and `normalized_transcription`, str.

    Args:
        dataset_dir: the folder with `metadata.csv` and `wavs`.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        folder, _ = self._open(options)
        lines = lines_of(folder / "metadata.csv", "LJSpeechDataset")
        rows = list(csv.reader(lines, delimiter="|", quoting=csv.QUOTE_NONE))
        if any(len(row) != 3 for row in rows):
            raise ValueError(f"For 'LJSpeechDataset', a line of '{folder / 'metadata.csv'}' has not three fields.")
        self._speak(("transcription", "normalized_transcription"), [folder / "wavs" / f"{row[0]}.wav" for row in rows],
                    [np.array([row[1] for row in rows]), np.array([row[2] for row in rows])], options)


class CMUArcticDataset(_Speech):
    """CMU Arctic: `transcript` and `utterance_id`, str.

    Args:
        dataset_dir: the folder with `cmu_us_NAME_arctic`, which has `wav` and `etc/txt.done.data`.
        name: the speaker: "aew", "ahw", "aup", "awb", "axb", "bdl", "clb", "eey", "fem", "gka", "jmk", "ksp", "ljm",
            "lnh", "rms", "rxr", "slp" or "slt"; None means "aew".
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `ImageFolderDataset`.
    """

    _NAMES = ("aew", "ahw", "aup", "awb", "axb", "bdl", "clb", "eey", "fem", "gka", "jmk", "ksp", "ljm", "lnh", "rms",
              "rxr", "slp", "slt")

    def __init__(self, dataset_dir, name: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = locals()
        if name is not None and name not in self._NAMES:
            raise ValueError(f"For 'CMUArcticDataset', 'name' must be one of {self._NAMES}, but got {name!r}.")
        folder = self._open(options)[0] / f"cmu_us_{name or 'aew'}_arctic"
        lines = lines_of(folder / "etc" / "txt.done.data", "CMUArcticDataset")
        found = [re.fullmatch(r'\(\s*(\S+)\s+"(.*)"\s*\)', line.strip()) for line in lines]
        rows = [match.groups() for match in found if match]
        self._speak(("transcript", "utterance_id"), [folder / "wav" / f"{key}.wav" for key, _ in rows],
                    [np.array([text for _, text in rows]), np.array([key.rpartition("_")[2] for key, _ in rows])],
                    options)


class LibriTTSDataset(_Speech):
    """LibriTTS: `original_text` and `normalized_text`, str, `speaker_id` and `chapter_id`, uint32, and `utterance_id`,
    str.

    Args:
        dataset_dir: the folder with the parts, `PART/SPEAKER/CHAPTER/SPEAKER_CHAPTER_*.wav` with their texts.
        usage: a part: "dev-clean", "dev-other", "test-clean", "test-other", "train-clean-100", "train-clean-360",
            "train-other-500", or "all" or None for all that are there.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `ImageFolderDataset`.
    """

    _PARTS = ("dev-clean", "dev-other", "test-clean", "test-other", "train-clean-100", "train-clean-360",
              "train-other-500")

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = locals()
        folder, parts = self._open(options, self._PARTS)
        paths = [path for part in parts for path in sorted((folder / part).glob("*/*/*.wav"))]
        texts = [[(path.parent / f"{path.stem}.{kind}.txt").read_text(encoding="utf-8").strip() for path in paths]
                 for kind in ("original", "normalized")]
        self._speak(("original_text", "normalized_text", "speaker_id", "chapter_id", "utterance_id"), paths,
                    [*map(np.array, texts), np.array([int(path.parts[-3]) for path in paths], np.uint32),
                     np.array([int(path.parts[-2]) for path in paths], np.uint32),
                     np.array([path.stem for path in paths])], options)


class GTZANDataset(_Speech):
    """GTZAN, pieces of music of ten genres: `label`, the genre, str.

    Args:
        dataset_dir: the folder with a folder of recordings for each genre: `blues/blues.00000.wav`.
        usage: "train", "valid" or "test": the recordings that the file `train_filtered.txt`, `valid_filtered.txt` or
            `test_filtered.txt` in the folder lists, one path a line, as the usual fault-filtered split gives them;
            "all" or None for all that are there, without a list.
        num_samples, num_parallel_workers, shuffle, sampler, num_shards, shard_id, cache: as for `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None, num_shards=None,
                 shard_id=None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "valid", "test"))
        if len(parts) == 1:
            lines = lines_of(folder / f"{parts[0]}_filtered.txt", "GTZANDataset")
            paths = [folder / line.strip() for line in lines]
        else:
            paths = sorted(folder.glob("*/*.wav"))
        self._speak(("label",), paths, [np.array([path.parent.name for path in paths])], options)
