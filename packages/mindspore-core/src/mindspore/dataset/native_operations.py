"""Operations as `mindspore._c_dataengine` has them, for transforms of programs whose `parse` returns one.

    class Lookup(TextTensorOperation):
        def parse(self):
            return cde.LookupOperation(self._vocab, self._unk_token, "int32")

A transform of `dataset.text` does the work.
"""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import DType, dtype_named

from . import text
from .text import NormalizeForm, Vocab

__all__ = ["BasicTokenizerOperation", "DE_C_INTER_NORMALIZE_FORM", "LookupOperation", "Vocab", "mstype_to_detype",
           "mstypelist_to_detypelist"]

DE_C_INTER_NORMALIZE_FORM = {form: form for form in NormalizeForm}


def LookupOperation(vocab: Vocab, unknown_token: str | None, data_type: str) -> Any:
    """The numbers of words, of the type with this name; see `dataset.text.Lookup`."""
    return text.Lookup(vocab, unknown_token, dtype_named(str(data_type)))


def BasicTokenizerOperation(lower_case: bool, keep_whitespace: bool, normalization_form: Any,
                            preserve_unused_token: bool, with_offsets: bool) -> Any:
    """The words of a text; see `dataset.text.BasicTokenizer`."""
    return text.BasicTokenizer(lower_case, keep_whitespace, NormalizeForm(normalization_form), preserve_unused_token,
                               with_offsets)


def mstype_to_detype(type_: DType | None) -> str:
    """The name of an element type in data pipelines, such as "int32"; "unknown" for None.

    Raises:
        TypeError: it is no element type.
    """
    if type_ is None:
        return "unknown"
    if not isinstance(type_, DType):
        raise TypeError(f"mstype_to_detype: expected an element type such as mindspore.int32, got {type_!r}")
    return type_.key.rstrip("_")


def mstypelist_to_detypelist(type_list: list[DType | None]) -> list[str]:
    """The names of several."""
    return [mstype_to_detype(type_) for type_ in type_list]
