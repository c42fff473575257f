"""Collections with several images to a row, or with labels in MATLAB files."""
from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ._image_files import ImageFilesDataset, Read, lines_of
from ._mat import read_mat

__all__ = ["Caltech101Dataset", "CityscapesDataset", "DIV2KDataset", "Flowers102Dataset", "LFWDataset", "SBDataset"]


class DIV2KDataset(ImageFilesDataset):
    """DIV2K, photographs and their reductions: `hr_image` and `lr_image`.

    Args:
        dataset_dir: the folder with `DIV2K_train_HR`, `DIV2K_train_LR_bicubic/X2` and so on.
        usage: "train", "valid" or "all".
        downgrade: how the small images were made: "bicubic", "unknown", "mild", "difficult" or "wild".
        scale: by how much: 2, 3, 4, or 8 with "bicubic"; 4 with "mild", "difficult" and "wild".
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    _SCALES = {"bicubic": (2, 3, 4, 8), "unknown": (2, 3, 4), "mild": (4,), "difficult": (4,), "wild": (4,)}

    def __init__(self, dataset_dir, usage: str = "train", downgrade: str = "bicubic", scale: int = 2,
                 num_samples=None, num_parallel_workers: int | None = None, shuffle: bool | None = None,
                 decode: bool | None = None, sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "valid"))
        if downgrade not in self._SCALES or scale not in self._SCALES[downgrade]:
            raise ValueError(f"For 'DIV2KDataset', 'downgrade' and 'scale' must be one of {self._SCALES}, but got "
                             f"{downgrade!r} and {scale!r}.")
        pairs = [(str(large), str(small)) for part in parts
                 for large in sorted((folder / f"DIV2K_{part}_HR").glob("*.png"))
                 for small in self._reductions(folder, part, downgrade, scale, large.stem)]
        self._build(("hr_image", "lr_image"), pairs, [], options)

    @staticmethod
    def _reductions(folder: Path, part: str, downgrade: str, scale: int, stem: str) -> list[Path]:
        """The small images of a large one; "wild" has up to four of them."""
        if scale == 8:
            return [folder / f"DIV2K_{part}_LR_x8" / f"{stem}x8.png"]
        place = folder / f"DIV2K_{part}_LR_{downgrade}"
        if downgrade == "wild":
            return sorted(place.glob(f"{stem}x4w*.png"))
        if downgrade in ("mild", "difficult"):
            return [place / f"{stem}x4{downgrade[0]}.png"]
        return [place / f"X{scale}" / f"{stem}x{scale}.png"]


class CityscapesDataset(ImageFilesDataset):
    """Cityscapes, streets: `image` and `task`: the image of the instances, classes or colours, or the outlines as the
    bytes of a file of JSON.

    Args:
        dataset_dir: the folder with `leftImg8bit/USAGE/CITY/*_leftImg8bit.png` and `gtFine` or `gtCoarse`.
        usage: for "fine" "train", "test", "val" or "all"; for "coarse" "train", "train_extra", "val" or "all".
        quality_mode: "fine" or "coarse".
        task: "instance", "semantic", "color" or "polygon".
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    _PARTS = {"fine": ("train", "test", "val"), "coarse": ("train", "train_extra", "val")}
    _ENDS = {"instance": "instanceIds.png", "semantic": "labelIds.png", "color": "color.png",
             "polygon": "polygons.json"}

    def __init__(self, dataset_dir, usage: str = "train", quality_mode: str = "fine", task: str = "instance",
                 num_samples=None, num_parallel_workers: int | None = None, shuffle: bool | None = None,
                 decode: bool | None = None, sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        name = "CityscapesDataset"
        if quality_mode not in self._PARTS or task not in self._ENDS:
            raise ValueError(f"For '{name}', 'quality_mode' must be one of {list(self._PARTS)} and 'task' one of "
                             f"{list(self._ENDS)}, but got {quality_mode!r} and {task!r}.")
        if task == "polygon" and decode:
            raise ValueError(f"For '{name}', the outlines of the task 'polygon' are no images: 'decode' must be False.")
        folder, parts = self._open(options, self._PARTS[quality_mode])
        truth = f"gt{quality_mode.capitalize()}"
        pairs = [(str(path), str(folder / truth / part / path.parent.name /
                                 f"{path.name.removesuffix('_leftImg8bit.png')}_{truth}_{self._ENDS[task]}"))
                 for part in parts for path in sorted((folder / "leftImg8bit" / part).glob("*/*_leftImg8bit.png"))]
        self._build(("image", "task"), pairs, [], options)


class LFWDataset(ImageFilesDataset):
    """Labeled Faces in the Wild. The columns of "people" are `image` and `label`, the person's number, uint32; of
    "pairs" `image1`, `image2`, and `label`, uint32: 1 where both are the same person.

    Args:
        dataset_dir: the folder with `lfw`, `lfw_funneled` or `lfw-deepfunneled`, and the lists `lfw-names.txt`,
            `people.txt`, `peopleDevTrain.txt`, `peopleDevTest.txt`, `pairs.txt`, `pairsDevTrain.txt` and
            `pairsDevTest.txt`.
        task: "people" or None, or "pairs".
        usage: "10fold", "train", "test", or "all" or None for training and test.
        image_set: "original", "funneled" or None, or "deepfunneled".
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    _FOLDERS = {"original": "lfw", "funneled": "lfw_funneled", "deepfunneled": "lfw-deepfunneled"}

    def __init__(self, dataset_dir, task: str | None = None, usage: str | None = None, image_set: str | None = None,
                 num_samples=None, num_parallel_workers: int | None = None, shuffle: bool | None = None,
                 decode: bool = False, sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        if task not in (None, "people", "pairs") or image_set not in (None, *self._FOLDERS):
            raise ValueError(f"For 'LFWDataset', 'task' must be 'people' or 'pairs' and 'image_set' one of "
                             f"{list(self._FOLDERS)}, but got {task!r} and {image_set!r}.")
        folder, parts = self._open(options, ("train", "test", "10fold"))
        parts = parts if len(parts) == 1 else ["train", "test"]
        self._images = folder / self._FOLDERS[image_set or "funneled"]
        ends = {"train": "DevTrain", "test": "DevTest", "10fold": ""}
        lists = [lines_of(folder / f"{task or 'people'}{ends[part]}.txt", "LFWDataset") for part in parts]
        rows = [line.split() for lines in lists for line in lines]
        if task == "pairs":
            chosen = [row for row in rows if len(row) in (3, 4)]
            pairs = [(self._path(row[0], row[1]), self._path(row[0] if len(row) == 3 else row[2], row[-1]))
                     for row in chosen]
            self._build(("image1", "image2", "label"), pairs,
                        [np.array([len(row) == 3 for row in chosen], np.uint32)], options)
            return
        names = [line.split()[0] for line in lines_of(folder / "lfw-names.txt", "LFWDataset")]
        numbers = self._class_indexing = {name: i for i, name in enumerate(names)}
        people = [(row[0], k + 1) for row in rows if len(row) == 2 and row[0] in numbers for k in range(int(row[1]))]
        self._build(("image", "label"), [self._path(name, str(k)) for name, k in people],
                    [np.array([numbers[name] for name, _ in people], np.uint32)], options)

    def _path(self, name: str, number: str) -> str:
        return str(self._images / name / f"{name}_{int(number):04}.jpg")


class Flowers102Dataset(ImageFilesDataset):
    """Oxford's 102 flowers: `image`, with the task "Segmentation" `segmentation`, an image, and `label`, uint32.

    Args:
        dataset_dir: the folder with `jpg`, `segmim`, `imagelabels.mat` and `setid.mat`.
        task: "Classification" or "Segmentation".
        usage: "train", "valid", "test" or "all".
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id: as for `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, task: str = "Classification", usage: str = "all", num_samples=None,
                 num_parallel_workers: int | None = 1, shuffle: bool | None = None, decode: bool = False, sampler=None,
                 num_shards=None, shard_id=None):
        options = locals()
        name = "Flowers102Dataset"
        if task not in ("Classification", "Segmentation"):
            raise ValueError(f"For '{name}', 'task' must be 'Classification' or 'Segmentation', but got {task!r}.")
        folder, parts = self._open(options, ("train", "valid", "test"))
        ids = {"train": "trnid", "valid": "valid", "test": "tstid"}
        sets = read_mat(folder / "setid.mat", [ids[part] for part in parts], name)
        labels = read_mat(folder / "imagelabels.mat", ["labels"], name)["labels"].ravel()
        numbers = np.concatenate([sets[ids[part]].ravel() for part in parts]).astype(np.int64)
        if numbers.size and (numbers.min() < 1 or numbers.max() > labels.size):
            raise ValueError(f"For '{name}', setid.mat names images from {numbers.min()} to {numbers.max()}, but "
                             f"imagelabels.mat has {labels.size} labels.")
        self._class_indexing = {str(k): k for k in range(102)}
        images = [str(folder / "jpg" / f"image_{n:05}.jpg") for n in numbers]
        chosen = [labels[numbers - 1].astype(np.uint32) - 1]
        if task == "Classification":
            self._build(("image", "label"), images, chosen, options)
            return
        outlines = [str(folder / "segmim" / f"segmim_{n:05}.jpg") for n in numbers]
        self._build(("image", "segmentation", "label"), list(zip(images, outlines)), chosen, options)


class Caltech101Dataset(ImageFilesDataset):
    """Caltech-101: `image`, and by `target_type` `category`, uint32, or `annotation`, the outline, float64 of shape
    (2, N), or both.

    Args:
        dataset_dir: the folder with `101_ObjectCategories` and `Annotations`.
        target_type: "category" or None, "annotation" or "all".
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id: as for `ImageFolderDataset`.
    """

    _RENAMED = {"Faces": "Faces_2", "Faces_easy": "Faces_3", "Motorbikes": "Motorbikes_16",
                "airplanes": "Airplanes_Side_2"}

    def __init__(self, dataset_dir, target_type: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = 1, shuffle: bool | None = None, decode: bool = False, sampler=None,
                 num_shards=None, shard_id=None):
        options = locals()
        name = "Caltech101Dataset"
        folder, _ = self._open(options)
        if target_type not in (None, "category", "annotation", "all"):
            raise ValueError(f"For '{name}', 'target_type' must be 'category', 'annotation', 'all' or None, but got "
                             f"{target_type!r}.")
        images = folder / "101_ObjectCategories"
        classes = sorted(path.name for path in images.glob("*") if path.is_dir() and path.name != "BACKGROUND_Google")
        self._class_indexing = {label: i for i, label in enumerate(classes)}
        paths = [path for label in classes for path in sorted((images / label).glob("*.jpg"))]
        columns: list[str] = ["image"]
        others: list = []
        if target_type != "annotation":
            columns.append("category")
            others.append(np.array([self._class_indexing[path.parent.name] for path in paths], np.uint32))
        if target_type in ("annotation", "all"):
            columns.append("annotation")
            others.append(_Outlines([folder / "Annotations" / self._RENAMED.get(path.parent.name, path.parent.name) /
                                     f"annotation_{path.stem.removeprefix('image_')}.mat" for path in paths]))
        self._build(tuple(columns), [str(path) for path in paths], others, options)


class _Outlines:
    """A column of outlines that are read when they are needed."""

    def __init__(self, paths: list[Path]):
        self.paths = paths

    def __getitem__(self, index: int) -> np.ndarray:
        return read_mat(self.paths[index], ["obj_contour"], "Caltech101Dataset")["obj_contour"]


class SBDataset(ImageFilesDataset):
    """SBD, the semantic boundaries of objects: `image` and `task`.

    Args:
        dataset_dir: the folder with `img`, `cls`, `train.txt`, `val.txt` and `train_noval.txt`.
        task: "Boundaries": `task` is uint8 of shape (20, H, W), 1 on the outlines of the objects of each class; or
            "Segmentation": uint8 of shape (H, W), the number of each pixel's class, 0 for none.
        usage: "train", "val", "train_noval" (what is not in VOC's set for validation), or "all" for "train" and "val".
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id: as for `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, task: str = "Boundaries", usage: str = "all", num_samples=None,
                 num_parallel_workers: int | None = 1, shuffle: bool | None = None, decode: bool | None = None,
                 sampler=None, num_shards=None, shard_id=None):
        options = locals()
        if task not in ("Boundaries", "Segmentation"):
            raise ValueError(f"For 'SBDataset', 'task' must be 'Boundaries' or 'Segmentation', but got {task!r}.")
        if usage not in ("train", "val", "train_noval", "all"):
            raise ValueError(f"For 'SBDataset', 'usage' must be 'train', 'val', 'train_noval' or 'all', but got "
                             f"{usage!r}.")
        folder = self._open({**options, "usage": None})[0]
        names = [line.strip() for part in (("train", "val") if usage == "all" else (usage,))
                 for line in lines_of(folder / f"{part}.txt", "SBDataset")]
        paths = [(str(folder / "img" / f"{name}.jpg"), str(folder / "cls" / f"{name}.mat")) for name in names]
        self._build(("image", "task"), paths, [], options, read=_ReadBoundaries(task, bool(decode)))


class _ReadBoundaries:
    """Reads the images and the outlines or segments of rows."""

    def __init__(self, task: str, decode: bool):
        self.task, self.image = task, Read(decode, None)

    def __call__(self, rows: Sequence[Sequence[str]]) -> list[tuple]:
        images = self.image([(image,) for image, _ in rows])
        return [(*image, self._task(Path(path))) for image, (_, path) in zip(images, rows, strict=True)]

    def _task(self, path: Path) -> np.ndarray:
        found = read_mat(path, ["GTcls"], "SBDataset")["GTcls"]
        try:
            value = found[self.task]
            return np.stack(value).astype(np.uint8) if self.task == "Boundaries" else np.asarray(value, np.uint8)
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"For 'SBDataset', file '{path}' has no {self.task} in its structure GTcls: "
                             f"{error!r}.") from error
