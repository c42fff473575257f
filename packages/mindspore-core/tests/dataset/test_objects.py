"""Python dicts in pipelines: from sources, functions and batches, through iterators and worker processes."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import dataset as ds
from mindspore.dataset import transforms


def source():
    for i in range(4):
        yield {"n": i, "deep": {"powers": np.power(i, [1, 2])}, "note": f"row {i}"}, i


def pipeline():
    return ds.GeneratorDataset(source, ["a", "b"], shuffle=False)


def rows(data, numpy=True):
    return list(data.create_dict_iterator(num_epochs=1, output_numpy=numpy))


def wrap(b):
    return {"plus": b + 1, "any": [1, "two", None]}


def test_values_are_arrays_or_tensors():
    first = rows(pipeline())[2]["a"]
    assert first["n"] == 2 and isinstance(first["n"], np.ndarray) and first["note"] == "row 2"
    assert first["deep"]["powers"].tolist() == [2, 4]
    tensors = rows(pipeline(), numpy=False)[3]["a"]
    assert isinstance(tensors["n"], ms.Tensor) and int(tensors["n"]) == 3


@pytest.mark.parametrize("workers", [{}, {"num_parallel_workers": 2, "python_multiprocessing": True}],
                         ids=["here", "processes"])
def test_functions_get_and_give_dicts(workers):
    data = pipeline().map(lambda a: a["deep"], "a") if not workers else pipeline()
    found = rows(data.map(wrap, "b", **workers))
    assert [int(row["b"]["plus"]) for row in found] == [1, 2, 3, 4] and found[0]["b"]["any"] == [1, "two", None]
    if not workers:
        assert found[3]["a"]["powers"].tolist() == [3, 9]


def test_rows_are_chosen_by_what_their_dicts_hold():
    data = pipeline().filter(lambda a: a["n"] % 2 == 1, "a").shuffle(4).repeat(2)
    assert sorted(int(row["a"]["n"]) for row in rows(data)) == [1, 1, 3, 3]


def test_batches_join_values_by_key():
    batch, rest = rows(pipeline().batch(3))
    assert batch["a"]["n"].tolist() == [0, 1, 2] and batch["a"]["deep"]["powers"].shape == (3, 2)
    assert batch["a"]["note"].tolist() == ["row 0", "row 1", "row 2"] and batch["b"].tolist() == [0, 1, 2]
    assert rest["a"]["n"].tolist() == [3]


def test_functions_of_batches_get_and_give_dicts():
    def joined(a, b, info):
        return {"sum": sum(each["n"] for each in a)}, [{"twice": 2 * each} for each in b]

    first = rows(pipeline().batch(2, per_batch_map=joined, input_columns=["a", "b"]))[1]
    assert int(first["a"]["sum"]) == 5 and first["b"]["twice"].tolist() == [4, 6]


@pytest.mark.parametrize("change, error", [
    (lambda d: d.map(lambda b: {f"key {b}": 1}, "b").batch(2), "different keys"),
    (lambda d: d.map(lambda b: {"ragged": [0] * int(b)}, "b").batch(2), "cannot be joined"),
    (lambda d: d.map(lambda b: {"no array": [None]}, "b").batch(2), "cannot be joined"),
    (lambda d: d.map(transforms.TypeCast(ms.float32), "a"), "functions of your own"),
    (lambda d: d.map(lambda b: [None], "b"), "put it into a dict")])
def test_what_cannot_be_done_with_dicts(change, error):
    with pytest.raises((TypeError, RuntimeError), match=error):
        rows(change(pipeline()))
