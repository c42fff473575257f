"""Buffers and the state of Cells as a dict, and what else programs ask of a Cell."""
from __future__ import annotations

import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.compiler.pipeline import assert_max_compiles
from mindspore.nn.members import MixedPrecisionType


class Counting(nn.Cell):
    """Adds a buffer to its input, and counts its calls."""

    def __init__(self):
        super().__init__()
        self.register_buffer("calls", Tensor(0.0, ms.float32))
        self.register_buffer("shift", Tensor([1.0, 2.0]), persistent=False)
        self.register_buffer("nothing", None)
        self.scale = Parameter(Tensor([3.0, 4.0]))

    def construct(self, x):
        self.calls = self.calls + 1
        return x * self.scale + self.shift


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.first = Counting()
        self.second = Counting()

    def construct(self, x):
        return self.second(self.first(x))


class Remembering(nn.Cell):
    """A cell with a state of its own."""

    def __init__(self, seen=()):
        super().__init__()
        self.seen = list(seen)

    def get_extra_state(self):
        return {"seen": list(self.seen)}

    def set_extra_state(self, state):
        self.seen = state["seen"]


# -- buffers -----------------------------------------------------------------------------------------------------------


def test_buffers_are_read_and_assigned(mode):
    net, x = Net(), Tensor([1.0, 1.0])
    np.testing.assert_array_equal(net(x).asnumpy(), [13, 26])
    with assert_max_compiles(1 if mode == "pynative" else 0):
        net.first.shift = Tensor([0.0, 0.0])
        np.testing.assert_array_equal(net(x).asnumpy(), [10, 18])
    assert net.first.calls.asnumpy() == 2 and net.second.calls.asnumpy() == 2
    assert net.first.nothing is None and "calls" in dir(net.first)


def test_gradients_pass_buffers(mode):
    net = Counting()
    grads = ms.grad(lambda x: net(x).sum(), 0, net.trainable_params())(Tensor([1.0, 2.0]))
    np.testing.assert_array_equal(grads[0].asnumpy(), [3, 4])
    np.testing.assert_array_equal(grads[1][0].asnumpy(), [1, 2])
    assert net.calls.asnumpy() == 1


def test_buffers_are_listed():
    net = Net()
    assert [n for n, _ in net.named_buffers()] == ["first.calls", "first.shift", "second.calls", "second.shift"]
    assert [n for n, _ in net.named_buffers("net", recurse=False)] == []
    assert [n for n, _ in net.first.named_buffers("net")] == ["net.calls", "net.shift"]
    net.second.shift = None
    net.second.register_buffer("shift", net.first.shift)
    assert len(list(net.buffers())) == 3
    assert len(list(net.named_buffers(remove_duplicate=False))) == 4
    assert net.get_buffer("first.shift") is net.first.shift and net.get_sub_cell("first") is net.first
    assert net.get_sub_cell("") is net
    assert not any("shift" in p.name for p in net.get_parameters())


@pytest.mark.parametrize("act, error, text", [
    (lambda c: c.register_buffer(3, None), TypeError, "must be a str"),
    (lambda c: c.register_buffer("a.b", None), KeyError, "has a dot"),
    (lambda c: c.register_buffer("scale", None), KeyError, "attribute of that name"),
    (lambda c: c.register_buffer("x", Parameter(Tensor(1.0))), TypeError, "got Parameter"),
    (lambda c: setattr(c, "calls", 3), TypeError, "is a buffer"),
    (lambda c: c.get_buffer("scale"), AttributeError, "no buffer 'scale'"),
    (lambda c: c.get_sub_cell("a.b"), AttributeError, "no child 'a'"),
    (lambda c: c.state_dict({}, "", False, 3), TypeError, "at most 3"),
    (lambda c: c.load_state_dict([]), TypeError, "must be a dict"),
    (lambda c: c.to("nowhere"), ValueError, "'nowhere'"),
    (lambda c: c.to(ms.int32), ValueError, "floating"),
    (lambda c: c.to(3), TypeError, "got int"),
    (lambda c: c.to(size=3), TypeError, "'size'"),
    (lambda c: c.set_jit_config({}), TypeError, "JitConfig"),
    (lambda c: c.set_mixed_precision_type(ms.float16), TypeError, "MixedPrecisionType"),
    (lambda c: c.cast_inputs((1,), ms.float16), TypeError, "expected a Tensor"),
    (lambda c: setattr(c, "phase", 3), TypeError, "must be a str"),
    (lambda c: c.set_extra_state(3), RuntimeError, "set_extra_state"),
    (lambda c: list(c.cells_and_names([3])), TypeError, "must be Cells"),
    (lambda c: c.register_state_dict_pre_hook(3), TypeError, "callable"),
], ids=lambda value: value if isinstance(value, str) else "")
def test_mistakes_are_named(act, error, text):
    with pytest.raises(error, match=text):
        act(Counting())


def test_a_compiled_cell_keeps_the_shape_of_a_buffer():
    class Grows(nn.Cell):
        def __init__(self):
            super().__init__()
            self.register_buffer("row", Tensor([1.0]))

        def construct(self, x):
            self.row = x
            return x

    x = Tensor([1.0, 2.0])
    with pytest.raises(ValueError, match="must keep its shape"):
        ms.jit(Grows())(x)
    net = Grows()
    net(x)
    assert net.row.shape == (2,)


def test_repeated_layers_keep_buffers_of_their_own():
    net = nn.SequentialCell(*[nn.SequentialCell(Counting()) for _ in range(4)])
    ms.set_context(mode=ms.GRAPH_MODE)
    try:
        net(Tensor([1.0, 1.0]))
    finally:
        ms.set_context(mode=ms.PYNATIVE_MODE)
    assert [float(c[0].calls) for c in net] == [1, 1, 1, 1]


# -- the state as a dict -----------------------------------------------------------------------------------------------


def test_the_state_goes_from_one_cell_to_another(mode):
    first, second = Net(), Net()
    first(Tensor([1.0, 1.0]))
    first.first.scale.set_data(Tensor([7.0, 8.0]))
    state = first.state_dict()
    assert list(state) == ["first.scale", "first.calls", "second.scale", "second.calls"]
    assert state["first.scale"] is first.first.scale
    state = copy.deepcopy(state)
    first.first.scale.set_data(Tensor([0.0, 0.0]))
    result = second.load_state_dict(state)
    assert result == ([], []) and "All keys matched" in repr(result)
    assert second.first.scale.asnumpy().tolist() == [7, 8] and second.first.calls.asnumpy() == 1
    assert first.state_dict(keep_vars=True)["first.scale"] is first.first.scale
    assert list(first.state_dict(OrderedDict(old=1), "net.")) == ["old", *[f"net.{n}" for n in state]]


def test_what_does_not_fit_is_named_and_nothing_changes():
    net = Net()
    state = net.state_dict()
    state["first.scale"] = np.full(2, 9.0)
    state["second.scale"] = Tensor([1.0, 2.0, 3.0])
    state["other"] = state.pop("second.calls")
    with pytest.raises(RuntimeError) as caught:
        net.load_state_dict(state)
    for part in ("missing keys: 'second.calls'", "unexpected keys: 'other'", r"'second.scale' has shape (3,)"):
        assert part in str(caught.value)
    assert net.first.scale.asnumpy().tolist() == [3, 4]
    del state["second.scale"]
    result = net.load_state_dict(state, strict=False)
    assert result.missing_keys == ["second.scale", "second.calls"] and result.unexpected_keys == ["other"]
    assert net.first.scale.asnumpy().tolist() == [9, 9]
    state["first.calls"] = "many"
    with pytest.raises(RuntimeError, match="'first.calls' is a str"):
        net.load_state_dict(state, strict=False)


def test_values_of_other_dtypes_are_cast():
    net = Counting()
    net.load_state_dict({"scale": Tensor([1, 2], ms.int32), "calls": Tensor(5, ms.int64)})
    assert net.scale.dtype is ms.float32 and net.calls.asnumpy() == 5


def test_extra_state():
    net = nn.SequentialCell(Remembering([1, 2]), nn.ReLU())
    state = net.state_dict()
    assert state == {"0._extra_state": {"seen": [1, 2]}}
    twin = nn.SequentialCell(Remembering(), nn.ReLU())
    twin.load_state_dict(state)
    assert twin[0].seen == [1, 2]
    assert twin.load_state_dict({}, strict=False).missing_keys == ["0._extra_state"]
    with pytest.raises(RuntimeError, match="no extra state"):
        nn.SequentialCell(nn.ReLU()).load_state_dict(state)


def test_hooks_around_the_state():
    net, log = Counting(), []
    handles = [net.register_state_dict_pre_hook(lambda cell, prefix, keep: log.append(("pre", cell is net, prefix,
                                                                                       keep))),
               net.register_state_dict_post_hook(lambda cell, state, prefix, meta: state.pop(prefix + "calls")),
               net.register_load_state_dict_pre_hook(
                   lambda cell, state, prefix, meta, strict, missing, unexpected, errors:
                   state.__setitem__(prefix + "calls", Tensor(9.0))),
               net.register_load_state_dict_post_hook(lambda cell, keys: log.append(keys))]
    state = net.state_dict()
    assert list(state) == ["scale"] and log == [("pre", True, "", False)]
    net.load_state_dict(state)
    assert net.calls.asnumpy() == 9 and log[1] == ([], []) and list(state) == ["scale"]
    for handle in handles:
        handle.remove()
        handle.remove()
    assert list(net.state_dict()) == ["scale", "calls"]
    net.register_load_state_dict_pre_hook(lambda *args: args[-1].append("not today"))
    with pytest.raises(RuntimeError, match="not today"):
        net.load_state_dict(net.state_dict())


# -- dtypes, copies, flags ---------------------------------------------------------------------------------------------


def test_to_casts_in_place(mode):
    net, x = Counting(), Tensor([1.0, 2.0])
    net(x)
    scale = net.scale
    assert net.to(dtype=ms.float64) is net and net.to("CPU") is net and net.to(Tensor(1.0, ms.float64)) is net
    assert net.scale is scale and scale.dtype is ms.float64 and net.shift.dtype is ms.float64
    assert net(x).dtype is ms.float64
    np.testing.assert_array_equal(net(x).asnumpy(), [4, 10])
    assert net.to_empty(device="CPU") is net and not net.scale.asnumpy().any()


def test_a_graph_is_for_the_dtypes_of_its_parameters():
    net, x = Counting(), Tensor([1.0, 2.0])
    function = ms.jit(lambda x: net(x))
    function(x)
    net.to(ms.float64)
    np.testing.assert_array_equal(function(x).asnumpy(), [4, 10])
    assert function(x).dtype is ms.float64
    net.scale.set_dtype(ms.float32)
    net.scale.set_data(Tensor([[3.0, 4.0]]), slice_shape=True)
    np.testing.assert_array_equal(function(x).asnumpy(), [[4, 10]])


def test_copies_have_buffers_of_their_own(mode):
    net = Counting()
    twin, loaded = copy.deepcopy(net), None
    net(Tensor([1.0, 1.0]))
    loaded = pickle.loads(pickle.dumps(net))
    net(Tensor([1.0, 1.0]))
    assert [float(c.calls) for c in (net, loaded, twin)] == [2, 1, 0]


def test_flags_phases_and_names():
    net = Net()
    assert net.add_flags_recursive(depth=2) is net and net.first.depth == 2 and net.second.get_flags() == {"depth": 2}
    assert net.phase == "train" and net.set_train(False).first.phase == "predict"
    net.phase = "export"
    assert net.phase == "export"
    net.update_cell_prefix()
    net.generate_scope()
    assert net.first.param_prefix == "first" and net.first.get_scope() == "Default/first-Counting"
    assert list(net.parameters_broadcast_dict()) == ["first.scale", "second.scale"]
    net.check_names_and_refresh_name()
    assert [n for n, _ in net.cells_and_names([net.first, net.second], "at")] == ["at", "at"]
    assert not nn.SequentialCell() and not nn.CellList() and nn.CellList([nn.ReLU()])


def test_flags_of_a_precision(mode):
    net, x = nn.SequentialCell(nn.Dense(3, 2), nn.Dense(2, 2)), Tensor(np.ones((1, 3), np.float32))
    net.add_flags_recursive(fp16=True)
    assert net(x).dtype is ms.float16 and net.get_flags() == {"fp16": True}
    net[1].add_flags(fp16=False, fp32=True)
    assert net(x).dtype is ms.float32
    net.add_flags_recursive(fp16=False, fp32=False)
    assert net(x).dtype is ms.float32 and not net[0]._converts


def test_what_programs_for_several_devices_say():
    net = Net()
    assert net.pipeline_stage is None
    net.pipeline_stage, net.pipeline_segment = 1, 0
    assert (net.pipeline_stage, net.pipeline_segment) == (1, 0)
    assert net.set_comm_fusion(3) is net and [p.comm_fusion for p in net.get_parameters()] == [3, 3]
    assert net.set_broadcast_flag().first.broadcast_flag is True
    net.set_data_parallel()
    net.offload()
    net.remove_redundant_parameters()
    assert net.shard(((1, 1),), parameter_plan={"w": (1,)}) is net
    assert not (net.parameter_layout_dict or net.parallel_parameter_name_list or net.parallel_parameter_merge_net_dict)
    assert net.create_time == net.create_time > 0 and net.bprop_debug is False
    net.bprop_debug = True
    assert net.bprop_debug and Net().first.pipeline_stage is None
    for call, error, text in ((lambda: setattr(net, "pipeline_stage", "1"), TypeError, "must be an int"),
                              (lambda: setattr(net, "pipeline_stage", -1), ValueError, "at least 0"),
                              (lambda: net.set_comm_fusion(-1), ValueError, "fusion_type must be at least 0"),
                              (lambda: net.shard([1]), TypeError, "in_strategy must be a tuple"),
                              (lambda: net.shard((1,), parameter_plan=3), TypeError, "must be a dict or None"),
                              (lambda: net.offload(0), ValueError, "'Auto' or a positive int")):
        with pytest.raises(error, match=text):
            call()


def test_precision_and_compilation():
    net, x = Counting(), Tensor([1.0, 2.0])
    assert net.get_mixed_precision_type() is MixedPrecisionType.NOTSET
    net.set_mixed_precision_type(MixedPrecisionType.FP16)
    assert net.get_mixed_precision_type() is MixedPrecisionType.FP16
    net.set_mixed_precision_type(MixedPrecisionType.NOTSET)
    assert [t.dtype for t in net.cast_inputs((x, (x,)), ms.float16)[1]] == [ms.float16]
    assert not net.compiled and net.compile_cache == set()
    np.testing.assert_array_equal(net.compile_and_run(x).asnumpy(), net.run_construct((x,), {}).asnumpy())
    assert net.compiled and len(net.compile_cache) == 1
    net.set_jit_config(ms.JitConfig(jit_level="O1"))
    assert net.jit_config_dict["jit_level"] == "O1"


@pytest.mark.parametrize("options", [{"jit_level": "O7"}, {"exc_mode": "fast"}, {"jit_syntax_level": "HARD"},
                                     {"debug_level": "ALL"}, {"infer_boost": True}, {"colour": "red"}], ids=str)
def test_unknown_options_of_compilation(options):
    with pytest.raises(ValueError, match=min(options)):
        ms.JitConfig(**options)


def test_decorators_about_inlining():
    @ms.no_inline
    def double(x):
        return ops.mul(x, 2)

    class Block(nn.Cell):
        @ms.lazy_inline
        def __init__(self):
            super().__init__()
            self.relu = nn.ReLU()

        def construct(self, x):
            return double(self.relu(x))

    assert ms.jit(Block())(Tensor([-1.0, 2.0])).asnumpy().tolist() == [0, 4]
    assert ms.lazy_inline(policy="front")(double) is double
    for act, error in ((lambda: ms.no_inline(3), TypeError), (lambda: ms.lazy_inline(3), TypeError),
                       (lambda: ms.lazy_inline(policy="back"), ValueError)):
        with pytest.raises(error):
            act()
