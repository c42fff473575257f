"""What is said of operators of one's own: as a dict, and as checks of operands."""
from __future__ import annotations

import json

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.ops import DataType, op_info_register


def info():
    return (ops.CustomRegOp("scaled").input(0, "x").output(0, "y").attr("factor", "optional", "float")
            .dtype_format(DataType.F32_Default, DataType.F32_Default)
            .dtype_format(DataType.I32_Default, DataType.I32_Default).target("CPU").get_op_info())


def test_the_dict():
    assert info() == {
        "op_name": "scaled", "inputs": [{"index": 0, "name": "x", "paramType": "required"}],
        "outputs": [{"index": 0, "name": "y", "paramType": "required"}],
        "attr": [{"name": "factor", "paramType": "optional", "type": "float"}],
        "dtype_format": [[["float32", "DefaultFormat"]] * 2, [["int32", "DefaultFormat"]] * 2], "target": "CPU"}
    assert DataType.F16_5HD == ("float16", "NC1HWC0") and DataType.None_None == ("", "")


@pytest.mark.parametrize("cls, kind", [(ops.CpuRegOp, "CPU"), (ops.AiCPURegOp, "AiCPU"), (ops.TBERegOp, "TBE"),
                                       (ops.AkgGpuRegOp, "AKG"), (ops.AkgAscendRegOp, "AKG")])
def test_kinds(cls, kind):
    found = (cls("mine").output(0, "y").fusion_type("OPAQUE").async_flag().partial_flag().kernel_name("k")
             .get_op_info())
    assert found["imply_type"] == kind and found["fusion_type"] == "OPAQUE" and found["kernel_name"] == "k"
    assert found["partial_flag"] is True and found["async_flag"] is False

    @op_info_register(json.dumps(found))
    def kernel():
        return 1
    assert kernel() == 1


def test_operands_of_other_dtypes_are_refused(mode):
    """By the function's registration, and by the argument."""
    @ops.custom_info_register(info())
    def scaled(x):
        return 2 * x

    same = {"out_shape": lambda s: s, "out_dtype": lambda d: d}
    for custom in (ops.Custom(scaled, **same), ops.Custom(lambda x: 2 * x, **same, reg_info=info())):
        for dtype in (np.float32, np.int32):
            x = np.array([1, 2], dtype)
            found = ms.jit(custom)(Tensor(x)) if mode == "graph" else custom(Tensor(x))
            np.testing.assert_array_equal(found.asnumpy(), 2 * x)
        with pytest.raises(TypeError, match="the operands are float64; expected float32 or int32, as registered"):
            custom(Tensor(np.float64([1])))


def test_the_function_and_the_import_path_share_a_name():
    from mindspore.ops.op_info_register import CustomRegOp
    assert CustomRegOp is ops.CustomRegOp and ops.op_info_register({"op_name": "x"})(len) is len


def test_mistakes():
    for wrong, error, text in (
            (lambda: ops.CustomRegOp(3), TypeError, "op_name must be a str"),
            (lambda: ops.CustomRegOp(""), ValueError, "op_name is empty"),
            (lambda: ops.CustomRegOp().get_op_info(), ValueError, "neither inputs nor outputs"),
            (lambda: ops.CustomRegOp().input("0", "x"), TypeError, "expected an int and a str"),
            (lambda: ops.CustomRegOp().input(0, "x").dtype_format(), ValueError, "expected 1 DataTypes"),
            (lambda: op_info_register(3), TypeError, "expected a dict or JSON"),
            (lambda: op_info_register("{"), ValueError, "no JSON"),
            (lambda: op_info_register({}), ValueError, "'op_name' is missing"),
            (lambda: ops.custom_info_register(3), TypeError, "what get_op_info returned")):
        with pytest.raises(error, match=text):
            wrong()


def test_what_ascend_is_told():
    found = (ops.TBERegOp("mine").output(0, "y").dynamic_rank_support(True).dynamic_compile_static(True)
             .unknown_shape_formats(["NCHW"]).real_input_index([1, 0]).input_to_attr_index([1]).get_op_info())
    assert found["dynamicRankSupport"] is True and found["dynamic_compile_static"] is True
    assert (found["unknown_shape_formats"], found["real_input_index"], found["input_to_attr_index"]) == (
        ["NCHW"], [1, 0], [1])


def test_attributes_for_ascend():
    found = (ops.TBERegOp("mine").attr("format", "required", "str", "all").attr("axis", "optional", "int", "0,1", "0")
             .output(0, "y").get_op_info()["attr"])
    assert found == [{"name": "format", "paramType": "required", "type": "str", "value": "all"},
                     {"name": "axis", "paramType": "optional", "type": "int", "value": "0,1", "defaultValue": "0"}]


def test_python_functions_for_operators():
    @ops.vm_impl_registry.register("Halved")
    def of_name(prim):
        return lambda x: x / 2

    @ops.vm_impl_registry.register(ops.ReLU)
    def of_class(prim):
        return lambda x: (prim.name, max(x, 0))

    try:
        assert ops.get_vm_impl_fn("Halved")(3.0) == 1.5 and ops.get_vm_impl_fn(ops.ReLU())(-1) == ("ReLU", 0)
        assert ops.get_vm_impl_fn("Other") is None and ops.get_vm_impl_fn(ops.Tanh()) is None
    finally:
        ops.vm_impl_registry.clear()
    with pytest.raises(TypeError, match="a class of operators or a name, got 3"):
        ops.vm_impl_registry.register(3)


def test_arguments_are_attributes_of_an_operator():
    class Scaled(ops.PrimitiveWithCheck):
        @ops.prim_arg_register
        def __init__(self, factor=2, name_of_axis="N"):
            self.init_prim_io_names(inputs=["x"], outputs=["y"])

    made = Scaled(3)
    assert made.name == "Scaled" and (made.factor, made.name_of_axis) == (3, "N")
