"""Cells: parameters and their names, child cells, modes, hooks, printing."""
from __future__ import annotations

import copy
from collections import OrderedDict

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, ParameterTuple, Tensor, nn


class Block(nn.Cell):
    def __init__(self):
        super().__init__()
        self.own = Parameter(np.ones(2, np.float32))
        self.given = Parameter(np.ones(2, np.float32), name="custom")
        self.dense = nn.Dense(2, 2)

    def construct(self, x):
        return self.dense(x) * self.own + self.given


class Net(nn.Cell):
    def __init__(self, **flags):
        super().__init__(**flags)
        self.first = Block()
        self.norm = nn.BatchNorm1d(2)

    def construct(self, x):
        return self.norm(self.first(x))


def names(cell):
    return [p.name for p in cell.get_parameters()]


# -- names -------------------------------------------------------------------------------------------------------------


def test_names_are_paths_of_attributes_and_explicit_names_hold_at_the_root_only():
    assert names(Block()) == ["own", "custom", "dense.weight", "dense.bias"]
    assert names(Net()) == ["first.own", "first.given", "first.dense.weight", "first.dense.bias", "norm.moving_mean",
                            "norm.moving_variance", "norm.gamma", "norm.beta"]
    loose = Parameter(np.ones(1, np.float32))
    assert loose.name.startswith("Parameter#")


def test_no_prefixes_where_they_are_not_wanted():
    assert names(Net(auto_prefix=False)) == ["own", "custom", "dense.weight", "dense.bias", "mean", "variance", "gamma",
                                             "beta"]


def test_renaming_happens_at_the_assignment():
    net, late = Net(), nn.Dense(1, 1)
    outer = nn.SequentialCell(net)
    net.first.late = late
    assert names(late) == ["late.weight", "late.bias"]
    assert names(outer)[0] == "0.first.own"


def test_a_shared_cell_keeps_its_last_name_and_its_first_place():
    class Shared(nn.Cell):
        def __init__(self):
            super().__init__()
            self.a = nn.Dense(1, 1)
            self.b = nn.Dense(1, 1)
            self.c = self.a

    assert names(Shared()) == ["c.weight", "c.bias", "b.weight", "b.bias"]


def test_tuples_of_parameters_and_plain_lists():
    class Holder(nn.Cell):
        def __init__(self):
            super().__init__()
            self.params = ParameterTuple([Parameter(np.ones(1, np.float32), name=n) for n in ("p", "q")])
            self.cells_in_a_list = [nn.Dense(1, 1)]

    assert names(Holder()) == ["p", "q"]


def test_listing_parameters():
    net = Net()
    assert [n for n, _ in net.parameters_and_names()][:2] == ["first.own", "first.given"]
    assert [n for n, _ in net.parameters_and_names(expand=False)] == []
    assert list(net.parameters_dict()) == names(net)
    assert [p.name for p in net.untrainable_params()] == ["norm.moving_mean", "norm.moving_variance"]
    assert len(net.trainable_params()) == 6
    net.first.own.requires_grad = False
    assert len(net.trainable_params()) == 5
    assert [n for n, _ in net.cells_and_names()] == ["", "first", "first.dense", "norm"]
    assert list(net.name_cells()) == ["first", "norm"] and list(net.cells()) == [net.first, net.norm]


def test_two_parameters_of_one_name():
    net = nn.Cell()
    net.a = Parameter(np.ones(1, np.float32), name="same")
    net.b = Parameter(np.ones(1, np.float32), name="same")
    with pytest.raises(ValueError, match="'same' is used twice"):
        net.check_names()
    with pytest.raises(ValueError, match="'same' already exists"):
        nn.SGD(net.trainable_params())


def test_two_parameters_of_one_name_in_tuples_and_lists():
    def param(name=None):
        return Parameter(np.ones(1, np.float32), name=name)

    same = param("same")
    assert len(ParameterTuple([same, same, param(), param()])) == 4
    with pytest.raises(ValueError, match="ParameterTuple.*its name 'same', which already exists"):
        ParameterTuple([same, param("same")])
    net = nn.Cell()
    net.pair = (same, param())
    net.pair = [param("same"), param()]  # in the place of the former one
    for value in ([param("same")], (param("new"), same), [param("other"), param("other")]):
        with pytest.raises(ValueError, match="Cell.more.*already exists"):
            net.more = value
    net.more = [net.pair[0], param("new")]
    assert len(net.more) == 2
    net.single = param("single")
    net.several = (net.single, param("several"))
    with pytest.raises(ValueError, match="Cell.others.*its name 'single', which already exists"):
        net.others = [param("single")]


# -- attributes --------------------------------------------------------------------------------------------------------


def test_assigning_a_tensor_to_a_parameter_gives_it_a_value():
    net = Block()
    before = net.own
    net.own = Tensor(np.array([3, 4], np.float64))
    assert net.own is before and net.own.asnumpy().tolist() == [3, 4] and net.own.dtype is ms.float32
    with pytest.raises(ValueError, match="shape"):
        net.own = Tensor([1.0])


def test_attributes_change_their_kind():
    net = Block()
    net.dense = nn.ReLU()
    assert names(net) == ["own", "custom"]
    net.own = nn.Tanh()
    assert names(net) == ["custom"] and isinstance(net.own, nn.Tanh)
    net.dense = None
    assert net.dense is None and list(net.name_cells()) == ["own"]
    del net.given
    with pytest.raises(AttributeError, match="no attribute 'given'"):
        net.given  # noqa: B018
    assert "dense" in dir(net)


def test_registering_by_name():
    net = nn.Cell()
    net.insert_param_to_cell("w", Parameter(np.ones(1, np.float32)))
    net.insert_child_to_cell("child", nn.Dense(1, 1))
    assert names(net) == ["w", "child.weight", "child.bias"]
    with pytest.raises(KeyError):
        net.insert_param_to_cell("a.b", Parameter(np.ones(1, np.float32)))
    with pytest.raises(TypeError):
        net.insert_param_to_cell("v", Tensor([1.0]))
    net.insert_child_to_cell("child", nn.Conv1d(1, 1, 1))
    assert names(net) == ["w", "child.weight"] and isinstance(net.child, nn.Conv1d)
    for name in "", "a.b", "construct", "w":
        with pytest.raises(KeyError, match="no child|cannot name a child"):
            net.insert_child_to_cell(name, nn.ReLU())
    with pytest.raises(TypeError):
        net.insert_child_to_cell("other", 3)


def test_a_replaced_child_computes_in_its_place():
    net = nn.SequentialCell()
    net.insert_child_to_cell("act", nn.ReLU())
    assert net(Tensor([-1.0])).asnumpy() == [0]
    net.insert_child_to_cell("act", nn.Tanh())
    assert len(net) == 1 and net(Tensor([-1.0])).asnumpy() == pytest.approx(np.tanh(-1))


def test_what_is_missing_is_named():
    class Forgot(nn.Cell):
        def __init__(self):
            self.dense = nn.Dense(1, 1)

    with pytest.raises(AttributeError, match=r"call super\(\).__init__\(\) first"):
        Forgot()
    with pytest.raises(AttributeError, match="no construct method"):
        nn.Cell()(Tensor([1.0]))


# -- modes and hooks ---------------------------------------------------------------------------------------------------


def test_training_mode_goes_down():
    net = Net()
    assert not any(cell.training for _, cell in net.cells_and_names())
    assert net.set_train() is net
    assert all(cell.training for _, cell in net.cells_and_names())
    net.first.set_train(False)
    assert net.training and not net.first.dense.training


def test_apply_visits_children_first():
    seen = []
    net = Net()
    assert net.apply(lambda cell: seen.append(cell)) is net
    assert seen == [net.first.dense, net.first, net.norm, net]


def test_to_float_refuses_what_is_no_float():
    with pytest.raises(ValueError, match="float16"):
        nn.Dense(1, 1).to_float(ms.int32)


def test_hooks(mode):
    net, x = nn.ReLU(), Tensor([-1.0, 2.0])
    before = net.register_forward_pre_hook(lambda cell, inputs: (inputs[0] * 2,))
    after = net.register_forward_hook(lambda cell, inputs, output: output + 1)
    assert net(x).asnumpy().tolist() == [1, 5]
    before.remove()
    assert net(x).asnumpy().tolist() == [1, 3]
    after.remove()
    after.remove()
    assert net(x).asnumpy().tolist() == [0, 2]
    with pytest.raises(TypeError, match="callable"):
        net.register_forward_hook(3)


def test_flags():
    net = nn.Cell(flags=OrderedDict(depth=3))
    assert net.depth == 3 and net.add_flags(width=2).width == 2


# -- copies and text ---------------------------------------------------------------------------------------------------


def test_copies_have_parameters_of_their_own(mode):
    net = Net()
    x = Tensor(np.ones((2, 2), np.float32))
    expected = net(x).asnumpy()
    twin = copy.deepcopy(net)
    assert names(twin) == names(net)
    assert not {id(p) for p in net.get_parameters()} & {id(p) for p in twin.get_parameters()}
    net.first.own.set_data(np.zeros(2))
    np.testing.assert_array_equal(twin(x).asnumpy(), expected)
    assert np.abs(net(x).asnumpy() - expected).max() > 0


def test_a_value_that_a_parameter_cannot_hold_is_refused():
    whole, real = Parameter(Tensor([1, 2]), name="whole"), Parameter(Tensor([1.0, 2.0]), name="real")
    for value in ([0.5, 1.5], np.float32([1, 2]), Tensor([1.0, 2.0])):
        with pytest.raises(TypeError, match="'whole' is Int64, which cannot hold floating data"):
            whole.set_data(value)
    with pytest.raises(TypeError, match="complex"):
        real.set_data(np.ones(2, np.complex64))
    assert whole.set_data(Tensor([True, False])).asnumpy().tolist() == [1, 0]
    assert real.set_data([3, 4]).asnumpy().tolist() == [3, 4] and real.dtype is ms.float32


def test_text():
    text = repr(nn.SequentialCell(nn.Dense(2, 3), nn.SequentialCell(nn.ReLU())))
    assert text == ("SequentialCell(\n  (0): Dense(input_channels=2, output_channels=3, has_bias=True)\n"
                    "  (1): SequentialCell(\n    (0): ReLU()\n  )\n)")
