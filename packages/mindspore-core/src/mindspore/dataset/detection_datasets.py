"""Collections of photographs with objects in them: boxes, points and outlines."""
from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np

from ._check import check_bool
from ._image_files import ImageFilesDataset, lines_of
from .image_datasets import _check_indexing

__all__ = ["CocoDataset", "KITTIDataset", "VOCDataset", "WIDERFaceDataset"]


class VOCDataset(ImageFilesDataset):
    """PASCAL VOC. The columns of "Segmentation" are `image` and `target`, the image of the classes; of "Detection"
    `image`, `bbox`, float32 of shape (N, 4): left, top, width and height, and `label`, `difficult` and `truncate`,
    uint32 of shape (N, 1).

    Args:
        dataset_dir: the folder with `JPEGImages`, `Annotations`, `SegmentationClass` and `ImageSets/TASK/USAGE.txt`
            (`Main` for detection).
        task: "Segmentation" or "Detection".
        usage: the name of the list of images: "train", "val", "trainval", "test".
        class_indexing: names of classes to labels, the others are left out; None numbers them by alphabet.
        extra_metadata: whether there is a column `_meta-filename` more, the image's path.
        decrypt: gets a path and returns the image's bytes; None to read the file.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, task: str = "Segmentation", usage: str = "train",
                 class_indexing: dict | None = None, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, decode: bool = False, sampler=None, num_shards=None, shard_id=None,
                 cache=None, extra_metadata: bool = False, decrypt=None):
        options = {**locals(), "usage": None}
        name = "VOCDataset"
        folder, _ = self._open(options)
        if task not in ("Segmentation", "Detection"):
            raise ValueError(f"For '{name}', 'task' must be 'Segmentation' or 'Detection', but got {task!r}.")
        numbers = _check_indexing(class_indexing, name)
        if task == "Segmentation" and numbers is not None:
            raise ValueError(f"For '{name}', 'class_indexing' is for the task 'Detection'.")
        listed = folder / "ImageSets" / ("Main" if task == "Detection" else task) / f"{usage}.txt"
        images = [line.split()[0] for line in lines_of(listed, name)]
        paths = [str(folder / "JPEGImages" / f"{image}.jpg") for image in images]
        if task == "Segmentation":
            pairs = [(path, str(folder / "SegmentationClass" / f"{image}.png")) for path, image in zip(paths, images)]
            self._finish(("image", "target"), pairs, [], paths, options)
            return
        found = [_voc_objects(folder / "Annotations" / f"{image}.xml") for image in images]
        if numbers is None:
            numbers = {label: i for i, label in enumerate(sorted({o[0] for objects in found for o in objects}))}
        self._class_indexing = numbers
        rows = [(path, [o for o in objects if o[0] in numbers]) for path, objects in zip(paths, found)]
        rows = [(path, objects) for path, objects in rows if objects]
        others: list = [[np.array([o[1] for o in objects], np.float32) for _, objects in rows],
                        [np.array([[numbers[o[0]]] for o in objects], np.uint32) for _, objects in rows],
                        *[[np.array([[o[k]] for o in objects], np.uint32) for _, objects in rows] for k in (2, 3)]]
        kept = [path for path, _ in rows]
        self._finish(("image", "bbox", "label", "difficult", "truncate"), kept, others, kept, options)

    def _finish(self, columns: tuple, paths: list, others: list, names: list[str], options: dict) -> None:
        _with_names(self, columns, paths, others, names, options)


def _with_names(dataset: ImageFilesDataset, columns: tuple, paths: list, others: list, names: list[str],
                options: dict) -> None:
    """Build a dataset, with a column of the images' paths where `extra_metadata` asks for it."""
    if check_bool(options["extra_metadata"], "extra_metadata", type(dataset).__name__):
        columns, others = (*columns, "_meta-filename"), [*others, np.array(names)]
    dataset._build(columns, paths, others, options, options["decrypt"])


def _voc_objects(path: Path) -> list[tuple[str, list[float], int, int]]:
    """The objects of an annotation: (class, [left, top, width, height], difficult, truncated)."""
    try:
        objects = []
        for item in ElementTree.parse(path).getroot().iter("object"):
            box = item.find("bndbox")
            left, top, right, bottom = (float(box.findtext(side, "")) for side in   # type: ignore[union-attr]
                                        ("xmin", "ymin", "xmax", "ymax"))
            if right < left or bottom < top:
                raise ValueError(f"the box {[left, top, right, bottom]} ends before it begins")
            objects.append((item.findtext("name", ""), [left, top, right - left, bottom - top],
                            int(item.findtext("difficult", "0")), int(item.findtext("truncated", "0"))))
        return objects
    except (OSError, ElementTree.ParseError, ValueError, AttributeError) as error:
        raise ValueError(f"For 'VOCDataset', file '{path}' is no annotation of objects: {error}.") from error


class CocoDataset(ImageFilesDataset):
    """COCO. The columns after `image`, with N objects:

    * "Detection": `bbox`, float32 (N, 4): left, top, width, height; `category_id` and `iscrowd`, uint32 (N, 1);
    * "Stuff": `segmentation`, float32 (N, K), outlines filled up with -1, and `iscrowd`;
    * "Keypoint": `keypoints`, float32 (N, 3 K), and `num_keypoints`, uint32 (N, 1);
    * "Panoptic": `bbox`, `category_id`, `iscrowd`, and `area`, uint32 (N, 1);
    * "Captioning": `captions`, str (N, 1).

    Images without annotations are left out.

    Args:
        dataset_dir: the folder with the images. annotation_file: the file of JSON.
        task: one of these.
        extra_metadata: whether there is a column `_meta-filename` more, the image's path.
        decrypt: gets a path and returns the image's bytes; None to read the file.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    _TASKS = {"Detection": ("bbox", "category_id", "iscrowd"), "Stuff": ("segmentation", "iscrowd"),
              "Keypoint": ("keypoints", "num_keypoints"), "Panoptic": ("bbox", "category_id", "iscrowd", "area"),
              "Captioning": ("captions",)}

    def __init__(self, dataset_dir, annotation_file, task: str = "Detection", num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, decode: bool = False,
                 sampler=None, num_shards=None, shard_id=None, cache=None, extra_metadata: bool = False,
                 decrypt=None):
        options = locals()
        name = "CocoDataset"
        folder, _ = self._open(options)
        if task not in self._TASKS:
            raise ValueError(f"For '{name}', 'task' must be one of {list(self._TASKS)}, but got {task!r}.")
        try:
            known = json.loads(Path(annotation_file).read_text(encoding="utf-8"))
            indexing = {c["name"]: [c["id"]] + ([int(c["isthing"])] if "isthing" in c else [])
                        for c in known.get("categories", [])}
            self._class_indexing = indexing     # type: ignore[assignment]
            files = {image["id"]: image["file_name"] for image in known["images"]}
            grouped: dict[Any, list[dict]] = {}
            for annotation in known["annotations"]:
                objects = annotation["segments_info"] if task == "Panoptic" else [annotation]
                grouped.setdefault(annotation["image_id"], []).extend(objects)
            chosen = [(str(folder / files[image]), objects) for image, objects in grouped.items() if objects]
            others = [[_coco_column(column, objects) for _, objects in chosen] for column in self._TASKS[task]]
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"For '{name}', file '{annotation_file}' holds no annotations for the task {task!r}: "
                             f"{error!r}.") from error
        paths = [path for path, _ in chosen]
        _with_names(self, ("image", *self._TASKS[task]), paths, others, paths, options)


def _coco_column(column: str, objects: list[dict]) -> np.ndarray:
    """The values of a column for the objects of an image."""
    if column == "captions":
        return np.array([[o["caption"]] for o in objects])
    if column == "segmentation":
        outlines = [[float(v) for part in o["segmentation"] for v in part] for o in objects]
        filled = np.full((len(outlines), max(map(len, outlines))), -1, np.float32)
        for row, outline in zip(filled, outlines):
            row[:len(outline)] = outline
        return filled
    values: list = [o.get("iscrowd", 0) if column == "iscrowd" else o[column] for o in objects]
    if column in ("bbox", "keypoints"):
        return np.array(values, np.float32)
    return np.array(values, np.uint32)[:, np.newaxis]


class KITTIDataset(ImageFilesDataset):
    """KITTI's 2-d objects. The columns of "train" are `image` and, with N objects, `label`, uint32 (N, 1), `truncated`,
    float32 (N, 1), `occluded`, uint32 (N, 1), `alpha`, float32 (N, 1), `bbox`, float32 (N, 4), `dimensions` and
    `location`, float32 (N, 3), and `rotation_y`, float32 (N, 1); of "test" `image`.

    Args:
        dataset_dir: the folder with `data_object_image_2/training/image_2`, `data_object_label_2/training/label_2` and
            `data_object_image_2/testing/image_2`.
        usage: "train" or None, or "test".
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    _CLASSES = ("Car", "Cyclist", "DontCare", "Misc", "Pedestrian", "Person_sitting", "Tram", "Truck", "Van")
    _FIELDS = (("label", slice(0, 1), np.uint32), ("truncated", slice(1, 2), np.float32),
               ("occluded", slice(2, 3), np.uint32), ("alpha", slice(3, 4), np.float32),
               ("bbox", slice(4, 8), np.float32), ("dimensions", slice(8, 11), np.float32),
               ("location", slice(11, 14), np.float32), ("rotation_y", slice(14, 15), np.float32))

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, decode: bool = False,
                 sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        if usage not in (None, "train", "test"):
            raise ValueError(f"For 'KITTIDataset', 'usage' must be 'train', 'test' or None, but got {usage!r}.")
        folder, _ = self._open({**options, "usage": None})
        part = "testing" if usage == "test" else "training"
        paths = sorted((folder / "data_object_image_2" / part / "image_2").glob("*.png"))
        if usage == "test":
            self._build(("image",), [str(path) for path in paths], [], options)
            return
        self._class_indexing = {name: i for i, name in enumerate(self._CLASSES)}
        tables = [self._objects(folder / "data_object_label_2" / part / "label_2" / f"{path.stem}.txt")
                  for path in paths]
        others = [[table[:, place].astype(dtype) for table in tables] for _, place, dtype in self._FIELDS]
        self._build(("image", *[name for name, _, _ in self._FIELDS]), [str(path) for path in paths], others, options)

    def _objects(self, path: Path) -> np.ndarray:
        """The 15 numbers of each object; the class is one of them. An unknown occlusion, -1, is 3."""
        try:
            rows = [line.split()[:15] for line in lines_of(path, "KITTIDataset")]
            table = np.array([[self._CLASSES.index(row[0]), *map(float, row[1:])] for row in rows]).reshape(-1, 15)
        except ValueError as error:
            raise ValueError(f"For 'KITTIDataset', file '{path}' is no list of objects: {error}") from error
        table[:, 2] = np.where(table[:, 2] < 0, 3, table[:, 2])
        return table


class WIDERFaceDataset(ImageFilesDataset):
    """WIDER FACE. The columns of "train" and "valid" are `image`, `bbox`, uint32 (N, 4): left, top, width and height,
    and `blur`, `expression`, `illumination`, `occlusion`, `pose` and `invalid`, uint32 (N, 1); of "test" `image`.

    Args:
        dataset_dir: the folder with `WIDER_train/images`, `WIDER_val/images`, `WIDER_test/images` and
            `wider_face_split`.
        usage: "train", "valid", "test", or "all" or None for training and validation.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    _FIELDS = (("bbox", slice(0, 4)), ("blur", slice(4, 5)), ("expression", slice(5, 6)),
               ("illumination", slice(6, 7)), ("invalid", slice(7, 8)), ("occlusion", slice(8, 9)),
               ("pose", slice(9, 10)))
    _COLUMNS = ("bbox", "blur", "expression", "illumination", "occlusion", "pose", "invalid")

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, decode: bool = False,
                 sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        name = "WIDERFaceDataset"
        folder, parts = self._open(options, ("train", "valid", "test"))
        split = folder / "wider_face_split"
        if parts == ["test"]:
            listed = lines_of(split / "wider_face_test_filelist.txt", name)
            self._build(("image",), [str(folder / "WIDER_test" / "images" / line.strip()) for line in listed], [],
                        options)
            return
        paths, tables = [], []
        for part in [part.replace("valid", "val") for part in parts if part != "test"]:
            lines = lines_of(split / f"wider_face_{part}_bbx_gt.txt", name)
            for file, table in self._faces(lines):
                paths.append(str(folder / f"WIDER_{part}" / "images" / file))
                tables.append(table)
        places = dict(self._FIELDS)
        self._build(("image", *self._COLUMNS), paths,
                    [[table[:, places[column]] for table in tables] for column in self._COLUMNS], options)

    @staticmethod
    def _faces(lines: Sequence[str]) -> list[tuple[str, np.ndarray]]:
        """(file, numbers of the faces): a list has a file, the number of faces, and a line of ten numbers for each; a
        file without faces has one line of zeros."""
        found, at = [], 0
        try:
            while at < len(lines):
                count = max(int(lines[at + 1]), 1)
                rows = [list(map(int, line.split())) for line in lines[at + 2:at + 2 + count]]
                found.append((lines[at].strip(), np.array(rows, np.uint32).reshape(count, 10)))
                at += 2 + count
        except (ValueError, IndexError, OverflowError) as error:
            raise ValueError(f"For 'WIDERFaceDataset', the list of faces is damaged after line {at}: "
                             f"{error}") from error
        return found
