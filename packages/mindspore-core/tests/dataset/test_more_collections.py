"""Places, outlines, talks in two languages and music, written here in the layout of the real collections."""
import struct
import wave

import numpy as np
import pytest
from PIL import Image

import mindspore.dataset as ds
from mindspore.dataset._mat import read_mat


def picture(path, shade):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (6, 4), (shade,) * 3).save(path, "png")


def rows(kind, folder, **options):
    made = kind(str(folder), shuffle=False, **options)
    return list(made.create_dict_iterator(num_epochs=1, output_numpy=True))


def test_lsun(tmp_path):
    for shade, name in enumerate(["bedroom_train", "bedroom_val", "tower_train", "tower_val", "test"]):
        picture(tmp_path / name / "1_1.jpg", 10 * shade)

    def found(**options):
        return [(int(row["image"][0, 0, 0]), row["label"].item()) for row in rows(ds.LSUNDataset, tmp_path, decode=True,
                                                                                **options)]

    assert found() == found(usage="all") == [(0, 0), (10, 0), (20, 1), (30, 1)]
    assert found(usage="train") == [(0, 0), (20, 1)] and found(usage="test") == [(40, 0)]
    assert found(usage="valid", classes=["tower"]) == [(30, 0)]
    assert ds.LSUNDataset(str(tmp_path)).get_class_indexing() == {"bedroom": 0, "tower": 1}
    for options, error in (({"usage": "val"}, ValueError), ({"classes": ["kitchen"]}, ValueError),
                           ({"classes": "tower"}, TypeError)):
        with pytest.raises(error, match="LSUNDataset"):
            ds.LSUNDataset(str(tmp_path), **options)


# -- MATLAB structures -------------------------------------------------------------------------------------------------


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def matrix(kind, shape, name, *parts):
    return element(14, element(6, struct.pack("<II", kind, 0)) + element(5, np.array(shape, "<i4").tobytes())
                   + element(1, name) + b"".join(parts))


def sparse(array):
    columns, found = np.nonzero(array.T)
    starts = np.searchsorted(columns, np.arange(array.shape[1] + 1))
    return matrix(5, array.shape, b"", element(5, found.astype("<i4").tobytes()),
                  element(5, starts.astype("<i4").tobytes()), element(9, array[found, columns].astype("<f8").tobytes()))


def write_outlines(path, outlines, segments):
    path.parent.mkdir(parents=True, exist_ok=True)
    cells = matrix(1, (len(outlines), 1), b"", *map(sparse, outlines))
    names = b"".join(name.ljust(16, b"\0") for name in (b"Boundaries", b"Segmentation"))
    numbers = matrix(9, segments.shape, b"", element(2, segments.astype("u1").tobytes(order="F")))
    data = matrix(2, (1, 1), b"GTcls", struct.pack("<HHI", 5, 4, 16), element(1, names), cells, numbers)
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x100) + b"IM" + data)


def test_sbd(tmp_path):
    rng = np.random.default_rng(0)
    outlines, segments = rng.integers(0, 2, (20, 4, 6)), rng.integers(0, 21, (4, 6))
    for name in ("a", "b"):
        picture(tmp_path / "img" / f"{name}.jpg", 50)
        write_outlines(tmp_path / "cls" / f"{name}.mat", outlines if name == "a" else 1 - outlines, segments)
    (tmp_path / "train.txt").write_text("a\n")
    (tmp_path / "val.txt").write_text("b\n")
    found = rows(ds.SBDataset, tmp_path, decode=True)
    assert [row["image"].shape for row in found] == [(4, 6, 3)] * 2 and found[0]["task"].dtype == np.uint8
    assert (found[0]["task"] == outlines).all() and (found[1]["task"] == 1 - outlines).all()
    (segmented,) = rows(ds.SBDataset, tmp_path, task="Segmentation", usage="val")
    assert (segmented["task"] == segments).all() and segmented["image"].ndim == 1
    with pytest.raises(ValueError, match="train_noval.txt"):
        ds.SBDataset(str(tmp_path), usage="train_noval")
    with pytest.raises(ValueError, match="'task' must be"):
        ds.SBDataset(str(tmp_path), task="outlines")


def test_damaged_structures_are_errors(tmp_path):
    rng = np.random.default_rng(1)
    path = tmp_path / "a.mat"
    write_outlines(path, rng.integers(0, 2, (2, 4, 6)), rng.integers(0, 21, (4, 6)))
    good = path.read_bytes()
    for _ in range(300):
        data = bytearray(good)
        for place in rng.integers(128, len(data), rng.integers(1, 4)):
            data[place] = rng.integers(256)
        path.write_bytes(data[:rng.integers(len(data) // 2, len(data) + 1)])
        try:
            read_mat(path, ["GTcls"], "SBDataset")
        except ValueError as error:
            assert "SBDataset" in str(error)


# -- talks -------------------------------------------------------------------------------------------------------------


def write_talks(folder, year, pair, sets):
    folder.mkdir(parents=True)
    both = "-".join(pair)
    for language in pair:
        (folder / f"train.tags.{both}.{language}").write_text(
            f"<title>x</title>\n <url>u</url>\n Train & {language} \n<description>d</description>\nmore {language}\n")
        for name in sets:
            (folder / f"IWSLT{year}.TED.{name}.{both}.{language}.xml").write_text(
                f'<mteval><doc><title>t</title>\n<seg id="1"> {name} &amp; {language} </seg>\n</doc></mteval>')


def test_iwslt2016(tmp_path):
    write_talks(tmp_path / "texts" / "de" / "en" / "de-en", 16, ("de", "en"), ["tst2013", "tst2014", "tst2010"])

    def found(**options):
        return [(str(row["text"]), str(row["translation"])) for row in rows(ds.IWSLT2016Dataset, tmp_path, **options)]

    train = [("Train & de", "Train & en"), ("more de", "more en")]
    assert found(usage="train") == train
    assert found() == [*train, ("tst2013 & de", "tst2013 & en"), ("tst2014 & de", "tst2014 & en")]
    assert found(usage="test", language_pair=["de", "en"], test_set="tst2010") == [("tst2010 & de", "tst2010 & en")]
    for options, error in (({"language_pair": ["de", "fr"]}, ValueError), ({"language_pair": "de-en"}, TypeError),
                           ({"valid_set": "tst2009"}, ValueError), ({"usage": "dev"}, ValueError)):
        with pytest.raises(error, match="IWSLT2016Dataset"):
            ds.IWSLT2016Dataset(str(tmp_path), **options)
    with pytest.raises(ValueError, match="train.tags.en-de.en' does not exist"):
        found(usage="train", language_pair=["en", "de"])


def test_iwslt2017(tmp_path):
    name = "DeEnItNlRo"
    folder = tmp_path / "texts" / name / name / f"{name}-{name}"
    write_talks(folder, 17, ("it", "ro"), ["dev2010", "tst2010"])
    found = rows(ds.IWSLT2017Dataset, tmp_path, language_pair=("it", "ro"))
    assert [str(row["translation"]) for row in found] == ["Train & ro", "more ro", "dev2010 & ro", "tst2010 & ro"]
    (folder / "train.tags.it-ro.ro").write_text("one\n")
    with pytest.raises(ValueError, match="2 and 1 sentences"):
        rows(ds.IWSLT2017Dataset, tmp_path, language_pair=("it", "ro"))
    assert len(rows(ds.IWSLT2017Dataset, tmp_path, language_pair=("it", "ro"), usage="test", num_shards=1,
                    shard_id=0)) == 1


def test_gtzan(tmp_path):
    for genre, number in (("blues", 0), ("blues", 1), ("rock", 0)):
        path = tmp_path / genre / f"{genre}.{number:05}.wav"
        path.parent.mkdir(exist_ok=True)
        with wave.open(str(path), "wb") as file:
            file.setparams((1, 2, 22050, 0, "NONE", ""))
            file.writeframes(np.array([0, 1 << 14], "<i2").tobytes())
    (tmp_path / "valid_filtered.txt").write_text("rock/rock.00000.wav\n")
    found = rows(ds.GTZANDataset, tmp_path)
    assert [str(row["label"]) for row in found] == ["blues", "blues", "rock"]
    assert found[0]["waveform"].tolist() == [[0.0, 0.5]] and found[0]["sample_rate"] == 22050
    assert [str(row["label"]) for row in rows(ds.GTZANDataset, tmp_path, usage="valid")] == ["rock"]
    with pytest.raises(ValueError, match="test_filtered.txt' does not exist"):
        ds.GTZANDataset(str(tmp_path), usage="test")


def test_a_shuffle_that_says_false_keeps_the_order_of_texts(tmp_path):
    name = "DeEnItNlRo"
    folder = tmp_path / "texts" / name / name / f"{name}-{name}"
    write_talks(folder, 17, ("de", "en"), [])
    for language in ("de", "en"):
        (folder / f"train.tags.de-en.{language}").write_text("\n".join(map(str, range(30))))
    made = ds.IWSLT2017Dataset(str(tmp_path), "train", shuffle=ds.Shuffle.FALSE)
    texts = [str(text) for text, _ in made.create_tuple_iterator(num_epochs=1, output_numpy=True)]
    assert texts == list(map(str, range(30)))
    assert ds.IWSLT2017Dataset(str(tmp_path), "train").is_shuffled()


def test_parts_are_the_same_when_a_dataset_is_split_again_under_a_seed():
    def parts():
        dataset = ds.NumpySlicesDataset(list(range(20)), "x", shuffle=False)
        return [sorted(int(row[0]) for row in part.create_tuple_iterator(num_epochs=1, output_numpy=True))
                for part in dataset.split([12, 8])]

    ds.config.set_seed(4)
    first = parts()
    assert parts() == first and sorted(first[0] + first[1]) == list(range(20))
    part = ds.NumpySlicesDataset(list(range(20)), "x").split([12, 8])[0]
    shards = []
    for shard in range(2):
        part.use_sampler(ds.DistributedSampler(2, shard))
        shards += [int(row[0]) for row in part.create_tuple_iterator(num_epochs=1, output_numpy=True)]
    assert len(shards) == len(set(shards)) == 12
