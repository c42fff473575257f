"""Classes that element types and other types of values are instances of: `isinstance(x.dtype, Float)`.

An element type is an object, so these classes answer `isinstance` by a list; nothing is made of them. Programs import
them from `mindspore._c_expression.typing` and `mindspore.common.dtype`.
"""
from __future__ import annotations

from mindspore.common import dtype as mstype

__all__ = ["BFloat", "Bool", "Complex", "Float", "List", "Number", "String", "Tuple", "UInt"]


class _Listed(type):
    """The class of these classes; `types` are the instances."""

    types: tuple = ()

    def __instancecheck__(cls, value: object) -> bool:
        return any(value is each for each in cls.types)


def _of(name: str, text: str, *types) -> type:
    return _Listed(name, (), {"__doc__": f"What {text} are instances of.", "__module__": __name__, "types": types})


Bool = _of("Bool", "the truth values", mstype.bool_)
UInt = _of("UInt", "the unsigned integer types", *mstype.uint_type, mstype.uint)
Float = _of("Float", "the floating types but bfloat16", mstype.float16, mstype.float32, mstype.float64, mstype.float_)
BFloat = _of("BFloat", "bfloat16", mstype.bfloat16)
Complex = _of("Complex", "the complex types", *mstype.complex_type)
Number = _of("Number", "all types of numbers", mstype.bool_, *mstype.number_type, mstype.int_, mstype.uint,
             mstype.float_, mstype.number)
String = _of("String", "texts", mstype.string)
Tuple = _of("Tuple", "tuples", mstype.tuple_)
List = _of("List", "lists", mstype.list_)
