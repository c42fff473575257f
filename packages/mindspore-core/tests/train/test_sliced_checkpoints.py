"""Checkpoints of several devices: layouts, slices put together, networks loaded from the files of all ranks."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, parallel
from mindspore.runtime.parallel_settings import ParallelPackageMissingError
from mindspore.train._slices import messages


def strategy_file(path, layouts: dict) -> str:
    """A file with layouts: name -> (devices, axes, sizes, shard step, shard size)."""
    whole = messages()["ParallelStrategyMap"](current_stage=0)
    for name, (devices, axes, sizes, step, size) in layouts.items():
        item = whole.parallel_layout_item.add(param_name=name)
        layout = item.parallel_layouts
        layout.dev_matrix.add(dim=devices)
        layout.tensor_map.add(dim=axes)
        if sizes:
            layout.param_split_shape.add(dim=sizes)
        layout.field, layout.opt_weight_shard_step, layout.opt_weight_shard_size = 0, step, size
    path.write_bytes(whole.SerializeToString())
    return str(path)


def slices_of(whole: np.ndarray, devices: list, axes: list) -> list[np.ndarray]:
    """What each rank has."""
    found = []
    for rank in range(int(np.prod(devices))):
        place, part = np.unravel_index(rank, devices), whole
        for axis, over in enumerate(axes):
            if over >= 0:
                part = np.split(part, devices[-1 - over], axis)[place[-1 - over]]
        found.append(part)
    return found


WHOLE = np.arange(8 * 6, dtype=np.float32).reshape(8, 6)


@pytest.mark.parametrize("devices, axes", [([2, 3], [1, 0]), ([2, 2], [0, 1]), ([4], [0, -1]), ([2, 2, 3], [2, 0]),
                                           ([2], [-1, -1]), ([2, 2], [-1, 0])])
def test_slices_are_put_together(tmp_path, devices, axes):
    strategy = ms.build_searched_strategy(strategy_file(tmp_path / "s.ckpt", {"w": (devices, axes, [], 0, 0)}))
    parts = [Parameter(Tensor(part), name="w", requires_grad=False) for part in slices_of(WHOLE, devices, axes)]
    whole = ms.merge_sliced_parameter(parts, strategy)
    np.testing.assert_array_equal(whole.asnumpy(), WHOLE)
    assert whole.name == "w" and not whole.requires_grad


def test_uneven_slices_have_sizes(tmp_path):
    strategy = ms.build_searched_strategy(strategy_file(tmp_path / "s.ckpt", {"w": ([2], [0, -1], [5, 3], 0, 0)}))
    parts = [Parameter(Tensor(part), name="w") for part in (WHOLE[:5], WHOLE[5:])]
    np.testing.assert_array_equal(parallel.merge_sliced_parameter(parts, strategy).asnumpy(), WHOLE)
    with pytest.raises(ValueError, match=r"sizes \[5, 3\] along axis 0, but have \[3, 5\]"):
        ms.merge_sliced_parameter(parts[::-1], strategy)


def test_slices_without_layout_lie_along_the_first_axis():
    parts = [Parameter(Tensor(part), name="w") for part in (WHOLE[:1], WHOLE[1:])]
    np.testing.assert_array_equal(ms.merge_sliced_parameter(parts).asnumpy(), WHOLE)


def test_what_does_not_fit_is_refused(tmp_path):
    strategy = ms.build_searched_strategy(strategy_file(tmp_path / "s.ckpt", {"w": ([2], [0, -1], [], 0, 0)}))
    w, other = Parameter(Tensor(WHOLE), name="w"), Parameter(Tensor(WHOLE), name="v")
    for given, error, text in ((([w, w, w], strategy), ValueError, "2 devices, but there are 3 slices"),
                               (([other], strategy), KeyError, "no parameter 'v'"),
                               (([w, other],), ValueError, "of one parameter"), (((w,),), TypeError, "list of Param"),
                               (([],), ValueError, "empty"), (([w], 3), TypeError, "must be a dict"),
                               (([w, Parameter(Tensor(WHOLE[:3]), name="w")], strategy), ValueError, "one size")):
        with pytest.raises(error, match=text):
            ms.merge_sliced_parameter(*given)
    (tmp_path / "empty").write_bytes(b"")
    (tmp_path / "other").write_bytes(b"\xff\xff\xff")
    for path, error, text in ((3, TypeError, "must be a str"), (str(tmp_path / "empty"), ValueError, "empty"),
                              (str(tmp_path / "other"), ValueError, "is no ParallelStrategyMap message")):
        with pytest.raises(error, match=text):
            ms.build_searched_strategy(path)


def test_ranks_with_the_same_checkpoint(tmp_path):
    groups = messages()["ParallelGroupMap"]()
    groups.ckpt_restore_rank_list.dim.extend([0, 4, 8])
    (tmp_path / "groups.pb").write_bytes(groups.SerializeToString())
    assert ms.restore_group_info_list(str(tmp_path / "groups.pb")) == [0, 4, 8]
    groups.ckpt_restore_rank_list.ClearField("dim")
    (tmp_path / "groups.pb").write_bytes(groups.SerializeToString())
    with pytest.raises(ValueError, match="has no ranks"):
        ms.restore_group_info_list(str(tmp_path / "groups.pb"))


def network(value=0.0) -> nn.Cell:
    net = nn.SequentialCell(nn.Dense(6, 8, weight_init="zeros", bias_init="zeros"), nn.Dense(8, 2, has_bias=False))
    net[0].weight.set_data(Tensor(WHOLE + value))
    net[0].bias.set_data(Tensor(np.arange(8, dtype=np.float32) + value))
    return net


def files_of_ranks(folder) -> tuple[list[str], str, nn.Cell]:
    """Four ranks: the weight is split over both axes of devices, the bias over one, and once more among optimizers."""
    net, files = network(0.5), []
    weights = slices_of(net[0].weight.asnumpy(), [2, 2], [0, 1])
    biases = slices_of(net[0].bias.asnumpy(), [2, 2], [0])
    for rank in range(4):
        shard = np.split(biases[rank], 2)[rank // 2]
        params = {"0.weight": weights[rank], "0.bias": shard, "1.weight": net[1].weight.asnumpy()}
        files.append(str(folder / f"rank_{rank}.ckpt"))
        ms.save_checkpoint([{"name": name, "data": Tensor(value)} for name, value in params.items()], files[-1])
    layouts = {"0.weight": ([2, 2], [0, 1], [], 0, 0), "0.bias": ([2, 2], [0], [], 2, 2)}
    return files, strategy_file(folder / "strategy.ckpt", layouts), net


def test_network_is_loaded_from_the_files_of_ranks(tmp_path):
    files, strategy, saved = files_of_ranks(tmp_path)
    net = network()
    assert ms.load_distributed_checkpoint(net, files, None, strategy) == []
    for got, want in zip(net.get_parameters(), saved.get_parameters()):
        np.testing.assert_array_equal(got.asnumpy(), want.asnumpy())
    with pytest.warns(UserWarning, match="1.weight"):
        found, missing = ms.load_distributed_checkpoint(network(), files, train_strategy_filename=strategy,
                                                        name_map={"1.weight": "else"}, return_param_dict=True)
    assert sorted(found) == ["0.bias", "0.weight"] and missing == ["1.weight"]


def test_whole_parameters_in_a_folder(tmp_path):
    saved, net = network(0.25), network()
    ms.save_checkpoint(saved, str(tmp_path / "part0.safetensors"), format="safetensors")
    assert ms.load_distributed_checkpoint(net, unified_safetensors_dir=str(tmp_path)) == []
    np.testing.assert_array_equal(net[0].weight.asnumpy(), saved[0].weight.asnumpy())


def test_networks_are_not_split(tmp_path):
    files, strategy, _ = files_of_ranks(tmp_path)
    with pytest.raises(ParallelPackageMissingError):
        ms.load_distributed_checkpoint(network(), files, {"0.weight": [[2], [0], [], 0]}, strategy)
    with pytest.raises(ValueError, match="either"):
        ms.load_distributed_checkpoint(network())
    with pytest.raises(ValueError, match="files that exist"):
        ms.load_distributed_checkpoint(network(), [*files, "none.ckpt"], None, strategy)
    with pytest.raises(ValueError, match="4 devices, but there are 3 slices"):
        ms.load_distributed_checkpoint(network(), files[:3], None, strategy_file(
            tmp_path / "more.ckpt", {"0.weight": ([2, 2], [0, 1], [], 0, 0)}))
