"""Iterators: epochs, seeds, Tensors, errors, threads."""
from __future__ import annotations

import gc
import os
import re
import signal
import subprocess
import sys
import textwrap
import threading
import time

import numpy as np
import pytest

import mindspore
import mindspore.dataset as ds


def numbers(count=6, **options):
    return ds.NumpySlicesDataset(np.arange(count), "x", **options)


def order(iterator) -> list[int]:
    return [int(row[0]) for row in iterator]


def prefetch_threads() -> list[threading.Thread]:
    return [t for t in threading.enumerate() if t.name == "mindspore-dataset-prefetch"]


# -------------------------------------------------------------------------------------------------------------- epochs

def test_each_loop_is_one_epoch_and_the_limit_is_kept():
    iterator = numbers(4, shuffle=False).create_tuple_iterator(num_epochs=2, output_numpy=True)
    assert order(iterator) == order(iterator) == [0, 1, 2, 3]
    with pytest.raises(RuntimeError, match="all 2 epochs"):
        next(iterator)


def test_an_unlimited_iterator_and_iteration_over_the_dataset():
    dataset = numbers(3, shuffle=False)
    iterator = dataset.create_dict_iterator(output_numpy=True)
    assert [[int(row["x"]) for row in iterator] for _ in range(4)] == [[0, 1, 2]] * 4
    assert [int(row[0].asnumpy()) for row in dataset] == [0, 1, 2]


def test_reset_and_stop_begin_a_new_epoch():
    dataset = numbers(5, shuffle=False)
    iterator = dataset.create_tuple_iterator(output_numpy=True)
    assert [int(next(iterator)[0]) for _ in range(2)] == [0, 1]
    dataset.reset()
    assert [int(next(iterator)[0]) for _ in range(2)] == [0, 1]
    iterator.stop()
    assert order(iterator) == [0, 1, 2, 3, 4]


def test_two_iterators_do_not_disturb_each_other():
    dataset = numbers(4, shuffle=False).batch(2)
    a, b = dataset.create_tuple_iterator(output_numpy=True), dataset.create_tuple_iterator(output_numpy=True)
    found = [next(a)[0].tolist(), next(b)[0].tolist(), next(a)[0].tolist(), next(b)[0].tolist()]
    assert found == [[0, 1], [0, 1], [2, 3], [2, 3]]


# --------------------------------------------------------------------------------------------------------------- seeds

def shuffled_run(seeder):
    seeder(7)
    dataset = numbers(50).shuffle(20).map(lambda x: x + np.random.randint(1000)).batch(5)
    first, second = dataset.create_tuple_iterator(output_numpy=True), dataset.create_tuple_iterator(output_numpy=True)
    return [[row[0].tolist() for row in iterator] for iterator in (first, first, second)]


@pytest.mark.parametrize("seeder", [mindspore.set_seed, ds.config.set_seed])
def test_a_seed_repeats_everything_and_epochs_differ(seeder):
    runs = [shuffled_run(seeder), shuffled_run(seeder)]
    assert runs[0] == runs[1]
    assert runs[0][0] != runs[0][1] != runs[0][2] != runs[0][0]


def test_without_shuffling_alone_the_order_differs_by_seed():
    ds.config.set_seed(1)
    first = order(numbers(50).create_tuple_iterator(output_numpy=True))
    ds.config.set_seed(2)
    assert order(numbers(50).create_tuple_iterator(output_numpy=True)) != first
    assert ds.config.get_seed() == 2
    mindspore.set_seed(1)
    assert ds.config.get_seed() == 1


def test_looking_at_a_dataset_does_not_change_what_comes():
    ds.config.set_seed(5)
    plain = order(numbers(50).shuffle(10).create_tuple_iterator(output_numpy=True))
    ds.config.set_seed(5)
    dataset = numbers(50).shuffle(10)
    dataset.output_shapes(), dataset.output_types(), dataset.get_dataset_size()
    assert order(dataset.create_tuple_iterator(output_numpy=True)) == plain


# ------------------------------------------------------------------------------------------------------------- Tensors

def test_tensors_by_default_with_the_arrays_dtypes():
    dataset = ds.NumpySlicesDataset({"a": np.ones((4, 2), np.float32), "b": np.arange(4, dtype=np.uint8),
                                     "t": np.array(["p", "q", "r", "s"])}, shuffle=False).batch(2)
    row = next(dataset.create_dict_iterator())
    assert isinstance(row["a"], mindspore.Tensor) and row["a"].dtype is mindspore.float32
    assert row["a"].shape == (2, 2) and row["b"].dtype is mindspore.uint8
    assert row["b"].asnumpy().tolist() == [0, 1]
    assert row["t"].tolist() == ["p", "q"]


def test_tensors_of_one_epoch_keep_their_values():
    tensors = [row[0] for row in numbers(100, shuffle=False).batch(7)]
    assert np.concatenate([t.asnumpy() for t in tensors]).tolist() == list(range(100))


def test_user_functions_may_return_tensors():
    dataset = numbers(3, shuffle=False).map(lambda x: mindspore.Tensor(x + 1))
    assert order(dataset.create_tuple_iterator(output_numpy=True)) == [1, 2, 3]


# -------------------------------------------------------------------------------------------------------------- errors

class OwnError(Exception):
    def __init__(self, text, code):
        super().__init__(text, code)
        self.code = code


def text_of(error: BaseException) -> str:
    return " ".join([str(error), *getattr(error, "__notes__", [])])


def failing_rows():
    yield 0
    yield 1
    raise OwnError("the disk is gone", 42)


class FailingAccess:
    def __getitem__(self, index):
        if index == 2:
            raise OwnError("the disk is gone", 42)
        return index

    def __len__(self):
        return 5


def fail_at_two(x):
    if x == 2:
        raise OwnError("the disk is gone", 42)
    return x


FAILING = {
    "generator": (lambda: ds.GeneratorDataset(failing_rows, "x"), "row 2 of the source"),
    "random access": (lambda: ds.GeneratorDataset(FailingAccess(), "x", shuffle=False), "row 2 of the source"),
    "on threads": (lambda: ds.GeneratorDataset(FailingAccess(), "x", shuffle=False, num_parallel_workers=3,
                                               python_multiprocessing=False),
                   "row 2 of the source"),
    "map": (lambda: ds.GeneratorDataset(lambda: range(5), "x").map(fail_at_two), "fail_at_two in map"),
    "filter": (lambda: ds.GeneratorDataset(lambda: range(5), "x").filter(lambda x: bool(fail_at_two(x)) or True),
               "predicate of filter"),
}


@pytest.mark.parametrize("name", FAILING)
def test_a_users_error_comes_out_after_the_rows_before_it_and_is_a_runtime_error_too(name):
    make, where = FAILING[name]
    seen = []
    with pytest.raises(OwnError) as caught:
        for row in make().create_tuple_iterator(num_epochs=1, output_numpy=True):
            seen.append(int(row[0]))
    assert seen == [0, 1]
    assert caught.value.code == 42 and isinstance(caught.value, RuntimeError)
    assert re.search(r"(?s)^OwnError: .*the disk is gone.*test_iteration.py\", line \d+, in ", str(caught.value))
    assert where in text_of(caught.value)
    frames = [frame.name for frame in caught.traceback]
    assert {"failing_rows", "__getitem__", "fail_at_two"} & set(frames), "the user's frame is missing from the trace"


def stop_at_two(x):
    if x == 2:
        raise StopIteration
    return x


@pytest.mark.parametrize("options", [{}, {"num_parallel_workers": 2}])
def test_stop_iteration_of_a_users_function_is_an_error_and_no_end(options):
    with pytest.raises(RuntimeError, match="StopIteration"):
        order(numbers(5, shuffle=False).map(stop_at_two, **options).batch(5).create_tuple_iterator(output_numpy=True))


def test_after_an_error_the_iterator_begins_a_new_epoch():
    iterator = FAILING["generator"][0]().create_tuple_iterator(output_numpy=True)
    for _ in range(2):
        with pytest.raises(OwnError):
            order(iterator)


def test_an_error_in_a_batch_comes_after_the_full_batches():
    dataset = ds.GeneratorDataset(FailingAccess(), "x", shuffle=False).batch(2)
    iterator = dataset.create_tuple_iterator(output_numpy=True)
    assert next(iterator)[0].tolist() == [0, 1]
    with pytest.raises(OwnError):
        next(iterator)


# ------------------------------------------------------------------------------------------------------------- threads

def test_the_pipeline_works_ahead_but_not_farther_than_allowed():
    made = []

    def source():
        for i in range(1000):
            made.append(i)
            yield i

    before = ds.config.get_prefetch_size()
    ds.config.set_prefetch_size(4)
    try:
        iterator = ds.GeneratorDataset(source, "x").create_tuple_iterator(output_numpy=True)
        next(iterator)
        deadline = time.monotonic() + 5
        while len(made) < 6 and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(0.02)
        assert 5 <= len(made) <= 6     # the row read, four waiting, one in hand
    finally:
        ds.config.set_prefetch_size(before)


@pytest.mark.parametrize("options", [{}, {"num_parallel_workers": 2}])
def test_the_next_row_is_prepared_while_the_consumer_has_one(options):
    prepared = [threading.Event() for _ in range(20)]

    def announce(x):
        prepared[x].set()
        return x

    iterator = numbers(20, shuffle=False).map(announce, **options).create_tuple_iterator(output_numpy=True)
    assert next(iterator)[0] == 0
    assert prepared[3].wait(10), "nothing is prepared before it is asked for"


def test_workers_call_user_functions_at_the_same_time_and_keep_the_order():
    together = threading.Barrier(3, timeout=10)

    def meet(x):
        together.wait()
        return x * 2

    mapped = numbers(9, shuffle=False).map(meet, num_parallel_workers=3)
    assert order(mapped.create_tuple_iterator(num_epochs=1, output_numpy=True)) == list(range(0, 18, 2))

    class Source:
        def __getitem__(self, i):
            together.wait()
            return i

        def __len__(self):
            return 9

    read = ds.GeneratorDataset(Source(), "x", shuffle=False, num_parallel_workers=3, python_multiprocessing=False)
    assert order(read.create_tuple_iterator(num_epochs=1, output_numpy=True)) == list(range(9))


def test_a_dropped_iterator_ends_its_thread_and_closes_the_users_generator():
    closed = threading.Event()

    def source():
        try:
            while True:
                yield 1
        finally:
            closed.set()

    iterator = ds.GeneratorDataset(source, "x").create_tuple_iterator(output_numpy=True)
    next(iterator)
    assert prefetch_threads()
    del iterator
    gc.collect()
    assert closed.wait(5)
    deadline = time.monotonic() + 5
    while prefetch_threads() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not prefetch_threads()


def listen_to_ctrl_c():
    """Background jobs of a shell start with SIGINT ignored; the program under test must not inherit that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def run(script: str, **options):
    listen = listen_to_ctrl_c if os.name == "posix" else None
    return subprocess.Popen([sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE,
                            stderr=subprocess.PIPE, text=True, preexec_fn=listen, **options)


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize("wait", ["threading.Event().wait(30)", "time.sleep(30)"])
def test_ctrl_c_ends_a_program_that_waits_for_a_stuck_source(wait):
    with run(f"""
        import sys, threading, time
        import mindspore.dataset as ds

        def source():
            yield 1
            print("stuck", flush=True)
            {wait}
            yield 2

        try:
            for row in ds.GeneratorDataset(source, "x").create_tuple_iterator(num_epochs=1, output_numpy=True):
                pass
        except KeyboardInterrupt:
            print("interrupted", flush=True)
            sys.exit(7)
    """) as child:
        assert child.stdout.readline() == "stuck\n"
        time.sleep(0.1)
        start = time.monotonic()
        child.send_signal(signal.SIGINT)
        out, err = child.communicate(timeout=20)
        assert (child.returncode, out) == (7, "interrupted\n"), err
        assert time.monotonic() - start < 10
        assert err == ""


def test_a_program_ends_while_an_iterator_is_open():
    with run("""
        import numpy as np
        import mindspore.dataset as ds
        iterator = ds.NumpySlicesDataset(np.arange(10_000), "x").repeat().create_tuple_iterator(output_numpy=True)
        print(len(next(iterator)))
    """) as child:
        out, err = child.communicate(timeout=60)
    assert (child.returncode, out, err) == (0, "1\n", "")


def test_importing_mindspore_leaves_datasets_alone():
    with run("""
        import sys
        import mindspore
        print([name for name in sys.modules if name.startswith(("mindspore.dataset", "mindspore.train"))])
    """) as child:
        out, err = child.communicate(timeout=60)
    assert (out, err) == ("[]\n", "")


def test_ctrl_c_before_the_thread_has_begun_ends_the_pass_quietly(monkeypatch):
    def interrupted(thread):
        raise KeyboardInterrupt

    def read():
        try:
            next(iter(numbers(8).create_tuple_iterator()))
        except KeyboardInterrupt:
            return True

    complaints = []
    monkeypatch.setattr(sys, "unraisablehook", complaints.append)
    monkeypatch.setattr(threading.Thread, "start", interrupted)
    assert read()
    gc.collect()
    assert not complaints
