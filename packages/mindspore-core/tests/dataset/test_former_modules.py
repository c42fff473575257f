"""`c_transforms` and `py_transforms`: the former modules, where they differ from the present ones."""
from __future__ import annotations

import io
import warnings

import numpy as np
import pytest
from PIL import Image

import mindspore as ms
import mindspore.dataset as ds
from mindspore.dataset import transforms, vision

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from mindspore.dataset.transforms import c_transforms, py_transforms
    from mindspore.dataset.vision import c_transforms as c_vision
    from mindspore.dataset.vision import py_transforms as py_vision

PIXELS = np.random.default_rng(5).integers(0, 256, (6, 8, 3), np.uint8)


def encoded():
    file = io.BytesIO()
    Image.fromarray(PIXELS).save(file, "png")
    return np.frombuffer(file.getvalue(), np.uint8)


def test_the_rest_is_that_of_the_present_modules():
    assert c_vision.HWC2CHW is vision.HWC2CHW and c_vision.Normalize is vision.Normalize
    assert py_vision.RandomCrop is vision.RandomCrop and py_transforms.Compose is c_transforms.Compose
    for module, own in ((c_vision, {"Decode", "RgbToBgr"}), (py_vision, {"Cutout", "Decode", "Normalize", "RgbToBgr"}),
                        (py_transforms, {"OneHotOp"})):
        assert own < set(module.__all__)
        assert all(getattr(module, name) is not getattr(vision, name, None) for name in own)
    names: dict = {}
    exec("from mindspore.dataset.vision.py_transforms import *", names)
    assert names["Normalize"] is py_vision.Normalize and names["Resize"] is vision.Resize


def test_decoding():
    image = py_vision.Decode()(encoded())
    assert isinstance(image, Image.Image) and image.mode == "RGB" and (np.array(image) == PIXELS).all()
    for decode in (c_vision.Decode(), c_vision.Decode(True), c_vision.Decode(rgb=True)):
        assert (decode(encoded()) == PIXELS).all()
    with pytest.raises(RuntimeError, match="'rgb' must be True"):
        c_vision.Decode(rgb=False)
    with pytest.raises(TypeError, match="'rgb' must be a bool"):
        c_vision.Decode(1)


def test_order_of_channels():
    assert (c_vision.RgbToBgr()(PIXELS) == PIXELS[..., ::-1]).all()
    planes = PIXELS.transpose(2, 0, 1)
    assert (py_vision.RgbToBgr()(planes) == planes[::-1]).all()
    assert (py_vision.RgbToBgr(is_hwc=True)(PIXELS) == PIXELS[..., ::-1]).all()
    batch = np.stack([planes, planes + 1])
    assert (py_vision.RgbToBgr()(batch) == batch[:, ::-1]).all()
    for wrong, operation in ((PIXELS, py_vision.RgbToBgr()), (planes, c_vision.RgbToBgr()),
                             (PIXELS[0], c_vision.RgbToBgr())):
        with pytest.raises(ValueError, match="For 'RgbToBgr'"):
            operation(wrong)
    with pytest.raises(TypeError, match="is_hwc"):
        py_vision.RgbToBgr(0)


def test_planes_of_floats():
    planes = (PIXELS.transpose(2, 0, 1) / 255).astype(np.float32)
    mean, std = (0.5, 0.25, 0.1), (0.2, 0.4, 0.8)
    expected = (planes - np.reshape(mean, (3, 1, 1))) / np.reshape(std, (3, 1, 1))
    np.testing.assert_allclose(py_vision.Normalize(mean, std)(planes), expected, rtol=1e-5, atol=1e-6)
    padded = py_vision.NormalizePad(mean, std, "float16")(planes)
    assert padded.dtype == np.float16 and padded.shape == (4, 6, 8) and not padded[3].any()
    np.testing.assert_allclose(padded[:3], expected, rtol=1e-2, atol=1e-2)
    np.testing.assert_allclose(c_vision.Normalize(mean, std)(planes.transpose(1, 2, 0)), expected.transpose(1, 2, 0),
                               rtol=1e-5, atol=1e-6)
    cut = py_vision.Cutout(3, 2)(planes + 1)
    holes = (cut == 0).all(0)
    assert 0 < holes.sum() <= 18 and (cut[:, ~holes] == (planes + 1)[:, ~holes]).all()
    assert py_vision.ToType(output_type=np.float16)(planes).dtype == np.float16


def test_labels():
    for operation in (py_transforms.OneHotOp(num_classes=4, smoothing_rate=0.2), transforms.OneHot(4, 0.2)):
        np.testing.assert_allclose(operation(np.array(2)), [0.05, 0.05, 0.85, 0.05], rtol=1e-6)
    with pytest.raises(ValueError, match="smoothing_rate"):
        py_transforms.OneHotOp(4, 1.5)


def test_a_pipeline_as_programs_write_it():
    to_train = py_transforms.Compose([py_vision.Decode(), py_vision.RandomHorizontalFlip(1.0), py_vision.ToTensor(),
                                      py_vision.Normalize((0.5,) * 3, (0.25,) * 3), py_vision.RgbToBgr()])
    data = ds.GeneratorDataset([(encoded(), np.array(1, np.int32))] * 3, ["image", "label"])
    data = data.map(to_train, "image").map(py_transforms.OneHotOp(3), "label").batch(3)
    image, label = next(iter(data.create_tuple_iterator(num_epochs=1)))
    expected = ((PIXELS[:, ::-1] / 255 - 0.5) / 0.25).transpose(2, 0, 1)[::-1]
    np.testing.assert_allclose(image.asnumpy(), np.stack([expected] * 3), rtol=1e-4, atol=1e-5)
    assert image.dtype == ms.float32 and label.asnumpy().tolist() == [[0, 1, 0]] * 3
