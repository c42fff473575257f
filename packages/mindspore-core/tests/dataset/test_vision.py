"""Image transforms against Pillow, direct formulas and properties; all in pipelines, with all kinds of input."""
from __future__ import annotations

import io
import os
import random

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageOps

import mindspore.dataset as ds
from mindspore.dataset import transforms, vision
from mindspore.dataset.vision import Border, ConvertMode, Inter, SliceMode
from mindspore.dataset.vision import py_transforms_util as util

RNG = np.random.default_rng(0)
SMOOTH = (np.add.outer(np.arange(32) * 4, np.arange(40) * 2)[..., None] + np.array([0, 20, 40])).astype(np.uint8)
HWC = np.where(RNG.random((32, 40, 3)) < 0.1, RNG.integers(0, 256, (32, 40, 3)), SMOOTH).astype(np.uint8)
HW = HWC[..., 0]


def pillow(operation):
    return lambda image: np.array(operation(Image.fromarray(image)))


def enhanced(kind, factor):
    return pillow(lambda image: kind(image).enhance(factor))


# name: transform, what Pillow or a formula gives, the greatest difference
EXACT = {
    "brightness": (vision.AdjustBrightness(1.4), enhanced(ImageEnhance.Brightness, 1.4), 1),
    "contrast": (vision.AdjustContrast(0.6), enhanced(ImageEnhance.Contrast, 0.6), 1),
    "saturation": (vision.AdjustSaturation(1.7), enhanced(ImageEnhance.Color, 1.7), 1),
    "sharpness": (vision.AdjustSharpness(2.0), enhanced(ImageEnhance.Sharpness, 2.0), 0),
    "hue nowhere": (vision.AdjustHue(0.0), pillow(lambda image: image.convert("HSV").convert("RGB")), 0),
    "auto contrast": (vision.AutoContrast(), pillow(ImageOps.autocontrast), 1),
    "auto contrast, cut": (vision.AutoContrast(5.0), pillow(lambda image: ImageOps.autocontrast(image, 5)), 1),
    "equalize": (vision.Equalize(), pillow(ImageOps.equalize), 0),
    "invert": (vision.Invert(), pillow(ImageOps.invert), 0),
    "posterize": (vision.Posterize(3), pillow(lambda image: ImageOps.posterize(image, 3)), 0),
    "solarize": (vision.Solarize(100), pillow(lambda image: ImageOps.solarize(image, 100)), 0),
    "solarize between": (vision.Solarize((100, 150)), lambda x: np.where((x >= 100) & (x <= 150), 255 - x, x), 0),
    "gray": (vision.Grayscale(), pillow(lambda image: image.convert("L")), 0),
    "gray of three": (vision.Grayscale(3), pillow(lambda image: image.convert("L").convert("RGB")), 0),
    "gamma": (vision.AdjustGamma(2.0, 0.9), lambda x: (255 * 0.9 * (x / 255) ** 2).astype(np.uint8), 0),
    "rotate": (vision.Rotate(30, Inter.BILINEAR, False, None, 9),
               pillow(lambda image: image.rotate(30, Image.Resampling.BILINEAR, fillcolor=(9, 9, 9))), 0),
    "rotate, wider": (vision.Rotate(25, Inter.NEAREST, True, None, 9), lambda x: pillow(
        lambda image: image.rotate(25, fillcolor=(9, 9, 9)))(
            np.pad(x, ((7, 7), (5, 5), (0, 0)), constant_values=9)), 0),
    "affine moved": (vision.Affine(0, (0.25, -0.25), 1, 0), lambda x: np.pad(x, ((0, 8), (10, 0), (0, 0)))[8:, :40], 0),
    "affine turned": (vision.Affine(90, (0, 0), 1, 0),
                      lambda x: np.pad(np.rot90(x[:, 4:36], 3), ((0, 0), (4, 4), (0, 0))), 0),
    "perspective": (vision.Perspective([(0, 0), (39, 0), (39, 31), (0, 31)], [(0, 0), (39, 0), (39, 31), (0, 31)]),
                    lambda x: x, 0),
    "convert": (vision.ConvertColor(ConvertMode.COLOR_RGB2BGR), lambda x: x[..., ::-1], 0),
    "convert to gray": (vision.ConvertColor(ConvertMode.COLOR_RGB2GRAY), pillow(lambda image: image.convert("L")), 0),
    "erase": (vision.Erase(2, 3, 4, 5, 7), lambda x: np.concatenate([x[:2], np.concatenate(
        [x[2:6, :3], np.full((4, 5, 3), 7, np.uint8), x[2:6, 8:]], 1), x[6:]]), 0),
    "resized crop": (vision.ResizedCrop(4, 8, 16, 16, 8, Inter.AREA),
                     lambda x: np.rint(x[4:20, 8:24].reshape(8, 2, 8, 2, 3).mean((1, 3))).astype(np.uint8), 1),
    "pad to size": (vision.PadToSize((34, 44)), lambda x: np.pad(x, ((1, 1), (2, 2), (0, 0))), 0),
    "pad mirrored": (vision.Pad(2, 0, Border.REFLECT), lambda x: np.pad(x, ((2, 2), (2, 2), (0, 0)), "reflect"), 0),
    "pad in colour": (vision.Pad((1, 0, 0, 0), (1, 2, 3)),
                      lambda x: np.concatenate([np.tile(np.uint8([1, 2, 3]), (32, 1, 1)), x], 1), 0),
    "normalize and pad": (vision.NormalizePad([1, 2, 3], [4, 5, 6]), lambda x: np.concatenate(
        [((x - np.float32([1, 2, 3])) / np.float32([4, 5, 6])), np.zeros((32, 40, 1))], 2).astype(np.float32), 1e-5),
    "whitening": (vision.LinearTransformation(np.eye(HWC.size, dtype=np.float32) * 2, np.ones(HWC.size, np.float32)),
                  lambda x: (x.astype(np.float32) - 1) * 2, 0),
    "to type": (vision.ToType(np.float16), lambda x: x.astype(np.float16), 0),
    "from PIL": (vision.ToNumpy(), lambda x: x, 0),
    "blur nowhere": (vision.GaussianBlur(1), lambda x: x, 0),
}


@pytest.mark.parametrize("name", EXACT)
def test_against_pillow_and_formulas(name):
    transform, expect, difference = EXACT[name]
    found, expected = transform(HWC), expect(HWC)
    assert found.dtype == expected.dtype and found.shape == expected.shape
    assert np.abs(found.astype(float) - expected.astype(float)).max() <= difference
    image = transform(Image.fromarray(HWC))
    np.testing.assert_array_equal(np.asarray(image), found)
    if found.dtype == np.uint8 and name not in ("from PIL",):
        assert isinstance(image, Image.Image)
    (mapped,) = next(ds.NumpySlicesDataset([HWC] * 3, "x").map(transform).batch(3).create_tuple_iterator(
        output_numpy=True))
    np.testing.assert_array_equal(mapped, np.stack([found] * 3))


@pytest.mark.parametrize("shape, degrees, size", [((100, 100), 30, (137, 137)), ((100, 100), 5, (108, 108)),
                                                  ((32, 40), 90, (40, 32)), ((32, 40), -20, (44, 49)),
                                                  ((1, 1), 45, (1, 1))])
def test_a_rotated_image_has_the_size_of_the_box_around_it(shape, degrees, size):
    assert vision.Rotate(degrees, expand=True)(np.ones((*shape, 3), np.uint8)).shape == (*size, 3)
    assert vision.RandomRotation((degrees, degrees), expand=True)(np.ones(shape, np.float32)).shape == size


# what is done to images of floats as to those of uint8, and by how much the rounding of the latter may differ
FLOATS = {
    "brightness": (vision.AdjustBrightness(0.7), 1), "contrast": (vision.AdjustContrast(0.6), 1.3),
    "saturation": (vision.AdjustSaturation(0.4), 1.3), "sharpness": (vision.AdjustSharpness(0.5), 1.3),
    "hue": (vision.AdjustHue(0.25), 9), "gray": (vision.Grayscale(3), 1), "invert": (vision.Invert(), 0),
    "solarize": (vision.Solarize((100, 150)), 0),
    "rotate": (vision.Rotate(20, Inter.BILINEAR, True, None, (1, 2, 3)), 1),
    "affine": (vision.Affine(10, (0.1, 0.2), 1.2, 5, Inter.BICUBIC, 7), 40),
    "perspective": (vision.Perspective([(0, 0), (39, 0), (39, 31), (0, 31)], [(2, 0), (30, 4), (39, 31), (0, 25)]), 1),
    "random gray": (vision.RandomGrayscale(1.0), 1), "random rotation": (vision.RandomRotation(90), 0),
    "random affine": (vision.RandomAffine(20, (0.1, 0.2), (0.8, 1.2), 10), 0),
    "random invert": (vision.RandomInvert(1.0), 0), "random solarize": (vision.RandomSolarize((50, 200)), 0),
    "lighting": (vision.RandomLighting(0.1), 1), "random colour": (vision.RandomColor((0.2, 0.9)), 1.3),
    "random sharpness": (vision.RandomSharpness((0.2, 0.9)), 1.3),
    "colour adjust": (vision.RandomColorAdjust((0.7, 0.9), (0.5, 0.9), (0.5, 0.9)), 3),
    "random perspective": (vision.RandomPerspective(0.4, 1.0, Inter.NEAREST), 0),
}
MIDDLE = (HWC // 2 + 60).astype(np.uint8)           # nothing is cut off at 0 or 255


@pytest.mark.parametrize("name", FLOATS)
def test_images_of_floats(name):
    transform, difference = FLOATS[name]

    def result(image):
        ds.config.set_seed(7)
        (found,) = next(ds.NumpySlicesDataset([image], "x").map(transform).create_tuple_iterator(output_numpy=True))
        return found
    expected = result(MIDDLE).astype(float)
    for dtype in (np.float32, np.float64):
        found = result(MIDDLE.astype(dtype))
        assert found.dtype == dtype and found.shape == expected.shape
        assert np.abs(found - expected).max() <= difference + 1e-3
        assert np.abs(found - expected).mean() <= 1.8, "far more than rounding"


def test_floats_are_not_cut_off():
    image = RNG.random((4, 5, 3)).astype(np.float32)
    np.testing.assert_allclose(vision.AdjustBrightness(2.666)(image), image * 2.666, rtol=1e-6)
    import colorsys
    hue, saturation, value = colorsys.rgb_to_hsv(*image[1, 2].astype(float))
    np.testing.assert_allclose(vision.AdjustHue(-0.3)(image)[1, 2], colorsys.hsv_to_rgb((hue - 0.3) % 1, saturation,
                                                                                       value), atol=1e-6)
    boxes = np.array([[1, 1, 3, 2]], np.float32)
    turned, kept = vision.BoundingBoxAugment(vision.RandomRotation((180, 180)), 1.0)(image, boxes)
    np.testing.assert_array_equal(turned[1:3, 1:4], image[1:3, 1:4][::-1, ::-1])
    assert turned.dtype == np.float32 and (kept == boxes).all() and (turned[0] == image[0]).all()


ON_DEVICE = [vision.AdjustBrightness(1), vision.AdjustContrast(1), vision.AdjustHue(0), vision.AdjustSaturation(1),
             vision.AdjustSharpness(1), vision.Affine(0, (0, 0), 1, 0), vision.AutoContrast(),
             vision.ConvertColor(ConvertMode.COLOR_RGB2BGR), vision.Crop((0, 0), 3), vision.Decode(), vision.Equalize(),
             vision.Erase(0, 0, 1, 1), vision.GaussianBlur(3), vision.HorizontalFlip(), vision.Invert(),
             vision.Normalize([1], [1]), vision.Pad(1), vision.Perspective([(0, 0)] * 4, [(0, 0)] * 4),
             vision.Posterize(4), vision.Resize(3), vision.ResizedCrop(0, 0, 2, 2, 3), vision.Rotate(1),
             vision.Solarize(9), vision.VerticalFlip()]


@pytest.mark.parametrize("transform", ON_DEVICE, ids=lambda transform: type(transform).__name__)
def test_transforms_run_on_the_cpu(transform):
    assert transform.device() is transform and transform.device("CPU") is transform
    with pytest.raises(ValueError, match=rf"{type(transform).__name__}.device.*must be 'CPU', but got 'Ascend'"):
        transform.device("Ascend")
    with pytest.raises(TypeError, match="device_target"):
        transform.device(0)


def test_gaussian_blur_against_a_direct_sum():
    weights = np.exp(-np.arange(-2, 3) ** 2 / (2 * 1.5 ** 2))
    weights /= weights.sum()
    wide = np.pad(HW.astype(float), 2, "reflect")
    expected = sum(weights[i] * weights[j] * wide[i:i + 32, j:j + 40] for i in range(5) for j in range(5))
    assert np.abs(vision.GaussianBlur(5, 1.5)(HW).astype(float) - expected).max() <= 0.51


def test_hsv_there_and_back():
    chw = (HWC / 255).transpose(2, 0, 1)
    hsv = vision.RgbToHsv()(chw)
    import colorsys
    for y, x in ((0, 0), (5, 30), (31, 39)):
        np.testing.assert_allclose(hsv[:, y, x], colorsys.rgb_to_hsv(*chw[:, y, x]), atol=1e-12)
    np.testing.assert_allclose(vision.HsvToRgb()(hsv), chw, atol=1e-12)
    np.testing.assert_allclose(vision.HsvToRgb(True)(vision.RgbToHsv(True)(HWC / 255)), HWC / 255, atol=1e-12)


def test_several_crops_and_patches():
    five = vision.FiveCrop((8, 10))(HWC)
    for found, part in zip(five, (HWC[:8, :10], HWC[:8, 30:], HWC[24:, :10], HWC[24:, 30:], HWC[12:20, 15:25])):
        np.testing.assert_array_equal(found, part)
    ten = vision.TenCrop(8, True)(HWC)
    assert len(ten) == 10 and (ten[5] == HWC[::-1][:8, :8]).all()
    patches = vision.SlicePatches(2, 3, SliceMode.PAD, 5)(HWC)
    assert [p.shape for p in patches] == [(16, 14, 3)] * 6 and (patches[2][:, -2:] == 5).all()
    assert [p.shape for p in vision.SlicePatches(3, 3, SliceMode.DROP)(HWC)] == [(10, 13, 3)] * 9


# -------------------------------------------------------------------------------------------------------------- chance

RANDOM = {
    "RandomAdjustSharpness": lambda: vision.RandomAdjustSharpness(3.0),
    "RandomAffine": lambda: vision.RandomAffine(20, (0.1, 0.2), (0.8, 1.2), 10, Inter.BILINEAR, (1, 2, 3)),
    "RandomAutoContrast": lambda: vision.RandomAutoContrast(1.0, prob=0.5),
    "RandomColor": lambda: vision.RandomColor(),
    "RandomColorAdjust": lambda: vision.RandomColorAdjust(0.4, 0.4, 0.4, 0.1),
    "RandomCrop": lambda: vision.RandomCrop(16, 2, padding_mode=Border.EDGE),
    "RandomEqualize": lambda: vision.RandomEqualize(), "RandomGrayscale": lambda: vision.RandomGrayscale(0.5),
    "RandomHorizontalFlip": lambda: vision.RandomHorizontalFlip(), "RandomInvert": lambda: vision.RandomInvert(),
    "RandomLighting": lambda: vision.RandomLighting(0.5), "RandomPerspective": lambda: vision.RandomPerspective(),
    "RandomPosterize": lambda: vision.RandomPosterize((1, 6)), "RandomResize": lambda: vision.RandomResize((9, 11)),
    "RandomResizedCrop": lambda: vision.RandomResizedCrop((9, 11)), "RandomRotation": lambda: vision.RandomRotation(30),
    "RandomSharpness": lambda: vision.RandomSharpness(), "RandomSolarize": lambda: vision.RandomSolarize(),
    "RandomVerticalFlip": lambda: vision.RandomVerticalFlip(), "AutoAugment": lambda: vision.AutoAugment(),
    "AutoAugment Cifar": lambda: vision.AutoAugment(vision.AutoAugmentPolicy.CIFAR10),
    "AutoAugment SVHN": lambda: vision.AutoAugment(vision.AutoAugmentPolicy.SVHN, Inter.BILINEAR, (9, 9, 9)),
    "RandAugment": lambda: vision.RandAugment(3, 12), "TrivialAugmentWide": lambda: vision.TrivialAugmentWide(),
    "UniformAugment": lambda: vision.UniformAugment([vision.Invert(), vision.HorizontalFlip(), vision.Posterize(2)]),
    "RandomSelectSubpolicy": lambda: vision.RandomSelectSubpolicy([[(vision.Invert(), 0.5)],
                                                                  [(vision.HorizontalFlip(), 1)]]),
    "CutOut": lambda: vision.CutOut(6, 2),
    "RandomApply": lambda: transforms.RandomApply([vision.Invert(), lambda x: x + 0]),
    "RandomChoice": lambda: transforms.RandomChoice([vision.Invert(), vision.HorizontalFlip()]),
    "RandomOrder": lambda: transforms.RandomOrder([vision.Posterize(2), vision.Invert(), lambda x: x // 3]),
    "RandomErasing": lambda: transforms.Compose([vision.HWC2CHW(), vision.RandomErasing(0.8)]),
}


@pytest.mark.parametrize("name", RANDOM)
def test_random_transforms_vary_and_repeat_under_a_seed(name):
    def images(columns=("x",)):
        ds.config.set_seed(4)
        data = {column: [HWC] * 24 for column in columns}
        mapped = ds.NumpySlicesDataset(data, shuffle=False).map(RANDOM[name](), columns[0]).batch(24)
        return next(mapped.create_tuple_iterator(output_numpy=True))[0]
    first = images()
    assert (images() == first).all()
    assert len({image.tobytes() for image in first}) > 1, "every image was drawn alike"
    assert first.dtype == np.uint8


@pytest.mark.parametrize("name", [name for name in RANDOM if name.startswith("Random") and name not in (
    "RandomSelectSubpolicy", "RandomApply", "RandomChoice", "RandomOrder")])
def test_columns_that_are_passed_together_are_changed_alike(name):
    operation = RANDOM[name]()
    if isinstance(operation, transforms.Compose):
        operation = operation.transforms[1]
    for _ in range(5):
        a, b = operation(HWC.transpose(2, 0, 1) if name == "RandomErasing" else HWC,
                         HWC.transpose(2, 0, 1) if name == "RandomErasing" else HWC)
        assert (a == b).all()


def test_random_crops_have_the_sizes_that_were_asked_for():
    crop = vision.RandomResizedCrop((5, 7), (0.5, 0.5), (1, 1))
    assert crop(HWC).shape == (5, 7, 3) and crop(HW).shape == (5, 7)
    from mindspore.dataset.vision._random_place import draw_part
    rng = np.random.default_rng(0)
    for _ in range(200):
        top, left, height, width = draw_part(32, 40, (0.2, 0.6), (0.5, 2), 10, rng)
        assert 0 <= top <= 32 - height and 0 <= left <= 40 - width
        assert 0.18 < height * width / 1280 < 0.62 and 0.45 < width / height < 2.2


# --------------------------------------------------------------------------------------------------- boxes and batches

def test_boxes_move_with_their_images():
    boxes = np.array([[4, 2, 10, 6, 1], [30, 20, 10, 12, 2]], np.int32)
    image, moved = vision.RandomHorizontalFlipWithBBox(1.0)(HWC, boxes)
    assert (image == HWC[:, ::-1]).all() and moved.tolist() == [[26, 2, 10, 6, 1], [0, 20, 10, 12, 2]]
    _, moved = vision.RandomVerticalFlipWithBBox(1.0)(HWC, boxes)
    assert moved.tolist() == [[4, 24, 10, 6, 1], [30, 0, 10, 12, 2]]
    image, moved = vision.ResizeWithBBox((64, 20))(HWC, boxes)
    assert image.shape == (64, 20, 3) and moved.tolist() == [[2, 4, 5, 12, 1], [15, 40, 5, 24, 2]]
    marked = np.zeros((32, 40, 3), np.uint8)
    marked[2:8, 4:14] = 255
    for operation in (vision.RandomCropWithBBox((24, 30), 3), vision.RandomResizedCropWithBBox((24, 30), (0.5, 1))):
        image, (box,) = operation(marked, boxes[:1])
        ys, xs = np.nonzero(image[..., 0] > 127)
        if len(ys):
            assert abs(xs.min() - box[0]) <= 2 and abs(ys.min() - box[1]) <= 2
            assert abs(xs.max() + 1 - box[0] - box[2]) <= 2 and abs(ys.max() + 1 - box[1] - box[3]) <= 2
    image, _ = vision.BoundingBoxAugment(vision.Invert(), 1.0)(HWC, boxes[:1])
    assert (image[2:8, 4:14] == 255 - HWC[2:8, 4:14]).all() and (image[8:] == HWC[8:]).all()
    with pytest.raises(ValueError, match="inside the image"):
        vision.ResizeWithBBox(5)(HWC, np.array([[39, 0, 5, 5]]))


@pytest.mark.parametrize("operation", [vision.MixUpBatch(1.0), vision.MixUp(8, 1.0),
                                       vision.CutMixBatch(vision.ImageBatchFormat.NHWC)])
def test_batches_are_mixed_with_their_labels(operation):
    # Image i is all i, its label one-hot: the mean of an image says what its label must be.
    images = np.stack([np.full((16, 16, 1), i * 10, np.float32) for i in range(8)])
    data = ds.NumpySlicesDataset({"x": images, "y": np.eye(8, dtype=np.float32)}, shuffle=False).batch(8)
    x, y = next(data.map(operation, ["x", "y"]).create_tuple_iterator(output_numpy=True))
    np.testing.assert_allclose(y.sum(1), 1, rtol=1e-5)
    np.testing.assert_allclose(x.mean((1, 2, 3)), y @ (np.arange(8) * 10), atol=1e-3)
    assert (y != np.eye(8)).any()


@pytest.mark.parametrize("operation, dtypes", [
    (vision.MixUpBatch(0.9), (np.uint8, np.float32)), (vision.MixUp(1, 0.2), (np.float64, np.float64)),
    (vision.MixUp(4, 0.2, False), (np.float64, np.float64)),
    (vision.CutMixBatch(vision.ImageBatchFormat.NHWC, 1.0, 0.5), (np.uint8, np.float32))])
def test_several_labels_of_each_image(operation, dtypes):
    labels = RNG.integers(0, 5, (4, 3, 1))
    data = ds.NumpySlicesDataset({"x": [HWC] * 4, "y": labels}).map(transforms.OneHot(10), "y").batch(4)
    x, y = next(data.map(operation, ["x", "y"]).create_tuple_iterator(output_numpy=True))
    assert (x.shape, y.shape) == ((4, 32, 40, 3), (4, 3, 10)) and (x.dtype, y.dtype) == dtypes
    np.testing.assert_allclose(y.sum(2), 1, rtol=1e-5)


def test_mix_up_inside_a_batch_and_with_the_one_before():
    images = np.arange(3.0).reshape(3, 1, 1, 1) * np.ones((3, 2, 2, 1))
    x, y = vision.MixUp(3, 0.5)(images, np.eye(3))
    shares = y.diagonal()
    np.testing.assert_allclose(y, np.diag(shares) + np.roll(np.diag(1 - shares), 1, 1))
    np.testing.assert_allclose(x[:, 0, 0, 0], y @ np.arange(3))
    first, labels = vision.MixUp(1, 0.5)(images, np.eye(3))         # all with the first image, by one share
    assert len({round(float(labels[i, i]), 12) for i in (1, 2)}) == 1 and (labels[0] == [1, 0, 0]).all()
    np.testing.assert_allclose(first[:, 1, 1, 0], labels @ np.arange(3))
    mix = vision.MixUp(2, 0.5, is_single=False)
    x, y = mix(HWC, np.array([[0, 1]]))
    assert x.shape == (2, 32, 40, 3) and x.dtype == np.float64 and y.tolist() == [[0, 1], [0, 1]]
    x, y = mix(HWC * 0, np.array([[1, 0]]))
    for image, (_, kept) in zip(x, y):
        np.testing.assert_allclose(image, kept * HWC)
    with pytest.raises(ValueError, match="drop_remainder"):
        mix(HWC[np.newaxis], np.array([[1, 0]]))


# ------------------------------------------------------------------------------------------------------------ decoding

def encoded(kind, image=HWC, **options):
    stream = io.BytesIO()
    Image.fromarray(image).save(stream, kind, **options)
    return np.frombuffer(stream.getvalue(), np.uint8)


def test_decoding_and_encoding(tmp_path):
    png = vision.encode_png(HWC)
    np.testing.assert_array_equal(vision.Decode()(png), HWC)
    np.testing.assert_array_equal(vision.Decode()(png.tobytes()), HWC)
    np.testing.assert_array_equal(np.asarray(vision.Decode(True)(png.view(np.int8))), HWC)
    assert isinstance(vision.Decode(True)(png), Image.Image)
    assert np.abs(vision.Decode()(vision.encode_jpeg(SMOOTH, 95)).astype(int) - SMOOTH).max() < 12
    vision.write_png(str(tmp_path / "a.png"), HW)
    assert vision.read_image(str(tmp_path / "a.png")).shape == (32, 40, 1)
    assert vision.read_image(str(tmp_path / "a.png"), vision.ImageReadMode.COLOR).shape == (32, 40, 3)
    assert vision.get_image_size(HWC) == [32, 40] and vision.get_image_num_channels(HW) == 1
    part = vision.RandomCropDecodeResize(6)(png)
    assert part.shape == (6, 6, 3)
    data = ds.GeneratorDataset([png, vision.encode_png(SMOOTH)], "x", shuffle=False)
    piped = data.map([vision.Decode(True), vision.RandomRotation(5), vision.Resize((8, 8)),
                      lambda image: image.rotate(90), vision.ToTensor()], "x").batch(2)
    (found,) = next(piped.create_tuple_iterator(output_numpy=True))
    assert found.shape == (2, 3, 8, 8) and found.dtype == np.float32 and found.max() <= 1


def test_a_head_that_claims_too_much_is_refused():
    huge = bytearray(encoded("PNG").tobytes())
    huge[16:24] = (12_000).to_bytes(4, "big") * 2
    import struct
    import zlib
    huge[29:33] = struct.pack(">I", zlib.crc32(bytes(huge[12:29])))
    with pytest.raises(ValueError, match=r"claims 12000 x 12000"):
        vision.Decode()(bytes(huge))


COUNT = int(os.environ.get("MS_DATASET_MUTATIONS", "150"))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP"])
def test_mutated_images(kind):
    original, source = bytearray(encoded(kind).tobytes()), random.Random(6)
    refused = 0
    for _ in range(COUNT):
        data = bytearray(original)
        for _ in range(source.randint(1, 6)):
            at = source.randrange(len(data))
            if source.random() < 0.8:
                data[at] = source.randrange(256)
            else:
                del data[at:at + source.randint(1, 50)]
            if not data:
                break
        try:
            image = vision.Decode()(np.frombuffer(bytes(data), np.uint8))
            assert image.dtype == np.uint8 and image.ndim == 3 and image.shape[2] == 3
        except ValueError as error:
            assert "no image of the formats" in str(error)
            refused += 1
    assert refused


ERRORS = {
    "float": (lambda: vision.Posterize(1)(HWC / 255), TypeError, "must be uint8"),
    "int": (lambda: vision.AdjustBrightness(1.0)(HWC.astype(np.int32)), TypeError, "uint8 or float"),
    "int values": (lambda: vision.Invert()(HWC.astype(np.int32)), TypeError, "uint8 or float"),
    "turned int": (lambda: vision.Rotate(3, expand=True)(HWC.astype(np.int32)), TypeError, "uint8 or float"),
    "channels": (lambda: vision.AdjustHue(0.1)(HW), ValueError, r"\(H, W, 3\)"),
    "factor": (lambda: vision.AdjustContrast(-1), ValueError, "negative"),
    "hue": (lambda: vision.AdjustHue(0.6), ValueError, "0.5"),
    "bits": (lambda: vision.Posterize(9), ValueError, "0..8"),
    "kernel": (lambda: vision.GaussianBlur(4), ValueError, "odd"),
    "inter": (lambda: vision.Rotate(3, 2), TypeError, "Inter"),
    "points": (lambda: vision.Perspective([(0, 0)], [(1, 1)]), TypeError, "four points"),
    "line": (lambda: vision.Perspective([(0, 0), (1, 0), (1, 1), (0, 1)], [(0, 0), (1, 1), (2, 2), (0, 1)])(HWC),
             ValueError, "line"),
    "scale": (lambda: vision.RandomResizedCrop(5, (0.5, 0.2)), ValueError, "min <= max"),
    "no image": (lambda: vision.Decode()(b"abc"), ValueError, "no image"),
    "no bytes": (lambda: vision.Decode()(HW), TypeError, "one dimension"),
    "ops": (lambda: vision.UniformAugment([vision.Invert()], 3), ValueError, "num_ops"),
    "batch": (lambda: vision.MixUpBatch()(HWC, np.zeros(3)), ValueError, "OneHot"),
    "crop": (lambda: vision.FiveCrop(50)(HWC), ValueError, "larger"),
    "quality": (lambda: vision.encode_jpeg(HWC, 0), ValueError, "1..100"),
    "border": (lambda: vision.Pad(1, 0, "edge"), TypeError, "Border"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_use(name):
    make, error, text = ERRORS[name]
    with pytest.raises(error, match=text):
        make()


def test_questions_about_images():
    image = np.arange(24).reshape(2, 4, 3)
    assert util.is_numpy(image) and not util.is_pil(image) and not util.is_numpy(image.tolist())
    assert util.is_pil(Image.new("RGB", (2, 2))) and not util.is_numpy(Image.new("RGB", (2, 2)))
    assert util.hwc_to_chw(image).shape == (3, 2, 4) and util.hwc_to_chw(image)[1, 0, 2] == image[0, 2, 1]
    with pytest.raises(ValueError, match=r"\(H, W, C\)"):
        util.hwc_to_chw(image[0])
    with pytest.raises(TypeError, match="NumPy array"):
        util.hwc_to_chw(image.tolist())


def test_composed_operations_on_an_image_of_pil_give_a_tuple():
    pixels = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    to_tensor = transforms.Compose([vision.ToTensor()])
    (found,) = to_tensor(Image.fromarray(pixels))
    np.testing.assert_array_equal(found, to_tensor(pixels))
    assert found.shape == (3, 4, 5)
    (found,) = transforms.Compose([vision.ToPIL(), vision.Resize((8, 10)), vision.ToTensor()])(pixels)
    assert found.shape == (3, 8, 10)
    (image,) = transforms.Compose([vision.Resize((8, 10))])(Image.fromarray(pixels))
    assert image.size == (10, 8)
