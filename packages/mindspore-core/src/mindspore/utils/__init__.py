"""Exchange of tensors with other libraries, and a look at the operators that a program calls."""
from mindspore.utils.dispatch import MsDispatchMode
from mindspore.utils.dlpack import from_dlpack, to_dlpack
from mindspore.utils.requests import ExitByRequest

__all__ = ["ExitByRequest", "MsDispatchMode", "from_dlpack", "to_dlpack"]
