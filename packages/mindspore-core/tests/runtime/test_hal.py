"""Devices by target, their memory and their settings."""
from __future__ import annotations

import pytest

import mindspore as ms
from mindspore import device_context, hal, runtime
from mindspore.plugin import DeviceFeatureError
from mindspore.plugin.manager import BackendMissingError
from mindspore.runtime.device import use_backend


def test_targets_without_a_backend_are_not_available():
    for target in ("GPU", "Ascend", "NoSuchTarget"):
        assert not hal.is_available(target) and not hal.is_initialized(target) and hal.device_count(target) == 0
    for context in (device_context.gpu, device_context.ascend):
        assert not context.is_available() and context.device_count() == 0
    with pytest.raises(TypeError, match="device_target must be a str such as 'CPU', got int"):
        hal.is_available(3)


@pytest.mark.parametrize("change", [
    lambda: device_context.gpu.op_precision.conv_allow_tf32(True),
    lambda: device_context.gpu.op_tuning.conv_dgrad_algo("normal"),
    lambda: hal.memory_stats("GPU"), lambda: hal.get_device_name(0, "GPU")],
    ids=["precision", "tuning", "memory", "name"])
def test_what_needs_a_missing_backend_names_its_package(change):
    with pytest.raises(BackendMissingError, match="pip install mindspore-gpu"):
        change()


def test_cpu_is_there():
    assert hal.is_available("CPU") and hal.device_count() == hal.device_count("CPU") == 1
    assert device_context.cpu.is_available() and device_context.cpu.device_count() == 1
    assert hal.get_device_properties(0, "CPU").total_memory > 0 and hal.get_device_name(0)
    assert hal.get_device_capability(0) is None and hal.get_arch_list("CPU") is None
    print(ms.Tensor(1.0) + 1)
    assert hal.is_initialized("CPU")
    with pytest.raises(TypeError, match="device_id must be an int, got str"):
        hal.get_device_properties("0")


def test_devices_tell_what_they_are(toy):
    assert hal.device_count("GPU") == device_context.gpu.device_count() == 4 and hal.is_available("GPU")
    assert hal.get_device_name(0, "GPU") == "Toy 3" and hal.get_device_capability(0, "GPU") == (3, 1)
    assert hal.get_arch_list("GPU") == ["toy_3"]


def test_settings_reach_the_device(toy):
    device_context.gpu.op_precision.matmul_allow_tf32(True)
    device_context.gpu.op_tuning.conv_fprop_algo("winograd")
    assert toy.options == {"matmul_allow_tf32": True, "conv_fprop_algo": "winograd"}
    with pytest.raises(DeviceFeatureError, match="conv_allow_tf32: the device of target 'GPU', ToyDevice, has no"):
        device_context.gpu.op_precision.conv_allow_tf32(False)
    with pytest.raises(ValueError, match="conv_fprop_algo: expected one of .*'normal'.* got 'fast'"):
        device_context.gpu.op_tuning.conv_fprop_algo("fast")
    with pytest.raises(TypeError, match="matmul_allow_tf32: expected bool, got int: 1"):
        device_context.gpu.op_precision.matmul_allow_tf32(1)


ASCEND = {
    "op_debug": [("execute_timeout", 9, 0), ("debug_option", "oom", "all"), ("aclinit_config", {}, "file")],
    "op_precision": [("precision_mode", "force_fp32", "fp8"), ("op_precision_mode", "file.ini", 1),
                     ("matmul_allow_hf32", True, "yes"), ("conv_allow_hf32", False, 0)],
    "op_tuning": [("op_compile", True, 1), ("aoe_tune_mode", "online", "now"), ("aoe_job_type", "2", "3"),
                  ("aclnn_cache", True, "on")]}


@pytest.mark.parametrize("module, name, good, bad", [(m, *row) for m, rows in ASCEND.items() for row in rows])
def test_settings_of_ascend_check_their_value_and_name_the_package(module, name, good, bad):
    function = getattr(getattr(device_context.ascend, module), name)
    with pytest.raises(BackendMissingError, match="pip install mindspore-ascend"):
        function(good)
    with pytest.raises((TypeError, ValueError), match="expected"):
        function(bad)


def test_threads_of_the_cpu_are_checked():
    for function in (device_context.cpu.threads_num, device_context.cpu.op_tuning.threads_num):
        with pytest.raises(ValueError, match="threads_num: expected an int above 0, got 0"):
            function(0)


def test_memory_of_a_device(toy):
    assert hal.memory_allocated("GPU") == 3 and hal.memory_reserved("GPU") == 8
    assert hal.max_memory_allocated("GPU") == 5 and hal.max_memory_reserved("GPU") == 9
    hal.reset_max_memory_allocated("GPU")
    assert hal.max_memory_allocated("GPU") == 3 and hal.max_memory_reserved("GPU") == 9
    hal.reset_max_memory_reserved("GPU")
    assert hal.max_memory_reserved("GPU") == 8
    toy.memory["reserved_peak"] = 12
    hal.reset_peak_memory_stats("GPU")
    assert hal.memory_stats("GPU") == {"total_reserved_memory": 8, "total_allocated_memory": 3,
                                       "total_idle_memory": 5, "max_reserved_memory": 8, "max_allocated_memory": 3}
    table = hal.memory_summary("GPU").splitlines()
    assert len({len(line) for line in table if line.startswith("-")}) == 1 and len(table) == 9


def test_memory_of_the_current_device(toy):
    with use_backend("toy"):
        assert runtime.memory_allocated() == 3 and runtime.memory_reserved() == 8
        assert runtime.max_memory_allocated() == 5 and runtime.max_memory_reserved() == 9
        assert runtime.memory_stats()["total_idle_memory"] == 5 and "idle" in runtime.memory_summary()
        runtime.empty_cache()
        assert runtime.memory_reserved() == 3
        runtime.reset_max_memory_reserved()
        assert (runtime.max_memory_allocated(), runtime.max_memory_reserved()) == (5, 3)
        runtime.reset_max_memory_allocated()
        runtime.reset_peak_memory_stats()
        assert runtime.max_memory_allocated() == 3
        hal.empty_cache()
        runtime.set_memory(init_size="1GB", max_size="1.5GB")
        assert toy.limit == 3 << 29


@pytest.mark.parametrize("arguments, kind, message", [
    ({"max_size": 3}, TypeError, "max_size must be a str such as '2GB', got int: 3"),
    ({"max_size": "3MB"}, ValueError, "max_size must be a number with GB"),
    ({"init_size": "4GB", "max_size": "3GB"}, ValueError, "init_size 4GB is more than max_size 3GB"),
    ({"optimize_level": "O9"}, ValueError, "optimize_level must be 'O0' or 'O1', got 'O9'")])
def test_sizes_of_memory_are_checked(arguments, kind, message):
    with pytest.raises(kind, match=message):
        runtime.set_memory(**arguments)


def test_a_device_without_statistics_says_so():
    with use_backend("reference"):
        with pytest.raises(DeviceFeatureError, match="ReferenceDevice, keeps no memory statistics"):
            runtime.memory_stats()


def test_recycling_keeps_values_and_forgets_executables():
    from mindspore.compiler import pipeline
    x = ms.Tensor([1.0, 2.0]) + 1
    ms.ms_memory_recycle()
    assert x.asnumpy().tolist() == [2, 3] and not pipeline._cache
