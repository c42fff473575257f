"""MINDIR files: MindSpore's own run, ours have their layout and come back, damage is refused."""
from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from exported_networks import NETWORKS, OPEN, Assigning, LeNet5, floats, tensors
from samples import networks, without_place

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.formats import mindir_write
from mindspore.formats.mind_ir import ModelProto
from mindspore.formats.mindir_rules import RULES, has
from mindspore.nn.cell import Cell


def export(net, *inputs, folder, **options):
    path = folder / "net.mindir"
    ms.export(net, *inputs, file_name=path, file_format="MINDIR", **options)
    return path


def parsed(path) -> ModelProto:
    model = ModelProto()
    model.ParseFromString(path.read_bytes())
    return model


# ------------------------------------------------------------------------------------------- files of MindSpore itself


class BNNet(Cell):
    """The network of bn.ckpt and bn.mindir."""

    def __init__(self):
        super().__init__()
        self.block = nn.SequentialCell(nn.Conv2d(3, 4, 3, has_bias=True), nn.BatchNorm2d(4), nn.ReLU())
        self.ln = nn.LayerNorm((4,))
        self.scale = Parameter(Tensor(np.ones(1, np.float32)), name="scale")
        self.emb = nn.Embedding(7, 4)
        self.cells_list = nn.CellList([nn.Dense(4, 4, activation="relu"), nn.Dense(4, 2)])

    def construct(self, x, idx):
        x = self.ln(self.block(x).mean((2, 3))) * self.scale + self.emb(idx)
        for cell in self.cells_list:
            x = cell(x)
        return x


def test_lenet_of_mindspore(data_dir, mode):
    net, x = LeNet5(), floats(1, 1, 32, 32)
    ms.load_checkpoint(data_dir / "formats" / "lenet.ckpt", net)
    loaded = nn.GraphCell(ms.load(data_dir / "formats" / "lenet.mindir"))
    np.testing.assert_allclose(loaded(x).asnumpy(), net(x).asnumpy(), rtol=1e-5, atol=1e-6)
    assert sorted(loaded.parameters_dict()) == sorted(net.parameters_dict())


@pytest.mark.parametrize("name", ["bn.mindir", "bn_eval.mindir"])
@pytest.mark.filterwarnings("ignore:load_param_into_net")
def test_normalisations_of_mindspore(data_dir, mode, name):
    net, x, idx = BNNet(), floats(2, 3, 8, 8), Tensor(np.array([0, 6], np.int32))
    loaded = nn.GraphCell(ms.load(data_dir / "formats" / name))
    missing, _ = ms.load_param_into_net(net, loaded.parameters_dict())
    assert not missing
    np.testing.assert_allclose(loaded(x, idx).asnumpy(), net(x, idx).asnumpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("start", [[1, 2, 3], [4, 5, 6], [-2, 0.5, 1]])
def test_loop_of_mindspore(data_dir, mode, start):
    loaded = nn.GraphCell(ms.load(data_dir / "formats" / "while.mindir"))
    w = loaded.parameters_dict()["w"].asnumpy()
    x, trips = np.array(start, np.float32), 0
    result, count = loaded(Tensor(x))
    while x.sum() < 10:
        x, trips = x * w + 1, trips + 1
    x = x - 1 if x.max() > 5 else x
    np.testing.assert_allclose(result.asnumpy(), x, rtol=1e-5)
    assert count.asnumpy() == trips


def test_any_batch_size_of_mindspore(data_dir, mode):
    loaded = nn.GraphCell(ms.load(data_dir / "formats" / "dyn.mindir"))
    weight, bias = (loaded.parameters_dict()[n].asnumpy() for n in ("weight", "bias"))
    for batch in (1, 4):
        x = floats(batch, 3)
        np.testing.assert_allclose(loaded(x).asnumpy(), x.asnumpy() @ weight.T + bias, rtol=1e-5)
    with pytest.raises(ValueError, match=r"shape \(-1, 3\)"):
        loaded(floats(3, 4))


def test_a_loaded_graph_has_a_gradient(data_dir, mode):
    loaded = nn.GraphCell(ms.load(data_dir / "formats" / "while.mindir"))
    w = loaded.parameters_dict()["w"].asnumpy()[0]
    gradient = ms.grad(lambda x: loaded(x)[0].sum())(Tensor(np.array([1, 2, 3], np.float32)))
    trips = int(loaded(Tensor(np.array([1, 2, 3], np.float32)))[1].asnumpy())
    np.testing.assert_allclose(gradient.asnumpy(), [w ** trips] * 3, rtol=1e-4)


# ---------------------------------------------------------------------------------------------------------- round trips


@pytest.mark.parametrize("name", NETWORKS)
def test_round_trip(tmp_path, mode, name):
    make, inputs = NETWORKS[name]
    net, inputs = make(), inputs()
    path = export(net, *inputs, folder=tmp_path)
    first = path.read_bytes()
    export(net, *inputs, folder=tmp_path)
    assert path.read_bytes() == first, "two exports of one network differ"
    loaded = nn.GraphCell(ms.load(path))
    for got, wanted in zip(tensors(loaded(*inputs)), tensors(net(*inputs)), strict=True):
        assert got.dtype == wanted.dtype or got.ndim == 0
        np.testing.assert_allclose(got.astype(np.float64), wanted.astype(np.float64), rtol=2e-5, atol=2e-5)


@pytest.mark.parametrize("name", OPEN)
def test_open_sizes(tmp_path, name):
    make, inputs, given = OPEN[name]
    net = make()
    path = export(net, *inputs(), folder=tmp_path)
    assert [list(i.tensor[0].dims) for i in parsed(path).graph.input] == [list(x.shape) for x in inputs()]
    loaded = nn.GraphCell(ms.load(path))
    for size in (2, 5, 9):
        for got, wanted in zip(tensors(loaded(*given(size))), tensors(net(*given(size))), strict=True):
            assert got.shape == wanted.shape
            np.testing.assert_allclose(got.astype(np.float64), wanted.astype(np.float64), rtol=1e-4, atol=1e-5)


def test_what_an_operator_cannot_do_is_refused(tmp_path):
    for network, _, node in networks("max_pool2d"):
        if not has(node):
            with pytest.raises(ValueError, match="'max_pool2d' has no place"):
                mindir_write.write_mindir(network, str(tmp_path / "op.mindir"))
            return
    raise AssertionError("no sample has a dilation")


def test_sizes_that_cannot_be_open_are_refused(tmp_path):
    with pytest.raises(ValueError, match="needs certain sizes"):
        export(lambda x: x + ops.ones(x.shape) * x.shape[0].bit_length(), Tensor(shape=[None], dtype=ms.float32),
               folder=tmp_path)
    with pytest.raises(ValueError, match="in_channels"):
        export(nn.Dense(3, 2), Tensor(shape=[2, None], dtype=ms.float32), folder=tmp_path)
    with pytest.raises(ValueError, match="how many axes"):
        export(nn.ReLU(), Tensor(shape=[-2], dtype=ms.float32), folder=tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_bytes_do_not_depend_on_the_process(tmp_path):
    program = ("import mindspore as ms, hashlib; from exported_networks import *; make, inputs = NETWORKS['many']\n"
               "ms.set_seed(3); net = make()\n"
               "for f in ('MINDIR', 'ONNX'):\n"
               "    ms.export(net, *inputs(), file_name='a', file_format=f)\n"
               "    print(hashlib.sha256(open('a.' + f.lower(), 'rb').read()).hexdigest())")
    paths = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    digests = {subprocess.run([sys.executable, "-W", "ignore", "-c", program], cwd=tmp_path, check=True, text=True,
                              capture_output=True, env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": paths}
                              ).stdout for seed in ("1", "2")}
    assert len(digests) == 1 and digests.pop().count("\n") == 2


def test_exporting_what_was_loaded(tmp_path, data_dir):
    x = floats(1, 1, 32, 32)
    loaded = nn.GraphCell(ms.load(data_dir / "formats" / "lenet.mindir"))
    again = nn.GraphCell(ms.load(export(loaded, x, folder=tmp_path)))
    assert np.array_equal(loaded(x).asnumpy(), again(x).asnumpy())
    assert list(again.parameters_dict()) == list(loaded.parameters_dict())


GRADIENTS = {"avg_pool2d_grad", "avg_pool3d_grad", "conv2d_weight_grad", "conv3d_input_grad", "conv3d_weight_grad",
             "max_pool2d_grad", "max_pool2d_index", "max_pool2d_pick", "max_pool3d_grad", "max_pool3d_index",
             "max_pool3d_pick", "tape_add", "tape_empty", "tape_pop", "tape_push"}
COUNT_FROM_THE_END = {"gather_elements", "scatter_add_elements"}  # MindSpore's do where an index is negative
RAISING = {"gather", "gather_elements", "scatter_add"}  # whose functions raise an error for an index out of range
NO_PLACE = {"adjugate", "avg_pool3d", "conv3d", "eigh", "fold2d", "host_call", "log_determinant", "max_pool3d",
            "random_bits", "rec_call", "svd"}
NO_PLACE |= {"eig", "fft", "geqrf", "host_function", "irfft", "linear_sum_assignment", "lu", "pivots_to_permutation",
             "rfft"}


def test_operators_that_have_no_place():
    assert without_place(RULES) == NO_PLACE | GRADIENTS


def in_range(indices, size):
    return not indices.size or (indices.min() >= 0 and indices.max() < size)


@pytest.mark.parametrize("name", sorted(RULES.keys() - {"dimension"} | {"unfold2d"}))
def test_each_operator(tmp_path, name):
    """Each operator of the table on its own samples comes back with the same results."""
    agreed = 0
    for network, arrays, node in networks(name):
        if name in RULES and not has(node):
            continue
        if name in COUNT_FROM_THE_END and any(a.dtype.kind == "i" and (a < 0).any() for a in arrays[1:]):
            continue
        if name in RAISING and not in_range(arrays[1], arrays[0].shape[node.attr("axis")]):
            continue
        mindir_write.write_mindir(network, str(tmp_path / "op.mindir"))
        with np.errstate(all="ignore"):
            found = tensors(nn.GraphCell(ms.load(tmp_path / "op.mindir"))(*map(Tensor, arrays)))
            wanted = evaluate(network.graph, arrays)
        for got, want in zip(found, wanted, strict=True):
            assert got.dtype == want.dtype and got.shape == want.shape
            kind = np.complex128 if got.dtype.kind == "c" else np.float64
            loose = 1000 if np.dtype(np.float16) in {a.dtype for a in arrays} else 1
            np.testing.assert_allclose(got.astype(kind), want.astype(kind), rtol=1e-5 * loose, atol=1e-6 * loose)
        agreed += 1
    assert agreed


def test_training_mode_is_left_as_it_was_and_inference_is_exported(tmp_path):
    net, x = nn.SequentialCell(nn.BatchNorm2d(2), nn.Dropout(p=0.5)), floats(2, 2, 3, 3)
    net[0].set_train(True)
    loaded = nn.GraphCell(ms.load(export(net, x, folder=tmp_path)))
    assert net[0].training and not net[1].training
    net.set_train(False)
    np.testing.assert_allclose(loaded(x).asnumpy(), net(x).asnumpy(), rtol=1e-5, atol=1e-6)


def test_assigned_parameters_are_assigned_by_the_loaded_graph(tmp_path, mode):
    loaded = nn.GraphCell(ms.load(export(Assigning(), floats(2), folder=tmp_path)))
    x = Tensor(np.array([1, 2], np.float32))
    results = [tensors(loaded(x)) for _ in range(2)]
    assert [r[0].tolist() for r in results] == [[1, 2], [2, 4]] and [float(r[1]) for r in results] == [0, 1]


def test_numbers_that_are_returned(tmp_path, mode):
    class Mixed(Cell):
        def construct(self, x):
            return x * 2, (3, True), {"size": x.shape[0]}, 0.5

    for x in (floats(2), Tensor(shape=[None], dtype=ms.float32)):
        loaded = nn.GraphCell(ms.load(export(Mixed(), x, folder=tmp_path)))
        found = tensors(loaded(floats(2)))
        assert [float(t) for t in found[1:]] == [3, 1, 2, 0.5]
        np.testing.assert_array_equal(found[0], (floats(2) * 2).asnumpy())


def test_none_that_is_returned(tmp_path, mode):
    """A model returns it in place of what it did not compute."""
    returned = lambda x: (ops.relu(x), None, (None, x + 1), {"attention": None})  # noqa: E731
    x = floats(2, 3)
    loaded = nn.GraphCell(ms.load(export(returned, x, folder=tmp_path)))
    first, second, (third, fourth), fifth = loaded(x)
    assert second is None and third is None and fifth == (None,)
    for got, wanted in ((first, ops.relu(x)), (fourth, x + 1)):
        np.testing.assert_array_equal(got.asnumpy(), wanted.asnumpy())
    with pytest.raises(ValueError, match="which has no tensors"):
        export(lambda x: (None, None), x, folder=tmp_path)


def test_inputs_in_containers_and_parameters_as_inputs(tmp_path, mode):
    class Total(Cell):
        def __init__(self):
            super().__init__()
            self.own = Parameter(np.ones(2, np.float32))

        def construct(self, pair, factor):
            return (pair[0] + pair[1] + self.own) * factor

    pair, factor = [floats(2), floats(2)], Parameter(np.full(2, 3, np.float32), name="factor")
    loaded = nn.GraphCell(ms.load(export(Total(), ms.mutable(pair), factor, folder=tmp_path)))
    want = Total()(pair, factor).asnumpy()
    for found in (loaded(pair, factor), loaded(*pair, factor), loaded((tuple(pair), factor))):
        np.testing.assert_allclose(found.asnumpy(), want, rtol=1e-6)
    with pytest.raises(ValueError, match="takes 3 inputs, but got 2"):
        loaded(pair)


def test_an_argument_with_the_name_of_a_weight(tmp_path):
    class Scaled(Cell):
        def __init__(self):
            super().__init__()
            self.x = Parameter(np.full(2, 3, np.float32))

        def construct(self, x):
            return x * self.x

    loaded = nn.GraphCell(ms.load(export(Scaled(), floats(2), folder=tmp_path)))
    np.testing.assert_allclose(loaded(floats(2)).asnumpy(), 3 * floats(2).asnumpy())
    assert [p.name for p in loaded.get_parameters()] == ["x"]


def test_other_weights(tmp_path):
    path = export(nn.Dense(3, 2), floats(1, 3), folder=tmp_path)
    loaded = nn.GraphCell(ms.load(path), {"bias": Tensor(np.array([5, 7], np.float32))})
    loaded.parameters_dict()["weight"].set_data(ops.zeros((2, 3)))
    assert loaded(floats(1, 3)).asnumpy().tolist() == [[5, 7]]
    for wrong in ({"no": Tensor(1.0)}, {"bias": Tensor(1.0)}, {"bias": 3}):
        with pytest.raises(ValueError, match="params_init"):
            nn.GraphCell(ms.load(path), wrong)


def test_large_weights_stand_beside_the_graph(tmp_path, monkeypatch):
    monkeypatch.setattr(mindir_write, "WEIGHTS_INSIDE", 16)
    net, x = nn.Dense(3, 2), floats(4, 3)
    export(net, x, folder=tmp_path)
    data = (tmp_path / "net_variables" / "data_0").read_bytes()
    assert data[:64] == b"\1" + bytes(63) and len(data) == 64 * 3
    where = [(p.ref_key, p.external_data.location, p.external_data.offset, p.external_data.length)
             for p in parsed(tmp_path / "net_graph.mindir").graph.parameter]
    assert sorted(where) == [("bias", "net_variables/data_0", 64, 8), ("weight", "net_variables/data_0", 128, 24)]
    loaded = nn.GraphCell(ms.load(tmp_path / "net_graph.mindir"))
    assert np.array_equal(loaded(x).asnumpy(), net(x).asnumpy())


@pytest.mark.parametrize("location", ["../secret", "/etc/hostname", "missing", "net_variables"])
def test_weights_are_read_from_the_folder_of_the_file_only(tmp_path, monkeypatch, location):
    monkeypatch.setattr(mindir_write, "WEIGHTS_INSIDE", 16)
    (tmp_path / "secret").write_bytes(b"\1" + bytes(200))
    folder = tmp_path / "models"
    folder.mkdir()
    export(nn.Dense(3, 2), floats(4, 3), folder=folder)
    model = parsed(folder / "net_graph.mindir")
    model.graph.parameter[0].external_data.location = location
    (folder / "a.mindir").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="is no file in the folder"):
        ms.load(folder / "a.mindir")


def test_weights_beside_the_file_are_not_read_more_than_once(tmp_path, monkeypatch):
    monkeypatch.setattr(mindir_write, "WEIGHTS_INSIDE", 16)
    export(nn.Dense(3, 2), floats(4, 3), folder=tmp_path)
    model = parsed(tmp_path / "net_graph.mindir")
    for k in range(20):
        model.graph.parameter.add().CopyFrom(model.graph.parameter[0])
        model.graph.parameter[-1].name += str(k)
    (tmp_path / "a.mindir").write_bytes(model.SerializeToString())
    with pytest.raises(ValueError, match="are said to be"):
        ms.load(tmp_path / "a.mindir")


@pytest.mark.parametrize("mode_of_key", ["AES-GCM", "AES-CBC", "SM4-CBC"])
def test_encrypted(tmp_path, mode_of_key):
    pytest.importorskip("cryptography", reason="needs the package cryptography")
    path = export(nn.Dense(3, 2), floats(4, 3), folder=tmp_path, enc_key=bytes(16), enc_mode=mode_of_key)
    nn.GraphCell(ms.load(path, dec_key=bytes(16), dec_mode=mode_of_key))(floats(4, 3))
    with pytest.raises(ValueError, match="encrypted"):
        ms.load(path)


def test_encrypted_by_functions(tmp_path):
    key, x = b"a key of any length", floats(4, 3)

    def combined(data: bytes, key: bytes) -> bytes:
        return bytes(np.frombuffer(data, np.uint8) ^ np.resize(np.frombuffer(key, np.uint8), len(data)))

    def opened(path: str, key: bytes) -> bytes:
        with open(path, "rb") as file:
            return combined(file.read(), key)

    net = nn.Dense(3, 2)
    path = export(net, x, folder=tmp_path, enc_key=key, enc_mode=combined)
    np.testing.assert_allclose(nn.GraphCell(ms.load(path, dec_key=key, dec_mode=opened))(x).asnumpy(),
                               net(x).asnumpy(), rtol=1e-6)
    written = path.read_bytes()
    plain = export(net, x, folder=tmp_path).read_bytes()
    assert written == combined(plain, key)
    path.write_bytes(written)
    beside = tmp_path / "net.onnx"
    ms.export(net, x, file_name=beside, file_format="ONNX")
    plain = beside.read_bytes()
    ms.export(net, x, file_name=beside, file_format="ONNX", enc_key=key, enc_mode=combined)
    assert beside.read_bytes() != plain == opened(beside, key)
    for call in (lambda: export(net, x, folder=tmp_path, enc_key=key, enc_mode=lambda data, key: "text"),
                 lambda: ms.load(path, dec_key=key, dec_mode=lambda path, key: None),
                 lambda: export(net, x, folder=tmp_path, enc_key="a", enc_mode=combined)):
        with pytest.raises(TypeError, match="bytes"):
            call()


def test_a_file_of_empty_messages_is_not_parsed(tmp_path):
    (tmp_path / "a.mindir").write_bytes(b"\x42\x00" * 500_000)
    with pytest.raises(ValueError, match="more parts"):
        ms.load(tmp_path / "a.mindir")
    nodes = b"\x0a\x00" * 500_000
    (tmp_path / "a.mindir").write_bytes(b"\x3a" + bytes([len(nodes) & 127 | 128, len(nodes) >> 7 & 127 | 128,
                                                        len(nodes) >> 14]) + nodes)
    with pytest.raises(ValueError, match="more parts"):
        ms.load(tmp_path / "a.mindir")


# --------------------------------------------------------------------------------------------------------------- layout


def operators(model: ModelProto) -> list[str]:
    known = {p.name: p.op_type for p in model.primitives}
    return [known[n.op_type[5:]] for n in model.graph.node if n.op_type[5:] in known]


def described(model: ModelProto, op_type: str) -> list[dict]:
    """The attributes of the primitives of a type, as bytes without their order."""
    return sorted(({a.name: a.SerializeToString(deterministic=True) for a in p.attribute} for p in model.primitives
                   if p.op_type == op_type), key=str)


def test_lenet_has_the_layout_of_mindspore(tmp_path, data_dir):
    """The same operators in the same order, with the same attributes and types, the same head, parameters and input."""
    net = LeNet5()
    ms.load_checkpoint(data_dir / "formats" / "lenet.ckpt", net)
    ours, theirs = parsed(export(net, floats(1, 1, 32, 32), folder=tmp_path)), parsed(data_dir / "formats" /
                                                                                       "lenet.mindir")
    for field in ("ir_version", "producer_name", "little_endian", "mind_ir_version", "model_version"):
        assert getattr(ours, field) == getattr(theirs, field)
    assert operators(ours) == operators(theirs)
    for op_type in set(operators(theirs)):
        assert described(ours, op_type) == described(theirs, op_type), op_type
        kinds = [{(p.prim_type, p.instance_name) for p in m.primitives if p.op_type == op_type} for m in (ours, theirs)]
        assert kinds[0] == kinds[1], op_type

    def types(model):
        return [[a.SerializeToString() for a in n.attribute] for n in model.graph.node if n.op_type != "Constant"
                and "MakeTuple" not in n.op_type]

    def parameters(model):
        return [(p.ref_key, list(p.dims), p.data_type, p.raw_data, p.HasField("compression_type"), p.name.split(":")[1])
                for p in model.graph.parameter]

    assert types(ours) == types(theirs)
    assert parameters(ours) == parameters(theirs)
    assert [i.name.split(":")[1] for i in ours.graph.input] == ["x"]
    assert ours.graph.input[0].tensor[0] == theirs.graph.input[0].tensor[0]
    assert ours.graph.output[0].tensor[0] == theirs.graph.output[0].tensor[0]


def test_a_loop_has_the_layout_of_mindspore(tmp_path):
    make, inputs = NETWORKS["deciding, no trip"]
    model = parsed(export(make(), *inputs(), folder=tmp_path))
    signs = [next((s for s in "↵↻↓✓✗" if s in g.name), None) for g in model.functions]
    assert sorted(signs) == sorted("↵↻↓✓✗")
    header = next(g for g in model.functions if "↵" in g.name)
    body = next(g for g in model.functions if "↻" in g.name)
    assert [(a.name, a.i) for a in header.attribute] == [("is_while_header", 1)]
    assert header.node[-1].op_type == f"REF::{header.node[-2].output[0]}", "the header calls what Switch chose"
    assert body.node[-1].op_type == f"REF::{header.name}", "the body calls the header"


# ------------------------------------------------------------------------------------------------------------- refusals


class Printing(Cell):
    def construct(self, x):
        print(x)
        return x + 1


class Counting(Cell):
    def __init__(self):
        super().__init__()
        self.k = 0

    def construct(self, x):
        self.k = self.k + x.sum()
        return x


REFUSED = {
    "format": (lambda f: ms.export(nn.ReLU(), floats(1), file_name=f, file_format="AIR"), ValueError, "MINDIR, ONNX"),
    "file name": (lambda f: ms.export(nn.ReLU(), floats(1), file_name=3, file_format="MINDIR"), TypeError, "file_name"),
    "network": (lambda f: ms.export(3, floats(1), file_name=f, file_format="MINDIR"), TypeError, "'net'"),
    "keyword": (lambda f: ms.export(nn.ReLU(), floats(1), file_name=f, file_format="MINDIR", speed=1), TypeError,
                "speed"),
    "key of ONNX": (lambda f: ms.export(nn.ReLU(), floats(1), file_name=f, file_format="ONNX", enc_key="a"), ValueError,
                    "'enc_mode' must be a function"),
    "printing": (lambda f: ms.export(Printing(), floats(1), file_name=f, file_format="MINDIR"), ValueError,
                 "'host_call'"),
    "attribute": (lambda f: ms.export(Counting(), floats(1), file_name=f, file_format="MINDIR"), ValueError, "'k'"),
    "no tensor": (lambda f: ms.export(lambda x: None, floats(1), file_name=f, file_format="MINDIR"), ValueError,
                  "tensors"),
    "folder": (lambda f: ms.export(nn.ReLU(), floats(1), file_name=f / "no" / "a", file_format="MINDIR"),
               FileNotFoundError, "no"),
    "load: name": (lambda f: ms.load(3), TypeError, "file_name"),
    "load: suffix": (lambda f: ms.load(f / "a.ckpt"), ValueError, r"\.mindir"),
    "load: missing": (lambda f: ms.load(f / "a.mindir"), ValueError, "cannot be read"),
    "load: keyword": (lambda f: ms.load(f / "a.mindir", key=1), TypeError, "dec_key"),
    "graph": (lambda f: nn.GraphCell(3), TypeError, "mindspore.load"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused(tmp_path, name):
    call, error, text = REFUSED[name]
    with pytest.raises(error, match=text):
        call(tmp_path)
    assert not list(tmp_path.iterdir())
