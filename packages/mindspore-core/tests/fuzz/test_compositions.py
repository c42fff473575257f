"""Random compositions of the primitives' samples: are their transformations right together?

MS_FUZZ_COMPOSITIONS says how many are checked, from the seed MS_FUZZ_SEED on."""
import os
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "backends")]

import compositions  # noqa: E402
import register_discrete  # noqa: E402, F401

from mindspore.compiler.primitives.base import PRIMITIVES  # noqa: E402

COUNT = int(os.environ.get("MS_FUZZ_COMPOSITIONS", "60"))
SEED = int(os.environ.get("MS_FUZZ_SEED", "0"))


def test_random_compositions_are_transformed_rightly():
    statistics = compositions.run(COUNT, SEED)
    print(f"seed {SEED}: {statistics.show()}")
    assert statistics.count == COUNT
    if COUNT >= 2000:
        assert all(statistics.used[name] for name in compositions.NAMES)


def wrong_vjp(b, ct, out, x):
    return (b.mul(ct, x),)


def wrong_vmap(b, lanes, batched, x):
    return b.reverse(b.sin(x), axes=(0,))


@pytest.mark.parametrize("name, rule", [("vjp", wrong_vjp), ("vmap", wrong_vmap)])
def test_a_wrong_rule_is_found(name, rule, monkeypatch):
    monkeypatch.setattr(PRIMITIVES["sin"], name, rule, raising=False)
    x = np.array([0.3, 0.8, -0.4])
    b = compositions.Builder("wrong")
    node = b.parameter(compositions.cases.tensor_aval((3,), compositions.cases.float64))
    graph = b.finish([b.mul(b.sin(node), node)])
    with pytest.raises(compositions.Wrong):
        compositions.check(compositions.Composition(graph, [x], [], 2), [])
