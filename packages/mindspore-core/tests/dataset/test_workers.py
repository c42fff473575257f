"""Worker processes: the same rows as without, chance, errors, death, and nothing left behind."""
from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import transforms, vision
from mindspore.dataset._processes import portable

PROCESSES = {"num_parallel_workers": 2, "python_multiprocessing": True}


class Own(Exception):
    """An error whose arguments are not those of its message."""

    def __init__(self, code):
        super().__init__(f"code {code}")
        self.code = code

    def __reduce__(self):
        return Own, (self.code,)


class Unpicklable(Exception):
    def __init__(self, a, b):
        super().__init__(f"{a} and {b}")


class Rows:
    """Ragged, large and small arrays and text; what goes wrong depends on the row."""

    def __init__(self, count=21, failing=None, kill=None, error=None):
        self.count, self.failing, self.kill, self.error = count, failing, kill, error

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index == self.failing:
            raise self.error
        if index == self.kill:
            os.kill(os.getpid(), signal.SIGKILL)
        return np.full((1 + index % 3, 20_000), index), np.int16(index), f"row {index}", np.int64(os.getpid())


def work(x):
    return x * 2, np.int64(os.getpid())


def draw(x):
    return np.float64(np.random.random())


def mean_of(rows, info):
    return [np.float64(np.mean(rows))], [np.int64(os.getpid())]


def rows_of(dataset, epochs=1):
    iterator = dataset.create_tuple_iterator(num_epochs=epochs, output_numpy=True)
    return [list(iterator) for _ in range(epochs)]


def test_a_source_in_processes_gives_the_same_rows_in_the_same_order():
    made = ds.GeneratorDataset(Rows(), ["a", "b", "c", "pid"], shuffle=False, **PROCESSES)
    for epoch in rows_of(made, 2):
        assert [int(row[1]) for row in epoch] == list(range(21))
        assert [str(row[2]) for row in epoch] == [f"row {i}" for i in range(21)]
        for i, row in enumerate(epoch):
            assert row[0].dtype == np.array(1).dtype and row[0].shape == (1 + i % 3, 20_000) and (row[0] == i).all()
            row[0][:] = 0       # writable: memory of its own
        workers = {int(row[3]) for row in epoch}
        assert len(workers) == 2 and os.getpid() not in workers


def test_map_and_per_batch_map_in_processes():
    numbers = ds.NumpySlicesDataset(np.arange(300), "x", shuffle=False)
    (mapped,) = rows_of(numbers.map(work, "x", ["x", "pid"], **PROCESSES))
    assert [int(row[0]) for row in mapped] == list(range(0, 600, 2))
    assert os.getpid() not in {int(row[1]) for row in mapped}
    (batched,) = rows_of(numbers.batch(50, per_batch_map=mean_of, input_columns="x", output_columns=["m", "pid"],
                                       **PROCESSES))
    assert [float(row[0][0]) for row in batched] == [24.5 + 50 * i for i in range(6)]


@pytest.mark.parametrize("operation", [draw, [vision.RandomHorizontalFlip(), transforms.TypeCast(np.int32)]])
def test_chance_in_processes_repeats_under_a_seed(operation):
    def epochs():
        ds.config.set_seed(5)
        images = ds.NumpySlicesDataset(np.arange(600).reshape(100, 2, 3), "x")
        return [[row[0].tolist() for row in epoch] for epoch in rows_of(images.map(operation, "x", **PROCESSES), 2)]
    first, second = epochs(), epochs()
    assert first == second and first[0] != first[1]


def test_chance_of_transforms_does_not_depend_on_the_workers():
    def rows(**options):
        ds.config.set_seed(3)
        images = ds.NumpySlicesDataset(np.arange(600).reshape(100, 2, 3), "x").map(vision.RandomHorizontalFlip(), "x",
                                                                                   **options).batch(40)
        return [row[0].tolist() for row in rows_of(images)[0]]
    assert rows() == rows(num_parallel_workers=3) == rows(**PROCESSES)


@pytest.mark.parametrize("error, kind", [(Own(42), Own), (ValueError("bad row"), ValueError)])
def test_an_error_in_a_worker_comes_out_with_its_type_and_traceback(error, kind):
    made = ds.GeneratorDataset(Rows(failing=9, error=error), list("abcd"), shuffle=False, **PROCESSES)
    seen = []
    with pytest.raises(kind) as caught:
        for row in made.create_tuple_iterator(num_epochs=1, output_numpy=True):
            seen.append(int(row[1]))
    assert seen == list(range(9))
    assert getattr(caught.value, "code", 42) == 42
    notes = "\n".join(getattr(caught.value, "__notes__", caught.value.args))
    assert "raise self.error" in notes and "test_workers.py" in notes and "row 9" in notes


def test_an_error_that_cannot_be_pickled_is_a_runtime_error_that_tells_it():
    made = ds.GeneratorDataset(Rows(failing=0, error=None), list("abcd"), shuffle=False, **PROCESSES)
    with pytest.raises(TypeError, match="exceptions must derive"):
        rows_of(made)
    failing = ds.NumpySlicesDataset(np.arange(5), "x", shuffle=False).map(raise_unpicklable, "x", **PROCESSES)
    with pytest.raises(RuntimeError, match="Unpicklable: 1 and 2"):
        rows_of(failing)


def raise_unpicklable(x):
    raise Unpicklable(1, 2)


def test_a_killed_worker_is_one_clear_error_and_the_next_epoch_has_new_workers():
    made = ds.GeneratorDataset(Rows(kill=13), list("abcd"), shuffle=False, **PROCESSES)
    iterator = made.create_tuple_iterator(output_numpy=True)
    for _ in range(2):
        with pytest.raises(RuntimeError, match=r"GeneratorDataset.*worker process \d+ was ended by signal 9 .SIGKILL"):
            for _ in iterator:
                pass


def exit_at_three(x):
    if x == 3:
        os._exit(7)
    return x


def test_a_worker_that_exits_is_an_error():
    with pytest.raises(RuntimeError, match="exited with status 7"):
        rows_of(ds.NumpySlicesDataset(np.arange(5), "x", shuffle=False).map(exit_at_three, "x", **PROCESSES))


def hang(x):
    if x == 50:
        threading.Event().wait()
    return np.int64(os.getpid())


def is_running(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_an_iterator_left_while_a_worker_hangs_ends_the_workers():
    iterator = ds.NumpySlicesDataset(np.arange(64), "x", shuffle=False).map(hang, "x", **PROCESSES) \
        .create_tuple_iterator(num_epochs=1, output_numpy=True)
    pids = {int(next(iterator)[0]) for _ in range(8)}
    assert len(pids) == 2
    iterator.stop()
    del iterator
    for thread in threading.enumerate():
        if thread.name == "mindspore-dataset-prefetch":
            thread.join(20)
            assert not thread.is_alive(), "the pipeline's thread hangs with its worker"
    assert not any(map(is_running, pids))


def test_what_cannot_be_pickled_is_done_by_threads_with_a_warning(caplog):
    factor = 3
    mapped = ds.NumpySlicesDataset(np.arange(5), "x", shuffle=False).map(lambda x: x * factor, "x", **PROCESSES)
    assert [int(row[0]) for row in rows_of(mapped)[0]] == [0, 3, 6, 9, 12]
    assert "threads are used instead of worker processes" in caplog.text
    assert portable(len, "map") is not None


GUARDED = """
    import os, numpy as np, mindspore.dataset as ds

    def work(x):
        return np.int64(os.getpid())

    def run():
        d = ds.NumpySlicesDataset(np.arange(40), "x", shuffle=False).map(
            work, "x", num_parallel_workers=2, python_multiprocessing=True)
        pids = {int(r[0]) for r in d.create_tuple_iterator(num_epochs=1, output_numpy=True)}
        print("workers", len(pids - {os.getpid()}))
"""


@pytest.mark.parametrize("ending, expected", [('if __name__ == "__main__":\n    run()', "workers 2"),
                                              ("run()", "workers 0")])
def test_a_function_of_the_main_program(tmp_path, ending, expected):
    program = tmp_path / "program.py"
    program.write_text(textwrap.dedent(GUARDED) + "\n" + ending + "\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, str(program)], capture_output=True, text=True, timeout=120, env=environment)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[0] == expected
    assert ("if __name__" in done.stderr) == (expected == "workers 0")


OF_A_MODULE = """
    import argparse
    parser = argparse.ArgumentParser()
    parser.add_argument("--factor", type=int, required=True)
    settings = parser.parse_args()

    def scaled(x):
        return x * settings.factor
"""


def test_a_module_that_reads_the_command_line(tmp_path):
    """Its functions run in workers as in the program: the worker has the program's arguments."""
    (tmp_path / "scaling.py").write_text(textwrap.dedent(OF_A_MODULE))
    program = tmp_path / "program.py"
    program.write_text("import os, mindspore.dataset as ds, scaling\n"
                       "rows = ds.NumpySlicesDataset([1, 2, 3], shuffle=False).map(\n"
                       "    scaling.scaled, num_parallel_workers=2, python_multiprocessing=True)\n"
                       "print([int(row[0]) for row in rows.create_tuple_iterator(output_numpy=True)])\n")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run([sys.executable, str(program), "--factor", "5"], capture_output=True, text=True, timeout=120,
                          env=environment)
    assert done.returncode == 0 and "threads are used" not in done.stderr, done.stderr
    assert done.stdout.split("\n")[0] == "[5, 10, 15]"
