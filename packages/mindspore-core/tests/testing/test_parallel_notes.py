"""What programs say and ask about several devices: layouts, strategies, groups of devices with the same part."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Layout, Tensor, nn
from mindspore.parallel.shard import Layout as same
from mindspore.train._utils import _make_directory, get_parameter_redundancy, remove_param_redundancy

GRID = Layout((2, 2), ("dp", "mp"))


def test_layout():
    assert same is Layout and ms.parallel.shard is ms.shard
    assert GRID("dp", "mp").to_dict() == {
        "device_matrix": (2, 2), "tensor_map": (1, 0), "alias_name": ("dp", "mp"), "interleaved_parallel": False,
        "rank_list": [0, 1, 2, 3]}
    assert GRID(("dp", "mp"), "None").tensor_map == ((1, 0), -1) and GRID.tensor_map is None
    assert Layout((2,), ("interleaved_parallel",), [5, 7]).interleaved_parallel


@pytest.mark.parametrize("wrong, error", [
    (lambda: Layout([2, 2], ("a", "b")), TypeError), (lambda: Layout((2, 2), ("a",)), ValueError),
    (lambda: Layout((2, 2), ("a", "a")), ValueError), (lambda: Layout((2,), ("None",)), ValueError),
    (lambda: Layout((0,), ("a",)), ValueError), (lambda: Layout((2,), ("a",), [0]), ValueError),
    (lambda: Layout((2,), ("a",), (0, 1)), TypeError), (lambda: GRID("xp"), ValueError),
    (lambda: GRID("dp", "dp"), ValueError), (lambda: GRID(1), TypeError), (lambda: GRID.to_dict(), ValueError),
    (lambda: ms.shard(3, ()), TypeError), (lambda: ms.shard(len, [1]), TypeError),
    (lambda: ms.shard(len, ((1,),), parameter_plan=3), TypeError)])
def test_wrong_notes(wrong, error):
    with pytest.raises(error, match="Layout|shard"):
        wrong()


def test_one_device_computes_as_without():
    x = Tensor(np.ones((2, 3), np.float32))
    net = nn.Dense(3, 4)
    split = ms.shard(net, (GRID("dp", "None"),), (GRID("dp", "mp"),))
    assert np.allclose(split(x).asnumpy(), net(x).asnumpy()) and split.strategy[0][0].tensor_map == (1, -1)
    summed = ms.shard(lambda a: (a * 2).sum(), ((2, 1),))
    assert ms.grad(summed)(x).asnumpy().tolist() == [[2] * 3] * 2


def test_devices_with_the_same_part():
    groups = get_parameter_redundancy({"w": GRID("dp", "mp"), "b": GRID("mp"), "c": GRID("None"),
                                       "old": [[4], [0], [2]]})
    assert groups == {"w": ((0,), (1,), (2,), (3,)), "b": ((0, 2), (1, 3)), "c": ((0, 1, 2, 3),),
                      "old": ((0,), (1,), (2,), (3,))}
    kept = remove_param_redundancy(groups)
    assert all(sum(name in names for names in kept.values()) == len(groups[name]) for name in groups)
    assert kept[0] == {"w", "b", "old"} and "c" in kept[2]
    assert all("c" in names for names in remove_param_redundancy(groups, 4).values())
    with pytest.raises(ValueError, match="at least 1"):
        remove_param_redundancy(groups, 0)


def test_folders_are_made(tmp_path):
    made = _make_directory(str(tmp_path / "a" / "b"))
    assert made == str((tmp_path / "a" / "b").resolve()) and (tmp_path / "a" / "b").is_dir()
    (tmp_path / "file").write_text("")
    with pytest.raises(ValueError, match="cannot be made"):
        _make_directory(str(tmp_path / "file"))
    with pytest.raises(TypeError, match="not empty"):
        _make_directory("")
