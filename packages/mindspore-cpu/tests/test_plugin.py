"""The plugin: light until opened, and clear about what keeps it from opening."""
from __future__ import annotations

import os
import subprocess
import sys

import pytest

from mindspore.plugin import DeviceUnavailableError, manager
from mindspore_cpu import backend
from mindspore_cpu.backend import CPUBackend


def test_importing_the_plugin_loads_no_library():
    code = ("import mindspore.plugin, sys, time; start = time.perf_counter(); import mindspore_cpu.plugin;"
            "took = time.perf_counter() - start; maps = open('/proc/self/maps').read();"
            "assert 'mindspore_cpu._ext' not in sys.modules and 'llvmlite' not in sys.modules;"
            "assert 'dnnl' not in maps and 'gomp' not in maps; print(took)")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert float(done.stdout) < 0.05


def test_it_serves_the_target_before_the_reference():
    assert manager.backend_for("CPU").info.name == "cpu"
    assert CPUBackend().status() == "available"


def test_the_device_describes_itself(device):
    known = device.properties()
    assert known["vector_instructions"] in ("generic", "avx2", "avx512") and known["threads"] >= 1
    assert known["onednn_version"].startswith("3.")
    assert device.describe() == (f"{known['name']}, {known['vector_instructions']}, {known['threads']} threads, "
                                 f"oneDNN {known['onednn_version']}")


def test_a_missing_library_is_named_with_its_package(monkeypatch):
    monkeypatch.setattr(backend, "OPENMP_LIBRARY", "libgomp-missing.so.1")
    assert "apt-get install libgomp1" in CPUBackend().status()
    with pytest.raises(DeviceUnavailableError, match="apt-get install libgomp1"):
        CPUBackend().open()


@pytest.mark.parametrize(("given", "expected"), [({}, backend.SPIN_COUNT), ({"GOMP_SPINCOUNT": "77"}, "77"),
                                                 ({"OMP_WAIT_POLICY": "passive"}, "0")])
def test_waiting_threads_do_not_spin_for_long(given, expected):
    env = {k: v for k, v in os.environ.items() if k not in ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")}
    code = ("import os; from mindspore.plugin import manager; manager.device('cpu');"
            "print(os.environ.get('GOMP_SPINCOUNT'))")
    done = subprocess.run([sys.executable, "-c", code], env={**env, "OMP_DISPLAY_ENV": "verbose", **given},
                          capture_output=True, text=True, check=True)
    assert f"GOMP_SPINCOUNT = '{expected}'" in done.stderr
    assert done.stdout.strip() == given.get("GOMP_SPINCOUNT", "None")


def test_one_device_answers_to_every_number():
    assert CPUBackend().open(6).describe() == CPUBackend().open().describe()
