"""ONNX files: onnxruntime computes what the network computes."""
from __future__ import annotations

import re

import ml_dtypes
import numpy as np
import pytest
from exported_networks import NETWORKS, OPEN, Assigning, floats, tensors
from samples import networks, without_place

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.formats import onnx_write
from mindspore.formats.onnx_rules import RULES, has


def run(path, inputs) -> list[np.ndarray]:
    """What onnxruntime computes; the file must be valid to the onnx package."""
    runtime = pytest.importorskip("onnxruntime", reason="needs the package onnxruntime")
    checker = pytest.importorskip("onnx.checker", reason="needs the package onnx")
    checker.check_model(str(path), full_check=True)
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(None, {i.name: np.asarray(x) for i, x in zip(session.get_inputs(), inputs, strict=True)})


def test_none_that_is_returned_is_no_output(tmp_path):
    path, x = tmp_path / "net.onnx", floats(2, 3)
    ms.export(lambda x: (ops.relu(x), None, (None, x + 1)), x, file_name=path, file_format="ONNX")
    first, second = run(path, [x])
    np.testing.assert_array_equal(first, np.maximum(x.asnumpy(), 0))
    np.testing.assert_array_equal(second, x.asnumpy() + 1)


@pytest.mark.parametrize("name", NETWORKS)
def test_onnxruntime_agrees(tmp_path, name):
    make, inputs = NETWORKS[name]
    net, inputs = make(), inputs()
    path = tmp_path / "net.onnx"
    ms.export(net, *inputs, file_name=path, file_format="ONNX")
    first = path.read_bytes()
    ms.export(net, *inputs, file_name=path, file_format="ONNX")
    assert path.read_bytes() == first, "two exports of one network differ"
    for got, wanted in zip(run(path, inputs), tensors(net(*inputs)), strict=True):
        assert got.shape == wanted.shape and (got.dtype == wanted.dtype or got.ndim == 0)
        np.testing.assert_allclose(got.astype(np.float64), wanted.astype(np.float64), rtol=2e-4, atol=2e-5)


@pytest.mark.parametrize("name", OPEN)
def test_open_sizes(tmp_path, name):
    make, inputs, given = OPEN[name]
    net = make()
    ms.export(net, *inputs(), file_name=tmp_path / "net.onnx", file_format="ONNX")
    for size in (2, 5, 9):
        results = run(tmp_path / "net.onnx", given(size))
        for got, wanted in zip(results, tensors(net(*given(size))), strict=True):
            assert got.shape == wanted.shape
            np.testing.assert_allclose(got.astype(np.float64), wanted.astype(np.float64), rtol=1e-3, atol=1e-4)


def test_names_of_inputs_weights_and_outputs(tmp_path):
    onnx = pytest.importorskip("onnx", reason="needs the package onnx")
    ms.export(nn.Dense(3, 2), floats(1, 3), file_name=tmp_path / "dense", file_format="ONNX")
    graph = onnx.load(tmp_path / "dense.onnx").graph
    assert {"weight", "bias"} <= {i.name for i in graph.initializer}
    assert [i.name for i in graph.input] == ["x"] and [o.name for o in graph.output] == ["output"]


def test_choices_of_the_module(tmp_path):
    from mindspore import onnx as writer
    onnx = pytest.importorskip("onnx", reason="needs the package onnx")
    net, x = nn.Dense(3, 2), floats(4, 3)

    def graph(**options):
        writer.export(net, x, file_name=tmp_path / "a", **options)
        return onnx.load(tmp_path / "a.onnx").graph

    found = graph(input_names=["data"], output_names=["scores"], dynamic_axes={"data": {0: "batch"}, "scores": [0]})
    assert [i.name for i in found.input] == ["data"] and [o.name for o in found.output] == ["scores"]
    assert [d.HasField("dim_param") for d in found.input[0].type.tensor_type.shape.dim] == [True, False]
    np.testing.assert_allclose(run(tmp_path / "a.onnx", [floats(7, 3)])[0], net(floats(7, 3)).asnumpy(), rtol=1e-5)
    assert [i.name for i in graph(keep_initializers_as_inputs=True).input] == ["x", "weight", "bias"]
    found = graph(export_params=False)
    assert [i.name for i in found.input] == ["x", "weight", "bias"] and not found.initializer
    given = [x, net.weight, net.bias]
    np.testing.assert_allclose(run(tmp_path / "a.onnx", given)[0], net(x).asnumpy(), rtol=1e-5)
    for wrong, text in (({"input_names": ["a", "b"]}, "1 inputs"), ({"dynamic_axes": {"x": [2]}}, "axis 2")):
        with pytest.raises(ValueError, match=text):
            graph(**wrong)


def test_large_weights_stand_beside_the_file(tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_write, "WEIGHTS_INSIDE", 16)
    net, x = nn.Dense(3, 2), floats(4, 3)
    ms.export(net, x, file_name=tmp_path / "net", file_format="ONNX")
    assert (tmp_path / "net.onnx.data").stat().st_size >= 32
    np.testing.assert_allclose(run(tmp_path / "net.onnx", [x])[0], net(x).asnumpy(), rtol=1e-5)


def test_refusals(tmp_path):
    with pytest.raises(ValueError, match="assigns parameters"):
        ms.export(Assigning(), floats(2), file_name=tmp_path / "a", file_format="ONNX")
    with pytest.raises(ValueError, match="'cholesky' .* ONNX"):
        ms.export(lambda x: ops.cholesky(x), Tensor(np.eye(2, dtype=np.float32)), file_name=tmp_path / "a",
                  file_format="ONNX")
    with pytest.raises(ValueError, match="enc_key"):
        ms.export(nn.ReLU(), floats(2), file_name=tmp_path / "a", file_format="ONNX", enc_key=bytes(16))


OTHER_SPECIAL_VALUES = {"argmax", "argmin", "atan2", "layer_norm", "max_pool2d", "max_pool3d", "sort", "top_k"}
GRADIENTS = {"avg_pool2d_grad", "avg_pool3d_grad", "conv2d_weight_grad", "conv3d_weight_grad", "max_pool2d_grad",
             "max_pool2d_index", "max_pool2d_pick", "max_pool3d_grad", "max_pool3d_index", "max_pool3d_pick",
             "tape_add", "tape_empty", "tape_pop", "tape_push"}
NO_PLACE = {"adjugate", "cholesky", "eigh", "fold2d", "host_call", "log_determinant", "matrix_inverse", "qr",
            "random_bits", "rec_call", "shift_left", "shift_right", "solve", "svd", "triangular_solve"}
NO_PLACE |= {"complex", "complex_abs", "conj", "eig", "fft", "geqrf", "host_function", "imag", "irfft",
             "linear_sum_assignment", "lu", "matrix_exp", "matrix_log", "nextafter", "pivots_to_permutation", "real",
             "rfft"}


def test_operators_that_have_no_place():
    assert without_place(RULES) == NO_PLACE | GRADIENTS


@pytest.mark.parametrize("name", sorted(RULES.keys() - {"dimension"} | {"unfold2d"}))
def test_each_operator(tmp_path, name):
    """Each operator of the table on its own samples, as far as onnxruntime has kernels for their dtypes."""
    errors = pytest.importorskip("onnxruntime", reason="needs the package").capi.onnxruntime_pybind11_state
    onnx = pytest.importorskip("onnx", reason="needs the package onnx")
    refused, agreed = [], 0
    for network, arrays, node in list(networks(name, name in OTHER_SPECIAL_VALUES))[:12]:
        dtypes = {np.dtype(a.dtype.np) for a in getattr(node.aval, "items", [node.aval])}
        unknown = {np.dtype(ml_dtypes.bfloat16), np.dtype(np.complex64)}
        if (name in RULES and not has(node)) or not dtypes.isdisjoint(unknown):
            continue
        if any(a.dtype.kind == "c" for a in arrays):
            continue
        path = tmp_path / "op.onnx"
        onnx_write.write_onnx(network, str(path))
        try:
            results = run(path, arrays)
        except (errors.NotImplemented, errors.InvalidGraph, onnx.shape_inference.InferenceError) as error:
            assert isinstance(error, errors.NotImplemented) or "unsupported type" in str(error), error
            refused.append(str(error))
            continue
        except (errors.InvalidArgument, errors.Fail) as error:  # an index out of range, which gives 0 here
            assert re.search("out of data bounds|invalid indice|Out of range|must be empty", str(error)), error
            continue
        wanted = evaluate(network.graph, arrays)
        for got, want in zip(results, wanted, strict=True):
            loose = 20 if np.dtype(np.float16) in {a.dtype for a in arrays} else 1
            np.testing.assert_allclose(np.asarray(got, np.float64), np.asarray(want, np.float64), rtol=1e-3 * loose,
                                       atol=1e-4 * loose)
        agreed += 1
    assert agreed, f"onnxruntime refused every sample: {refused}"
