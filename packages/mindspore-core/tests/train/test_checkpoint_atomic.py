"""Replacing a checkpoint: killed at any moment, failing half-way, in the background."""
from __future__ import annotations

import os
import signal
import stat
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

from mindspore.train import _checkpoint_file as files
from mindspore.train import _checkpoint_format as fmt

SAVER = """
import sys
import numpy as np
import mindspore

path, number = sys.argv[1], 0
while True:
    number += 1
    values = {name: mindspore.Tensor(np.full(400_000, number)) for name in ("first", "second", "third")}
    mindspore.save_checkpoint(values, path, crc_check=True)
    print(number, flush=True)
"""


def save(path, **values) -> None:
    files.write_atomically(path, lambda file: fmt.encode(file, values.items()))


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="kill -9 needs a POSIX system")
def test_kill_9_while_saving_leaves_a_whole_file(tmp_path):
    path = tmp_path / "model.ckpt"
    interrupted, delays = 0, np.random.default_rng(7).uniform(0.0, 0.05, 40)
    for attempt, delay in enumerate(delays):
        if attempt >= 8 and interrupted:  # on a busy machine more kills miss
            break
        with subprocess.Popen([sys.executable, "-c", SAVER, os.fspath(path)], stdout=subprocess.PIPE) as saver:
            saver.stdout.readline()
            time.sleep(delay)
            saver.kill()
            saver.wait()
        loaded = fmt.decode(path, crc_check=True)
        assert list(loaded) == ["first", "second", "third"]
        numbers = {int(n) for array in loaded.values() for n in np.unique(array)}
        assert len(numbers) == 1, f"contents of the saves {numbers} are mixed"
        leftovers = list(tmp_path.glob("model.ckpt.tmp-*"))
        interrupted += bool(leftovers)
        for leftover in leftovers:
            leftover.unlink()
    assert interrupted >= 1, "no kill hit a save: the test proved nothing"


def test_a_failing_save_keeps_the_old_file_and_leaves_nothing_behind(tmp_path):
    path = tmp_path / "a.ckpt"
    save(path, x=np.arange(3))

    def break_off(file):
        fmt.encode(file, [("x", np.arange(4))])
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        files.write_atomically(path, break_off)
    with pytest.raises(TypeError):
        save(path, x=object())
    assert fmt.decode(path)["x"].tolist() == [0, 1, 2]
    assert os.listdir(tmp_path) == ["a.ckpt"]


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError):
        save(tmp_path / "missing" / "a.ckpt", x=np.arange(3))


@pytest.mark.skipif(os.name != "posix", reason="POSIX permissions")
def test_permissions_follow_the_umask_and_a_read_only_file_is_replaced(tmp_path):
    path = tmp_path / "a.ckpt"
    before = os.umask(0o027)
    try:
        save(path, x=np.arange(3))
        assert stat.S_IMODE(path.stat().st_mode) == 0o640
        path.chmod(0o400)
        save(path, x=np.arange(4))
    finally:
        os.umask(before)
    assert fmt.decode(path)["x"].size == 4
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


@pytest.mark.skipif(os.name != "posix", reason="symbolic links")
def test_a_link_stays_a_link(tmp_path):
    (tmp_path / "real").mkdir()
    save(tmp_path / "real" / "a.ckpt", x=np.arange(3))
    link = tmp_path / "latest.ckpt"
    link.symlink_to(tmp_path / "real" / "a.ckpt")
    save(link, x=np.arange(5))
    assert link.is_symlink()
    assert fmt.decode(tmp_path / "real" / "a.ckpt")["x"].size == 5


def test_background_saves_run_one_after_the_other():
    order, gate = [], threading.Event()

    def first():
        gate.wait(10)
        order.append("first")

    files.start_background_save(first)
    assert files.background_save_runs()
    threading.Timer(0.05, gate.set).start()
    files.start_background_save(lambda: order.append("second"))
    files.finish_background_save()
    assert order == ["first", "second"]
    assert not files.background_save_runs()


def test_background_error_is_raised_once_at_the_next_wait(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda report: None)

    def fail():
        raise OSError("disk full")

    files.start_background_save(fail)
    with pytest.raises(OSError, match="disk full"):
        files.finish_background_save()
    files.finish_background_save()
