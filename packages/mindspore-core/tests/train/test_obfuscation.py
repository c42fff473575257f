"""Obfuscated checkpoints."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, safeguard

X = np.random.default_rng(0).standard_normal((2, 1, 6, 6)).astype(np.float32)


class Block(nn.Cell):
    def __init__(self):
        super().__init__()
        self.query, self.key = nn.Dense(4, 4), nn.Dense(4, 4)

    def construct(self, x):
        return ms.ops.relu(self.query(x)) + self.key(x)


class Net(nn.Cell):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3, pad_mode="valid", has_bias=True)
        self.blocks = nn.SequentialCell(Block(), Block())
        self.head = nn.Dense(4, 3)

    def construct(self, x):
        return self.head(self.blocks(ms.ops.mean(self.conv(x), (2, 3))))


CHOICES = {"all": (None, ["conv", "head", "blocks.0.query", "blocks.0.key", "blocks.1.query", "blocks.1.key"]),
           "root": (["", "conv|head"], ["conv", "head"]),
           "path": (["blocks", "query"], ["blocks.0.query", "blocks.1.query"]),
           "first": (["/blocks/", "query|key", "obfuscate_layers:1"], ["blocks.0.query", "blocks.0.key"]),
           "each": (["blocks", "query", "obfuscate_layers:all"], ["blocks.0.query", "blocks.1.query"])}


@pytest.mark.parametrize("modules, layers", CHOICES.values(), ids=CHOICES)
def test_a_checkpoint_works_with_its_ratios_alone(tmp_path, modules, layers):
    net = Net()
    expected = net(Tensor(X)).asnumpy()
    ms.save_checkpoint(net, str(tmp_path / "net.ckpt"))
    ratios = safeguard.obfuscate_ckpt(net, str(tmp_path), modules, saved_path=tmp_path / "out", obfuscate_scale=20)
    assert len(ratios) == len(layers) and all(1 / 20 <= ratio <= 20 for ratio in ratios)
    before, hidden = (ms.load_checkpoint(str(tmp_path / name)) for name in ("net.ckpt", "out/net_obf.ckpt"))
    changed = {name for name in before if (before[name].asnumpy() != hidden[name].asnumpy()).any()}
    assert changed == {f"{layer}.weight" for layer in layers}
    plain = Net()
    ms.load_param_into_net(plain, hidden)
    assert np.abs(plain(Tensor(X)).asnumpy() - expected).max() > 1e-3
    fresh = safeguard.load_obf_params_into_net(Net(), modules, obf_ratios=Tensor(np.array(ratios, np.float32)))
    missing, unused = ms.load_param_into_net(fresh, hidden)
    assert not missing and not unused and [p.name for p in fresh.get_parameters()] == list(before)
    assert np.allclose(fresh(Tensor(X)).asnumpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("call, message", [
    (lambda n, f: safeguard.obfuscate_ckpt(3, f), "'network' must be a Cell"),
    (lambda n, f: safeguard.obfuscate_ckpt(n, 3), "'ckpt_files' must be a path"),
    (lambda n, f: safeguard.obfuscate_ckpt(n, f + "/none"), "there is no .ckpt file"),
    (lambda n, f: safeguard.obfuscate_ckpt(n, f, obfuscate_scale=1), "'obfuscate_scale' must be a number above 1"),
    (lambda n, f: safeguard.obfuscate_ckpt(n, f, ["", "none"]), "no Dense or convolution layer of"),
    (lambda n, f: safeguard.obfuscate_ckpt(n, f, "head"), "'target_modules' must be a list of str"),
    (lambda n, f: safeguard.obfuscate_ckpt(n, f, ["head"]), "'target_modules' must be a path, names"),
    (lambda n, f: safeguard.obfuscate_ckpt(n, f, obf_config={}), "'obf_config' must be None"),
    (lambda n, f: safeguard.load_obf_params_into_net(n), "'obf_ratios' must be what obfuscate_ckpt returned"),
    (lambda n, f: safeguard.load_obf_params_into_net(n, obf_ratios=[1.0]), "must be 6 numbers above 0"),
    (lambda n, f: safeguard.load_obf_params_into_net(n, obf_ratios=[1, 1, 1, 1, 1, 0]), "must be 6 numbers above 0"),
    (lambda n, f: safeguard.load_obf_params_into_net(n, speed=1), "there is no argument 'speed'"),
])
def test_misuse(tmp_path, call, message):
    with pytest.raises((TypeError, ValueError), match=message):
        call(Net(), str(tmp_path))


def test_a_file_without_the_weight(tmp_path):
    ms.save_checkpoint(nn.Dense(2, 2), str(tmp_path / "other.ckpt"))
    with pytest.raises(ValueError, match="other.ckpt' has no parameter 'conv.weight'"):
        safeguard.obfuscate_ckpt(Net(), str(tmp_path / "other.ckpt"), ["", "conv"], saved_path=tmp_path)
