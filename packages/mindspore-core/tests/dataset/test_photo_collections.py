"""Collections of photographs, written here in the layout of the real ones."""
from __future__ import annotations

import json
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import vision


def picture(path: Path, shade: int, size: tuple[int, int] = (2, 3)) -> Path:
    """Write an image of one shade of grey."""
    path.parent.mkdir(parents=True, exist_ok=True)
    vision.write_png(str(path), np.full((*size, 3), shade, np.uint8))
    return path


def text(path: Path, *lines: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n")
    return path


def rows(dataset):
    """The rows as dicts; images of one shade are that shade."""
    found = []
    for row in dataset.create_dict_iterator(num_epochs=1, output_numpy=True):
        found.append({name: value if value.ndim != 3 else int(value.flat[0]) for name, value in row.items()})
    return found


def read(kind, folder, *arguments, **options):
    return rows(kind(str(folder), *arguments, shuffle=False, decode=True, **options))


def shades(kind, folder, *arguments, **options):
    return [row["image"] for row in read(kind, folder, *arguments, **options)]


def test_celeba(tmp_path):
    for k in range(3):
        picture(tmp_path / f"{k}.png", k)
    text(tmp_path / "list_attr_celeba.txt", "3", "Young Male", "0.png -1 1", "1.png  1 -1", "2.png 1 1")
    text(tmp_path / "list_eval_partition.txt", "0.png 0", "1.png 1", "2.png 0")
    found = read(ds.CelebADataset, tmp_path)
    assert [row["image"] for row in found] == [0, 1, 2] and found[0]["attr"].dtype == np.uint32
    assert [row["attr"].tolist() for row in found] == [[0, 1], [1, 0], [1, 1]]
    assert shades(ds.CelebADataset, tmp_path, usage="train") == [0, 2]
    assert ds.CelebADataset(str(tmp_path), extensions=[".png"], usage="valid").get_dataset_size() == 1
    with pytest.raises(ValueError, match="no images"):
        ds.CelebADataset(str(tmp_path), extensions=[".jpg"])
    text(tmp_path / "list_attr_celeba.txt", "1", "Young Male", "0.png 2 1")
    with pytest.raises(ValueError, match="line 3 of list_attr_celeba.txt must be a file and 2 times 1 or -1"):
        ds.CelebADataset(str(tmp_path))
    with pytest.raises(ValueError, match="'usage' must be one of .'train', 'valid', 'test', 'all'. or None"):
        ds.CelebADataset(str(tmp_path), usage="dev")


def test_flickr(tmp_path):
    picture(tmp_path / "a.png", 5)
    picture(tmp_path / "b.png", 6)
    captions = text(tmp_path / "captions", "a.png#0\tA dog .", "a.png#1\tThe dog .", "b.png#0\tA cat .")
    found = read(ds.FlickrDataset, tmp_path, str(captions))
    assert [(row["image"], row["annotation"].tolist()) for row in found] == [(5, ["A dog .", "The dog ."]),
                                                                            (6, ["A cat ."])]
    text(captions, "a.png A dog")
    with pytest.raises(ValueError, match="must be an image with '#' and a number, a tab and a caption"):
        ds.FlickrDataset(str(tmp_path), str(captions))


def test_food101(tmp_path):
    for k, name in enumerate(("pie/1", "pie/2", "soup/3")):
        picture(tmp_path / "images" / f"{name}.jpg", 10 * k)
    text(tmp_path / "meta" / "train.txt", "soup/3", "pie/1")
    text(tmp_path / "meta" / "test.txt", "pie/2")
    found = read(ds.Food101Dataset, tmp_path)
    assert [(row["image"], str(row["label"])) for row in found] == [(20, "soup"), (0, "pie"), (10, "pie")]
    assert shades(ds.Food101Dataset, tmp_path, "test") == [10]
    with pytest.raises(ValueError, match="test.txt' does not exist"):
        (tmp_path / "meta" / "test.txt").unlink()
        ds.Food101Dataset(str(tmp_path))


def test_places365(tmp_path):
    text(tmp_path / "categories_places365.txt", "/a/abbey 0", "/b/bar 1")
    text(tmp_path / "places365_train_standard.txt", "/b/bar/1.png 1")
    text(tmp_path / "places365_val.txt", "v.png 0")
    picture(tmp_path / "data_256_standard" / "b" / "bar" / "1.png", 1)
    picture(tmp_path / "val_256" / "v.png", 2)
    picture(tmp_path / "val_large" / "v.png", 3)
    assert [(r["image"], r["label"].item()) for r in read(ds.Places365Dataset, tmp_path, "train-standard")] == [(1, 1)]
    assert shades(ds.Places365Dataset, tmp_path, "val") == [2]
    made = ds.Places365Dataset(str(tmp_path), "val", small=False, decode=True)
    assert rows(made)[0]["image"] == 3 and made.get_class_indexing() == {"/a/abbey": 0, "/b/bar": 1}


def test_rendered_sst2_and_sun397(tmp_path):
    picture(tmp_path / "train" / "negative" / "1.png", 1)
    picture(tmp_path / "train" / "positive" / "1.png", 2)
    picture(tmp_path / "valid" / "positive" / "1.png", 3)
    found = read(ds.RenderedSST2Dataset, tmp_path, "train")
    assert [(row["image"], row["label"].item()) for row in found] == [(1, 0), (2, 1)]
    assert shades(ds.RenderedSST2Dataset, tmp_path, "val") == [3] and len(read(ds.RenderedSST2Dataset, tmp_path)) == 3
    text(tmp_path / "ClassName.txt", "/a/abbey", "/b/bar/outdoor")
    picture(tmp_path / "b" / "bar" / "outdoor" / "s.jpg", 7)
    (row,) = read(ds.SUN397Dataset, tmp_path)
    assert (row["image"], row["label"].item(), row["label"].dtype) == (7, 1, np.uint32)


def test_sbu(tmp_path):
    picture(tmp_path / "sbu_images" / "m_3326_35_3c.jpg", 9)
    text(tmp_path / "SBU_captioned_photo_dataset_urls.txt", "http://host/3326/35_3c.jpg", "http://host/1/2.jpg")
    text(tmp_path / "SBU_captioned_photo_dataset_captions.txt", "A bridge.", "Gone.")
    (row,) = read(ds.SBUDataset, tmp_path)
    assert row["image"] == 9 and str(row["caption"]) == "A bridge."
    text(tmp_path / "SBU_captioned_photo_dataset_captions.txt", "A bridge.")
    with pytest.raises(ValueError, match="2 addresses and 1 captions"):
        ds.SBUDataset(str(tmp_path))


def voc_object(name, box, difficult=0):
    sides = "".join(f"<{side}>{value}</{side}>" for side, value in zip(("xmin", "ymin", "xmax", "ymax"), box))
    return (f"<object><name>{name}</name><truncated>1</truncated><difficult>{difficult}</difficult>"
            f"<bndbox>{sides}</bndbox></object>")


def test_voc(tmp_path):
    for k, name in enumerate("ab"):
        picture(tmp_path / "JPEGImages" / f"{name}.jpg", k)
        picture(tmp_path / "SegmentationClass" / f"{name}.png", 50 + k)
    text(tmp_path / "Annotations" / "a.xml", "<annotation>" + voc_object("dog", (1, 2, 4, 8)) +
         voc_object("cat", (0, 0, 2.5, 1), 1) + "</annotation>")
    text(tmp_path / "Annotations" / "b.xml", "<annotation>" + voc_object("dog", (1, 1, 1, 1)) + "</annotation>")
    text(tmp_path / "ImageSets" / "Segmentation" / "val.txt", "b", "a")
    text(tmp_path / "ImageSets" / "Main" / "train.txt", "a  1", "b  1")
    assert [(r["image"], r["target"]) for r in read(ds.VOCDataset, tmp_path, usage="val")] == [(1, 51), (0, 50)]
    first, second = read(ds.VOCDataset, tmp_path, "Detection", "train", extra_metadata=True)
    assert first["bbox"].tolist() == [[1, 2, 3, 6], [0, 0, 2.5, 1]] and first["bbox"].dtype == np.float32
    assert first["label"].tolist() == [[1], [0]] and first["difficult"].tolist() == [[0], [1]]
    assert first["truncate"].tolist() == [[1], [1]] and str(second["_meta-filename"]).endswith("b.jpg")
    (only,) = read(ds.VOCDataset, tmp_path, "Detection", class_indexing={"cat": 4})
    assert only["label"].tolist() == [[4]] and only["image"] == 0
    text(tmp_path / "Annotations" / "b.xml", "<annotation>")
    for arguments, message in ((("Detection",), "b.xml' is no annotation of objects"), (("Boxes",), "'task' must be"),
                               (("Detection", "test"), "test.txt' does not exist")):
        with pytest.raises(ValueError, match=message):
            ds.VOCDataset(str(tmp_path), *arguments)


COCO = {"images": [{"id": 7, "file_name": "a.png"}, {"id": 8, "file_name": "b.png"}],
        "categories": [{"id": 3, "name": "dog", "isthing": 1}],
        "annotations": [
            {"image_id": 8, "bbox": [1, 2, 3, 4], "category_id": 3, "iscrowd": 0, "caption": "A dog.",
             "segmentation": [[1, 2, 3, 4], [5, 6]], "keypoints": [1, 2, 2], "num_keypoints": 1,
             "segments_info": [{"bbox": [0, 0, 5, 5], "category_id": 3, "iscrowd": 1, "area": 25}]},
            {"image_id": 8, "bbox": [5, 6, 7, 8], "category_id": 3, "iscrowd": 1, "caption": "One dog.",
             "segmentation": [[7, 8]], "keypoints": [3, 4, 1], "num_keypoints": 0, "segments_info": []}]}


@pytest.mark.parametrize("task, expected", [
    ("Detection", {"bbox": [[1, 2, 3, 4], [5, 6, 7, 8]], "category_id": [[3], [3]], "iscrowd": [[0], [1]]}),
    ("Stuff", {"segmentation": [[1, 2, 3, 4, 5, 6], [7, 8, -1, -1, -1, -1]], "iscrowd": [[0], [1]]}),
    ("Keypoint", {"keypoints": [[1, 2, 2], [3, 4, 1]], "num_keypoints": [[1], [0]]}),
    ("Panoptic", {"bbox": [[0, 0, 5, 5]], "category_id": [[3]], "iscrowd": [[1]], "area": [[25]]}),
    ("Captioning", {"captions": [["A dog."], ["One dog."]]})])
def test_coco(tmp_path, task, expected):
    picture(tmp_path / "b.png", 4)
    (tmp_path / "labels.json").write_text(json.dumps(COCO))
    made = ds.CocoDataset(str(tmp_path), str(tmp_path / "labels.json"), task, decode=True, extra_metadata=True)
    (row,) = rows(made)
    assert row.pop("image") == 4 and str(row.pop("_meta-filename")).endswith("b.png")
    assert {name: value.tolist() for name, value in row.items()} == expected
    assert made.get_class_indexing() == {"dog": [3, 1]}


def test_coco_refuses(tmp_path):
    (tmp_path / "labels.json").write_text('{"images": []}')
    with pytest.raises(ValueError, match="holds no annotations for the task 'Detection': KeyError"):
        ds.CocoDataset(str(tmp_path), str(tmp_path / "labels.json"))
    with pytest.raises(ValueError, match="'task' must be one of"):
        ds.CocoDataset(str(tmp_path), str(tmp_path / "labels.json"), "Boxes")


def test_kitti(tmp_path):
    picture(tmp_path / "data_object_image_2" / "training" / "image_2" / "000000.png", 1)
    picture(tmp_path / "data_object_image_2" / "testing" / "image_2" / "000000.png", 2)
    labels = tmp_path / "data_object_label_2" / "training" / "label_2" / "000000.txt"
    text(labels, "Car 0.5 1 -1.5 1 2 3 4 5 6 7 8 9 10 0.25",
         "DontCare -1 -1 -10 1 2 3 4 -1 -1 -1 -1000 -1000 -1000 -10")
    (row,) = read(ds.KITTIDataset, tmp_path)
    assert row["label"].tolist() == [[0], [2]] and row["occluded"].tolist() == [[1], [3]]
    assert row["bbox"].tolist() == [[1, 2, 3, 4]] * 2 and row["location"][0].tolist() == [8, 9, 10]
    assert row["truncated"][0] == 0.5 and row["dimensions"][0].tolist() == [5, 6, 7] and row["rotation_y"][0] == 0.25
    assert shades(ds.KITTIDataset, tmp_path, "test") == [2]
    text(labels, "Plane 0 0 0 1 2 3 4 5 6 7 8 9 10 0")
    with pytest.raises(ValueError, match="is no list of objects"):
        ds.KITTIDataset(str(tmp_path))


def test_wider_face(tmp_path):
    split = tmp_path / "wider_face_split"
    text(split / "wider_face_train_bbx_gt.txt", "p/a.png", "2", "1 2 3 4 1 0 0 0 2 1", "5 6 7 8 0 1 1 1 0 0", "p/b.png",
         "0", "0 0 0 0 0 0 0 0 0 0")
    text(split / "wider_face_val_bbx_gt.txt", "c.png", "1", "9 9 9 9 0 0 0 0 0 0")
    text(split / "wider_face_test_filelist.txt", "d.png")
    for part, name, shade in (("train", "p/a", 1), ("train", "p/b", 2), ("val", "c", 3), ("test", "d", 4)):
        picture(tmp_path / f"WIDER_{part}" / "images" / f"{name}.png", shade)
    found = read(ds.WIDERFaceDataset, tmp_path)
    assert [row["image"] for row in found] == [1, 2, 3] and found[0]["bbox"].tolist() == [[1, 2, 3, 4], [5, 6, 7, 8]]
    assert [found[0][c].ravel().tolist() for c in ("blur", "expression", "illumination", "invalid", "occlusion",
                                                   "pose")] == [[1, 0], [0, 1], [0, 1], [0, 1], [2, 0], [1, 0]]
    assert shades(ds.WIDERFaceDataset, tmp_path, "valid") == [3]
    assert shades(ds.WIDERFaceDataset, tmp_path, "test") == [4]
    text(split / "wider_face_val_bbx_gt.txt", "c.png", "2", "9 9 9 9 0 0 0 0 0 0")
    with pytest.raises(ValueError, match="the list of faces is damaged after line 0"):
        ds.WIDERFaceDataset(str(tmp_path))


def test_div2k(tmp_path):
    names = ["DIV2K_train_LR_bicubic/X2/1x2", "DIV2K_train_LR_x8/1x8", "DIV2K_train_LR_mild/1x4m",
             "DIV2K_train_LR_wild/1x4w1", "DIV2K_train_LR_wild/1x4w2"]
    picture(tmp_path / "DIV2K_train_HR" / "1.png", 99)
    for k, name in enumerate(names):
        picture(tmp_path / f"{name}.png", k)
    cases = {("bicubic", 2): [0], ("bicubic", 8): [1], ("mild", 4): [2], ("wild", 4): [3, 4]}
    for (downgrade, scale), expected in cases.items():
        found = read(ds.DIV2KDataset, tmp_path, "train", downgrade, scale)
        assert [(row["hr_image"], row["lr_image"]) for row in found] == [(99, shade) for shade in expected]
    with pytest.raises(ValueError, match="'downgrade' and 'scale' must be one of"):
        ds.DIV2KDataset(str(tmp_path), downgrade="mild", scale=2)


def test_cityscapes(tmp_path):
    picture(tmp_path / "leftImg8bit" / "train" / "bonn" / "bonn_1_leftImg8bit.png", 1)
    picture(tmp_path / "gtFine" / "train" / "bonn" / "bonn_1_gtFine_instanceIds.png", 2)
    picture(tmp_path / "gtCoarse" / "train" / "bonn" / "bonn_1_gtCoarse_color.png", 3)
    text(tmp_path / "gtFine" / "train" / "bonn" / "bonn_1_gtFine_polygons.json", "{}")
    assert [(r["image"], r["task"]) for r in read(ds.CityscapesDataset, tmp_path)] == [(1, 2)]
    assert [r["task"] for r in read(ds.CityscapesDataset, tmp_path, "all", "coarse", "color")] == [3]
    (row,) = rows(ds.CityscapesDataset(str(tmp_path), task="polygon"))
    assert bytes(row["task"]) == b"{}\n"
    for options, message in (({"task": "polygon", "decode": True}, "are no images"), ({"task": "x"}, "'task' one of"),
                             ({"usage": "train_extra"}, "'usage' must be one of")):
        with pytest.raises(ValueError, match=message):
            ds.CityscapesDataset(str(tmp_path), **options)


def test_lfw(tmp_path):
    for name, count in (("Ann_A", 2), ("Bob_B", 1)):
        for k in range(count):
            picture(tmp_path / "lfw_funneled" / name / f"{name}_{k + 1:04}.jpg", len(name) * 10 + k + ord(name[0]))
    text(tmp_path / "lfw-names.txt", "Ann_A 2", "Bob_B 1")
    text(tmp_path / "peopleDevTrain.txt", "1", "Ann_A\t2")
    text(tmp_path / "peopleDevTest.txt", "1", "Bob_B\t1")
    text(tmp_path / "pairs.txt", "10 300", "Ann_A 1 2", "Ann_A 2 Bob_B 1")
    found = read(ds.LFWDataset, tmp_path)
    assert [(row["image"], row["label"].item()) for row in found] == [(115, 0), (116, 0), (116, 1)]
    assert len(read(ds.LFWDataset, tmp_path, usage="test")) == 1
    pairs = read(ds.LFWDataset, tmp_path, "pairs", "10fold", "funneled")
    assert [(r["image1"], r["image2"], r["label"].item()) for r in pairs] == [(115, 116, 1), (116, 116, 0)]


# -- MATLAB files ------------------------------------------------------------------------------------------------------


def element(kind, data):
    return struct.pack("<II", kind, len(data)) + data + b"\0" * (-len(data) % 8)


def mat_array(name, array, kind, stored, small=False):
    """An array as a file of level 5 stores it: values of class `kind`, written as type `stored`, (number, dtype)."""
    values = array.astype(stored[1]).tobytes(order="F")
    content = struct.pack("<HH", stored[0], len(values)) + values.ljust(4, b"\0") if small else element(
        stored[0], values)
    dims = np.array(array.shape, "<i4").tobytes()
    return element(14, element(6, struct.pack("<II", kind, 0)) + element(5, dims) + element(1, name.encode()) + content)


def write_mat(path, *arrays, packed=False):
    path.parent.mkdir(parents=True, exist_ok=True)
    data = [struct.pack("<II", 15, len(z)) + z for z in map(zlib.compress, arrays)] if packed else arrays
    path.write_bytes(b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack("<H", 0x100) + b"IM" + b"".join(data))


@pytest.mark.parametrize("packed", [False, True])
def test_svhn(tmp_path, packed):
    images = np.random.default_rng(0).integers(0, 255, (32, 32, 3, 4)).astype(np.uint8)
    write_mat(tmp_path / "train_32x32.mat", mat_array("X", images, 9, (2, "u1")),
              mat_array("y", np.array([[1], [10], [3], [4]]), 6, (2, "u1"), small=True), packed=packed)
    found = list(ds.SVHNDataset(str(tmp_path), "train", shuffle=False).create_tuple_iterator(output_numpy=True))
    assert [label.item() for _, label in found] == [1, 0, 3, 4] and found[0][1].dtype == np.uint32
    assert all((image == images[..., k]).all() for k, (image, _) in enumerate(found))
    with pytest.raises(ValueError, match="has no file test_32x32.mat"):
        ds.SVHNDataset(str(tmp_path), "test")


def test_flowers102(tmp_path):
    write_mat(tmp_path / "imagelabels.mat", mat_array("labels", np.array([[5, 7, 9]]), 9, (2, "u1"), small=True))
    write_mat(tmp_path / "setid.mat", mat_array("trnid", np.array([[3, 1]]), 11, (4, "<u2")),
              mat_array("valid", np.array([[2]]), 11, (4, "<u2"), small=True), mat_array("tstid", np.zeros((1, 0)), 11,
                                                                                         (4, "<u2")))
    for k in (1, 2, 3):
        picture(tmp_path / "jpg" / f"image_{k:05}.jpg", k)
        picture(tmp_path / "segmim" / f"segmim_{k:05}.jpg", 10 + k)
    found = read(ds.Flowers102Dataset, tmp_path, "Segmentation", "train")
    assert [(r["image"], r["segmentation"], r["label"].item()) for r in found] == [(3, 13, 8), (1, 11, 4)]
    assert shades(ds.Flowers102Dataset, tmp_path) == [3, 1, 2]
    write_mat(tmp_path / "setid.mat", mat_array("trnid", np.array([[4]]), 11, (4, "<u2")))
    with pytest.raises(ValueError, match="names images from 4 to 4, but imagelabels.mat has 3 labels"):
        ds.Flowers102Dataset(str(tmp_path), usage="train")


def test_caltech101(tmp_path):
    for k, name in enumerate(("BACKGROUND_Google", "Faces", "ant")):
        picture(tmp_path / "101_ObjectCategories" / name / "image_0001.jpg", k)
    outline = np.array([[1.5, 2.0, 3.0], [4.0, 5.0, 6.0]])
    for name in ("Faces_2", "ant"):
        write_mat(tmp_path / "Annotations" / name / "annotation_0001.mat",
                  mat_array("box_coord", np.ones((1, 4)), 6, (9, "<f8")),
                  mat_array("obj_contour", outline, 6, (9, "<f8")))
    found = read(ds.Caltech101Dataset, tmp_path, "all")
    assert [(row["image"], row["category"].item()) for row in found] == [(1, 0), (2, 1)]
    assert (found[0]["annotation"] == outline).all()
    assert set(read(ds.Caltech101Dataset, tmp_path)[0]) == {"image", "category"}
    assert set(read(ds.Caltech101Dataset, tmp_path, "annotation")[0]) == {"image", "annotation"}
    with pytest.raises(ValueError, match="'target_type' must be"):
        ds.Caltech101Dataset(str(tmp_path), "box")


def test_damaged_matlab_files_are_errors_of_their_kind(tmp_path):
    rng = np.random.default_rng(0)
    path = tmp_path / "train_32x32.mat"
    for packed in (False, True):
        write_mat(path, mat_array("X", np.zeros((32, 32, 3, 2)), 9, (2, "u1")),
                  mat_array("y", np.array([[1], [2]]), 6, (9, "<f8")), packed=packed)
        good = path.read_bytes()
        for _ in range(150):
            data = bytearray(good)
            for place in rng.integers(120, min(len(data), 260), rng.integers(1, 4)):
                data[place] = rng.integers(256)
            path.write_bytes(data[:rng.integers(len(data) // 2, len(data) + 1)])
            try:
                list(ds.SVHNDataset(str(tmp_path), "train").create_tuple_iterator(output_numpy=True))
            except ValueError as error:
                assert "SVHNDataset" in str(error)
