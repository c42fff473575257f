"""Collections of digits, of tagged texts and of speech, written here in the layout of the real ones."""
from __future__ import annotations

import bz2
import json
import lzma
import struct
import wave

import numpy as np
import pytest
from PIL import Image

import mindspore.dataset as ds
from mindspore.dataset.speech_datasets import read_wave

RNG = np.random.default_rng(0)


def rows(kind, folder, *arguments, **options):
    """The rows in the files' order, as tuples."""
    made = kind(str(folder), *arguments, shuffle=False, **options)
    return list(made.create_tuple_iterator(num_epochs=1, output_numpy=True))


def idx(array):
    kind = 8 if array.dtype == np.uint8 else 12
    return struct.pack(f">HBB{array.ndim}I", 0, kind, array.ndim, *array.shape) + array.tobytes()


def test_qmnist(tmp_path):
    images = RNG.integers(0, 255, (3, 28, 28)).astype(np.uint8)
    labels = np.arange(24).reshape(3, 8).astype(">i4")
    (tmp_path / "qmnist-train-images-idx3-ubyte").write_bytes(idx(images))
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(idx(labels))
    (tmp_path / "xnist-images-idx3-ubyte.xz").write_bytes(lzma.compress(idx(images[:1])))
    (tmp_path / "xnist-labels-idx2-int.xz").write_bytes(lzma.compress(idx(labels[:1])))
    found = rows(ds.QMnistDataset, tmp_path, "train")
    assert [label.item() for _, label in found] == [0, 8, 16] and (found[1][0][..., 0] == images[1]).all()
    assert rows(ds.QMnistDataset, tmp_path, "train", compat=False)[1][1].tolist() == list(range(8, 16))
    assert len(rows(ds.QMnistDataset, tmp_path, "nist")) == 1
    with pytest.raises(ValueError, match="has no file qmnist-test-images-idx3-ubyte or"):
        rows(ds.QMnistDataset, tmp_path, "test10k")
    (tmp_path / "qmnist-train-labels-idx2-int").write_bytes(idx(labels)[:-1])
    with pytest.raises(ValueError, match="is not a valid idx file"):
        rows(ds.QMnistDataset, tmp_path, "train")


def test_semeion(tmp_path):
    pixels = RNG.integers(0, 2, (2, 256))
    marks = np.eye(10, dtype=int)[[7, 2]]
    lines = [" ".join([f"{p:.4f}" for p in row] + list(map(str, mark))) for row, mark in zip(pixels, marks)]
    (tmp_path / "semeion.data").write_text("\n".join(lines) + "\n")
    found = rows(ds.SemeionDataset, tmp_path)
    assert [label.item() for _, label in found] == [7, 2] and (found[0][0].ravel() == pixels[0]).all()
    assert found[0][0].shape == (16, 16) and found[0][0].dtype == np.uint8
    (tmp_path / "semeion.data").write_text("1 2 3\n")
    with pytest.raises(ValueError, match="its rows have .3,. numbers instead of 266"):
        rows(ds.SemeionDataset, tmp_path)


def test_stl10(tmp_path):
    images = RNG.integers(0, 255, (2, 96, 96, 3)).astype(np.uint8)
    for part in ("train", "unlabeled"):
        (tmp_path / f"{part}_X.bin").write_bytes(images.transpose(0, 3, 2, 1).tobytes())
    (tmp_path / "train_y.bin").write_bytes(bytes([3, 10]))
    found = rows(ds.STL10Dataset, tmp_path, "train+unlabeled")
    assert [label.item() for _, label in found] == [2, 9, -1, -1] and (found[1][0] == images[1]).all()
    assert found[0][1].dtype == np.int32 and len(rows(ds.STL10Dataset, tmp_path, "unlabeled")) == 2
    (tmp_path / "train_y.bin").write_bytes(bytes([3]))
    with pytest.raises(ValueError, match="2 images and 1 labels of the part 'train'"):
        rows(ds.STL10Dataset, tmp_path, "train")


def test_usps(tmp_path):
    (tmp_path / "usps.bz2").write_bytes(bz2.compress(b"7 1:-1 2:1 256:0\n10 3:0.5\n"))
    found = rows(ds.USPSDataset, tmp_path, "train")
    assert [label.item() for _, label in found] == [6, 9] and found[0][0].shape == (16, 16, 1)
    assert found[0][0].ravel()[[0, 1, 2, 255]].tolist() == [0, 255, 0, 127] and found[1][0].ravel()[2] == 191
    (tmp_path / "usps.t").write_text("x 1:0\n")
    with pytest.raises(ValueError, match="usps.t' is damaged"):
        rows(ds.USPSDataset, tmp_path, "test")


def test_photo_tour(tmp_path):
    folder = tmp_path / "liberty"
    folder.mkdir()
    patches = RNG.integers(0, 255, (4, 64, 64)).astype(np.uint8)
    Image.fromarray(np.block([[patches[0], patches[1]], [patches[2], patches[3]]])).save(folder / "patch0.bmp")
    (folder / "info.txt").write_text("5 0\n5 0\n6 0\n")
    (folder / "m50_100000_100000_0.txt").write_text("0 5 0 1 5 0\n2 6 0 0 5 0\n")
    found = rows(ds.PhotoTourDataset, tmp_path, "liberty")
    assert len(found) == 3 and all((row[0][..., 0] == patch).all() for row, patch in zip(found, patches))
    pairs = rows(ds.PhotoTourDataset, tmp_path, "liberty", "test")
    assert [row[2].item() for row in pairs] == [1, 0] and (pairs[1][0][..., 0] == patches[2]).all()
    with pytest.raises(ValueError, match="'name' must be one of"):
        ds.PhotoTourDataset(str(tmp_path), "paris")


# -- text --------------------------------------------------------------------------------------------------------------


def listed(found):
    return [tuple(value.tolist() for value in row) for row in found]


def test_sentences_with_tags(tmp_path):
    (tmp_path / "train.txt").write_text("He PRP B-NP\nruns VBZ B-VP\n\n\nYes UH O\n")
    (tmp_path / "test.txt").write_text("No UH O")
    assert listed(rows(ds.CoNLL2000Dataset, tmp_path)) == [
        (["He", "runs"], ["PRP", "VBZ"], ["B-NP", "B-VP"]), (["Yes"], ["UH"], ["O"]), (["No"], ["UH"], ["O"])]
    assert len(rows(ds.CoNLL2000Dataset, tmp_path, "test")) == 1
    (tmp_path / "en-ud-tag.v2.dev.txt").write_text("New York\tPROPN\tNNP\n")
    assert listed(rows(ds.UDPOSDataset, tmp_path, "valid")) == [(["New York"], ["PROPN"], ["NNP"])]
    (tmp_path / "test.txt").write_text("a b c\nNo UH")
    with pytest.raises(ValueError, match="line 2 of .*test.txt' has 2 fields instead of 3"):
        rows(ds.CoNLL2000Dataset, tmp_path, "test")
    with pytest.raises(ValueError, match="en-ud-tag.v2.test.txt' does not exist"):
        rows(ds.UDPOSDataset, tmp_path, "test")


def test_squad(tmp_path):
    answers = [{"text": "Ann", "answer_start": 0}, {"text": "she", "answer_start": 9}]
    questions = [{"question": "Who?", "answers": answers}, {"question": "Why?", "answers": []}]
    (tmp_path / "dev-v2.0.json").write_text(json.dumps({"data": [{"paragraphs": [
        {"context": "Ann says she", "qas": questions}]}]}))
    assert listed(rows(ds.SQuADDataset, tmp_path, "dev")) == [
        ("Ann says she", "Who?", ["Ann", "she"], [0, 9]), ("Ann says she", "Why?", [""], [2**32 - 1])]
    with pytest.raises(ValueError, match="has no file train-v1.1.json or train-v2.0.json"):
        ds.SQuADDataset(str(tmp_path))
    (tmp_path / "train-v1.1.json").write_text("{}")
    with pytest.raises(ValueError, match="holds no questions: KeyError"):
        rows(ds.SQuADDataset, tmp_path, "train")


def test_sst2_and_multi30k(tmp_path):
    (tmp_path / "train.tsv").write_text("sentence\tlabel\ngood \t1\nbad\t0\n")
    (tmp_path / "test.tsv").write_text("index\tsentence\n0\tfine\n")
    assert listed(rows(ds.SST2Dataset, tmp_path)) == [("good", "1"), ("bad", "0")]
    assert listed(rows(ds.SST2Dataset, tmp_path, "test")) == [("fine",)]
    with pytest.raises(ValueError, match="the test has other columns"):
        ds.SST2Dataset(str(tmp_path), "all")
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "train.en").write_text("A dog.\nA cat.\n")
    (tmp_path / "training" / "train.de").write_text("Ein Hund.\nEine Katze.\n")
    assert listed(rows(ds.Multi30kDataset, tmp_path, "train", ["de", "en"])) == [("Ein Hund.", "A dog."),
                                                                                ("Eine Katze.", "A cat.")]
    (tmp_path / "training" / "train.de").write_text("Ein Hund.\n")
    with pytest.raises(ValueError, match="has 2 and 1 lines"):
        rows(ds.Multi30kDataset, tmp_path, "train")
    with pytest.raises(ValueError, match="'language_pair' must be"):
        ds.Multi30kDataset(str(tmp_path), "train", ["en", "fr"])


# -- speech ------------------------------------------------------------------------------------------------------------


def record(path, values, width=2, channels=1, rate=16000):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(values)


@pytest.mark.parametrize("width, data, expected", [
    (1, bytes([0, 128, 192, 255]), [-1, 0, 0.5, 127 / 128]),
    (2, np.array([-32768, 0, 16384, 32767], "<i2").tobytes(), [-1, 0, 0.5, 32767 / 32768]),
    (3, bytes([0, 0, 0x80, 0, 0, 0, 0, 0, 0x40, 0xFF, 0xFF, 0x7F]), [-1, 0, 0.5, 1 - 2**-23]),
    (4, np.array([-2**31, 0, 2**30, 2**31 - 1], "<i4").tobytes(), [-1, 0, 0.5, 1]),
])
def test_recordings_of_all_widths(tmp_path, width, data, expected):
    record(tmp_path / "a.wav", data, width, channels=2, rate=8000)
    waveform, rate = read_wave(str(tmp_path / "a.wav"))
    assert waveform.T.ravel().tolist() == expected and waveform.shape == (2, 2) and rate.item() == 8000
    assert waveform.dtype == np.float32
    (tmp_path / "a.wav").write_bytes(b"RIFF")
    with pytest.raises(ValueError, match="no WAV file of integers"):
        read_wave(str(tmp_path / "a.wav"))


def test_yes_no(tmp_path):
    record(tmp_path / "0_1_1_0_0_0_0_1.wav", b"\0\0\0\x40", rate=8000)
    record(tmp_path / "other.wav", b"\0\0")
    ((waveform, rate, labels),) = rows(ds.YesNoDataset, tmp_path)
    assert waveform.tolist() == [[0, 0.5]] and rate == 8000 and labels.tolist() == [0, 1, 1, 0, 0, 0, 0, 1]


def test_speech_commands(tmp_path):
    for k, name in enumerate(("no/b_nohash_1", "yes/a_nohash_0", "yes/c_nohash_2")):
        record(tmp_path / f"{name}.wav", np.array([k * 4096], "<i2").tobytes())
    (tmp_path / "testing_list.txt").write_text("no/b_nohash_1.wav\n")
    (tmp_path / "validation_list.txt").write_text("yes/c_nohash_2.wav\n")
    found = rows(ds.SpeechCommandsDataset, tmp_path)
    assert [(row[0].item(), str(row[2]), str(row[3]), int(row[4])) for row in found] == [
        (0, "no", "b", 1), (0.125, "yes", "a", 0), (0.25, "yes", "c", 2)]
    for usage, speaker in (("train", "a"), ("test", "b"), ("valid", "c")):
        assert [str(row[3]) for row in rows(ds.SpeechCommandsDataset, tmp_path, usage)] == [speaker]


def test_speech_with_texts(tmp_path):
    record(tmp_path / "wavs" / "LJ1.wav", b"\0\0")
    (tmp_path / "metadata.csv").write_text('LJ1|Dr. "A"|Doctor "A"\n')
    assert [str(v) for v in rows(ds.LJSpeechDataset, tmp_path)[0][2:]] == ['Dr. "A"', 'Doctor "A"']
    record(tmp_path / "cmu_us_slt_arctic" / "wav" / "arctic_a0001.wav", b"\0\0")
    (tmp_path / "cmu_us_slt_arctic" / "etc").mkdir()
    (tmp_path / "cmu_us_slt_arctic" / "etc" / "txt.done.data").write_text('( arctic_a0001 "Say \'hello\'." )\n')
    assert [str(v) for v in rows(ds.CMUArcticDataset, tmp_path, "slt")[0][2:]] == ["Say 'hello'.", "a0001"]
    place = tmp_path / "dev-clean" / "84" / "121"
    record(place / "84_121_0_1.wav", b"\0\0", rate=24000)
    (place / "84_121_0_1.original.txt").write_text("No. 1\n")
    (place / "84_121_0_1.normalized.txt").write_text("Number one\n")
    (row,) = rows(ds.LibriTTSDataset, tmp_path, "dev-clean")
    assert [v.item() for v in row[1:]] == [24000, "No. 1", "Number one", 84, 121, "84_121_0_1"]
    with pytest.raises(ValueError, match="no files"):
        ds.LibriTTSDataset(str(tmp_path), "dev-other")
    with pytest.raises(ValueError, match="'name' must be one of"):
        ds.CMUArcticDataset(str(tmp_path), "me")
    (tmp_path / "wavs" / "LJ1.wav").write_bytes(b"broken")
    with pytest.raises(ValueError, match="no WAV file") as caught:
        rows(ds.LJSpeechDataset, tmp_path)
    assert "LJ1.wav" in "".join(getattr(caught.value, "__notes__", [str(caught.value)]))


def sphere(path, samples, order="01", fields=""):
    path.parent.mkdir(parents=True, exist_ok=True)
    head = (f"NIST_1A\n   1024\nsample_count -i {len(samples)}\nsample_n_bytes -i 2\nchannel_count -i 1\n"
            f"sample_byte_format -s2 {order}\nsample_rate -i 10\n{fields}end_head\n")
    path.write_bytes(head.encode().ljust(1024) + samples.astype("<i2" if order == "01" else ">i2").tobytes())


def test_tedlium(tmp_path):
    samples = np.arange(40) * 100
    for part, order in (("dev", "01"), ("test", "10")):
        sphere(tmp_path / "TEDLIUM_release1" / part / "sph" / "Ann_2010.sph", samples, order)
        (tmp_path / "TEDLIUM_release1" / part / "stm").mkdir()
        (tmp_path / "TEDLIUM_release1" / part / "stm" / "Ann_2010.stm").write_text(
            "Ann_2010 1 Ann 0.0 1.0 <o,f0,female> ignore_time_segment_in_scoring\n"
            "Ann_2010 1 Ann 1.0 2.5 <o,f0,female> hello there\nAnn_2010 1 Bob 3 4 <o> bye\n")
    for part in ("dev", "test"):
        found = rows(ds.TedliumDataset, tmp_path, "release1", part)
        assert [(row[0] * 32768).tolist() for row in found] == [[samples[10:25].tolist()], [samples[30:].tolist()]]
        assert [v.item() for v in found[0][1:]] == [10, "hello there", "Ann_2010", "Ann", "<o,f0,female>"]
    made = ds.TedliumDataset(str(tmp_path / "TEDLIUM_release1"), "release1", "dev", extensions=".sph", num_samples=1)
    assert made.get_dataset_size() == 1
    data = tmp_path / "TEDLIUM_release-3" / "data"
    sphere(data / "sph" / "T.sph", samples, fields="sample_coding -s17 pcm,embedded-shorten\n")
    (data / "stm").mkdir()
    (data / "stm" / "T.stm").write_text("T 1 S 0 1 <o> words\n")
    for damage, message in ((None, "only samples of 16 bits that are not packed"), (b"RIFF", "does not begin with NI")):
        if damage is not None:
            (data / "sph" / "U.sph").write_bytes(damage)
            (data / "stm" / "T.stm").write_text("U 1 S 0 1 <o> words\n")
        with pytest.raises(ValueError, match=message):
            rows(ds.TedliumDataset, tmp_path, "release3")
    (data / "stm" / "T.stm").write_text("U 1 S\n")
    for arguments, message in ((("release3",), "line 1 of .* is no segment"), (("release4",), "'release' must be one"),
                               (("release3", "dev"), "'usage' must be one of"), (("release2",), "does not exist")):
        with pytest.raises(ValueError, match=message):
            ds.TedliumDataset(str(tmp_path), *arguments)
    with pytest.raises(ValueError, match="'extensions' must be"):
        ds.TedliumDataset(str(tmp_path), "release1", extensions=".wav")
