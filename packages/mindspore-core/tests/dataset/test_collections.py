"""Data sets of images and texts in folders, written here in the layout of the real ones; sources that are made up."""
from __future__ import annotations

import json
import os
import random

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import vision

RNG = np.random.default_rng(0)


def rows(dataset):
    return list(dataset.create_dict_iterator(num_epochs=1, output_numpy=True))


@pytest.fixture
def folders(tmp_path):
    for i, name in enumerate(("dog", "cat", "cat/deep")):
        (tmp_path / name).mkdir()
        for j in range(2):
            vision.write_png(str(tmp_path / name / f"{j}.png"), np.full((4 + i, 5, 3), 10 * i + j, np.uint8))
    (tmp_path / "cat" / "notes.txt").write_text("no image")
    return tmp_path


def test_image_folder(folders):
    made = ds.ImageFolderDataset(str(folders), shuffle=False, decode=True)
    found = rows(made)
    assert [(row["label"].item(), row["image"][0, 0, 0].item()) for row in found] == [
        (0, 10), (0, 11), (0, 20), (0, 21), (1, 0), (1, 1)]
    assert found[0]["image"].shape == (5, 5, 3) and found[0]["label"].dtype == np.int32
    assert ds.Caltech256Dataset(str(folders)).get_dataset_size() == 6
    assert made.num_classes() == 2 and made.get_class_indexing() == {"cat": 0, "dog": 1}
    assert made.get_dataset_size() == 6 and len(rows(ds.ImageFolderDataset(str(folders), num_samples=4))) == 4
    raw = rows(ds.ImageFolderDataset(str(folders), class_indexing={"dog": 7}, shuffle=False))
    assert [row["label"].item() for row in raw] == [7, 7] and raw[0]["image"].ndim == 1
    picked = ds.ImageFolderDataset(str(folders), sampler=ds.PKSampler(3), decode=True, num_parallel_workers=2)
    assert [row["label"].item() for row in rows(picked)] == [0, 0, 0, 1, 1, 1]
    turned = ds.ImageFolderDataset(str(folders), decode=True, shuffle=False, decrypt=lambda path: vision.encode_png(
        np.full((2, 2, 3), 99, np.uint8)).tobytes())
    assert rows(turned)[0]["image"].tolist() == [[[99] * 3] * 2] * 2
    for bad, text in (({"extensions": [".xyz"]}, "no images"), ({"class_indexing": {"cow": 0}}, "no images")):
        with pytest.raises(ValueError, match=text):
            ds.ImageFolderDataset(str(folders), **bad)
    (folders / "dog" / "2.png").write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"no image") as caught:
        rows(ds.ImageFolderDataset(str(folders), decode=True, shuffle=False))
    assert "2.png" in "".join(getattr(caught.value, "__notes__", [str(caught.value)]))


def test_manifest_and_omniglot(folders, tmp_path):
    lines = [{"source": str(folders / "dog" / "0.png"), "usage": "TRAIN", "annotation": [{"name": "dog"}]},
             {"source": str(folders / "cat" / "0.png"), "usage": "train",
              "annotation": [{"name": "cat"}, {"name": "dog"}]},
             {"source": str(folders / "cat" / "1.png"), "usage": "eval", "annotation": [{"name": "cat"}]}]
    (tmp_path / "m.json").write_text("\n".join(map(json.dumps, lines)))
    found = rows(ds.ManifestDataset(str(tmp_path / "m.json"), shuffle=False))
    assert [row["label"].tolist() for row in found] == [1, [0, 1]]
    (tmp_path / "bad.json").write_text("{")
    with pytest.raises(ValueError, match=r"line 1 of file"):
        ds.ManifestDataset(str(tmp_path / "bad.json"))
    for name in ("images_background/A/c1", "images_background/A/c2"):
        (tmp_path / name).mkdir(parents=True)
        vision.write_png(str(tmp_path / name / "0.png"), np.zeros((3, 3), np.uint8))
    assert [row["label"].item() for row in rows(ds.OmniglotDataset(str(tmp_path), shuffle=False))] == [0, 1]


def test_cifar(tmp_path):
    images = RNG.integers(0, 256, (4, 32, 32, 3), np.uint8)
    planes = images.transpose(0, 3, 1, 2).reshape(4, -1)
    for name, part in (("data_batch_1.bin", slice(0, 1)), ("data_batch_2.bin", slice(1, 3)),
                       ("test_batch.bin", slice(3, 4))):
        records = np.concatenate([np.arange(4)[:, None], planes], 1)
        (tmp_path / name).write_bytes(records[part].astype(np.uint8).tobytes())
    found = rows(ds.Cifar10Dataset(str(tmp_path), "train", shuffle=False))
    assert [row["label"].item() for row in found] == [0, 1, 2] and (found[1]["image"] == images[1]).all()
    assert ds.Cifar10Dataset(str(tmp_path)).get_dataset_size() == 4
    (tmp_path / "train.bin").write_bytes(np.concatenate([[[3, 7]] * 4, planes], 1).astype(np.uint8).tobytes())
    (row, *_) = rows(ds.Cifar100Dataset(str(tmp_path), "train", shuffle=False))
    assert (row["coarse_label"].item(), row["fine_label"].item()) == (3, 7) and (row["image"] == images[0]).all()
    data, source = (tmp_path / "train.bin").read_bytes(), random.Random(0)
    for _ in range(int(os.environ.get("MS_DATASET_MUTATIONS", "150"))):
        (tmp_path / "train.bin").write_bytes(data[:source.randrange(len(data))])
        try:
            ds.Cifar100Dataset(str(tmp_path), "train").get_dataset_size()
        except ValueError as error:
            assert "no multiple" in str(error)
    with pytest.raises(ValueError, match="no file test.bin"):
        ds.Cifar100Dataset(str(tmp_path), "test")


def idx(array):
    return bytes((0, 0, 8, array.ndim)) + b"".join(d.to_bytes(4, "big") for d in array.shape) + array.tobytes()


def test_emnist(tmp_path):
    for part in ("train", "test"):
        (tmp_path / f"emnist-letters-{part}-images-idx3-ubyte").write_bytes(idx(np.zeros((3, 28, 28), np.uint8)))
        (tmp_path / f"emnist-letters-{part}-labels-idx1-ubyte").write_bytes(idx(np.arange(3, dtype=np.uint8)))
    made = ds.EMnistDataset(str(tmp_path), "letters")
    assert made.get_dataset_size() == 6 and made.num_classes() == 26


def test_mutated_idx_files(tmp_path):
    original, source = idx(RNG.integers(0, 256, (3, 28, 28), np.uint8)), random.Random(8)
    (tmp_path / "train-labels-idx1-ubyte").write_bytes(idx(np.arange(3, dtype=np.uint8)))
    for _ in range(int(os.environ.get("MS_DATASET_MUTATIONS", "150"))):
        data = bytearray(original)
        for _ in range(source.randint(1, 3)):
            at = source.randrange(24) if source.random() < 0.8 else source.randrange(len(data))
            if source.random() < 0.8:
                data[at] = source.choice((0, 1, 127, 255, source.randrange(256)))
            else:
                del data[at:at + source.randint(1, 30)]
        (tmp_path / "train-images-idx3-ubyte").write_bytes(data)
        try:
            assert len(rows(ds.MnistDataset(str(tmp_path), "train"))) == 3
        except ValueError as error:
            assert "not a valid idx file" in str(error) or "do not belong together" in str(error)


def test_collections_of_text(tmp_path):
    (tmp_path / "train.csv").write_text('"3","A ""b""","text, more"\n')
    (tmp_path / "test.csv").write_text('"1","t","d"\n"2","u","e"\n')
    found = rows(ds.AGNewsDataset(str(tmp_path), shuffle=False))
    assert [str(row["title"]) for row in found] == ['A "b"', "t", "u"]
    assert ds.DBpediaDataset(str(tmp_path), "test").get_dataset_size() == 2
    assert ds.SogouNewsDataset(str(tmp_path), "train").get_col_names() == ["index", "title", "content"]
    with pytest.raises(ValueError, match="3 fields for the 2 columns"):
        rows(ds.YelpReviewDataset(str(tmp_path)))
    (tmp_path / "ptb.valid.txt").write_text(" a <unk> \n")
    assert [str(row["text"]) for row in rows(ds.PennTreebankDataset(str(tmp_path), "valid"))] == [" a <unk> "]
    (tmp_path / "enwik9").write_text("<page>\nx\n")
    assert ds.EnWik9Dataset(str(tmp_path)).get_dataset_size() == 2
    for kind in ("neg", "pos"):
        (tmp_path / "train" / kind).mkdir(parents=True)
        (tmp_path / "train" / kind / "0.txt").write_text(kind)
    found = rows(ds.IMDBDataset(str(tmp_path), "train", shuffle=False))
    assert [(str(row["text"]), row["label"].item()) for row in found] == [("neg", 0), ("pos", 1)]
    (tmp_path / "t.json").write_text('{"sentence1": "a", "sentence2": "b", "label": "1"}\n{"id": 3}\n')
    clue = ds.CLUEDataset(str(tmp_path / "t.json"), shuffle=False)
    assert [str(value) for value in next(clue.create_tuple_iterator(output_numpy=True))] == ["1", "a", "b"]
    assert clue.get_col_names() == ["label", "sentence1", "sentence2"]
    with pytest.raises(ValueError, match="t.json.*has not the fields"):
        rows(clue)


def test_made_up_sources():
    made = ds.FakeImageDataset(5, (4, 6, 3), 2, 9, shuffle=False)
    first, second = rows(made), rows(made)
    assert [row["image"].tobytes() for row in first] == [row["image"].tobytes() for row in second]
    assert first[0]["image"].shape == (4, 6, 3) and all(row["label"] < 2 for row in first)
    schema = ds.Schema()
    schema.add_column("a", "int8", [2])
    schema.add_column("b", "float64", [])
    found = rows(ds.RandomDataset(7, schema, ["b", "a"]))
    assert len(found) == 7 and list(found[0]) == ["b", "a"] and found[0]["a"].dtype == np.int8
    padded = ds.PaddedDataset([{"x": np.int64(7)}, {"x": np.int64(8)}])
    both = ds.NumpySlicesDataset({"x": np.arange(2)}, shuffle=False) + padded
    assert [row["x"].item() for row in rows(both)] == [0, 1, 7, 8]
    with pytest.raises(ValueError, match="columns of the first"):
        ds.PaddedDataset([{"x": 1}, {"y": 1}])


def test_batch_samplers_of_generators():
    source = [(np.arange(i + 1), i) for i in range(6)]
    made = ds.GeneratorDataset(source, ["x", "n"], batch_sampler=[[0, 2], [5]], collate_fn=lambda rows: (
        np.array([len(x) for x, _ in rows]), np.array([n for _, n in rows])))
    assert [row["n"].tolist() for row in rows(made)] == [[0, 2], [5]] and made.get_dataset_size() == 2
    assert [row["x"].tolist() for row in rows(made)] == [[1, 3], [6]]
    plain = ds.GeneratorDataset(source, ["x", "n"], batch_sampler=[[1], [1, 1]])
    assert [row["x"].shape for row in rows(plain)] == [(1, 2), (2, 2)]
    with pytest.raises(RuntimeError, match="collate_fn"):
        rows(ds.GeneratorDataset(source, ["x", "n"], batch_sampler=[[0, 1]]))
    with pytest.raises(ValueError, match="batch_sampler"):
        ds.GeneratorDataset(source, ["x", "n"], collate_fn=len)
