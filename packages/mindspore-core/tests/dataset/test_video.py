"""Videos: frames, sound and times of files that the tests write without loss, single frames, and refusals."""
from __future__ import annotations

import sys
from fractions import Fraction

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import vision

av = pytest.importorskip("av", reason="needs the package av")

FRAMES, RATE, SAMPLES = 6, 10, 8000
PICTURES = np.random.default_rng(3).integers(0, 256, (FRAMES, 16, 24, 3), np.uint8)
PICTURES[:] = PICTURES[:, :1, :1]           # one color each
SOUND = np.random.default_rng(4).integers(-9999, 9999, (2, FRAMES * SAMPLES // RATE)).astype(np.int16)


def write(path, pictures=PICTURES, sound=SOUND, audio="pcm_s16le"):
    """A file of frames that the codec keeps as they are, and of sound."""
    with av.open(str(path), "w") as container:
        if pictures is not None:
            video = container.add_stream("ffv1", rate=RATE)
            video.width, video.height, video.pix_fmt = pictures.shape[2], pictures.shape[1], "bgr0"
        if sound is not None:
            stream = container.add_stream(audio, rate=SAMPLES, layout="stereo" if len(sound) == 2 else "mono")
        for i, picture in enumerate(pictures if pictures is not None else ()):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = i, Fraction(1, RATE)
            container.mux(video.encode(frame))
        if pictures is not None:
            container.mux(video.encode())
        if sound is not None:
            kind = "flt" if sound.dtype == np.float32 else "s16"
            frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T.reshape(1, -1)), format=kind,
                                               layout="stereo" if len(sound) == 2 else "mono")
            frame.sample_rate, frame.pts, frame.time_base = SAMPLES, 0, Fraction(1, SAMPLES)
            container.mux(stream.encode(frame))
            container.mux(stream.encode())
    return str(path)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("video")
    write(folder / "both.mkv")
    write(folder / "silent.mkv", sound=None)
    write(folder / "dark.mkv", pictures=None)
    write(folder / "float.mkv", sound=(SOUND[:1] / 9999).astype(np.float32), audio="pcm_f32le")
    (folder / "letter.txt").write_text("This is no video.")
    (folder / "empty.mkv").write_bytes(b"")
    return folder


# Frames of Matroska are numbered in milliseconds. name: arguments, the frames that are kept
PARTS = {
    "all": ({}, range(6)),
    "all in seconds": ({"pts_unit": "sec"}, range(6)),
    "to the second": ({"end_pts": 100}, range(2)),
    "the first": ({"end_pts": 0}, range(1)),
    "in the middle": ({"start_pts": 200, "end_pts": 399}, range(2, 4)),
    "with both ends": ({"start_pts": 200, "end_pts": 400}, range(2, 5)),
    "seconds": ({"start_pts": 0.1, "end_pts": 0.31, "pts_unit": "sec"}, range(1, 4)),
    "a fraction": ({"start_pts": Fraction(1, 2), "pts_unit": "sec"}, range(5, 6)),
    "between two": ({"start_pts": 101, "end_pts": 199}, range(0)),
}


@pytest.mark.parametrize("arguments, kept", PARTS.values(), ids=PARTS.keys())
def test_parts_of_a_file(folder, arguments, kept):
    frames, sound, known = vision.read_video(str(folder / "both.mkv"), **arguments)
    assert known == {"video_fps": 10.0, "audio_fps": 8000}
    assert isinstance(known["video_fps"], float) and isinstance(known["audio_fps"], int)
    assert frames.dtype == np.uint8 and np.array_equal(frames, PICTURES[kept.start:kept.stop])
    assert sound.dtype == np.int16
    assert np.array_equal(sound, SOUND[:, kept.start * 800:kept.stop * 800] if kept else SOUND[:, :0])


# the file: shape of the frames, shape and type of the sound, what is known
STREAMS = {
    "silent.mkv": ((6, 16, 24, 3), (1, 0), np.float32, {"video_fps": 10.0}),
    "dark.mkv": ((0, 1, 1, 3), (2, 4800), np.int16, {"audio_fps": 8000}),
    "float.mkv": ((6, 16, 24, 3), (1, 4800), np.float32, {"video_fps": 10.0, "audio_fps": 8000}),
}


@pytest.mark.parametrize("name", STREAMS)
def test_files_with_other_streams(folder, name):
    frames, sound, known = vision.read_video(str(folder / name))
    assert (frames.shape, sound.shape, sound.dtype, known) == STREAMS[name]
    if name == "float.mkv":
        assert np.array_equal(sound, (SOUND[:1] / 9999).astype(np.float32))


def test_times(folder):
    assert vision.read_video_timestamps(str(folder / "both.mkv")) == ([0, 100, 200, 300, 400, 500], 10.0)
    times, rate = vision.read_video_timestamps(str(folder / "both.mkv"), "sec")
    assert times == pytest.approx([0, 0.1, 0.2, 0.3, 0.4, 0.5]) and rate == 10.0
    assert vision.read_video_timestamps(str(folder / "dark.mkv")) == ([], None)


def test_decoding_in_a_pipeline(folder):
    data = [np.fromfile(folder / name, np.uint8) for name in ("both.mkv", "silent.mkv")]
    frames, sound = vision.DecodeVideo()(data[0])
    assert np.array_equal(frames, PICTURES) and np.array_equal(sound, SOUND)
    rows = ds.GeneratorDataset([(item,) for item in data], ["data"], shuffle=False)
    rows = rows.map(vision.DecodeVideo(), ["data"], ["video", "audio"])
    shapes = [[part.shape for part in row] for row in rows.create_tuple_iterator(num_epochs=1, output_numpy=True)]
    assert shapes == [[(6, 16, 24, 3), (2, 4800)], [(6, 16, 24, 3), (1, 0)]]


@pytest.mark.parametrize("indices", [[0], [5, 0, 3], [2, 2, 1, 2], list(range(6))])
def test_single_frames(folder, indices):
    decoder = vision.VideoDecoder(str(folder / "both.mkv"))
    assert np.array_equal(decoder.get_frames_at(indices), PICTURES[indices])


def test_what_a_decoder_knows(folder):
    decoder = vision.VideoDecoder(source=str(folder / "both.mkv"))
    assert decoder.metadata == {"width": 24, "height": 16, "duration_seconds": pytest.approx(0.6), "num_frames": 6,
                                "average_fps": 10.0}
    assert decoder.get_frames_at([]).shape == (0,) and decoder.get_frames_at([]).dtype == np.uint8


def test_a_damaged_frame_names_the_file(folder, tmp_path):
    data = bytearray((folder / "silent.mkv").read_bytes())
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(data[:len(data) // 3])
    try:
        frames = vision.read_video(str(cut))[0]
    except ValueError as error:
        assert "cut.mkv" in str(error) and isinstance(error, RuntimeError)
    else:
        assert np.array_equal(frames, PICTURES[:len(frames)]) and len(frames) < FRAMES


def decoder(folder):
    return vision.VideoDecoder(str(folder / "both.mkv"))


# name: a call with the folder, the errors that it must be, what the message says
BOTH = (ValueError, RuntimeError)
REFUSED = {
    "a path of another type": (lambda f: vision.read_video(0), (TypeError,), "'filename'"),
    "no such file": (lambda f: vision.read_video("nowhere"), BOTH, "'nowhere' does not exist"),
    "a folder": (lambda f: vision.read_video(str(f)), BOTH, "is no regular file"),
    "no video": (lambda f: vision.read_video(str(f / "letter.txt")), BOTH, "letter.txt"),
    "an empty file": (lambda f: vision.read_video(str(f / "empty.mkv")), BOTH, "empty.mkv"),
    "a start of another type": (lambda f: vision.read_video("x", "0"), (TypeError,), "'start_pts'"),
    "a negative start": (lambda f: vision.read_video("x", -1), (ValueError,), "'start_pts'"),
    "an end of another type": (lambda f: vision.read_video("x", 0, "9"), (TypeError,), "'end_pts'"),
    "an end before the start": (lambda f: vision.read_video("x", 2, 1), (ValueError,), "'end_pts'"),
    "a unit of another type": (lambda f: vision.read_video("x", 0, 1, 2), (TypeError,), "'pts_unit'"),
    "another unit": (lambda f: vision.read_video("x", 0, 1, "min"), BOTH, "'pts_unit'"),
    "times of no file": (lambda f: vision.read_video_timestamps("nowhere"), BOTH, "does not exist"),
    "times of no video": (lambda f: vision.read_video_timestamps(str(f / "letter.txt")), BOTH, "letter.txt"),
    "times in another unit": (lambda f: vision.read_video_timestamps("x", "min"), BOTH, "'pts_unit'"),
    "times by another type": (lambda f: vision.read_video_timestamps(1), (TypeError,), "'filename'"),
    "text to decode": (lambda f: vision.DecodeVideo()("video"), (TypeError,), "text"),
    "two dimensions": (lambda f: vision.DecodeVideo()(np.zeros((2, 2), np.uint8)), BOTH, r"\(2, 2\)"),
    "floats": (lambda f: vision.DecodeVideo()(np.zeros(4, np.float32)), BOTH, "float32"),
    "no bytes": (lambda f: vision.DecodeVideo()(np.zeros(0, np.uint8)), BOTH, "not empty"),
    "bytes of no video": (lambda f: vision.DecodeVideo()(np.zeros(99, np.uint8)), BOTH, "99 bytes"),
    "a decoder of another type": (lambda f: vision.VideoDecoder(True), (TypeError,), "'source'"),
    "a decoder of no file": (lambda f: vision.VideoDecoder("nowhere"), BOTH, "does not exist"),
    "a decoder of sound": (lambda f: vision.VideoDecoder(str(f / "dark.mkv")), BOTH, "no pictures"),
    "a tuple of numbers": (lambda f: decoder(f).get_frames_at((1, 2)), (TypeError,), "'indices'"),
    "a float number": (lambda f: decoder(f).get_frames_at([1, 2.0]), (TypeError,), r"'indices\[1\]'"),
    "a bool": (lambda f: decoder(f).get_frames_at([1, True]), (TypeError,), r"'indices\[1\]'"),
    "behind the end": (lambda f: decoder(f).get_frames_at([0, 6]), (ValueError,), r"0\.\.5, but got 6"),
    "before the beginning": (lambda f: decoder(f).get_frames_at([-1]), (ValueError,), r"0\.\.5, but got -1"),
}


@pytest.mark.parametrize("call, kinds, message", REFUSED.values(), ids=REFUSED.keys())
def test_refusals(folder, call, kinds, message):
    for kind in kinds:
        with pytest.raises(kind, match=message):
            call(folder)


def test_without_the_package(folder, monkeypatch):
    path = str(folder / "both.mkv")
    monkeypatch.setitem(sys.modules, "av", None)
    for call in (lambda: vision.read_video(path), lambda: vision.read_video_timestamps(path),
                 lambda: vision.VideoDecoder(path), lambda: vision.DecodeVideo()(np.zeros(9, np.uint8))):
        with pytest.raises(ImportError, match=r"pip install 'mindspore-core\[media\]'"):
            call()
