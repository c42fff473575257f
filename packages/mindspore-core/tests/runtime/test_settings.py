"""Settings that are kept, messages, processors, and small functions at the package's top."""
from __future__ import annotations

import logging
import logging.handlers
import os

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, log, runtime, utils
from mindspore.runtime.parallel_settings import ParallelPackageMissingError


@pytest.fixture
def environment(monkeypatch):
    """Sets the variables that decide about messages, and lets them be read anew, in a program without logging."""
    named, root = logging.getLogger("mindspore"), logging.getLogger()
    monkeypatch.setattr(named, "handlers", [])
    monkeypatch.setattr(named, "level", logging.NOTSET)

    def change(**variables: str) -> None:
        for name in log._VARIABLES:
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(log, "_logger", None)
        monkeypatch.setattr(root, "handlers", [])  # those of the test runner
        named.handlers.clear()
        named.setLevel(logging.NOTSET)
    return change


def say_all() -> None:
    for level in ("debug", "info", "warning", "error", "critical"):
        getattr(log, level)("%s of %d", level, 5)


def test_messages_by_level(environment, capsys):
    environment()
    assert log.get_level() == "2" and log.get_log_config() == {"GLOG_v": "2", "GLOG_logtostderr": "1"}
    say_all()
    lines = capsys.readouterr().err.splitlines()
    assert [line.split("]")[0][1:] for line in lines] == ["WARNING", "ERROR", "CRITICAL"]
    assert "test_settings.py:" in lines[0] and "] warning of 5" in lines[0] and " ME(" in lines[0]


def test_messages_in_a_file(environment, capsys, tmp_path):
    environment(GLOG_v="0", GLOG_logtostderr="0", GLOG_log_dir=str(tmp_path), logger_maxBytes="1000000")
    assert log.get_level() == "0" and log.get_log_config()["GLOG_logtostderr"] == "0"
    say_all()
    assert len(capsys.readouterr().err.splitlines()) == 2
    assert len((tmp_path / "rank_0" / "logs" / "mindspore.log").read_text().splitlines()) == 5


def test_variables_of_messages_are_checked(environment):
    environment(GLOG_v="loud")
    with pytest.raises(ValueError, match="GLOG_v must be 0 .debug., 1 .info.*'loud'"):
        log.info("x")


def test_a_level_by_name(environment, capsys):
    environment(MS_LOG="error", GLOG_v="0")
    say_all()
    assert log.get_level() == "3" and len(capsys.readouterr().err.splitlines()) == 2
    environment(MS_LOG="loud")
    with pytest.raises(ValueError, match="MS_LOG must be debug, info, .*'loud'"):
        log.info("x")


def test_a_program_that_sets_up_logging_gets_the_messages(environment, capsys):
    environment()
    log.warning("before")
    assert "before" in capsys.readouterr().err
    seen = logging.handlers.BufferingHandler(100)
    logging.getLogger().addHandler(seen)
    logging.getLogger("mindspore").setLevel("INFO")
    log.info("%d things", 2)
    assert [(r.name, r.levelname, r.getMessage()) for r in seen.buffer] == [("mindspore", "INFO", "2 things")]
    assert seen.buffer[0].filename == "test_settings.py" and not capsys.readouterr().err and log.get_level() == "1"


def test_level_at_the_top():
    assert ms.get_level() == log.get_level() and ms.get_log_config()["GLOG_v"] == ms.get_level()


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="the system does not bind processes")
def test_processors(tmp_path):
    allowed = sorted(os.sched_getaffinity(0))
    try:
        runtime.set_cpu_affinity(True, [str(allowed[0])])
        assert os.sched_getaffinity(0) == {allowed[0]}
        runtime.set_cpu_affinity(False)
        assert sorted(os.sched_getaffinity(0)) == allowed
        runtime.set_cpu_affinity(True, module_to_cpu_dict={"main": [len(allowed) - 1]})
        assert os.sched_getaffinity(0) == {allowed[-1]}
        (tmp_path / "bind").write_text(f"{allowed[0]}-{allowed[0]}\n")
        runtime.set_cpu_affinity(True, bind_file=str(tmp_path / "bind"))
        assert os.sched_getaffinity(0) == {allowed[0]}
    finally:
        os.sched_setaffinity(0, allowed)
    for arguments, message in (((True, ["x"]), "'x' is no range of processors"), ((True, ["100000"]), "none that this"),
                               ((True, None, {"minddata": [0]}), "no thread is called 'minddata'"),
                               ((True, ["0"], {"main": [7]}), "has 1"), ((1,), "must be a bool")):
        with pytest.raises((ValueError, TypeError), match=message):
            runtime.set_cpu_affinity(*arguments)


def test_parallel_settings_are_kept():
    ms.set_auto_parallel_context(parallel_mode="stand_alone", device_num=4, gradients_mean=True)
    assert ms.get_auto_parallel_context("device_num") == 4 and ms.get_auto_parallel_context("gradients_mean")
    ms.reset_auto_parallel_context()
    assert ms.get_auto_parallel_context("device_num") == 1
    with pytest.raises(ParallelPackageMissingError, match="'data_parallel' needs .*: pip install mindspore-parallel"):
        ms.set_auto_parallel_context(parallel_mode=ms.ParallelMode.DATA_PARALLEL)
    with pytest.raises(ValueError, match="parallel_mode must be one of"):
        ms.set_auto_parallel_context(parallel_mode="fast")
    with pytest.raises(ValueError, match="unknown key 'devices'"):
        ms.set_auto_parallel_context(devices=3)
    with pytest.raises(ValueError, match="device_num must be an int above 0, got 0"):
        ms.set_auto_parallel_context(device_num=0)
    ms.set_ps_context(enable_ps=False)
    assert ms.get_ps_context("enable_ps") is False
    with pytest.raises(ParallelPackageMissingError):
        ms.set_ps_context(enable_ps=True)


def test_device_of_a_block():
    before = ms.get_current_device()
    with ms.DeviceCtx("CPU") as block, block:
        assert ms.get_current_device() == ("CPU", 0)
    assert ms.get_current_device() == before
    with pytest.raises(RuntimeError, match="pip install mindspore-gpu"):
        with ms.DeviceCtx("GPU", 1):
            pass


def test_deterministic_is_kept():
    ms.set_deterministic(True)
    assert ms.get_context("deterministic") == "ON"
    ms.set_deterministic(False)
    with pytest.raises(TypeError, match="expected a bool"):
        ms.set_deterministic(1)


def test_swapped_tensors():
    a, b = Tensor([1.0]), Tensor([[2, 3]])
    ms.swap_tensors(a, b)
    assert a.asnumpy().tolist() == [[2, 3]] and b.asnumpy().tolist() == [1] and a.dtype == ms.int64
    p = Parameter(Tensor([1.0, 2.0]), name="p")
    ms.swap_tensors(p, q := Tensor([3.0, 4.0]))
    assert p.asnumpy().tolist() == [3, 4] and q.asnumpy().tolist() == [1, 2] and p.name == "p"
    with pytest.raises(ValueError, match="a Parameter keeps its shape and dtype"):
        ms.swap_tensors(p, b)
    with pytest.raises(TypeError, match="t2 must be a Tensor, got int"):
        ms.swap_tensors(p, 3)


def test_tensor_of_a_buffer():
    data = bytearray(np.arange(6, dtype=np.int32).tobytes())
    assert ms.frombuffer(data, ms.int32, count=3, offset=8).asnumpy().tolist() == [2, 3, 4]
    assert ms.frombuffer(b"\0\0\x80\x3f").asnumpy().tolist() == [1.0]
    with pytest.raises(ValueError, match="multiple"):
        ms.frombuffer(b"123")


@pytest.mark.parametrize("dtype", [ms.float32, ms.int8, ms.complex64, ms.bool_])
def test_dlpack_both_ways(dtype):
    x = Tensor(np.array([[0, 1], [1, 1]]), dtype)
    y = utils.from_dlpack(utils.to_dlpack(x))
    assert y.dtype == dtype and (y.asnumpy() == x.asnumpy()).all()
    assert (utils.from_dlpack(x.asnumpy()).asnumpy() == x.asnumpy()).all()


def test_dlpack_keeps_what_was_exported():
    p = Parameter(Tensor([1.0, 2.0]), name="p")
    seen = utils.from_dlpack(utils.to_dlpack(p))
    p.set_data(p + 1)
    assert seen.asnumpy().tolist() == [1, 2]
    with pytest.raises(BufferError, match="BFloat16 have no DLPack form here; cast"):
        utils.to_dlpack(Tensor([1.0], ms.bfloat16))
    with pytest.raises(TypeError, match="expected a DLPack capsule"):
        utils.from_dlpack([1, 2])
    with pytest.raises(TypeError, match="expected a Tensor"):
        utils.to_dlpack([1, 2])


def test_dtypes_of_python_objects():
    assert (ms.cfloat, ms.cdouble) == (ms.complex64, ms.complex128) and isinstance(ms.float32, ms.Type)
    assert [ms.get_py_obj_dtype(v) for v in (1, 1.0, True, "s", Tensor([1], ms.int8), np.zeros(1, np.int16))] == [
        ms.int64, ms.float64, ms.bool_, ms.string, ms.int8, ms.int16]
    kinds = {bool: ms.bool_, int: ms.int64, float: ms.float64, complex: ms.complex128, str: ms.string, list: ms.list_,
             tuple: ms.tuple_, type(None): ms.type_none}
    for kind, dtype in kinds.items():
        assert ms.get_py_obj_dtype(kind) is ms.pytype_to_dtype(kind) is ms.pytype_to_dtype(dtype) is dtype
        assert ms.dtype_to_pytype(dtype) is kind
    assert ms.pytype_to_dtype(np.dtype("f4")) is ms.pytype_to_dtype(np.float32) is ms.float32
    with pytest.raises(NotImplementedError, match="no counterpart"):
        ms.pytype_to_dtype(dict)
    with pytest.raises(TypeError, match="expected a type such as int"):
        ms.pytype_to_dtype(1)
    with pytest.raises(TypeError, match="no type of one kind"):
        ms.dtype_to_pytype(ms.number)
    assert ms.dtype_to_pytype(ms.uint8) is int and ms.float16 in ms.dtype.float_type
    assert set(ms.dtype.all_types) == {ms.bool_, *ms.dtype.number_type}
    for other in (object(), type, {}):
        with pytest.raises(NotImplementedError, match="expected a number"):
            ms.get_py_obj_dtype(other)


def test_numpy_has_the_type_that_arrays_of_bfloat16_have():
    from mindspore.common import np_dtype
    array = np.array([1, 2.5], dtype=np_dtype.bfloat16)
    assert array.dtype == Tensor(array).asnumpy().dtype == np_dtype.bfloat16 and Tensor(array).dtype is ms.bfloat16


def test_random_state_at_the_top():
    ms.manual_seed(3)
    state = ms.get_rng_state()
    first = ms.ops.rand(3).asnumpy()
    ms.set_rng_state(state)
    assert (ms.ops.rand(3).asnumpy() == first).all() and ms.initial_seed() == 3
    assert isinstance(ms.seed(), int) and isinstance(ms.default_generator, ms.Generator) and ms.is_tensor(state)
