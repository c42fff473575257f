"""The version of the package, under the import path of the real framework."""
from mindspore._version import __version__

__all__ = ["__version__"]
