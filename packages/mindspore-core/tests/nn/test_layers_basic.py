"""Dense, embedding, dropout, containers, borders and pixels: outputs, names, random behaviour, errors."""
from __future__ import annotations

from collections import OrderedDict

import numpy as np
import pytest
from layer_checks import check_gradients, run

import mindspore as ms
from mindspore import Tensor, nn

draw = np.random.default_rng(0)


# -- dense and embedding -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 3, 5)])
@pytest.mark.parametrize("bias", [True, False])
def test_dense(mode, shape, bias):
    ms.set_seed(1)
    layer = nn.Dense(5, 3, has_bias=bias, activation="tanh")
    x = draw.normal(size=shape).astype(np.float32)
    expected = x @ layer.weight.asnumpy().T + (layer.bias.asnumpy() if bias else 0)
    np.testing.assert_allclose(run(layer, x), np.tanh(expected), rtol=1e-4, atol=1e-6)
    check_gradients(layer, x)


def test_dense_takes_initializers_and_activations_of_all_kinds(mode):
    x = np.ones((1, 2), np.float32)
    assert run(nn.Dense(2, 2, "ones", 1.5, activation=nn.ReLU()), x).tolist() == [[3.5, 3.5]]
    assert run(nn.Dense(2, 1, Tensor([[1.0, 2.0]]), "zeros", activation=ms.ops.neg), x).tolist() == [[-3]]
    assert nn.Dense(2, 3, dtype=ms.float16).weight.dtype is ms.float16


def test_low_precision_casts_inputs_and_weights(mode):
    layer = nn.Dense(4, 2).to_float(ms.float16)
    x = draw.normal(size=(3, 4)).astype(np.float32)
    y = layer(Tensor(x))
    assert y.dtype is ms.float16 and layer.weight.dtype is ms.float32
    np.testing.assert_allclose(y.asnumpy(), x @ layer.weight.asnumpy().T + layer.bias.asnumpy(), rtol=1e-2, atol=1e-2)


def test_embedding(mode):
    ms.set_seed(1)
    layer = nn.Embedding(6, 3, padding_idx=2)
    table = layer.embedding_table.asnumpy()
    assert layer.embedding_table.name == "embedding_table" and not table[2].any() and table[[0, 1, 3]].all()
    ids = np.array([[0, 2], [5, 0]], np.int32)
    np.testing.assert_array_equal(run(layer, ids), table[ids])
    gradient = ms.grad(lambda i: ms.ops.sum(layer(i)), None, layer.embedding_table)(Tensor(ids))
    np.testing.assert_array_equal(gradient.asnumpy()[:, 0], [2, 0, 1, 0, 0, 1])


# -- shapes ------------------------------------------------------------------------------------------------------------


def test_plain_layers(mode):
    x = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    assert run(nn.Flatten(), x).shape == (2, 12)
    assert run(nn.Flatten(0, 1), x).shape == (6, 4)
    assert run(nn.Unflatten(1, (3, 1)), x).shape == (2, 3, 1, 4)
    np.testing.assert_array_equal(run(nn.Identity(), x), x)
    np.testing.assert_array_equal(run(nn.Tril(), x), np.tril(x))
    np.testing.assert_array_equal(nn.Triu()(Tensor(x), 1).asnumpy(), np.triu(x, 1))
    codes = run(nn.OneHot(depth=3, on_value=2.0, off_value=-1.0), np.array([2, 0], np.int32))
    assert codes.tolist() == [[-1, -1, 2], [2, -1, -1]] and codes.dtype == np.float32
    assert run(nn.OneHot(0, 2, dtype=ms.int32), np.array([1], np.int32)).tolist() == [[0], [1]]


X = np.arange(1, 13, dtype=np.float32).reshape(1, 1, 3, 4)
BORDERS = [
    (nn.ConstantPad2d((1, 0, 2, 1), 5), [(0, 0), (0, 0), (2, 1), (1, 0)], {"constant_values": 5}),
    (nn.ZeroPad2d(1), [(0, 0), (0, 0), (1, 1), (1, 1)], {}),
    (nn.ReflectionPad2d((1, 2, 2, 0)), [(0, 0), (0, 0), (2, 0), (1, 2)], {"mode": "reflect"}),
    (nn.ReplicationPad2d((1, 2, 2, 0)), [(0, 0), (0, 0), (2, 0), (1, 2)], {"mode": "edge"}),
    (nn.Pad(((0, 0), (1, 0), (0, 2), (1, 1))), [(0, 0), (1, 0), (0, 2), (1, 1)], {}),
    (nn.Pad(((0, 0), (0, 0), (2, 1), (0, 3)), "REFLECT"), [(0, 0), (0, 0), (2, 1), (0, 3)], {"mode": "reflect"}),
    (nn.Pad(((0, 0), (0, 0), (3, 1), (0, 4)), "SYMMETRIC"), [(0, 0), (0, 0), (3, 1), (0, 4)], {"mode": "symmetric"}),
]


@pytest.mark.parametrize("layer, widths, how", BORDERS, ids=lambda v: type(v).__name__)
def test_borders(mode, layer, widths, how):
    np.testing.assert_array_equal(run(layer, X), np.pad(X, widths, **how))


@pytest.mark.parametrize("spatial, classes", [(1, (nn.ConstantPad1d, nn.ReflectionPad1d, nn.ReplicationPad1d)),
                                              (3, (nn.ConstantPad3d, nn.ReflectionPad3d, nn.ReplicationPad3d))])
def test_borders_of_sequences_and_volumes(mode, spatial, classes):
    x = draw.normal(size=(2, *range(3, 3 + spatial))).astype(np.float32)
    counts = tuple(draw.integers(0, 3, 2 * spatial).tolist())
    widths = [(0, 0), *[counts[2 * k:2 * k + 2] for k in reversed(range(spatial))]]
    for cls, how in zip(classes, ({"constant_values": 2}, {"mode": "reflect"}, {"mode": "edge"})):
        layer = cls(counts, 2) if cls in (nn.ConstantPad1d, nn.ConstantPad3d) else cls(counts)
        np.testing.assert_array_equal(run(layer, x), np.pad(x, widths, **how))


def test_pixels_and_channels(mode):
    x = draw.normal(size=(2, 8, 3, 2)).astype(np.float32)
    shuffled = run(nn.PixelShuffle(2), x)
    assert shuffled.shape == (2, 2, 6, 4)
    np.testing.assert_array_equal(shuffled[:, 1, 3, 2], x[:, 6, 1, 1])
    np.testing.assert_array_equal(run(nn.PixelUnshuffle(2), shuffled), x)
    np.testing.assert_array_equal(run(nn.ChannelShuffle(2), x), x[:, [0, 4, 1, 5, 2, 6, 3, 7]])
    np.testing.assert_array_equal(run(nn.Upsample(scale_factor=2.0, recompute_scale_factor=True), x),
                                  x.repeat(2, 2).repeat(2, 3))


# -- dropout -----------------------------------------------------------------------------------------------------------


def test_dropout(mode):
    ms.set_seed(1)
    x = np.full((100, 100), 3, np.float32)
    layer = nn.Dropout(p=0.25)
    np.testing.assert_array_equal(run(layer, x), x)
    layer.set_train()
    first, second = run(layer, x), run(layer, x)
    for y in (first, second):
        assert set(np.unique(y)) == {0, np.float32(4)}
        assert abs((y == 0).mean() - 0.25) < 0.02
    assert (first != second).any()
    assert nn.Dropout(0.8).p == pytest.approx(0.2) and nn.Dropout().p == 0.5


def test_dropout_follows_the_seed_and_its_gradient_the_mask(mode):
    layer = nn.Dropout(p=0.5).set_train()
    x = Tensor(np.ones((4, 50), np.float32))
    masks = []
    for _ in range(2):
        ms.set_seed(7)
        value, gradient = ms.value_and_grad(layer)(x)
        np.testing.assert_array_equal(value.asnumpy(), gradient.asnumpy())
        masks.append(value.asnumpy())
    np.testing.assert_array_equal(masks[0], masks[1])


@pytest.mark.parametrize("cls, shape", [(nn.Dropout1d, (20, 30, 4)), (nn.Dropout2d, (20, 30, 2, 2)),
                                        (nn.Dropout3d, (20, 30, 2, 1, 2)), (nn.Dropout2d, (600, 2, 2))])
def test_dropout_of_channels(mode, cls, shape):
    ms.set_seed(1)
    layer = cls(0.25)
    ones = np.ones(shape, np.float32)
    np.testing.assert_array_equal(run(layer, ones), ones)
    y = run(layer.set_train(), ones)
    channels = y.reshape(-1, np.prod(shape[-(len(shape) - 2 if len(shape) > 3 or cls is nn.Dropout1d else 2):]))
    assert (channels == channels[:, :1]).all() and set(np.unique(y)) == {0, np.float32(4 / 3)}
    assert abs((channels[:, 0] == 0).mean() - 0.25) < 0.08


# -- containers --------------------------------------------------------------------------------------------------------


def names(cell):
    return [p.name for p in cell.get_parameters()]


def test_sequential(mode):
    first, second = nn.Dense(3, 4, activation="relu"), nn.Dense(4, 2)
    for net in (nn.SequentialCell(first, second), nn.SequentialCell([first, second])):
        assert names(net) == ["0.weight", "0.bias", "1.weight", "1.bias"] and len(net) == 2
        x = draw.normal(size=(2, 3)).astype(np.float32)
        np.testing.assert_allclose(run(net, x), run(second, run(first, x)), rtol=1e-6)
    named = nn.SequentialCell(OrderedDict([("hidden", nn.Dense(3, 4)), ("out", nn.Dense(4, 2))]))
    assert names(named) == ["hidden.weight", "hidden.bias", "out.weight", "out.bias"]
    assert named.hidden is named[0] and named[-1] is named.out and list(named) == [named.hidden, named.out]


def test_sequential_changes(mode):
    x = np.full((1, 2), -1, np.float32)
    net = nn.SequentialCell(nn.ReLU())
    assert run(net, x).tolist() == [[0, 0]]
    net.insert(0, nn.Dense(2, 2, "ones", 5))
    assert run(net, x).tolist() == [[3, 3]]
    net.append(nn.Dense(2, 1, "ones", "zeros"))
    assert run(net, x).tolist() == [[6]]
    assert names(net) == ["0.weight", "0.bias", "2.weight", "2.bias"]
    del net[0]
    net[1] = nn.Identity()
    assert run(net, x).tolist() == [[0, 0]]
    assert type(net[:1]) is nn.SequentialCell and len(net[:1]) == 1
    net.extend([nn.Dense(2, 2, "ones", 1)])
    assert run(net, x).tolist() == [[1, 1]]


class Many(nn.Cell):
    def __init__(self):
        super().__init__()
        self.steps = nn.CellList([nn.Dense(2, 2, "ones"), nn.ReLU()])
        self.by_name = nn.CellDict({"double": nn.Dense(2, 2, 2)})
        self.plain = [nn.Dense(2, 2)]

    def construct(self, x):
        for step in self.steps:
            x = step(x)
        return self.by_name["double"](x)


def test_names_of_cells_that_an_owned_container_gets_later():
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.some = nn.CellList([nn.Dense(2, 2, has_bias=False)])
            self.some.append(nn.Dense(2, 2, has_bias=False))
            self.some.insert(0, nn.Dense(2, 2, has_bias=False))
            self.some.extend([nn.SequentialCell(nn.Dense(2, 2, has_bias=False))])
            self.row = nn.SequentialCell(nn.ReLU(), nn.Dense(2, 2, has_bias=False))
            self.row.append(nn.Dense(2, 2, has_bias=False))
            self.changed = nn.CellList([nn.Dense(2, 2, has_bias=False) for _ in range(3)])
            self.changed[2] = nn.Dense(2, 2, has_bias=False)
            del self.changed[0]
            self.late = nn.CellList()
            self.late.append(nn.Dense(2, 2, has_bias=False))

    assert names(Net()) == ["some.0.weight", "some.1.weight", "some.2.weight", "some.3.0.weight", "row.1.weight",
                            "row.2.weight", "changed.0.weight", "changed.1.weight", "0.weight"]
    outer = nn.SequentialCell(Net())
    outer[0].row.append(nn.Dense(2, 2, has_bias=False))
    assert names(outer)[6] == "0.row.3.weight"


def test_list_of_the_cells_of_a_sequence(mode):
    class Net(nn.Cell):
        def __init__(self):
            super().__init__()
            self.body = nn.SequentialCell(nn.Dense(3, 3), nn.ReLU())

        def construct(self, x):
            for cell in self.body.cell_list:
                x = cell(x)
            return x + self.body(x) * 0

    x, net = Tensor(np.random.default_rng(0).normal(size=(2, 3)).astype(np.float32)), Net()
    assert net.body.cell_list == [net.body[0], net.body[1]]
    expected = net.body(x).asnumpy()
    np.testing.assert_array_equal(net(x).asnumpy(), expected)
    net.body[1] = nn.Tanh()
    net.body.append(nn.Sigmoid())
    assert net.body.cell_list == [net.body[0], net.body[1], net.body[2]], "it follows the cells"
    whole = net(x).asnumpy()
    net.body.cell_list = list(net.body.cells())
    np.testing.assert_array_equal(net(x).asnumpy(), whole)
    net.body.cell_list = net.body.cell_list[:2]
    np.testing.assert_allclose(net(x).asnumpy(), np.tanh(net.body[0](x).asnumpy()), rtol=1e-5)
    np.testing.assert_allclose(net.body(x).asnumpy(), np.tanh(net.body[0](x).asnumpy()), rtol=1e-5)
    assert len(net.trainable_params()) == 2
    with pytest.raises(AttributeError, match="no attribute 'cells_list'"):
        print(net.body.cells_list)


def test_lists_and_dictionaries_of_cells(mode):
    net = Many()
    assert names(net) == ["steps.0.weight", "steps.0.bias", "by_name.double.weight", "by_name.double.bias"]
    assert run(net, np.ones((1, 2), np.float32)).shape == (1, 2)
    cells = net.by_name
    cells["more"] = nn.ReLU()
    cells.update({"and": nn.Tanh()})
    assert list(cells.keys()) == ["double", "more", "and"] and "more" in cells and len(cells) == 3
    assert type(cells.pop("more")) is nn.ReLU and [k for k, _ in cells.items()] == ["double", "and"]
    cells.clear()
    assert len(cells) == 0
    steps = nn.CellList([nn.ReLU()]).append(nn.Tanh())
    assert [type(c) for c in steps] == [nn.ReLU, nn.Tanh]
    steps += [nn.Sigmoid()]
    assert [type(c) for c in steps] == [nn.ReLU, nn.Tanh, nn.Sigmoid]
    parent = nn.Cell()
    parent.insert_child_to_cell("nothing", None)
    assert list(parent.cells()) == []
    with pytest.raises(KeyError, match="has a dot"):
        parent.insert_child_to_cell("a.b", nn.ReLU())


REFUSED = [
    (lambda: nn.Dense(0, 1), ValueError), (lambda: nn.Dense(2.5, 1), TypeError), (lambda: nn.Dense(True, 1), TypeError),
    (lambda: nn.Dense(2, 1, activation=3), TypeError), (lambda: nn.Dense(2, 1, activation="rleu"), KeyError),
    (lambda: nn.Dense(2, 1)(Tensor(np.ones((2, 3), np.float32))), ValueError),
    (lambda: nn.Dense(2, 1, Tensor([1.0])), ValueError), (lambda: nn.Dropout(0), ValueError),
    (lambda: nn.Dropout(p=1), ValueError), (lambda: nn.Dropout(p="half"), TypeError),
    (lambda: nn.Dropout2d(1.5), ValueError), (lambda: nn.Embedding(3, 2, padding_idx=3), ValueError),
    (lambda: nn.Embedding(3, 2)(Tensor([1.0])), TypeError), (lambda: nn.SequentialCell(3), TypeError),
    (lambda: nn.SequentialCell(OrderedDict(a=3)), TypeError), (lambda: nn.SequentialCell(nn.ReLU())[1], IndexError),
    (lambda: nn.SequentialCell(nn.ReLU())["a"], TypeError), (lambda: nn.CellList([3]), TypeError),
    (lambda: nn.CellList([nn.ReLU()])(Tensor([1.0])), TypeError), (lambda: nn.CellDict({"": nn.ReLU()}), KeyError),
    (lambda: nn.CellDict({"keys": nn.ReLU()}), KeyError), (lambda: nn.CellDict({"a.b": nn.ReLU()}), KeyError),
    (lambda: nn.CellDict({"a": 3}), TypeError), (lambda: nn.CellDict({})["a"], KeyError),
    (lambda: nn.Pad([(1, 1)]), TypeError), (lambda: nn.Pad(((1, 1),), "WRAP"), ValueError),
    (lambda: nn.Pad(((1, 1),))(Tensor(X)), ValueError), (lambda: nn.ReflectionPad2d(-1), ValueError),
    (lambda: nn.ReflectionPad2d((1, 1)), ValueError), (lambda: nn.ReflectionPad1d("1"), TypeError),
    (lambda: nn.ReflectionPad1d(1)(Tensor(X)), ValueError), (lambda: nn.PixelShuffle(0), ValueError),
    (lambda: nn.PixelShuffle(2)(Tensor(X)), ValueError)]


@pytest.mark.parametrize("call, error", REFUSED)
def test_refused(call, error):
    with pytest.raises(error):
        call()
