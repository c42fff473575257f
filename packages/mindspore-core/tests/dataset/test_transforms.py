"""Transforms: against direct formulas, one row at a time and in blocks."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore
import mindspore.dataset as ds
from mindspore.dataset import transforms, vision
from mindspore.dataset.vision import Inter

RNG = np.random.default_rng(0)
HWC = RNG.integers(0, 256, (6, 5, 3), np.uint8)
HW = RNG.integers(0, 256, (6, 5), np.uint8)
HWC1 = HW[..., np.newaxis]

# name: transform, image, what a direct formula gives
CASES = {
    "rescale": (vision.Rescale(1 / 255, -0.5), HWC, (HWC / 255 - 0.5).astype(np.float32)),
    "rescale without shift": (vision.Rescale(2, 0), HW, (HW * 2.0).astype(np.float32)),
    "rescale of doubles": (vision.Rescale(0.5, 1), HWC.astype(np.float64), (HWC * 0.5 + 1).astype(np.float32)),
    "normalize": (vision.Normalize((1, 2, 3), [4, 5, 6]), HWC,
                  ((HWC - np.array([1., 2, 3])) / [4, 5, 6]).astype(np.float32)),
    "normalize one for all": (vision.Normalize([100.0], [7.0]), HWC, ((HWC - 100.0) / 7).astype(np.float32)),
    "normalize two dimensions": (vision.Normalize([100.0], [7.0]), HW, ((HW - 100.0) / 7).astype(np.float32)),
    "normalize CHW": (vision.Normalize((1, 2, 3), (4, 5, 6), is_hwc=False), HWC.transpose(2, 0, 1),
                      ((HWC - np.array([1., 2, 3])) / [4, 5, 6]).astype(np.float32).transpose(2, 0, 1)),
    "hwc2chw": (vision.HWC2CHW(), HWC, HWC.transpose(2, 0, 1)),
    "hwc2chw without channels": (vision.HWC2CHW(), HW, HW),
    "to tensor": (vision.ToTensor(), HWC, (HWC / 255).astype(np.float32).transpose(2, 0, 1)),
    "to tensor of two dimensions": (vision.ToTensor(mindspore.float16), HW,
                                    (HW / 255).astype(np.float32).astype(np.float16)[np.newaxis]),
    "horizontal flip": (vision.HorizontalFlip(), HWC, HWC[:, ::-1]),
    "vertical flip": (vision.VerticalFlip(), HW, HW[::-1]),
    "surely flipped": (vision.RandomHorizontalFlip(1.0), HWC, HWC[:, ::-1]),
    "surely flipped vertically": (vision.RandomVerticalFlip(1), HW, HW[::-1]),
    "never flipped": (vision.RandomHorizontalFlip(0.0), HWC, HWC),
    "crop": (vision.Crop((1, 2), (4, 3)), HWC, HWC[1:5, 2:5]),
    "center crop": (vision.CenterCrop(3), HWC, HWC[1:4, 1:4]),
    "center crop of a smaller image": (vision.CenterCrop((6, 8)), HW, np.pad(HW, ((0, 0), (1, 2)))),
    "pad": (vision.Pad((1, 2, 3, 4), 9), HW, np.pad(HW, ((2, 4), (1, 3)), constant_values=9)),
    "pad two": (vision.Pad((1, 2)), HWC, np.pad(HWC, ((2, 2), (1, 1), (0, 0)))),
    "random crop of all": (vision.RandomCrop((6, 5)), HWC, HWC),
    "type cast": (transforms.TypeCast(mindspore.int32), HW, HW.astype(np.int32)),
    "type cast by NumPy": (transforms.TypeCast(np.float16), HW, HW.astype(np.float16)),
    "one hot": (transforms.OneHot(4), np.uint32(2), np.array([0, 0, 1, 0], np.uint32)),
    "one hot of two": (transforms.OneHot(3), np.array([2, 0], np.int32), np.array([[0, 0, 1], [1, 0, 0]], np.int32)),
    "one hot of a column": (transforms.OneHot(3), np.array([[2], [0]]), np.array([[0, 0, 1], [1, 0, 0]])),
    "one hot of an array of one": (transforms.OneHot(3), np.array([2]), np.array([0, 0, 1])),
    "type cast by a name": (transforms.TypeCast("float16"), HW, HW.astype(np.float16)),
    "type cast of text": (transforms.TypeCast(mindspore.string), np.array(["ab"]), np.array(["ab"])),
    "pad gray with three values": (vision.Pad(1, (7, 8, 9)), HW, np.pad(HW, 1, constant_values=7)),
    "one hot smoothed": (transforms.OneHot(4, 0.2), np.int64(1), np.array([.05, .85, .05, .05], np.float32)),
    "compose": (transforms.Compose([vision.Rescale(2, 0), lambda x: x + 1, vision.HWC2CHW()]), HWC,
                (HWC * 2.0 + 1).astype(np.float32).transpose(2, 0, 1)),
    "resize keeps the same size": (vision.Resize((6, 5)), HWC, HWC),
    "resize nearest": (vision.Resize((3, 10), Inter.NEAREST), HW, HW[::2].repeat(2, 1)),
    "resize area": (vision.Resize((3, 5), Inter.AREA), HW,
                    np.rint(HW.astype(float).reshape(3, 2, 5).mean(1)).astype(np.uint8)),
}


def same(found, expected):
    assert found.dtype == expected.dtype and found.shape == expected.shape
    if expected.dtype.kind == "f":
        np.testing.assert_allclose(found, expected, rtol=3e-6, atol=3e-6)
    else:
        np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("name", CASES)
def test_called_directly(name):
    transform, image, expected = CASES[name]
    before = np.array(image)
    same(transform(image), expected)
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("name", CASES)
def test_in_a_pipeline_of_equal_and_of_ragged_rows(name):
    transform, image, expected = CASES[name]
    equal = ds.NumpySlicesDataset(np.stack([image] * 5), "x", shuffle=False).map(transform).batch(5)
    (found,) = next(equal.create_tuple_iterator(output_numpy=True))
    same(found, np.stack([expected] * 5))
    if np.ndim(image) > 1 and "crop" not in name and "CHW" not in name:
        other = np.concatenate([image, image], 1)
        # A consumer of three rows gets them in one block, in which they are ragged.
        ragged = ds.GeneratorDataset([image, other, image], "x", shuffle=False).map(transform).batch(
            3, per_batch_map=lambda rows, info: ([rows[0], rows[2]], [rows[1]] * 2), input_columns="x",
            output_columns=["x", "other"])
        found, of_other = next(ragged.create_tuple_iterator(output_numpy=True))
        same(found, np.stack([expected] * 2))
        same(of_other[0], transform(other))


# ------------------------------------------------------------------------------------------------------------- resizing

def weight(kind, distance, stretch):
    """The kernels as their authors wrote them down."""
    x = abs(distance) / stretch
    if kind is Inter.BILINEAR:
        return max(0.0, 1 - x)
    if kind is Inter.ANTIALIAS:
        return 0.0 if x >= 3 else 1.0 if x == 0 else 3 * math.sin(math.pi * x) * math.sin(math.pi * x / 3) / (
            math.pi * x) ** 2
    a = -0.75 if kind is Inter.BICUBIC else -0.5
    if x < 1:
        return (a + 2) * x ** 3 - (a + 3) * x ** 2 + 1
    return a * x ** 3 - 5 * a * x ** 2 + 8 * a * x - 4 * a if x < 2 else 0.0


def resized_line(line, m, kind):
    """One line resized by the definition: for each output pixel a sum over all pixels."""
    n = len(line)
    stretched = kind in (Inter.PILCUBIC, Inter.ANTIALIAS)
    out = []
    for i in range(m):
        centre = (i + 0.5) * n / m - 0.5
        if stretched:
            weights = [weight(kind, j - centre, max(n / m, 1)) for j in range(n)]
            out.append(sum(w * v for w, v in zip(weights, line)) / sum(weights))
        else:
            out.append(sum(weight(kind, j - centre, 1) * line[min(max(j, 0), n - 1)] for j in range(-4, n + 4)))
    return out


@pytest.mark.parametrize("kind", [Inter.BILINEAR, Inter.BICUBIC, Inter.PILCUBIC, Inter.ANTIALIAS])
@pytest.mark.parametrize("size", [(9, 11), (3, 2), (12, 3), (1, 1), (6, 7)])
def test_resize_by_the_definition(kind, size):
    image = RNG.random((6, 5, 2)).astype(np.float32)
    rows = np.array([[resized_line(image[:, x, c], size[0], kind) for c in range(2)] for x in range(5)])
    expected = np.array([[resized_line(rows[:, c, y], size[1], kind) for c in range(2)] for y in range(size[0])])
    found = vision.Resize(size, kind)(image)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected.transpose(0, 2, 1), rtol=2e-5, atol=2e-5)


def test_resize_rounds_and_clips_integers():
    steps = np.array([[0, 0, 255, 255]], np.uint8).repeat(4, 0)
    found = vision.Resize((4, 16), Inter.BICUBIC)(steps)
    assert found.dtype == np.uint8 and found.min() == 0 and found.max() == 255      # the kernel overshoots
    assert vision.Resize((1, 1), Inter.AREA)(np.array([[1, 2], [2, 2]], np.int16)).tolist() == [[2]]


@pytest.mark.parametrize("shape, size, expected", [((6, 5), 10, (12, 10)), ((5, 6), 10, (10, 12)), ((7, 7), 3, (3, 3)),
                                                   ((4, 10, 3), 2, (2, 5, 3))])
def test_resize_of_the_shorter_edge_keeps_the_ratio(shape, size, expected):
    assert vision.Resize(size)(np.zeros(shape, np.uint8)).shape == expected


@pytest.mark.parametrize("mode, kind", [("BICUBIC", Inter.PILCUBIC), ("LANCZOS", Inter.ANTIALIAS)])
def test_resize_agrees_with_pillow(mode, kind):
    pillow = pytest.importorskip("PIL.Image")
    image = RNG.random((40, 30)).astype(np.float32)      # Pillow rounds 8-bit images between the two axes
    for size in ((20, 17), (55, 61)):
        expected = np.asarray(pillow.fromarray(image).resize(size[::-1], getattr(pillow.Resampling, mode)))
        np.testing.assert_allclose(vision.Resize(size, kind)(image), expected, rtol=1e-5, atol=1e-5)


# -------------------------------------------------------------------------------------------------------------- random

def test_flips_are_drawn_per_row_and_shared_by_columns():
    mindspore.set_seed(2)
    images = np.arange(400, dtype=np.int32).reshape(200, 1, 2)
    dataset = ds.NumpySlicesDataset({"a": images, "b": images}, shuffle=False)
    dataset = dataset.map(vision.RandomHorizontalFlip(0.3), ["a", "b"]).batch(200)
    a, b = next(dataset.create_tuple_iterator(output_numpy=True))
    np.testing.assert_array_equal(a, b)
    flipped = (a[:, 0, 0] > a[:, 0, 1])
    assert 30 < flipped.sum() < 90
    np.testing.assert_array_equal(np.sort(a, -1), images)


def test_random_crops_cover_all_places_and_come_from_the_image():
    image = np.arange(30).reshape(6, 5)
    crop = vision.RandomCrop((5, 3))
    corners = {int(crop(image)[0, 0]) for _ in range(300)}
    assert corners == {int(image[top, left]) for top in range(2) for left in range(3)}
    padded = vision.RandomCrop((8, 5), pad_if_needed=True)(image)
    assert padded.shape == (8, 5)
    assert vision.RandomCrop(7, padding=1, fill_value=-1)(image).shape == (7, 7)


def test_direct_calls_of_random_transforms_follow_the_seed():
    def run():
        mindspore.set_seed(4)
        flip = vision.RandomVerticalFlip()
        return [int(flip(np.array([[0], [1]]))[0, 0]) for _ in range(40)]

    first = run()
    assert run() == first and 5 < sum(first) < 35


# -------------------------------------------------------------------------------------------------------------- errors

@pytest.mark.parametrize("make, error, text", [
    (lambda: vision.Rescale("1", 0), TypeError, "rescale"),
    (lambda: vision.Rescale(1, None), TypeError, "shift"),
    (lambda: vision.Rescale(1, 0)(), TypeError, "array"),
    (lambda: vision.Rescale(1, 0)(object()), TypeError, "object"),
    (lambda: vision.Normalize([1], [1, 2]), ValueError, "length"),
    (lambda: vision.Normalize([1], [0]), ValueError, "std"),
    (lambda: vision.Normalize(1, 1), TypeError, "mean"),
    (lambda: vision.Normalize([], []), ValueError, "mean"),
    (lambda: vision.Normalize([1, 2], [1, 2])(HWC), ValueError, "2 channels"),
    (lambda: vision.Normalize([1, 2], [1, 2])(HW), ValueError, "2 channels"),
    (lambda: vision.Resize(0), ValueError, "size"),
    (lambda: vision.Resize((1, 2, 3)), ValueError, "size"),
    (lambda: vision.Resize(2.0), TypeError, "size"),
    (lambda: vision.Resize(2, 2), TypeError, "Inter"),
    (lambda: vision.Resize(2)(np.zeros(3)), ValueError, r"\(3,\)"),
    (lambda: vision.HWC2CHW()(np.zeros(3)), ValueError, "HWC2CHW"),
    (lambda: vision.ToTensor("floaty"), TypeError, "ToTensor"),
    (lambda: vision.ToTensor()(3), ValueError, "ToTensor"),
    (lambda: vision.HorizontalFlip()(3), ValueError, "image"),
    (lambda: vision.RandomHorizontalFlip(2), ValueError, "prob"),
    (lambda: vision.RandomVerticalFlip("1"), TypeError, "prob"),
    (lambda: vision.Crop((0, 0), 9)(HW), ValueError, "inside"),
    (lambda: vision.Crop(3, 3), TypeError, "coordinates"),
    (lambda: vision.RandomCrop(9)(HW), ValueError, "larger"),
    (lambda: vision.Pad(-1), ValueError, "padding"),
    (lambda: vision.Pad((1, 2, 3)), ValueError, "padding"),
    (lambda: transforms.TypeCast("integer"), TypeError, "TypeCast"),
    (lambda: transforms.TypeCast(bool)(np.array(["a"])), TypeError, "ToNumber"),
    (lambda: transforms.OneHot(0), ValueError, "num_classes"),
    (lambda: transforms.OneHot(3, 2.0), ValueError, "smoothing"),
    (lambda: transforms.OneHot(3)(3), ValueError, "3..3"),
    (lambda: transforms.OneHot(3)(-1), ValueError, "0..2"),
    (lambda: transforms.OneHot(3)(1.0), TypeError, "float64"),
    (lambda: transforms.Compose([]), ValueError, "Compose"),
    (lambda: transforms.Compose(3), TypeError, "Compose"),
    (lambda: transforms.Compose([3]), TypeError, "Compose"),
    (lambda: transforms.Transform()(1), TypeError, "apply"),
])
def test_transform_error(make, error, text):
    with pytest.raises(error, match=text):
        make()
