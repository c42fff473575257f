"""Collectives of several members, by each communicator that plugins bring for the backend (`mindspore_communicators`).

The members are processes, or threads with a device each (`members` of the requirements). What each of them finds is
compared with what NumPy computes from what all brought.
"""
from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest

from mindspore.plugin import CommunicationError, FolderStore, Group, manager
from mindspore.testing.conformance import members

PATIENCE = 240


def as_processes(config, backend_name: str, communicator: str, size: int, folder) -> list[dict[str, Any]]:
    """What the members find, each a process that imports the plugins which pytest was given with `-p`."""
    plugins = [name for name in config.option.plugins or [] if not name.startswith("no:")]
    files = [folder / f"task{rank}.json" for rank in range(size)]
    for rank, file in enumerate(files):
        file.write_text(json.dumps({"backend": backend_name, "communicator": communicator, "rank": rank, "size": size,
                                    "folder": str(folder / "store"), "plugins": plugins}))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)}
    started = [subprocess.Popen([sys.executable, "-m", members.__name__, str(file)], env=environment,
                                stderr=subprocess.PIPE, text=True) for file in files]
    try:
        said = [process.communicate(timeout=PATIENCE)[1] for process in started]
    finally:
        for process in started:
            process.kill()
    for rank, (process, text) in enumerate(zip(started, said)):
        assert process.returncode == 0, f"member {rank} of {size} ended with {process.returncode}: {text[-2000:]}"
    return [dict(np.load(f"{file}.npz")) for file in files]


def as_threads(backend_name: str, communicator: str, size: int, folder) -> list[dict[str, Any]]:
    """What the members find, each a thread with a device of its own."""
    backend, make = manager.backends()[backend_name], manager.communicators(backend_name)[communicator]
    count = backend.device_count() if hasattr(backend, "device_count") else 1

    def member(rank: int) -> dict[str, Any]:
        return members.work(backend.open(rank % count), make, rank, size, str(folder / "store"))

    with ThreadPoolExecutor(size) as pool:
        return list(pool.map(member, range(size), timeout=PATIENCE))


def names(backend_name: str) -> list[str]:
    found = list(manager.communicators(backend_name))
    if not found:
        pytest.skip("no plugin brings a communicator for the backend")
    return found


@pytest.mark.parametrize("place", [0, 1], ids=["small group", "larger group"])
def test_collectives(backend_name, device, requirements, tally, request, tmp_path, place):
    size = requirements.group_sizes[min(place, len(requirements.group_sizes) - 1)]
    for communicator in names(backend_name):
        folder = tmp_path / communicator
        folder.mkdir()
        found = as_threads(backend_name, communicator, size, folder) if requirements.members == "threads" else \
            as_processes(request.config, backend_name, communicator, size, folder)
        for rank, own in enumerate(found):
            look(tally, f"{communicator}, member {rank} of {size}", own, device.capabilities.dtypes, rank, size)
        for case in found[0]:
            if "all_reduce" in case or case == "chain":
                same = all(np.asarray(own[case]).tobytes() == np.asarray(found[0][case]).tobytes() for own in found)
                tally.check(None if same else f"{communicator}, {case}: the members have different bits")


def look(tally, who: str, found: dict[str, Any], claimed: frozenset[str], rank: int, size: int) -> None:
    """Compare what one member found with what it must find."""
    tally.check(None if tuple(found["rank"]) == (rank, size) else f"{who} says that it is {found['rank']}")
    for case in members.cases(claimed, size):
        got, want = np.asarray(found[repr(case)]), members.expected(*case, rank, size)
        good = got.dtype == want.dtype and got.shape == want.shape and np.allclose(got, want, rtol=1e-6, atol=0)
        tally.check(None if good else f"{who}, {case}: got {got.tolist()}, expected {want.tolist()}")
    total = sum(members.given(r, (64, 9), "float32") for r in range(size))
    good = np.allclose(found["chain"], total * 4 * size, rtol=1e-6)
    tally.check(None if good else f"{who}: kernels and collectives by turns gave {found['chain']}")
    good = list(found["refused"]) == ["ValueError"] * 3
    tally.check(None if good else f"{who}: an unknown op and two ranks that there are not gave {found['refused']}")
    if size > 2 and rank < size - 1:
        want = members.expected("all_reduce", "float32", (5,), "sum", rank, size - 1)
        good = np.array_equal(found["part"], want)
        tally.check(None if good else f"{who}: a group of {size - 1} gave {found['part']}, expected {want}")


def test_a_member_that_does_not_come(backend_name, device, tally, tmp_path):
    for communicator in names(backend_name):
        make = manager.communicators(backend_name)[communicator]
        group = Group("lonely", 0, 2, FolderStore(tmp_path / communicator), seconds=0.5)
        try:
            make(device, group).barrier()
        except CommunicationError as error:
            tally.check(None if "lonely" in str(error) else f"the error does not name the group: {error}")
        else:
            tally.check(f"{communicator}: a group of two met, though one member never came")
