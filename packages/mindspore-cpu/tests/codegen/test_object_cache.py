"""Machine code on disk: what is taken from there, what is not, and what happens to it under all kinds of misfortune."""
from __future__ import annotations

import errno
import os
import re
import stat
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from harness import generate

from mindspore_cpu.codegen import engine, kernel, object_cache
from mindspore_cpu.codegen.engine import Source, load_sources
from mindspore_cpu.codegen.object_cache import BLOCK, SHARDS, ObjectCache
from mindspore_cpu.codegen.target import LEVELS, target

KEY, OTHER = "ab" + "1" * 38, "ab" + "2" * 38
CODE = bytes(range(256)) * 3

PROGRAM = """
import numpy as np
from mindspore import Tensor, jit, ops
from mindspore_cpu.codegen import engine

@jit
def program(x):
    y = ops.softmax(x * 2, -1) + x.sum(0)
    while y.sum() > 1.0:
        y = y * 0.5
    return y

x = np.random.default_rng(0).standard_normal((6, 50)).astype(np.float32)
print(engine.compile_count, program(Tensor(x)).asnumpy().tobytes().hex(), engine.compile_count)
"""


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """The folder of code on disk during a test, and nothing in the caches in memory."""
    monkeypatch.setenv("MS_CPU_CACHE", str(tmp_path / "code"))
    monkeypatch.delenv("MS_CPU_CACHE_SIZE", raising=False)
    forget()
    yield tmp_path / "code"
    forget()


@pytest.fixture
def cache(folder) -> ObjectCache:
    return ObjectCache(str(folder), 64 << 20)


def forget() -> None:
    """Nothing is known of earlier kernels, as in a new process."""
    kernel._cache.clear()
    kernel._dispatcher.cache_clear()


def compiled(size: int = 33) -> int:
    """How many functions LLVM compiles for a softmax, whose results are looked at."""
    forget()
    x = np.linspace(-2, 2, 5 * size, dtype=np.float32).reshape(5, size)
    before = engine.compile_count
    found, = generate(lambda b, v: b.softmax(v, axis=1), x)
    exact = np.exp(x.astype(np.float64))
    np.testing.assert_allclose(found, exact / exact.sum(1, keepdims=True), rtol=1e-5)
    return engine.compile_count - before


def entries(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def entry(folder: Path, key: str = KEY) -> Path:
    return folder / key[:2] / key[2:]


# -- what it is for ----------------------------------------------------------------------------------------------------


def test_a_second_process_compiles_nothing(folder, tmp_path):
    file = tmp_path / "program.py"
    file.write_text(PROGRAM)

    def run() -> list[str]:
        done = subprocess.run([sys.executable, str(file)], capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    first, second = run(), run()
    assert int(first[0]) == 0 < int(first[2]), "the first process compiles"
    assert second == ["0", first[1], "0"]


def test_code_for_other_instructions_is_other_code(folder, monkeypatch):
    monkeypatch.setenv("MS_CPU_ISA", "generic")
    count = compiled()
    monkeypatch.delenv("MS_CPU_ISA")
    assert compiled() == (0 if target().level == "generic" else count)
    assert compiled() == 0 < count


def test_equal_kernels_are_found_whoever_made_them(folder):
    assert compiled() > 0
    assert compiled() == 0
    assert compiled(size=34) > 0


def test_keys_tell_apart_what_code_follows_from(monkeypatch):
    where = target()
    sources = [Source("f", "a", str), Source("g", "a", str), Source("f", "b", str), Source("f", "a", str, True)]
    keys = {engine.object_key(source, where) for source in sources}
    monkeypatch.delenv("MS_CPU_ISA", raising=False)
    for level in LEVELS[:LEVELS.index(target().level)]:
        monkeypatch.setenv("MS_CPU_ISA", level)
        keys.add(engine.object_key(sources[0], target()))
    count = len(keys)
    monkeypatch.delenv("MS_CPU_ISA")
    assert count == len(sources) + LEVELS.index(target().level) or where.level != target().level
    for name in ("__version__", "core_version"):
        engine._generator.cache_clear()
        monkeypatch.setattr(engine, name, "0.0")
        keys.add(engine.object_key(sources[0], where))
    engine._generator.cache_clear()
    assert len(keys) == count + 2


# -- entries that are not what was written -----------------------------------------------------------------------------


def test_an_entry_is_found_again(cache, folder):
    assert cache.load(KEY) is None
    cache.store(KEY, CODE)
    assert cache.load(KEY) == CODE and cache.load(OTHER) is None
    cache.discard(KEY)
    assert cache.load(KEY) is None and entries(folder) == []


def test_any_changed_byte_is_noticed(cache, folder):
    cache.store(KEY, CODE)
    whole = entry(folder).read_bytes()
    for place in range(len(whole)):
        for bit in (0x01, 0x80):
            changed = bytearray(whole)
            changed[place] ^= bit
            entry(folder).write_bytes(changed)
            assert cache.load(KEY) is None, f"byte {place} changed"
            assert not entry(folder).exists()
    entry(folder).write_bytes(whole)
    assert cache.load(KEY) == CODE


def test_any_other_length_is_noticed(cache, folder):
    cache.store(KEY, CODE)
    whole = entry(folder).read_bytes()
    for content in [whole[:length] for length in range(len(whole))] + [whole + b"\0", whole + whole, b"x" * 4096]:
        entry(folder).write_bytes(content)
        assert cache.load(KEY) is None and not entry(folder).exists(), f"{len(content)} bytes"


@pytest.mark.parametrize("name, value", [("MAGIC", b"MSCPUOBK"), ("LAYOUT", 2)])
def test_entries_of_other_layouts_are_noticed(cache, folder, monkeypatch, name, value):
    cache.store(KEY, CODE)
    monkeypatch.setattr(object_cache, name, value)
    assert cache.load(KEY) is None and entries(folder) == []


def test_an_entry_serves_its_own_key_only(cache, folder):
    cache.store(KEY, CODE)
    entry(folder).rename(entry(folder, OTHER))
    assert cache.load(OTHER) is None and entries(folder) == []


def test_what_is_no_file_of_the_user_is_not_read(cache, folder, tmp_path, monkeypatch):
    cache.store(KEY, CODE)
    elsewhere = tmp_path / "elsewhere"
    entry(folder).rename(elsewhere)
    entry(folder).symlink_to(elsewhere)
    assert cache.load(KEY) is None
    cache.store(KEY, CODE)
    assert cache.load(KEY) == CODE and not entry(folder).is_symlink()
    entry(folder).chmod(0o622)
    assert cache.load(KEY) is None and not entry(folder).exists()
    os.mkfifo(entry(folder))
    assert cache.load(KEY) is None and not entry(folder).exists()
    entry(folder).mkdir()
    assert cache.load(KEY) is None
    cache.store(KEY, CODE)
    assert cache.load(KEY) is None


@pytest.mark.parametrize("damage", [lambda old: b"", lambda old: old[:-1], lambda old: old[:-9] + b"\xc3" * 9])
def test_kernels_are_made_again_from_bad_entries(folder, damage):
    count = compiled()
    whole = {path: path.read_bytes() for path in entries(folder)}
    assert len(whole) == count > 0
    for path, old in whole.items():
        path.write_bytes(damage(old))
    assert compiled() == count
    assert {path: path.read_bytes() for path in entries(folder)} == whole
    assert compiled() == 0


def test_kernels_are_made_again_where_llvm_refuses_what_was_kept(cache, folder):
    count = compiled()
    keys = [path.parent.name + path.name for path in entries(folder)]
    for key in keys:
        cache.store(key, b"no object at all")
    assert compiled() == count
    empty = engine.object_code("@nothing = constant i32 0", target())
    for key in keys:
        cache.store(key, empty)
    assert compiled() == count
    assert compiled() == 0


# -- folders -----------------------------------------------------------------------------------------------------------


def test_only_the_user_has_access(cache, folder):
    cache.store(KEY, CODE)
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / "ab")} == {0o700}
    assert stat.S_IMODE(entry(folder).stat().st_mode) == 0o600


def test_a_folder_that_others_can_write_is_not_trusted(cache, folder, monkeypatch):
    cache.store(KEY, CODE)
    folder.chmod(0o777)
    assert cache.load(KEY) is None
    cache.store(OTHER, CODE)
    folder.chmod(0o700)
    assert cache.load(KEY) == CODE and cache.load(OTHER) is None
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)
    assert cache.load(KEY) is None
    cache.store(OTHER, CODE)
    assert entries(folder) == [entry(folder)]


def test_without_a_folder_everything_is_compiled(tmp_path, folder, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    monkeypatch.setenv("MS_CPU_CACHE", str(tmp_path / "file" / "below"))
    assert compiled() == compiled() > 0


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EACCES])
def test_where_nothing_can_be_written_nothing_is_left(folder, monkeypatch, code):
    def refuse(*args, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "rename", refuse)
    assert compiled() == compiled() > 0
    assert entries(folder) == []


def test_it_can_be_turned_off(folder, monkeypatch):
    for name in ("MS_CPU_CACHE", "MS_CPU_CACHE_SIZE"):
        monkeypatch.setenv(name, "0")
        assert object_cache.object_cache() is None
        assert compiled() == compiled() > 0
        assert not folder.exists()
        monkeypatch.setenv(name, "" if name == "MS_CPU_CACHE_SIZE" else str(folder))


def test_where_it_is(monkeypatch):
    for name in ("MS_CPU_CACHE", "MS_CPU_CACHE_SIZE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/home/somebody")
    found = object_cache.object_cache()
    assert (found.folder, found.limit) == ("/home/somebody/.cache/mindspore/cpu-objects", 512 << 20)
    monkeypatch.setenv("XDG_CACHE_HOME", "relative, which does not count")
    assert object_cache.object_cache().folder == found.folder
    monkeypatch.setenv("XDG_CACHE_HOME", "/var/caches")
    assert object_cache.object_cache().folder == "/var/caches/mindspore/cpu-objects"
    monkeypatch.setenv("MS_CPU_CACHE", "/elsewhere")
    monkeypatch.setenv("MS_CPU_CACHE_SIZE", "7")
    found = object_cache.object_cache()
    assert (found.folder, found.limit) == ("/elsewhere", 7 << 20)


@pytest.mark.parametrize("name, value, expected", [
    ("MS_CPU_CACHE", "here", "MS_CPU_CACHE: 'here' is no absolute path; expected that of a folder, or 0"),
    ("MS_CPU_CACHE_SIZE", "1 GiB", "MS_CPU_CACHE_SIZE: '1 GiB' is no size; expected a whole number of mebibytes"),
    ("MS_CPU_CACHE_SIZE", "-1", "MS_CPU_CACHE_SIZE: '-1' is no size")])
def test_settings_without_a_meaning_are_refused(folder, monkeypatch, name, value, expected):
    monkeypatch.setenv(name, value)
    with pytest.raises(ValueError, match=re.escape(expected)):
        compiled()


# -- size --------------------------------------------------------------------------------------------------------------


def test_what_was_used_longest_ago_goes_first(folder):
    cache = ObjectCache(str(folder), SHARDS * 4 * BLOCK)
    keys = [f"ab{k:038d}" for k in range(5)]
    for age, key in zip((50, 40, 30, 20), keys):
        cache.store(key, CODE)
        then = time.time() - age
        os.utime(entry(folder, key), (then, then))
    assert cache.load(keys[0]) == CODE  # which makes the second the one used longest ago
    cache.store(keys[4], CODE)
    assert [key for key in keys if cache.load(key)] == [keys[0], keys[3], keys[4]]


def test_the_whole_stays_below_the_limit(folder):
    cache = ObjectCache(str(folder), 2 << 20)
    rng = np.random.default_rng(0)
    for _ in range(1500):
        cache.store(rng.bytes(20).hex(), rng.bytes(int(rng.integers(1, 6000))))
    held = sum(path.stat().st_size for path in entries(folder))
    assert 0 < held <= 2 << 20
    cache.store(KEY, bytes(2 << 20))
    assert cache.load(KEY) is None, "it alone would take the room of many"


def test_files_that_nobody_goes_on_writing_are_deleted(cache, folder):
    cache.store(KEY, CODE)
    left, fresh = folder / "ab" / ".17-0123456789abcdef", folder / "ab" / ".18-0123456789abcdef"
    for path, age in ((left, 7200), (fresh, 60)):
        path.write_bytes(b"half of an ent")
        os.utime(path, (time.time() - age,) * 2)
    cache.store(OTHER, CODE)
    assert not left.exists() and fresh.exists()


# -- several at once ---------------------------------------------------------------------------------------------------


def test_processes_at_work_at_the_same_time_see_whole_entries(folder):
    """Children write, read, damage and delete the same few entries, some of which have to make room."""
    codes = {f"ab{k:038d}": np.random.default_rng(k).bytes(3000 + 1000 * k) for k in range(6)}

    def work(seed: int) -> int:
        cache, rng = ObjectCache(str(folder), SHARDS * 6 * BLOCK), np.random.default_rng(seed)
        found = 0
        for _ in range(400):
            key = list(codes)[rng.integers(len(codes))]
            action = rng.integers(8)
            if action == 0:
                cache.discard(key)
            elif action == 1:
                try:
                    with open(entry(folder, key), "r+b") as file:
                        file.truncate(int(rng.integers(3000)))
                except FileNotFoundError:
                    pass
            elif action < 5:
                cache.store(key, codes[key])
            else:
                code = cache.load(key)
                found += code is not None
                if code not in (None, codes[key]):
                    return 1
        return 0 if found > 10 else 2

    children = []
    for seed in range(4):
        child = os.fork()
        if child == 0:
            status = 3
            try:
                status = work(seed)
            finally:
                os._exit(status)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0] * 4
    assert all(not path.name.startswith(".") for path in entries(folder))


def adder(number: int) -> Source:
    text = f"define i64 @add{number}(i64 %x) {{\n  %y = add i64 %x, {number}\n  ret i64 %y\n}}\n"
    return Source(f"add{number}", text, lambda: text)


def test_many_functions_are_compiled_by_several_threads(folder, monkeypatch):
    import ctypes
    import threading
    threads: set[str] = set()
    emit = engine._emit

    def noted(module, machine):
        threads.add(threading.current_thread().name)
        time.sleep(0.01)
        return emit(module, machine)

    monkeypatch.setattr(engine, "_emit", noted)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1, 2})
    loaded = load_sources([adder(k) for k in range(12)], target())
    assert [ctypes.CFUNCTYPE(ctypes.c_int64, ctypes.c_int64)(code.address)(5) for code in loaded] == [
        5 + k for k in range(12)]
    assert len(threads) == 3


def test_llvm_runs_without_a_lock():
    function = engine.ffi.lib.LLVMPY_TargetMachineEmitToMemory
    assert engine.unlocked(function) is not function, "llvmlite's lock is found under another name"
    assert engine.unlocked(len) is len


def test_one_wrong_text_is_an_error_and_nothing_is_kept_of_it(folder):
    wrong = Source("wrong", "wrong", lambda: "define i64 @wrong( {")
    with pytest.raises(RuntimeError, match="LLVM IR parsing error"):
        load_sources([adder(1), wrong, adder(2)], target())
    assert load_sources([adder(1)], target())
