"""What the former module `transforms.py_transforms` has."""
from __future__ import annotations

from .. import transforms

__all__ = [*transforms.__all__, "OneHotOp"]  # noqa: PLE0604
globals().update({name: getattr(transforms, name) for name in transforms.__all__})  # those below are other ones


class OneHotOp(transforms.OneHot):
    """The former name of `transforms.OneHot`."""
