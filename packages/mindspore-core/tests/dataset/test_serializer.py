"""Pipelines written down as JSON and made again."""
import json
import logging

import numpy as np
import pytest

import mindspore
import mindspore.dataset as ds
from mindspore.dataset import text, transforms, vision
from mindspore.dataset.vision import Border, Inter


def images(**options):
    data = np.random.default_rng(0).integers(0, 255, (8, 12, 10, 3)).astype(np.uint8)
    return ds.NumpySlicesDataset({"image": data, "label": np.arange(8)}, **options)


def chained():
    sampler = ds.DistributedSampler(2, 1, shuffle=False)
    sampler.add_child(ds.SubsetSampler([7, 6, 5, 4], num_samples=3))
    return images(sampler=sampler)


def resampled():
    dataset = images(shuffle=False)
    dataset.use_sampler(ds.SequentialSampler(1))
    dataset.add_sampler(ds.SequentialSampler(2))
    return dataset.take(3)


def shared():
    whole = images(shuffle=False) + images(shuffle=False)
    whole.use_sampler(ds.DistributedSampler(3, 1, shuffle=False))
    return whole


def schema():
    made = ds.Schema()
    made.add_column("x", mindspore.int32, [2])
    return made


PIPELINES = {
    "map": lambda: images(shuffle=False).map(
        [vision.Resize((6, 5), Inter.NEAREST), vision.Pad(1, padding_mode=Border.EDGE), vision.HWC2CHW()],
        input_columns=["image"]).map(transforms.TypeCast(mindspore.float16), "label").batch(3, drop_remainder=True),
    "map in an order": lambda: images(shuffle=False).map(vision.HWC2CHW(), "image", column_order=["label", "image"]),
    "steps as classes": lambda: ds.BatchDataset(ds.ConcatDataset([images(), images()]), 3),
    "random": lambda: images().map(transforms.RandomApply([vision.RandomHorizontalFlip(0.4)], 0.7), "image").shuffle(4),
    "order": lambda: images(shuffle=False).project(["label"]).rename("label", "y").skip(1).take(5).repeat(2),
    "zip": lambda: ds.zip((images(shuffle=False), images(num_samples=5).rename(["image", "label"], ["a", "b"]))),
    "zip by method": lambda: images(shuffle=False).zip(ds.FakeImageDataset(4, (2, 2, 1), shuffle=False).project(
        "image").rename("image", "made")),
    "concat": lambda: (images(shuffle=False) + images(num_shards=2, shard_id=1, shuffle=False)).batch(4),
    "samplers": chained, "later samplers": resampled, "shared concat": shared,
    "schema": lambda: ds.RandomDataset(5, schema(), num_samples=3),
    "buckets": lambda: images(shuffle=False).bucket_batch_by_length(["image"], [5, 15], [2, 3, 2],
                                                                    pad_info={"image": ([13, None, 3], 1)}),
    "padded": lambda: ds.NumpySlicesDataset({"t": ["a b", "c d"]}, shuffle=False).map(
        text.WhitespaceTokenizer(), "t").padded_batch(2, pad_info={"t": ([3], "")}),
}


def rows(dataset):
    return [[value.tolist() for value in row] for row in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)]


@pytest.mark.parametrize("name", PIPELINES)
def test_a_pipeline_made_again_gives_the_same_rows(name, tmp_path):
    made, path = PIPELINES[name](), str(tmp_path / "pipeline.json")
    written = ds.serialize(made, path)
    assert json.loads(json.dumps(written)) == written
    for again in (ds.deserialize(written), ds.deserialize(json_filepath=path)):
        assert ds.compare(made, again) and again.get_col_names() == made.get_col_names()
        found = []
        for dataset in (made, again):
            ds.config.set_seed(7)
            found.append(rows(dataset))
        assert found[0] == found[1] and found[0]


def test_what_is_written(caplog):
    pipeline = ds.FakeImageDataset(3).map(vision.Rescale(0.5, shift=1.0), "image").batch(2)
    written = ds.serialize(pipeline)
    assert written == {"op_type": "Batch", "batch_size": 2, "children": [{
        "op_type": "Map", "operations": {"tensor_op_name": "vision.Rescale",
                                         "tensor_op_params": {"rescale": 0.5, "shift": 1.0}},
        "input_columns": "image", "children": [{"op_type": "FakeImage", "num_images": 3, "children": []}]}]}
    with caplog.at_level(logging.INFO, "mindspore.dataset"):
        ds.show(pipeline, indentation=1)
    assert json.loads(caplog.records[-1].getMessage()) == written
    assert not ds.compare(pipeline, ds.FakeImageDataset(3).batch(2))


def test_text_of_a_pipeline(tmp_path):
    dataset = images(shuffle=False).batch(4)
    text_of = dataset.to_json(str(tmp_path / "pipeline.json"))
    assert json.loads(text_of) == ds.serialize(dataset) == json.loads((tmp_path / "pipeline.json").read_text())
    assert ds.compare(ds.deserialize(json.loads(text_of)), dataset)


class Own(ds.Sampler):
    def __iter__(self):
        return iter([0])


@pytest.mark.parametrize("make", [
    lambda: images().map(lambda x: x, "image"), lambda: ds.GeneratorDataset(lambda: iter([1]), "x"),
    lambda: images(sampler=Own()), lambda: images().split([4, 4])[0], lambda: 3],
    ids=["function", "generator", "sampler", "split", "no-dataset"])
def test_what_cannot_be_written_is_named(make):
    with pytest.raises(TypeError, match="For 'serialize'"):
        ds.serialize(make())


@pytest.mark.parametrize("arguments", [
    {}, {"input_dict": {}, "json_filepath": "x"}, {"input_dict": {"op_type": "Map"}}, {"input_dict": [1]},
    {"input_dict": {"op_type": "os.system", "children": []}},
    {"input_dict": {"op_type": "Generator", "source": {"enum": "vision.os", "member": "x"}, "children": []}},
    {"input_dict": {"op_type": "FakeImage", "colour": 1, "children": []}}],
    ids=["none", "both", "half", "list", "class", "enum", "argument"])
def test_what_is_no_pipeline_is_refused(arguments):
    with pytest.raises(ValueError, match="For 'deserialize'"):
        ds.deserialize(**arguments)
