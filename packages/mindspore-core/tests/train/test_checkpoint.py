"""Saving networks and loading them: values, names, prefixes, refusals."""
from __future__ import annotations

import threading
import warnings

import ml_dtypes
import numpy as np
import pytest

import mindspore
from mindspore import Parameter, Tensor
from mindspore.nn.cell import Cell
from mindspore.train import _checkpoint_file as files
from mindspore.train import _checkpoint_format as fmt
from mindspore.train.serialization import (
    async_ckpt_thread_status,
    load_checkpoint,
    load_param_into_net,
    save_checkpoint,
)


@pytest.fixture(autouse=True)
def _warnings_are_errors():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def parameter(array, name=None, dtype=np.float32) -> Parameter:
    return Parameter(Tensor(np.asarray(array, dtype)), name=name)


class Layer(Cell):
    def __init__(self, start=0.0):
        super().__init__()
        self.weight = parameter(np.arange(6).reshape(2, 3) + start)
        self.bias = parameter([start, start])


class Net(Cell):
    def __init__(self, start=0.0):
        super().__init__()
        self.scale = parameter([start], dtype=np.float64)
        self.fc = Layer(start + 1)


def values(net) -> dict:
    return {p.name: p.asnumpy().tolist() for _, p in net.parameters_and_names()}


# --------------------------------------------------------------------------------------------------------- round trips

def test_a_network_round_trips_under_its_parameters_names_in_order(tmp_path):
    net, path = Net(3.0), tmp_path / "net.ckpt"
    save_checkpoint(net, str(path))
    assert list(fmt.decode(path)) == ["scale", "fc.weight", "fc.bias"]
    loaded = load_checkpoint(str(path))
    assert list(loaded) == ["scale", "fc.weight", "fc.bias"]
    assert all(isinstance(p, Parameter) and p.name == name for name, p in loaded.items())
    assert loaded["scale"].dtype is mindspore.float64
    other = Net()
    assert load_param_into_net(other, loaded) == ([], [])
    assert values(other) == values(net)


def test_a_network_is_loaded_at_once(tmp_path):
    save_checkpoint(Net(3.0), tmp_path / "net")
    other = Net()
    load_checkpoint(tmp_path / "net.ckpt", net=other)
    assert values(other) == values(Net(3.0))


def test_loaded_networks_do_not_share_memory(tmp_path):
    save_checkpoint(Net(3.0), tmp_path / "net")
    loaded = load_checkpoint(tmp_path / "net.ckpt")
    a, b = Net(), Net()
    load_param_into_net(a, loaded), load_param_into_net(b, loaded)
    a.fc.bias.set_data(Tensor(np.zeros(2, np.float32)))
    assert b.fc.bias.asnumpy().tolist() == loaded["fc.bias"].asnumpy().tolist() == [4, 4]


DTYPES = [np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16, np.uint32, np.uint64, np.float16,
          np.float32, np.float64, np.complex64, np.complex128, ml_dtypes.bfloat16]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda t: np.dtype(t).name)
def test_every_dtype_round_trips(tmp_path, dtype):
    array = np.array([[1, 0, 1]]).astype(dtype)
    save_checkpoint({"x": Tensor(array)}, tmp_path / "a.ckpt")
    loaded = load_checkpoint(tmp_path / "a.ckpt")["x"]
    assert loaded.dtype is mindspore.dtype.np_dtype_to_dtype(dtype)
    assert loaded.asnumpy().astype(dtype).tobytes() == array.tobytes()
    assert fmt.decode(tmp_path / "a.ckpt")["x"].dtype == array.dtype


REAL = {"lenet": 8, "crc": 8, "bn": 18, "dtypes": 16, "train_adam": 10, "train_momentum": 7}


@pytest.mark.parametrize("name", REAL)
def test_real_files_load_bit_for_bit_and_are_saved_as_they_were(data_dir, tmp_path, name):
    path = data_dir / "formats" / f"{name}.ckpt"
    loaded = load_checkpoint(path, crc_check=name == "crc")
    assert len(loaded) == REAL[name]
    save_checkpoint(loaded, tmp_path / name, crc_check=name == "crc")
    assert (tmp_path / f"{name}.ckpt").read_bytes() == path.read_bytes()


SAVED_OBJECTS = {
    "list of parameters": lambda net: net.trainable_params(),
    "list of dicts": lambda net: [{"name": p.name, "data": p} for p in net.trainable_params()],
    "dict": lambda net: {p.name: p for p in net.trainable_params()},
    "dict of tensors": lambda net: {p.name: Tensor(p.asnumpy()) for p in net.trainable_params()},
}


@pytest.mark.parametrize("name", SAVED_OBJECTS)
def test_what_may_be_saved(tmp_path, name):
    net = Net(2.0)
    save_checkpoint(SAVED_OBJECTS[name](net), tmp_path / "a.ckpt")
    assert {k: v.asnumpy().tolist() for k, v in load_checkpoint(tmp_path / "a.ckpt").items()} == values(net)


def test_append_dict_has_the_documented_types_and_comes_last(tmp_path):
    extra = {"epoch": 3, "lr": 0.5, "flag": True, "note": "hello", "state": Tensor([1, 2]), "scale": 7.0}
    save_checkpoint(Net(), tmp_path / "a", append_dict=extra)
    stored = fmt.decode(tmp_path / "a.ckpt")
    assert list(stored) == ["scale", "fc.weight", "fc.bias", "epoch", "lr", "flag", "note", "state"]
    assert [(stored[k].dtype.name, stored[k].shape) for k in ("epoch", "lr", "flag", "scale")] == [
        ("int64", ()), ("float32", ()), ("bool", ()), ("float32", ())]
    loaded = load_checkpoint(tmp_path / "a.ckpt")
    assert loaded["note"] == "hello" and loaded["epoch"].asnumpy() == 3 and loaded["flag"].dtype is mindspore.bool_


def test_choice_of_what_is_saved_and_loaded(tmp_path):
    save_checkpoint(Net(), tmp_path / "a", choice_func=lambda name: name != "scale", append_dict={"n": 1})
    path = tmp_path / "a.ckpt"
    assert list(load_checkpoint(path)) == ["fc.weight", "fc.bias", "n"]
    assert list(load_checkpoint(path, choice_func=lambda name: name.endswith("bias"))) == ["fc.bias"]
    assert list(load_checkpoint(path, specify_prefix="fc")) == ["fc.weight", "fc.bias"]
    assert list(load_checkpoint(path, filter_prefix=["fc.w", "n"])) == ["fc.bias"]
    assert list(load_checkpoint(path, specify_prefix=("fc", "n"), filter_prefix="fc.b")) == ["fc.weight", "n"]


def test_cache_key_is_taken_off_the_name(tmp_path):
    with open(tmp_path / "a.ckpt", "wb") as file:
        fmt.encode(file, [("table.__param_key__3", np.zeros(2, np.float32))])
    assert load_checkpoint(tmp_path / "a.ckpt")["table"].name == "table"


# ---------------------------------------------------------------------------------------------------- into the network

def test_missing_and_surplus_names_are_returned_with_a_warning():
    net = Net()
    with pytest.warns(UserWarning, match="fc.bias"):
        result = load_param_into_net(net, {"fc.weight": parameter(np.ones((2, 3))), "q": parameter([1]), "s": "text"})
    assert result == (["scale", "fc.bias"], ["q", "s"])
    assert net.fc.weight.asnumpy().tolist() == [[1, 1, 1], [1, 1, 1]]


def test_accumulated_gradients_are_never_missing():
    net = Layer()
    net.insert_param_to_cell("extra", parameter([0.0], "accu_grads.weight"), check_name_contain_dot=False)
    given = {"weight": parameter(np.ones((2, 3))), "bias": parameter([1, 1])}
    assert load_param_into_net(net, given) == ([], [])


def test_prefix_of_the_checkpoint_is_dropped():
    net, saved = Layer(), {f"0.{p.name}": p for _, p in Layer(5.0).parameters_and_names()}
    with pytest.warns(UserWarning, match="'0.'"):
        assert load_param_into_net(net, saved) == ([], ["0.weight", "0.bias"])
    assert values(net) == values(Layer(5.0))


def test_an_optimizers_states_are_not_taken_for_weights():
    own = {p.name: p for _, p in Layer(5.0).parameters_and_names()}
    states = {f"{state}.fc.{name}": parameter(np.full(p.shape, 9.0)) for name, p in own.items()
              for state in ("moment1", "my_state")}
    weights = {f"fc.{name}": p for name, p in own.items()}
    other = {"head.weight": parameter(np.ones((2, 3)))}
    net = Layer()
    with pytest.warns(UserWarning, match="prefix 'fc.'"):
        assert load_param_into_net(net, {**states, **other, **weights})[0] == []
    assert values(net) == values(Layer(5.0))
    net = Layer()
    with pytest.warns(UserWarning, match="2 parameters of the network are not in the checkpoint"):
        load_param_into_net(net, {f"moments.{name}": p for name, p in own.items()})
    assert values(net) == values(Layer())


def test_prefix_is_not_guessed_when_strict():
    net, saved = Layer(), {f"0.{p.name}": p for _, p in Layer(5.0).parameters_and_names()}
    with pytest.warns(UserWarning, match="weight, bias"):
        assert load_param_into_net(net, saved, strict_load=True) == (["weight", "bias"], ["0.weight", "0.bias"])
    assert values(net) == values(Layer())


def test_trailing_dimensions_of_one_are_dropped():
    net = Layer()
    load_param_into_net(net, {"weight": parameter(np.ones((2, 3, 1, 1))), "bias": parameter([[1], [2]])})
    assert net.weight.shape == (2, 3) and net.bias.asnumpy().tolist() == [1, 2]


@pytest.mark.parametrize("shape", [(3, 2), (2, 3, 2), (1, 2, 3), (6,), (2,), ()])
def test_other_shapes_are_refused_and_nothing_is_changed(shape):
    net = Net()
    with pytest.raises(RuntimeError, match=r"'fc.weight'.*\(2, 3\)"):
        load_param_into_net(net, {"scale": parameter([9], dtype=np.float64), "fc.bias": parameter([9, 9]),
                                  "fc.weight": parameter(np.zeros(shape))})
    assert values(net) == values(Net())


def one(dtype, value=0) -> Cell:
    net = Cell()
    net.p = parameter([value], dtype=dtype)
    return net


@pytest.mark.parametrize("saved, wanted", [(np.float64, np.float32), (np.float32, ml_dtypes.bfloat16),
                                           (np.float16, np.float64), (np.int64, np.int8), (np.int16, np.int64)])
def test_dtype_is_converted_within_its_kind_with_a_warning(saved, wanted):
    net = one(wanted)
    with pytest.warns(UserWarning, match="'p'"):
        load_param_into_net(net, {"p": parameter([5], dtype=saved)})
    assert net.p.asnumpy().astype(np.float64).tolist() == [5]
    assert net.p.dtype is mindspore.dtype.np_dtype_to_dtype(wanted)
    with pytest.raises(RuntimeError, match="strict_load"):
        load_param_into_net(net, {"p": parameter([6], dtype=saved)}, strict_load=True)


@pytest.mark.parametrize("saved, wanted", [(np.float32, np.int32), (np.int32, np.float32), (np.bool_, np.int32),
                                           (np.uint8, np.int32), (np.complex64, np.float32), (np.uint16, np.uint8)])
def test_other_dtypes_are_refused(saved, wanted):
    net = one(wanted, 1)
    with pytest.raises(RuntimeError, match="'p'"):
        load_param_into_net(net, {"p": parameter([0], dtype=saved)})
    assert net.p.asnumpy().tolist() == [1]


def test_integers_that_do_not_fit_are_refused():
    with pytest.raises(RuntimeError, match="cannot hold"):
        load_param_into_net(one(np.int32), {"p": parameter([2 ** 40], dtype=np.int64)})


# ------------------------------------------------------------------------------------------------------------- refusals

def twins() -> Cell:
    net = Cell()
    net.a, net.b = Layer(), Layer()
    net.b.weight.name = net.a.weight.name
    return net


SAVE_ERRORS = {
    "object": (lambda f: save_checkpoint(3, f), TypeError, "save_obj"),
    "list of numbers": (lambda f: save_checkpoint([1], f), TypeError, "save_obj"),
    "value": (lambda f: save_checkpoint({"x": object()}, f), TypeError, "'x'"),
    "name": (lambda f: save_checkpoint({3: 1}, f), TypeError, "3"),
    "empty name": (lambda f: save_checkpoint({"": 1}, f), ValueError, "empty"),
    "file name": (lambda f: save_checkpoint({}, 3), TypeError, "ckpt_file_name"),
    "empty file name": (lambda f: save_checkpoint({}, ""), TypeError, "ckpt_file_name"),
    "append_dict": (lambda f: save_checkpoint({}, f, append_dict=[1]), TypeError, "append_dict"),
    "crc_check": (lambda f: save_checkpoint({}, f, crc_check=1), TypeError, "crc_check"),
    "integrated_save": (lambda f: save_checkpoint({}, f, 1), TypeError, "integrated_save"),
    "choice_func": (lambda f: save_checkpoint({}, f, choice_func="a"), TypeError, "choice_func"),
    "format": (lambda f: save_checkpoint({}, f, format="onnx"), ValueError, "format"),
    "format and suffix": (lambda f: save_checkpoint({}, f, format="safetensors"), ValueError, "ends in '.ckpt'"),
    "key": (lambda f: save_checkpoint({}, f, enc_key="0" * 16), TypeError, "bytes"),
    "length of the key": (lambda f: save_checkpoint({}, f, enc_key=b"0" * 17), ValueError, "16, 24, 32"),
    "mode of the key": (lambda f: save_checkpoint({}, f, enc_key=b"0" * 16, enc_mode="AES"), ValueError, "AES-GCM"),
    "incremental": (lambda f: save_checkpoint({}, f, incremental=True), ValueError, "incremental"),
    "str in safetensors": (lambda f: save_checkpoint({"a": "b"}, f.with_suffix(""), format="safetensors"), TypeError,
                           "'a' is a str"),
    "async process": (lambda f: save_checkpoint({}, f, async_save="process"), ValueError, "async_save"),
    "keyword": (lambda f: save_checkpoint({}, f, speed=3), TypeError, "speed"),
    "equal names": (lambda f: save_checkpoint(twins(), f), ValueError, "'a.weight'"),
    "a number in a list": (lambda f: save_checkpoint([{"name": "a", "data": 1}], f), TypeError,
                           "'a' must be a Tensor, but got int"),
    "equal names in a list": (lambda f: save_checkpoint([{"name": "a", "data": 1}] * 2, f), ValueError, "'a' twice"),
    "large int": (lambda f: save_checkpoint({"n": 2 ** 63}, f), ValueError, "64 bits"),
    "folder": (lambda f: save_checkpoint({"n": 1}, f.parent / "no" / "a.ckpt"), FileNotFoundError, "no"),
}


@pytest.mark.parametrize("name", SAVE_ERRORS)
def test_refused_to_save(tmp_path, name):
    call, error, text = SAVE_ERRORS[name]
    with pytest.raises(error, match=text):
        call(tmp_path / "a.ckpt")
    assert not list(tmp_path.iterdir())


LOAD_ERRORS = {
    "file name": (lambda f: load_checkpoint(3), TypeError, "ckpt_file_name"),
    "missing": (lambda f: load_checkpoint(f.parent / "b.ckpt"), ValueError, "No such file"),
    "a folder": (lambda f: load_checkpoint(f.parent), ValueError, "must end in"),
    "suffix": (lambda f: load_checkpoint(f.parent / "a.bin"), ValueError, r"\.ckpt"),
    "format": (lambda f: load_checkpoint(f, format="safetensors"), ValueError, "format"),
    "key": (lambda f: load_checkpoint(f, dec_key="0" * 16), TypeError, "bytes"),
    "redundancy": (lambda f: load_checkpoint(f, remove_redundancy=1), TypeError, "remove_redundancy"),
    "nothing chosen": (lambda f: load_checkpoint(f, choice_func=lambda name: False), ValueError, "nothing"),
    "prefix": (lambda f: load_checkpoint(f, filter_prefix=3), TypeError, "filter_prefix"),
    "empty prefixes": (lambda f: load_checkpoint(f, specify_prefix=[]), TypeError, "specify_prefix"),
    "strict": (lambda f: load_checkpoint(f, strict_load=1), TypeError, "strict_load"),
    "no crc": (lambda f: load_checkpoint(f, crc_check=True), ValueError, "CRC"),
    "damaged": (lambda f: (f.write_bytes(b"garbage"), load_checkpoint(f)), ValueError, "a.ckpt"),
    "empty": (lambda f: (f.write_bytes(b""), load_checkpoint(f)), ValueError, "empty"),
    "net": (lambda f: load_param_into_net(3, {}), TypeError, "'net'"),
    "dict": (lambda f: load_param_into_net(Net(), [1]), TypeError, "parameter_dict"),
    "dict values": (lambda f: load_param_into_net(Net(), {"a": 1}), TypeError, "'a': int"),
}


@pytest.mark.parametrize("name", LOAD_ERRORS)
def test_refused_to_load(tmp_path, name):
    call, error, text = LOAD_ERRORS[name]
    path = tmp_path / "a.ckpt"
    save_checkpoint({"x": 1}, path)
    with pytest.raises(error, match=text):
        call(path)


# --------------------------------------------------------------------------------------------------- in the background

def test_background_save_keeps_the_values_of_the_moment(tmp_path, monkeypatch):
    gate, write = threading.Event(), files.write_atomically

    def wait_and_write(path, writer):
        assert gate.wait(10)
        write(path, writer)

    monkeypatch.setattr(files, "write_atomically", wait_and_write)
    net = Net(1.0)
    expected = values(net)
    save_checkpoint(net, tmp_path / "a", async_save=True)
    assert mindspore.async_ckpt_thread_status()
    net.fc.bias.set_data(Tensor(np.full(2, 77, np.float32)))
    gate.set()
    loaded = load_checkpoint(tmp_path / "a.ckpt")       # waits
    assert not async_ckpt_thread_status()
    assert {k: v.asnumpy().tolist() for k, v in loaded.items()} == expected


def test_background_error_is_printed_and_raised_by_the_next_call(tmp_path, monkeypatch):
    printed = []
    monkeypatch.setattr(threading, "excepthook", printed.append)
    save_checkpoint({"x": 1}, tmp_path / "missing" / "a", async_save="thread")
    with pytest.raises(FileNotFoundError, match="missing"):
        load_checkpoint(tmp_path / "a.ckpt")
    assert [report.exc_type for report in printed] == [FileNotFoundError]


def test_loading_on_a_thread(tmp_path):
    save_checkpoint(Net(3.0), tmp_path / "a.ckpt")
    net = Net()
    loaded = mindspore.load_checkpoint_async(tmp_path / "a.ckpt", net).result()
    assert list(loaded) == list(values(net)) and values(net) == values(Net(3.0))
    with pytest.raises(ValueError, match="No such file"):
        mindspore.load_checkpoint_async(tmp_path / "b.ckpt").result()


def test_conversion_refuses_what_it_cannot_convert(tmp_path):
    save_checkpoint({"a": 1, "b": 2}, tmp_path / "a.ckpt")
    with pytest.raises(ValueError, match="one name"):
        mindspore.ckpt_to_safetensors(tmp_path / "a.ckpt", name_map={"a": "b"})
    with pytest.raises(ValueError, match="file_path"):
        mindspore.ckpt_to_safetensors(tmp_path / "no.ckpt")
    with pytest.raises(ValueError, match="safetensors"):
        mindspore.safetensors_to_ckpt(tmp_path)
