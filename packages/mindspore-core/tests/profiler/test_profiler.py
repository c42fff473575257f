"""Profilers: what is recorded, when, and what is written."""
from __future__ import annotations

import csv
import json

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, log, ops
from mindspore.compiler import recording
from mindspore.compiler.pipeline import clear_cache
from mindspore.profiler import (
    DynamicProfilerMonitor,
    Profiler,
    ProfilerAction,
    ProfilerActivity,
    ProfilerLevel,
    analyse,
    mstx,
    profile,
    schedule,
    tables,
    tensorboard_trace_handler,
)
from mindspore.runtime.device import use_backend


@pytest.fixture(params=["reference", "discrete"])
def backend(request, discrete):
    with use_backend(request.param):
        yield request.param


@ms.jit
def doubled_until(x):
    while ops.sum(x) < 100:
        x = x * 2
    return ops.exp(x - 50)


X = Tensor(np.ones((2, 3), np.float32))


def names(events, kind):
    return [event.name for event in events if event.kind == kind]


def test_calls_and_operators_are_recorded(backend):
    doubled_until(X)
    with profile() as done:
        expected = doubled_until(X)
    assert names(done.events, "graph") == ["doubled_until"] and names(done.events, "step") == ["0"]
    operators = names(done.events, "operator")
    assert operators.count("mul") == 5 and operators.count("exp") == 1 and operators.count("while_") == 1
    (graph,) = [e for e in done.events if e.kind == "graph"]
    assert all(graph.begin <= e.begin <= e.end <= graph.end for e in done.events if e.kind == "operator")
    assert (doubled_until(X).asnumpy() == expected.asnumpy()).all()


def test_what_is_compiled_meanwhile_is_recorded(backend):
    clear_cache()
    with profile() as done:
        (X + 1.5).asnumpy()
    assert names(done.events, "graph") == ["eager"] and names(done.events, "operator") == ["add"]


def test_nothing_is_left_behind(backend):
    doubled_until(X)
    before = {id(e): e.__dict__.get("run") for e in recording._state.alive}
    profiler = profile()
    assert all(recording._state.own[e] for e in recording._state.alive)
    with pytest.raises(RuntimeError, match="a profiler is running already"):
        profile()
    profiler.stop()
    assert {id(e): e.__dict__.get("run") for e in recording._state.alive} == before and not recording._state.own
    doubled_until(X)
    assert recording.current() is None


def test_an_error_of_the_program_ends_the_recording():
    with pytest.raises(ZeroDivisionError):
        with profile():
            1 / 0  # noqa: B018
    assert recording.current() is None and not recording._state.own


def test_levels_and_details():
    with use_backend("reference"):
        config = type("Config", (), {"profiler_level": ProfilerLevel.Level0})
        with profile(experimental_config=config, with_stack=True, record_shapes=True, profile_memory=True) as done:
            doubled_until(X)
    assert names(done.events, "operator") == []
    (graph,) = [e for e in done.events if e.kind == "graph"]
    assert graph.args["inputs"] == ["float32[2,3]"] and "test_profiler.py:" in graph.args["stack"]
    assert "memory" not in graph.args, "the reference device counts none"


def test_schedule_counts_cycles():
    plan = schedule(skip_first=1, wait=1, warmup=1, active=2, repeat=2)
    short = {ProfilerAction.NONE: ".", ProfilerAction.WARM_UP: "w", ProfilerAction.RECORD: "r",
             ProfilerAction.RECORD_AND_SAVE: "S"}
    assert "".join(short[plan(step)] for step in range(12)) == "..wrS.wrS..."
    assert "".join(short[schedule(wait=0, active=1)(step)] for step in range(3)) == "SSS"
    assert repr(plan) == "schedule(wait=1, active=2, warmup=1, repeat=2, skip_first=1)"


@pytest.mark.parametrize("arguments, kind, message", [
    ({"wait": 0, "active": 0}, ValueError, "active must be at least 1, got 0"),
    ({"wait": -1, "active": 1}, ValueError, "wait must be at least 0, got -1"),
    ({"wait": 0, "active": 1.0}, TypeError, "active must be an int, got float"),
])
def test_schedule_checks_its_numbers(arguments, kind, message):
    with pytest.raises(kind, match=message):
        schedule(**arguments)


def test_active_steps_are_kept_and_handed_over():
    handed = []
    with use_backend("reference"), profile(
            schedule=schedule(wait=1, warmup=1, active=2, repeat=2),
            on_trace_ready=lambda p: handed.append(names(p.events, "step"))) as done:
        for _ in range(9):
            doubled_until(X)
            done.step()
    assert handed == [["2", "3"], ["6", "7"]] and done.events == []


def test_tables_add_up():
    event = recording.Event
    events = [event("operator", "add", 0, 1000, 1), event("operator", "add", 2000, 5000, 1),
              event("operator", "mul", 5000, 9000, 1), event("graph", "f", 0, 9000, 1), event("step", "0", 0, 20000, 1),
              event("graph", "f", 20000, 21000, 1), event("step", "1", 20000, 30000, 1)]
    assert tables.statistics(events, "operator") == [
        {"name": "add", "count": 2, "total_us": 4, "mean_us": 2, "min_us": 1, "max_us": 3, "percent": 50},
        {"name": "mul", "count": 1, "total_us": 4, "mean_us": 4, "min_us": 4, "max_us": 4, "percent": 50}]
    assert tables.steps(events) == [
        {"step": "0", "total_us": 20, "graphs_us": 9, "host_us": 11, "graphs": 1},
        {"step": "1", "total_us": 10, "graphs_us": 1, "host_us": 9, "graphs": 1}]


def test_trace_is_what_viewers_read(tmp_path):
    event = recording.Event
    memory = {"allocated": 3, "reserved": 8, "allocated_peak": 9, "reserved_peak": 9}
    events = [event("graph", "f", 1000, 5000, 77, {"memory": memory, "stack": "a.py:3"}),
              event("operator", "add", 2000, 3000, 77), event("mark", "here", 4000, 4000, 78)]
    tables.write_trace(events, {"run": "1"}, tmp_path / "trace.json")
    trace = json.loads((tmp_path / "trace.json").read_text())
    rows = [row for row in trace["traceEvents"] if row["ph"] != "M"]
    assert [(r["ph"], r["name"], r["ts"], r.get("dur")) for r in rows] == [
        ("X", "f", 0, 4), ("C", "memory", 4, None), ("X", "add", 1, 1), ("i", "here", 3, None)]
    assert rows[0]["args"] == {"stack": "a.py:3"} and rows[1]["args"] == {"allocated": 3, "reserved": 8}
    assert len({row["tid"] for row in rows if "tid" in row}) == 3 and trace["otherData"] == {"run": "1"}
    again = tables.read_trace(tmp_path / "trace.json")
    assert [(e.kind, e.name, e.end - e.begin) for e in again] == [("graph", "f", 4000), ("operator", "add", 1000),
                                                                  ("mark", "here", 0)]


def test_handler_writes_a_folder_each_time(tmp_path):
    handler = tensorboard_trace_handler(str(tmp_path), worker_name="me")
    with use_backend("reference"):
        for _ in range(2):
            with profile(on_trace_ready=handler, activities=[ProfilerActivity.CPU]) as done:
                done.add_metadata("who", "test")
                done.add_metadata_json("numbers", "[1, 2]")
                number = mstx.range_start("part")
                mstx.mark("point")
                doubled_until(X)
                mstx.range_end(number)
    folders = sorted(tmp_path.iterdir())
    assert len(folders) == 2 and all(f.name.startswith("me_") and f.name.endswith("_ms") for f in folders)
    assert sorted(f.name for f in folders[0].iterdir()) == ["graph_statistic.csv", "operator_statistic.csv",
                                                            "step_trace_time.csv", "trace_view.json"]
    trace = json.loads((folders[0] / "trace_view.json").read_text())
    assert {"point", "part", "doubled_until", "exp"} <= {row["name"] for row in trace["traceEvents"]}
    assert trace["otherData"]["who"] == "test" and trace["otherData"]["numbers"] == [1, 2]
    with open(folders[0] / "operator_statistic.csv", newline="") as file:
        counts = {row["name"]: row["count"] for row in csv.DictReader(file)}
    assert counts["exp"] == "1" and counts["mul"] == "5"


def test_marks_outside_of_a_recording_do_nothing():
    mstx.mark("x")
    assert mstx.range_start("x") == 0
    mstx.range_end(0)
    with pytest.raises(ValueError, match="7 is the number of no open range"):
        mstx.range_end(7)
    with pytest.raises(TypeError, match="mstx.mark: message must be a text, got ' '"):
        mstx.mark(" ")


def test_profiler_analyses(tmp_path, capsys):
    with use_backend("reference"):
        profiler = Profiler(output_path=str(tmp_path), profiler_level=ProfilerLevel.Level1)
        for _ in range(3):
            doubled_until(X)
            profiler.step()
        profiler.analyse(step_list=[1], pretty=True)
    (folder,) = tmp_path.iterdir()
    lines = (folder / "step_trace_time.csv").read_text().splitlines()
    assert len(lines) == 2 and lines[1].startswith("1,")
    assert "name exp  count 1" in capsys.readouterr().out
    assert profiler.op_analyse("exp")[0]["count"] == 3
    with pytest.raises(ValueError, match="'tan' was not recorded; recorded are"):
        profiler.op_analyse(["exp", "tan"])
    for analysed in (Profiler.offline_analyse, analyse):
        (folder / "step_trace_time.csv").unlink()
        analysed(str(tmp_path))
        assert len((folder / "step_trace_time.csv").read_text().splitlines()) == 4
    with pytest.raises(FileNotFoundError, match="has no trace_view.json"):
        profiler.analyse(offline_path=str(folder / "none"))


@pytest.mark.parametrize("make, message", [
    (lambda: profile(with_stack=1), "with_stack must be a bool, got int"),
    (lambda: profile(schedule=3), "schedule must be callable"),
    (lambda: profile(activities=["CPU"]), "activities must be a list of ProfilerActivity"),
    (lambda: Profiler(colour="red"), "unknown argument 'colour'"),
    (lambda: Profiler(output_path=3), "output_path must be a str"),
    (lambda: Profiler(profiler_level=1), "profiler_level must be a ProfilerLevel"),
    (lambda: tensorboard_trace_handler(3), "dir_name must be a str"),
    (lambda: profile(start_profile=False).add_metadata("x", 3), "key and value must be str"),
])
def test_arguments_are_checked(make, message):
    with pytest.raises(TypeError, match=message):
        make()
    assert recording.current() is None


def test_misuse(monkeypatch):
    waiting = profile(start_profile=False)
    with pytest.raises(RuntimeError, match="is not running; call start"):
        waiting.step()
    waiting.stop()
    waiting.start()
    said = []
    monkeypatch.setattr(log, "warning", said.append)
    waiting.start()
    waiting.stop()
    assert len(said) == 1 and "was started already" in said[0]
    with pytest.raises(ValueError, match="mode must be 'sync' or 'async'"):
        Profiler(start_profile=False).analyse(mode="later")


def steps_of(folder):
    return [row.split(",")[0] for row in (folder / "step_trace_time.csv").read_text().splitlines()[1:]]


def test_a_file_says_which_steps_are_profiled(tmp_path):
    config = tmp_path / "profiler_config.json"
    ran = []
    with use_backend("reference"), DynamicProfilerMonitor(str(tmp_path), str(tmp_path / "out"), 0) as monitor:
        for step in range(1, 9):
            doubled_until(X)
            ran.append(recording.current() is not None)
            if step == 2:
                config.write_text("{")
            if step == 3:
                config.write_text(json.dumps({"start_step": 5, "stop_step": 6, "profiler_level": 0, "other": 1}))
            monitor.step()
    assert ran == [False] * 4 + [True] * 2 + [False] * 2 and recording.current() is None
    (folder,) = (tmp_path / "out").iterdir()
    assert steps_of(folder) == ["0", "1"] and not (folder / "operator_statistic.csv").exists()


def test_a_run_that_ends_earlier_is_written(tmp_path):
    with use_backend("reference"):
        with DynamicProfilerMonitor(str(tmp_path), str(tmp_path / "out"), start_step=1, stop_step=9) as monitor:
            doubled_until(X)
            monitor.step()
    (folder,) = (tmp_path / "out").iterdir()
    assert steps_of(folder) == ["0"] and (folder / "operator_statistic.csv").exists()
    for arguments, message in (((3,), "must be paths"), ((".", ".", -1), "poll_interval must be a number")):
        with pytest.raises((TypeError, ValueError), match=message):
            DynamicProfilerMonitor(*arguments)
    with pytest.raises(TypeError, match="unknown argument 'speed'; known are start_step"):
        DynamicProfilerMonitor(".", speed=1)
