"""Collective operators and groups where there is one process."""
from __future__ import annotations

import inspect

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, communication, ops
from mindspore.communication import comm_func
from mindspore.mint import distributed
from mindspore.ops import operations as P

X = np.array([[1.0, 2.0], [3.0, 4.0]], np.float32)


@pytest.fixture(autouse=True)
def begun():
    communication.init()
    yield
    communication.release()


def test_the_place_of_the_only_process():
    assert communication.get_rank() == 0 and communication.get_group_size() == 1
    assert communication.get_local_rank() == 0 and communication.get_local_rank_size("nccl_world_group") == 1
    assert communication.GlobalComm.INITED and communication.GlobalComm.WORLD_COMM_GROUP == "mccl_world_group"
    from mindspore.communication.management import get_rank
    assert get_rank is communication.get_rank


def test_a_group_is_made_and_ended():
    communication.create_group("mine", [0])
    assert communication.get_rank("mine") == 0 and communication.get_process_group_ranks("mine") == [0]
    assert communication.get_world_rank_from_group_rank("mine", 0) == 0
    assert communication.get_group_rank_from_world_rank(0, "mine") == 0
    communication.destroy_group("mine")
    with pytest.raises(ValueError, match="there is no group 'mine'"):
        communication.get_rank("mine")


@pytest.mark.parametrize("call, error, words", [
    (lambda: communication.init("mpi"), ValueError, "one of hccl, nccl, mccl, but got 'mpi'"),
    (lambda: communication.create_group("g", [0, 1]), ValueError, "several processes need mindspore-parallel"),
    (lambda: communication.create_group("g", 0), TypeError, "a list of ints"),
    (lambda: communication.create_group("hccl_world_group", [0]), ValueError, "already"),
    (lambda: communication.destroy_group("hccl_world_group"), ValueError, "group of all processes"),
    (lambda: communication.get_world_rank_from_group_rank("hccl_world_group", 1), ValueError, r"one of \[0\]"),
    (lambda: communication.get_rank(3), TypeError, "named by a str"),
    (lambda: comm_func.all_reduce(Tensor(X), "mean"), ValueError, "op must be one of sum, max, min, prod, avg"),
    (lambda: comm_func.all_reduce(X), TypeError, "tensor must be a Tensor"),
    (lambda: comm_func.broadcast(Tensor(X), 2), ValueError, "rank 2 is not in the group"),
    (lambda: comm_func.all_gather_into_tensor(Tensor(1.0)), ValueError, "at least one axis"),
    (lambda: comm_func.send(Tensor(X)), RuntimeError, "need mindspore-parallel"),
    (lambda: distributed.all_reduce(Tensor(X), group="other"), ValueError, "there is no group 'other'"),
    (lambda: distributed.init_process_group(world_size=2), ValueError, "world_size is 2"),
    (lambda: distributed.all_gather([], Tensor(X)), ValueError, "a list of 1 tensors"),
    (lambda: distributed.all_gather_into_tensor(Tensor(X[0]), Tensor(X)), ValueError, "does not fit"),
    (lambda: distributed.all_to_all_single(Tensor(X), Tensor(X), [1]), ValueError, "1 numbers that sum to 2"),
    (lambda: P.AlltoAll(2, 0, 0)(Tensor(X)), ValueError, "split_count"),
])
def test_what_is_wrong_is_said(call, error, words):
    with pytest.raises(error, match=words):
        call()


def test_several_processes_need_another_package(monkeypatch):
    communication.release()
    monkeypatch.setenv("RANK_SIZE", "8")
    with pytest.raises(RuntimeError, match="RANK_SIZE=8.*install mindspore-parallel"):
        communication.init()
    assert not communication.GlobalComm.INITED


OPERATORS = [
    P.AllReduce(ops.ReduceOp.MAX), P.AllGather(), P.ReduceScatter("sum"), P.AlltoAll(1, 0, 1), P.Reduce(0),
    P.CollectiveGather(0), P.CollectiveScatter(), lambda x: P.Broadcast(0)((x, x))[1],
    lambda x: P.AllGatherV()(x, [2]), lambda x: P.ReduceScatterV()(x, [2]),
    lambda x: P.AlltoAllV()(x, [4], [4]).reshape(2, 2), lambda x: comm_func.all_reduce(x)[0],
    lambda x: comm_func.reduce_scatter_tensor(x)[0], lambda x: comm_func.all_to_all_with_output_shape([x], [x])[0][0],
    lambda x: comm_func.all_to_all_single_with_output_shape((2, 2), x)[0], lambda x: comm_func.gather_into_tensor(x),
    lambda x: comm_func.scatter_tensor(x), lambda x: comm_func.reduce(x, 0),
]


@pytest.mark.parametrize("operator", OPERATORS, ids=range(len(OPERATORS)))
def test_each_gives_what_it_gives_among_one(mode, operator):
    def loss(x):
        return (operator(x) * x).sum()

    np.testing.assert_array_equal(operator(Tensor(X)).asnumpy(), X)
    np.testing.assert_array_equal(ms.jit(operator)(Tensor(X)).asnumpy(), X)
    np.testing.assert_array_equal(ms.grad(loss)(Tensor(X)).asnumpy(), 2 * X)


@pytest.mark.parametrize("write", [
    lambda out, x: distributed.all_gather_into_tensor(out, x), lambda out, x: distributed.all_gather([out], x),
    lambda out, x: distributed.all_gather_into_tensor_uneven(out, x, [2]),
    lambda out, x: distributed.reduce_scatter_tensor(out, x, "max"), lambda out, x: distributed.gather(x, [out]),
    lambda out, x: distributed.reduce_scatter_tensor_uneven(out, x, [2]), lambda out, x: distributed.scatter(out, [x]),
    lambda out, x: distributed.all_to_all([out], [x]), lambda out, x: distributed.all_to_all_single(out, x),
    lambda out, x: distributed.reduce_scatter(out, [x]),
], ids=range(10))
def test_results_are_written(write):
    out = Tensor(np.zeros_like(X))
    assert write(out, Tensor(X)) is None
    np.testing.assert_array_equal(out.asnumpy(), X)


def test_a_tensor_keeps_what_it_holds_and_a_handle_is_waited_for():
    x = Tensor(X)
    handle = distributed.all_reduce(x, async_op=True)
    handle.wait()
    assert handle.is_completed() and distributed.broadcast(x, 0) is None and distributed.reduce(x, 0) is None
    np.testing.assert_array_equal(x.asnumpy(), X)


def test_objects():
    gathered = [None]
    distributed.all_gather_object(gathered, {"a": 1})
    distributed.broadcast_object_list(gathered)
    assert gathered == [{"a": 1}]
    scattered = [None, 5]
    distributed.scatter_object_list(scattered, ["mine"])
    assert scattered == ["mine", 5]


def test_groups_of_the_second_interface():
    assert distributed.is_available() and distributed.is_initialized()
    group = distributed.new_group([0])
    assert distributed.get_world_size(group) == 1 and distributed.get_rank(group) == 0
    assert distributed.get_backend(group) == "mccl" and distributed.get_group_rank(group, 0) == 0
    distributed.destroy_process_group()
    assert not distributed.is_initialized()


@pytest.mark.parametrize("module", [comm_func, distributed])
def test_what_needs_another_process_says_so(module):
    """The only process neither sends nor receives; a list of nothing to send is sent."""
    x = Tensor(X)
    for name in ("isend", "irecv", "recv", "send"):
        with pytest.raises(RuntimeError, match=f"{name}: a process does not send to itself"):
            getattr(module, name)(x)
    assert module.batch_isend_irecv([]) == []
    with pytest.raises(RuntimeError, match="batch_isend_irecv"):
        module.batch_isend_irecv([module.P2POp("isend", x, 0)])
    with pytest.raises(TypeError, match="op must be isend or irecv"):
        module.P2POp("send", x, 0)
    with pytest.raises(TypeError, match="must be a list of P2POp"):
        module.batch_isend_irecv([x])
    assert module.barrier() is None


def test_objects_in_one_process():
    gathered = [None]
    distributed.gather_object({"a": 1}, gathered)
    assert gathered == [{"a": 1}]
    for function in (distributed.send_object_list, distributed.recv_object_list):
        with pytest.raises(RuntimeError, match=f"{function.__name__}: a process does not send to itself"):
            function([1], 0)
    assert distributed.get_global_rank(None, 0) == 0 and distributed.get_process_group_ranks() == [0]
    assert communication.get_comm_name() == communication.HCCL_WORLD_COMM_GROUP == "hccl_world_group"
    assert (communication.NCCL_WORLD_COMM_GROUP, communication.MCCL_WORLD_COMM_GROUP) == (
        "nccl_world_group", "mccl_world_group")


def test_collective_functions_are_operators_too():
    x = Tensor(X)
    for name in ("all_reduce", "P2POp", "get_rank", "barrier", "all_gather_object", "irecv"):
        assert getattr(ops, name) is getattr(distributed, name) and name in dir(ops)
    assert ops.all_reduce(x) is None and ops.get_world_size() == 1
    np.testing.assert_array_equal(ops.gather(x, Tensor([1]), 0).asnumpy(), X[1:])
    for write in (lambda out: ops.all_to_all_v_c(out, x, [4]), lambda out: comm_func.all_to_all_v_c(out, x, [4]),
                  lambda out: ops.gather_into_tensor(out, x), lambda out: ops.scatter_tensor(out, x, 0)):
        out = Tensor(np.zeros_like(X))
        write(out)
        np.testing.assert_array_equal(out.asnumpy(), X)
    assert ops.scatter_tensor(x, x, async_op=True).is_completed()


@pytest.mark.parametrize("module", [communication, comm_func, distributed])
def test_all_that_is_named_is_documented(module):
    for name in module.__all__:
        found = getattr(module, name)
        assert isinstance(found, str) or inspect.ismodule(found) or inspect.getdoc(found), name
