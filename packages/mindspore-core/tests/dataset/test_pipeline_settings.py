"""Settings of pipelines: debug mode runs them in the caller's thread, the others are kept."""
import json
import threading

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import transforms, vision


@pytest.fixture
def debug_mode():
    ds.config.set_debug_mode(True)
    yield
    ds.config.set_debug_mode(False)


def test_debug_mode_runs_in_the_thread_that_asks_when_it_asks(debug_mode):
    seen = []

    def note(x):
        seen.append(threading.get_ident())
        return x

    dataset = ds.NumpySlicesDataset(list(range(6)), "x", shuffle=False).map(note, num_parallel_workers=3)
    iterator = dataset.create_tuple_iterator(num_epochs=2, output_numpy=True)
    assert not seen and int(next(iterator)[0]) == 0
    assert set(seen) == {threading.get_ident()} and len(seen) < 6
    assert [int(row[0]) for row in iterator] == [1, 2, 3, 4, 5]
    assert [int(row[0]) for row in iterator] == list(range(6))


def test_debug_mode_gives_the_same_rows(debug_mode):
    def order():
        ds.config.set_seed(5)
        dataset = ds.NumpySlicesDataset(np.arange(40), "x").map(lambda x: x + np.random.randint(2)).shuffle(7)
        return [row[0].tolist() for row in dataset.batch(4).create_tuple_iterator(num_epochs=1, output_numpy=True)]

    first = order()
    ds.config.set_debug_mode(False)
    assert first == order()


SETTINGS = {"enable_autotune": (False, True), "autotune_interval": (0, 30), "auto_num_workers": (False, True),
            "auto_offload": (False, True), "fast_recovery": (True, False), "enable_watchdog": (True, False),
            "monitor_sampling_interval": (1000, 10), "callback_timeout": (60, 5),
            "multiprocessing_timeout_interval": (300, 5), "debug_mode": (False, True), "dynamic_shape": (False, True)}


@pytest.mark.parametrize("name", SETTINGS)
def test_a_setting_is_kept_and_checked(name):
    first, other = SETTINGS[name]
    read, write = getattr(ds.config, f"get_{name}"), getattr(ds.config, f"set_{name}")
    assert read() == first
    write(other)
    try:
        assert read() == other
    finally:
        write(first)
    with pytest.raises(TypeError, match=f"set_{name}"):
        write("on")


def test_an_iterator_mode_is_kept_and_checked():
    assert ds.config.get_iterator_mode() == {"do_copy": True, "parallel_convert": False}
    ds.config.set_iterator_mode(do_copy=False, parallel_convert=True)
    try:
        assert ds.config.get_iterator_mode() == {"do_copy": False, "parallel_convert": True}
        with pytest.raises(TypeError, match="parallel_convert"):
            ds.config.set_iterator_mode(True, 1)
        assert ds.config.get_iterator_mode()["do_copy"] is False
    finally:
        ds.config.set_iterator_mode()


@pytest.mark.parametrize("name, first, other, wrong", [("multiprocessing_start_method", "fork", "spawn", "thread"),
                                                       ("video_backend", "CPU", "CPU", "Ascend")])
def test_a_setting_of_a_few_words(name, first, other, wrong):
    read, write = getattr(ds.config, f"get_{name}"), getattr(ds.config, f"set_{name}")
    assert read() == first
    write(other)
    assert read() == other
    write(first)
    with pytest.raises(ValueError, match=f"'CPU'.*got '{wrong}'" if wrong == "Ascend" else "'fork' or 'spawn'"):
        write(wrong)
    with pytest.raises(TypeError, match=f"set_{name}"):
        write(None)


def test_batches_sent_ahead_are_checked():
    ds.config.set_sending_batches(10)
    ds.config.set_sending_batches(0)
    for wrong, error in ((-1, ValueError), ("1", TypeError)):
        with pytest.raises(error, match="set_sending_batches"):
            ds.config.set_sending_batches(wrong)


def test_settings_come_from_a_file(tmp_path):
    path = tmp_path / "settings.json"
    path.write_text(json.dumps({"numParallelWorkers": 3, "opConnectorSize": 5, "workerConnectorSize": 1}))
    before = ds.config.get_num_parallel_workers(), ds.config.get_prefetch_size()
    try:
        ds.config.load(str(path))
        assert (ds.config.get_num_parallel_workers(), ds.config.get_prefetch_size()) == (3, 5)
    finally:
        ds.config.set_num_parallel_workers(before[0])
        ds.config.set_prefetch_size(before[1])
    path.write_text("[]")
    with pytest.raises(ValueError, match="JSON object"):
        ds.config.load(str(path))


class Picky(Exception):
    def __init__(self, one, two):
        super().__init__(f"{one} and {two}")


@pytest.mark.parametrize("error", [lambda: Picky(1, 2), lambda: OSError(5, "disk", "file"), lambda: KeyError("a"),
                                   lambda: UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), lambda: NameError("who")],
                         ids=["own", "os", "key", "unicode", "name"])
def test_errors_of_a_pipeline_are_runtime_errors_with_the_place(error):
    def fail(x):
        raise error()

    for ask in (lambda d: next(iter(d)), lambda d: d.output_shapes()):
        with pytest.raises(RuntimeError, match=r"(?s)test_pipeline_settings.py\", line \d+, in fail") as caught:
            ask(ds.NumpySlicesDataset([1, 2], "x").map(fail))
        assert isinstance(caught.value, type(error()))
        assert str(error()).strip("'") in str(caught.value)  # that of a KeyError stands in quotes


def test_flips_take_images_and_arrays_between_operations(tmp_path):
    from PIL import Image
    picture = np.arange(60, dtype=np.uint8).reshape(4, 5, 3)
    dataset = ds.NumpySlicesDataset([[0]], "x").map(
        [lambda x: Image.fromarray(picture), vision.RandomHorizontalFlip(1.0), vision.RandomVerticalFlip(1.0),
         transforms.Compose([lambda x: x.rotate(0) and x])])
    (found,) = next(dataset.create_tuple_iterator(output_numpy=True))
    assert (found == picture[::-1, ::-1]).all()


def test_offload_changes_nothing():
    dataset = ds.NumpySlicesDataset([1.0, 2.0], "x", shuffle=False)
    found = [row[0].tolist() for row in dataset.map(vision.Rescale(2.0, 1.0), offload=True).create_tuple_iterator(
        num_epochs=1, output_numpy=True)]
    assert found == [3.0, 5.0]
    with pytest.raises(TypeError, match="offload"):
        dataset.map(vision.Rescale(2.0, 1.0), offload=1)


def test_a_schema_as_a_dict(tmp_path):
    described = {"datasetType": "TF", "numRows": 3, "columns": {"b": {"type": "int64", "shape": [1]},
                                                               "a": {"type": "float32"}}}
    schema = ds.Schema()
    schema.from_json(described)
    assert (schema.num_rows, schema.dataset_type) == (3, "TF")
    (tmp_path / "s.json").write_text(schema.to_json())
    assert ds.Schema(str(tmp_path / "s.json")).columns == schema.columns
    source = ds.NumpySlicesDataset({"a": np.float32([1, 2, 3, 4]), "b": np.int64([[1], [2], [3], [4]])}, shuffle=False)
    source.save(str(tmp_path / "t"), file_type="tfrecord")
    dataset = ds.TFRecordDataset(str(tmp_path / "t"), schema, shuffle=False)
    assert dataset.get_col_names() == ["a", "b"] and dataset.get_dataset_size() == 3
    for wrong, error in (({"rows": 1}, RuntimeError), ([1], TypeError), ({"columns": [{"type": "int8"}]}, RuntimeError),
                         ({"columns": 3}, TypeError)):
        with pytest.raises(error):
            ds.Schema().from_json(wrong)
    with pytest.raises(TypeError, match="schema_file"):
        ds.Schema(1)
