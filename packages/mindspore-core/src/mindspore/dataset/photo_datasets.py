"""Collections of photographs: each row is an image in a file of its own, with a label or a text."""
from __future__ import annotations

from pathlib import Path

import numpy as np

from ._image_files import EXTENSIONS, ImageFilesDataset, lines_of

__all__ = ["CelebADataset", "FlickrDataset", "Food101Dataset", "LSUNDataset", "Places365Dataset",
           "RenderedSST2Dataset", "SBUDataset", "SUN397Dataset"]


class CelebADataset(ImageFilesDataset):
    """CelebA: `image`, and `attr`, uint32 of shape (40,): 1 for each attribute that the face has.

    Args:
        dataset_dir: the folder with the images, `list_attr_celeba.txt`, and for a part `list_eval_partition.txt`.
        usage: "train", "valid", "test" or "all".
        extensions: the endings of names to take, such as `[".jpg"]`; None for all that are listed.
        decrypt: gets a path and returns the image's bytes; None to read the file.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    _PARTS = ("train", "valid", "test")

    def __init__(self, dataset_dir, num_parallel_workers: int | None = None, shuffle: bool | None = None,
                 usage: str = "all", sampler=None, decode: bool = False, extensions=None, num_samples=None,
                 num_shards=None, shard_id=None, cache=None, decrypt=None):
        options = locals()
        folder, parts = self._open(options, self._PARTS)
        lines = lines_of(folder / "list_attr_celeba.txt", "CelebADataset")
        names = lines[1].split() if len(lines) > 1 else []
        wanted = None
        if len(parts) < len(self._PARTS):
            listed = (line.split() for line in lines_of(folder / "list_eval_partition.txt", "CelebADataset"))
            wanted = {row[0] for row in listed if int(row[1]) == self._PARTS.index(parts[0])}
        paths, attributes = [], []
        for number, line in enumerate(lines[2:], 3):
            file, *values = line.split()
            if len(values) != len(names) or not set(values) <= {"1", "-1"}:
                raise ValueError(f"For 'CelebADataset', line {number} of list_attr_celeba.txt must be a file and "
                                 f"{len(names)} times 1 or -1, but is {line!r}.")
            if (wanted is None or file in wanted) and (not extensions or Path(file).suffix in extensions):
                paths.append(str(folder / file))
                attributes.append([value == "1" for value in values])
        self._build(("image", "attr"), paths, [np.array(attributes, np.uint32)], options, decrypt)


class FlickrDataset(ImageFilesDataset):
    """Flickr8k and Flickr30k: `image`, and `annotation`, the captions of the image, str of shape (5,).

    Args:
        dataset_dir: the folder with the images.
        annotation_file: the file with the captions: lines of `IMAGE#NUMBER`, a tab, and the caption.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, annotation_file, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, decode: bool | None = None, sampler=None, num_shards=None, shard_id=None,
                 cache=None):
        options = locals()
        folder, _ = self._open(options)
        captions: dict[str, list[str]] = {}
        for line in lines_of(Path(annotation_file), "FlickrDataset"):
            file, tab, caption = line.partition("\t")
            if not tab or "#" not in file:
                raise ValueError(f"For 'FlickrDataset', a line of '{annotation_file}' must be an image with '#' and a "
                                 f"number, a tab and a caption, but is {line!r}.")
            captions.setdefault(file.rpartition("#")[0], []).append(caption.strip())
        self._build(("image", "annotation"), [str(folder / file) for file in captions],
                    [[np.array(texts) for texts in captions.values()]], options)


class Food101Dataset(ImageFilesDataset):
    """Food-101: `image`, and `label`, the name of the dish, a str.

    Args:
        dataset_dir: the folder with `images/DISH/NUMBER.jpg`, `meta/train.txt` and `meta/test.txt`.
        usage: "train", "test", or "all" or None for both.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, decode: bool = False,
                 sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "test"))
        listed = [line.strip() for part in parts
                  for line in lines_of(folder / "meta" / f"{part}.txt", "Food101Dataset")]
        labels = [name.partition("/")[0] for name in listed]
        self._class_indexing = {name: i for i, name in enumerate(sorted(set(labels)))}
        self._build(("image", "label"), [str(folder / "images" / f"{name}.jpg") for name in listed],
                    [np.array(labels)], options)


class Places365Dataset(ImageFilesDataset):
    """Places365: `image`, and `label`, a uint32 scalar.

    Args:
        dataset_dir: the folder with `categories_places365.txt`, the lists `places365_train_standard.txt`,
            `places365_train_challenge.txt` and `places365_val.txt`, and the images in `data_256_standard`,
            `data_256_challenge` and `val_256`, or with `large` instead of 256.
        usage: "train-standard", "train-challenge", "val", or "all" or None for all of them.
        small: whether to take the images of 256 x 256.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, small: bool = True, decode: bool = False,
                 num_samples=None, num_parallel_workers: int | None = None, shuffle: bool | None = None, sampler=None,
                 num_shards=None, shard_id=None, cache=None):
        options = locals()
        name = "Places365Dataset"
        folder, parts = self._open(options, ("train-standard", "train-challenge", "val"))
        numbers = dict(line.split() for line in lines_of(folder / "categories_places365.txt", name))
        self._class_indexing = {category: int(number) for category, number in numbers.items()}
        size = "256" if small else "large"
        paths, labels = [], []
        for part in parts:
            images = folder / (f"val_{size}" if part == "val" else f"data_{size}_{part.partition('-')[2]}")
            for line in lines_of(folder / f"places365_{part.replace('-', '_')}.txt", name):
                file, label = line.split()
                paths.append(str(images / file.lstrip("/")))
                labels.append(int(label))
        self._build(("image", "label"), paths, [np.array(labels, np.uint32)], options)


class RenderedSST2Dataset(ImageFilesDataset):
    """Rendered SST-2, sentences as images: `image`, and `label`, uint32: 0 for negative, 1 for positive.

    Args:
        dataset_dir: the folder with `train`, `valid` and `test`, each with `negative` and `positive`.
        usage: "train", "val", "test", or "all" or None for all of them.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, usage: str | None = None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, decode: bool = False,
                 sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        folder, parts = self._open(options, ("train", "val", "test"))
        self._class_indexing = {"negative": 0, "positive": 1}
        found = [(str(path), label) for part in parts for kind, label in self._class_indexing.items()
                 for path in sorted((folder / part.replace("val", "valid") / kind).glob("*.png"))]
        self._build(("image", "label"), [path for path, _ in found],
                    [np.array([label for _, label in found], np.uint32)], options)


class SBUDataset(ImageFilesDataset):
    """SBU, captioned photographs: `image`, and `caption`, a str. Photographs that are not there are left out.

    Args:
        dataset_dir: the folder with `SBU_captioned_photo_dataset_urls.txt`, `SBU_captioned_photo_dataset_captions.txt`
            and `sbu_images`, whose files are named by the path of their address: `m_2_3.jpg` for `.../2/3.jpg`.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, decode: bool = False, sampler=None, num_shards=None, shard_id=None,
                 cache=None):
        options = locals()
        name = "SBUDataset"
        folder, _ = self._open(options)
        urls, captions = (lines_of(folder / f"SBU_captioned_photo_dataset_{kind}.txt", name)
                          for kind in ("urls", "captions"))
        if len(urls) != len(captions):
            raise ValueError(f"For '{name}', there are {len(urls)} addresses and {len(captions)} captions in "
                             f"'{folder}'.")
        pairs = [(folder / "sbu_images" / ("m_" + "_".join(url.split("/")[3:]).strip()), caption.strip())
                 for url, caption in zip(urls, captions)]
        kept = [(str(path), caption) for path, caption in pairs if path.is_file()]
        self._build(("image", "caption"), [path for path, _ in kept], [np.array([text for _, text in kept])], options)


class SUN397Dataset(ImageFilesDataset):
    """SUN397: `image`, and `label`, a uint32 scalar.

    Args:
        dataset_dir: the folder with `ClassName.txt`, whose lines are paths such as `/a/abbey`, and the images there.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.
    """

    def __init__(self, dataset_dir, num_samples=None, num_parallel_workers: int | None = None,
                 shuffle: bool | None = None, decode: bool = False, sampler=None, num_shards=None, shard_id=None,
                 cache=None):
        options = locals()
        folder, _ = self._open(options)
        classes = [line.strip().strip("/") for line in lines_of(folder / "ClassName.txt", "SUN397Dataset")]
        self._class_indexing = {name: i for i, name in enumerate(classes)}
        found = [(str(path), label) for name, label in self._class_indexing.items()
                 for path in sorted((folder / name).glob("*.jpg"))]
        self._build(("image", "label"), [path for path, _ in found],
                    [np.array([label for _, label in found], np.uint32)], options)


class LSUNDataset(ImageFilesDataset):
    """LSUN, pictures of places, from the folders that its data bases are exported to: `image` and `label`, a uint32
    scalar: the place of the class in `classes`.

    Args:
        dataset_dir: the folder with the folders `CLASS_train` and `CLASS_val`, such as `bedroom_train`, and `test`.
        usage: "train", "valid", or "all" or None for both; "test" for the pictures of `test`, whose classes are not
            published: their label is 0.
        classes: names of classes; None for all that have folders, by alphabet.
        num_samples, num_parallel_workers, shuffle, decode, sampler, num_shards, shard_id, cache: as for
            `ImageFolderDataset`.

    Raises:
        TypeError: an argument is of a wrong type.
        ValueError: an argument is out of range, a folder does not exist, or there are no pictures.
    """

    def __init__(self, dataset_dir, usage: str | None = None, classes=None, num_samples=None,
                 num_parallel_workers: int | None = None, shuffle: bool | None = None, decode: bool = False,
                 sampler=None, num_shards=None, shard_id=None, cache=None):
        options = locals()
        folder = self._open({**options, "usage": None})[0]
        if usage not in (None, "all", "train", "valid", "test"):
            raise ValueError(f"For 'LSUNDataset', 'usage' must be 'train', 'test', 'valid', 'all' or None, but got "
                             f"{usage!r}.")
        if usage == "test":
            places = [(folder / "test", 0)]
        else:
            endings = [ending for part, ending in (("train", "_train"), ("valid", "_val"))
                       if usage in (None, "all", part)]
            names = self._names(folder, classes)
            self._class_indexing = {name: i for i, name in enumerate(names)}
            places = [(folder / f"{name}{ending}", i) for i, name in enumerate(names) for ending in endings]
        pairs = [(str(path), label) for place, label in places for path in sorted(place.glob("*"))
                 if path.suffix.lower() in EXTENSIONS]
        self._build(("image", "label"), [path for path, _ in pairs],
                    [np.array([label for _, label in pairs], np.uint32)], options)

    @staticmethod
    def _names(folder: Path, classes) -> list[str]:
        """The names of the classes, which must have folders."""
        there = sorted({path.name.rpartition("_")[0] for end in ("train", "val") for path in folder.glob(f"*_{end}")})
        if classes is None:
            return there
        if not isinstance(classes, (list, tuple)) or not all(isinstance(name, str) for name in classes):
            raise TypeError(f"For 'LSUNDataset', 'classes' must be a list of names, but got {classes!r}.")
        for name in classes:
            if name not in there:
                raise ValueError(f"For 'LSUNDataset', there is no folder of the class {name!r}; there are those of "
                                 f"{there}.")
        return list(classes)
