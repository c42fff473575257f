"""Hooks that look at the rows of `map`: in debug mode around each operation, and as operations."""
import numpy as np
import pytest

import mindspore.dataset as ds
from mindspore.dataset import debug, vision


@pytest.fixture
def debugging():
    yield lambda *hooks: ds.config.set_debug_mode(True, debug_hook_list=list(hooks))
    ds.config.set_debug_mode(False)


class Noting(debug.DebugHook):
    """Notes where it was called, and with what."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def compute(self, *args):
        self.seen.append((self.prev_op_name, self.is_first_op, [np.asarray(value).tolist() for value in args[0]]))


def doubled(x):
    return x * 2


def split(x):
    return x, x + 1


def pipeline():
    return ds.NumpySlicesDataset([1, 2], "x", shuffle=False).map([doubled, split], "x", ["a", "b"])


def rows(dataset):
    return [[value.tolist() for value in row] for row in dataset.create_tuple_iterator(num_epochs=1, output_numpy=True)]


def test_hooks_see_each_row_before_the_first_and_after_each_operation(debugging, capsys):
    expected = rows(pipeline())
    hook = Noting()
    debugging(hook)
    dataset = pipeline()
    hook.seen.clear()
    assert rows(dataset) == expected == [[2, 3], [4, 5]]
    assert hook.seen[-6:] == [("doubled", True, [1]), ("doubled", False, [2]), ("split", False, [2, 3]),
                              ("doubled", True, [2]), ("doubled", False, [4]), ("split", False, [4, 5])]
    assert "Print the [INPUT] of the operation [doubled]." in capsys.readouterr().out
    ds.config.set_debug_mode(False)
    hook.seen.clear()
    assert rows(pipeline()) == expected and not hook.seen


def test_hooks_among_the_operations_see_rows_without_debug_mode(capsys):
    hook = Noting()
    dataset = ds.NumpySlicesDataset([1, 2], "x", shuffle=False).map([doubled, hook, doubled], "x")
    assert rows(dataset) == [[4], [8]]
    assert [row for _, _, row in hook.seen][-2:] == [[2], [4]]
    assert capsys.readouterr().out == ""


def test_transforms_are_followed_row_by_row(debugging, capsys):
    debugging(debug.PrintMetaDataHook(), debug.PrintDataHook())
    images = np.arange(2 * 4 * 4 * 3, dtype=np.uint8).reshape(2, 4, 4, 3)
    dataset = ds.NumpySlicesDataset(images, "image", shuffle=False).map([vision.CenterCrop(2), vision.ToPIL()], "image")
    capsys.readouterr()
    assert len(list(dataset.create_tuple_iterator(num_epochs=1, output_numpy=True))) == 2
    text = capsys.readouterr().out
    assert text.count("Column 0. The dtype is [uint8]. The shape is [(4, 4, 3)].") == 2
    assert text.count("Column 0. The dtype is [uint8]. The shape is [(2, 2, 3)].") == 2
    assert text.count("Column 0. The type is [<class 'PIL.Image.Image'>]. The shape is [(2, 2)].") == 2
    assert text.count("Column 0. The data is [[[[") == 6
    assert text.index("INPUT") < text.index("OUTPUT")


def test_what_is_no_hook_is_refused():
    with pytest.raises(TypeError, match="must be a list of DebugHooks, but got"):
        ds.config.set_debug_mode(True, [print])
    assert not ds.config.get_debug_mode()
    with pytest.raises(TypeError, match="abstract"):
        debug.DebugHook()
