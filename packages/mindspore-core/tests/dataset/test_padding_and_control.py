"""Padded and bucketed batches, split, flat_map, sync_wait, callbacks, and positions that are saved and restored."""
from __future__ import annotations

import json

import numpy as np
import pytest

import mindspore
import mindspore.dataset as ds
from mindspore.dataset import vision


def rows(dataset, epochs=None):
    iterator = dataset.create_tuple_iterator(num_epochs=epochs or 1, output_numpy=True)
    found = [[[value.tolist() for value in row] for row in iterator] for _ in range(epochs or 1)]
    return found if epochs else found[0]


def numbers(count, **options):
    return ds.NumpySlicesDataset(np.arange(count), "x", **{"shuffle": False, **options})


def ragged(count=5):
    return ds.GeneratorDataset([(np.arange(i + 1), np.int32(i)) for i in range(count)], ["x", "n"], shuffle=False)


# ---------------------------------------------------------------------------------------------------------- padding

def test_padded_batch():
    assert rows(ragged(3).padded_batch(2)) == [[[[0, 0], [0, 1]], [0, 1]], [[[0, 1, 2]], [2]]]
    assert rows(ragged(3).padded_batch(2, True, pad_info={"x": ([4], -1)})) == [[[[0, -1, -1, -1], [0, 1, -1, -1]],
                                                                                [0, 1]]]
    words = ds.GeneratorDataset([np.array(["a"]), np.array(["bc", "d"])], "t", shuffle=False)
    assert rows(words.padded_batch(2, pad_info={"t": ([None], "<pad>")})) == [[[["a", "<pad>"], ["bc", "d"]]]]
    assert rows(ragged(3).padded_batch(3, pad_info={"x": ([2], 0)})) == [[[[0, 0], [0, 1], [0, 1]], [0, 1, 2]]]
    assert rows(ragged(3).padded_batch(2, pad_info={})) == rows(ragged(3).padded_batch(2))
    assert ragged(5).padded_batch(2).get_dataset_size() == 3 and ragged().padded_batch(2).get_batch_size() == 2


def test_buckets():
    made = ragged(6).bucket_batch_by_length("x", [3, 5], [2, 2, 3], pad_info={"x": ([None], 9)})
    assert rows(made) == [[[[0, 9], [0, 1]], [0, 1]], [[[0, 1, 2, 9], [0, 1, 2, 3]], [2, 3]],
                          [[[0, 1, 2, 3, 4, 9], [0, 1, 2, 3, 4, 5]], [4, 5]]]
    bound = ragged(2).bucket_batch_by_length(["x", "n"], [4], [2, 1], lambda x, n: len(x), pad_to_bucket_boundary=True,
                                             pad_info={"x": (None, 0)})
    assert rows(bound) == [[[[0, 0, 0], [0, 1, 0]], [0, 1]]]
    assert rows(ragged(3).bucket_batch_by_length("x", [2], [2, 5], drop_remainder=True)) == []


ERRORS = {
    "dims": (lambda: rows(ragged().padded_batch(5, pad_info={"x": ([2, 2], 0), "n": ([], 0)})), ValueError, "pad_info"),
    "not padded": (lambda: rows(ragged().padded_batch(5, pad_info={"n": ([], 0)})), RuntimeError, "'x' differ"),
    "value": (lambda: rows(ragged().padded_batch(5, pad_info={"x": (None, "a")})), TypeError, "does not fit"),
    "column": (lambda: ragged().padded_batch(5, pad_info={"q": (None, 0)}), ValueError, "'q'"),
    "pair": (lambda: ragged().padded_batch(5, pad_info={"x": 3}), TypeError, "shape, value"),
    "bounds": (lambda: ragged().bucket_batch_by_length("x", [3, 3], [1, 1, 1]), ValueError, "increase"),
    "sizes": (lambda: ragged().bucket_batch_by_length("x", [3], [1]), ValueError, "one more"),
    "length": (lambda: rows(ragged().bucket_batch_by_length("x", [3], [1, 1], lambda x: "a")), TypeError, "int"),
    "no length": (lambda: rows(ragged().bucket_batch_by_length("n", [3], [1, 1])), ValueError, "no length"),
    "no bound": (lambda: rows(ragged().bucket_batch_by_length("x", [3], [1, 1], pad_to_bucket_boundary=True)),
                 ValueError, "larger boundary"),
    "split sum": (lambda: numbers(5).split([2, 2]), RuntimeError, "add up to 4"),
    "split fractions": (lambda: numbers(5).split([0.5, 0.4]), ValueError, "add up to 1"),
    "split empty": (lambda: numbers(5).split([0.99, 0.01]), ValueError, "empty part"),
    "split kinds": (lambda: numbers(5).split([2, 0.5]), ValueError, "all ints or all floats"),
    "flat_map": (lambda: numbers(5).flat_map(lambda x: x), TypeError, "must return a Dataset"),
    "sync name": (lambda: numbers(5).sync_update("a"), RuntimeError, "'a'"),
    "sync twice": (lambda: numbers(5).sync_wait("a").sync_wait("a"), RuntimeError, "exists"),
    "save type": (lambda: numbers(5).save("a", file_type="x"), ValueError, "file_type"),
    "callback": (lambda: numbers(5).map(abs, callbacks=3), TypeError, "DSCallback"),
    "state": (lambda: numbers(5).create_tuple_iterator().load_state_dict({}), TypeError, "state_dict"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_wrong_use(name):
    make, error, text = ERRORS[name]
    with pytest.raises(error, match=text):
        make()


# -------------------------------------------------------------------------------------------------------------- control

@pytest.mark.parametrize("source", [lambda: numbers(20, shuffle=True), lambda: numbers(20).shuffle(7),
                                    lambda: numbers(20).map(lambda x: x + 0)])
@pytest.mark.parametrize("randomize", [True, False])
def test_parts_of_a_split_are_fixed_and_do_not_overlap(source, randomize):
    mindspore.set_seed(1)
    parts = source().split([0.7, 0.2, 0.1], randomize)
    assert [part.get_dataset_size() for part in parts] == [14, 4, 2]
    epochs = [[sorted(row[0] for row in epoch) for epoch in rows(part, 2)] for part in parts]
    assert all(first == second for first, second in epochs)
    assert sorted(sum((first for first, _ in epochs), [])) == list(range(20))
    assert numbers(7).split([3, 4], False)[0].get_dataset_size() == 3
    assert rows(numbers(7).split([3, 4], False)[1]) == [[3], [4], [5], [6]]


def test_flat_map():
    made = numbers(4).flat_map(lambda x: ds.NumpySlicesDataset({"y": [int(x)] * (int(x) + 1)}, shuffle=False))
    assert rows(made) == [[0], [1], [1], [2], [2], [2], [3], [3], [3], [3]] and made.get_col_names() == ["y"]


def test_sync_wait_lets_rows_pass_when_it_is_told():
    said = []
    waiting = numbers(6).sync_wait("ready", 2, said.append)
    iterator = waiting.create_tuple_iterator(num_epochs=1, output_numpy=True)
    found = []
    for step, row in enumerate(iterator):
        found.append(int(row[0]))
        assert waiting._node.synchroniser._allowed <= 2
        waiting.sync_update("ready", 1, step)
    assert found == list(range(6)) and said == list(range(6))
    again = waiting.batch(2)
    assert again.is_sync() and not numbers(4).is_sync() and list(again.get_sync_notifiers()) == ["ready"]
    again.get_sync_notifiers()["ready"](3, "more")
    assert said[-1] == "more" and waiting._node.synchroniser._allowed >= 3
    free = numbers(4).sync_wait("ready")
    free.disable_sync()
    assert len(rows(free)) == 4


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize("join", [lambda data: data.batch(4), lambda data: data.padded_batch(4)],
                         ids=["batch", "padded_batch"])
def test_sync_wait_counts_the_batches_behind_it(workers, join):
    heard = []
    told = numbers(12).sync_wait("policy", callback=heard.append).map(lambda x: x + len(heard) * 100,
                                                                      num_parallel_workers=workers)
    data = join(told)
    found = []
    for step, (row,) in enumerate(data.create_tuple_iterator(num_epochs=1, output_numpy=True)):
        found.append(row.tolist())
        data.sync_update("policy", data=step)
    assert heard == [0, 1, 2]
    assert found == [[0, 1, 2, 3], [104, 105, 106, 107], [208, 209, 210, 211]]


def test_a_function_says_how_many_rows_are_padded_together():
    ragged = ds.NumpySlicesDataset([[1], [1, 2], [1, 2, 3], [1, 2, 3, 4]], "x", shuffle=False)
    assert rows(ragged.padded_batch(2, True, pad_info={})) == [[[[1, 0], [1, 2]]], [[[1, 2, 3, 0], [1, 2, 3, 4]]]]
    growing = numbers(7).padded_batch(lambda info: info.get_batch_num() + 1, True)
    assert rows(growing) == [[[0]], [[1, 2]], [[3, 4, 5]]] and growing.get_batch_size() == -1
    with pytest.raises(RuntimeError, match="padded_batch.*positive int"):
        rows(numbers(7).padded_batch(lambda info: 0))


class Log(ds.DSCallback):
    def __init__(self, step_size):
        super().__init__(step_size)
        self.seen = []

    def ds_begin(self, context):
        self.seen.append(("begin", context.cur_epoch_num))

    def ds_epoch_begin(self, context):
        self.seen.append(("epoch", context.cur_epoch_num))

    def ds_epoch_end(self, context):
        self.seen.append(("end", context.cur_step_num))

    def ds_step_begin(self, context):
        self.seen.append(("step", context.cur_step_num, context.cur_step_num_in_epoch))


def test_callbacks_of_map():
    log = Log(2)
    rows(numbers(3).map(lambda x: x, callbacks=log), 2)
    assert log.seen == [("begin", 0), ("epoch", 1), ("step", 1, 1), ("step", 3, 3), ("end", 3),
                        ("epoch", 2), ("step", 4, 1), ("step", 6, 3), ("end", 6)]


# ------------------------------------------------------------------------------------------------------------- position

def pipeline():
    images = ds.NumpySlicesDataset(np.arange(180).reshape(30, 2, 3), "x").map(vision.RandomHorizontalFlip(), "x")
    return images.shuffle(9).repeat(2).batch(7)


def sharded():
    return ds.NumpySlicesDataset(np.arange(30), "x", num_shards=2, shard_id=1).shuffle(4).batch(4)


@pytest.mark.parametrize("make", [pipeline, sharded])
@pytest.mark.parametrize("epoch, row", [(0, 0), (0, 3), (1, 0), (2, 2), (2, 1)])
def test_an_iterator_goes_on_from_a_saved_position(make, epoch, row):
    ds.config.set_seed(11)
    first = make().create_tuple_iterator(output_numpy=True)
    for _ in range(epoch):
        list(first)
    for _ in range(row):
        next(first)
    state = json.loads(json.dumps(first.state_dict()))
    rest = [[r[0].tolist() for r in first] for _ in range(2)]
    if make is sharded:
        ds.config.set_seed(11)      # what shards share follows from the seed, which the program sets again
    else:
        ds.config.set_seed(12)
    second = make().create_tuple_iterator(output_numpy=True)
    second.load_state_dict(state)
    assert second.state_dict()["row"] == row
    assert [[r[0].tolist() for r in second] for _ in range(2)] == rest


def test_an_initial_step():
    made = numbers(10).batch(2)
    made.set_init_step(7)
    assert made.get_init_step() == 7
    iterator = made.create_tuple_iterator(num_epochs=3, output_numpy=True)
    assert [[r[0].tolist() for r in iterator] for _ in range(2)] == [[[4, 5], [6, 7], [8, 9]],
                                                                    [[0, 1], [2, 3], [4, 5], [6, 7], [8, 9]]]


# ------------------------------------------------------------------------------------------------------------- samplers

def test_pk_sampler_and_chains():
    labels = np.array([0, 1, 2] * 5)
    made = ds.NumpySlicesDataset({"x": np.arange(15), "label": labels}, sampler=ds.PKSampler(4))
    found = rows(made)
    assert [label for _, label in found] == [0] * 4 + [1] * 4 + [2] * 4
    assert all(labels[x] == label for x, label in found)
    sampler = ds.PKSampler(2, shuffle=True)
    sampler.add_child(ds.SubsetSampler([0, 1, 3, 4]))
    assert {x for x, _ in rows(ds.NumpySlicesDataset({"x": np.arange(15), "label": labels},
                                                     sampler=sampler))} <= {0, 1, 3, 4}
    with pytest.raises(RuntimeError, match="does not know the classes"):
        rows(ds.GeneratorDataset([(1, 2)], ["x", "label"], sampler=ds.PKSampler(1)))


# ---------------------------------------------------------------------------------------------- with files and training

def test_rows_saved_as_mindrecord_come_back(tmp_path):
    source = ds.NumpySlicesDataset({"x": np.arange(12, dtype=np.float32).reshape(4, 3), "n": np.arange(4),
                                    "t": ["a", "bc", "d", "é"]}, shuffle=False)
    for files, name in ((1, "one"), (2, "two")):
        source.save(str(tmp_path / name), files)
        first = str(tmp_path / (name if files == 1 else name + "0"))
        found = list(ds.MindDataset(first, shuffle=False).create_dict_iterator(num_epochs=1, output_numpy=True))
        assert sorted((int(row["n"]), row["x"].tolist(), str(row["t"])) for row in found) == [
            (0, [0, 1, 2], "a"), (1, [3, 4, 5], "bc"), (2, [6, 7, 8], "d"), (3, [9, 10, 11], "é")]


def test_a_waited_callback_runs_between_the_steps_of_training():
    from mindspore import nn
    log = []

    class Waited(ds.WaitedDSCallback):
        def sync_step_begin(self, train_run_context, ds_run_context):
            log.append(("step", ds_run_context.cur_step_num, train_run_context.original_args().cur_step_num))

        def sync_epoch_begin(self, train_run_context, ds_run_context):
            log.append(("epoch", ds_run_context.cur_epoch_num))

    waited = Waited(2)
    rows_made = ds.NumpySlicesDataset({"x": np.ones((8, 3), np.float32), "y": np.ones((8, 1), np.float32)},
                                      shuffle=False).map(lambda x: x, "x", callbacks=waited).batch(2)
    net = nn.Dense(3, 1)
    model = mindspore.Model(net, nn.MSELoss(), nn.SGD(net.trainable_params(), 0.01))
    model.train(1, rows_made, callbacks=[waited], dataset_sink_mode=False)
    # Each batch but the first is made after the training step before it.
    assert [entry[0] for entry in log] == ["step"] * 3
    assert all(trained >= (row - 1) // 2 for _, row, trained in log)


@pytest.mark.parametrize("epochs", [1, 2])
def test_a_waited_callback_does_not_wait_for_ever(epochs, monkeypatch):
    """A batch has three rows, and the callback waits for training after each second one, or nobody trains at all."""
    monkeypatch.setattr(ds.config._settings, "callback_timeout", 1)
    waited = ds.WaitedDSCallback(2 if epochs == 1 else 8)
    made = numbers(8).map(lambda x: x, callbacks=waited).batch(3)
    iterator = made.create_tuple_iterator(num_epochs=epochs)
    words = f"{'ds_step_begin' if epochs == 1 else 'ds_epoch_begin'} timed out after 1 second"
    with pytest.raises(RuntimeError, match=rf"{words}.*'step_size' .* not {waited.step_size}"):
        for _ in range(epochs):
            list(iterator)


@pytest.mark.parametrize("name", ["enable_shared_mem", "numa_enable"])
def test_settings_that_are_noted(name):
    put, get = getattr(ds.config, f"set_{name}"), getattr(ds.config, f"get_{name}")
    before = get()
    put(not before)
    assert get() is not before
    put(before)
    with pytest.raises(TypeError, match="must be a bool, but got 1"):
        put(1)
    assert get() is before
