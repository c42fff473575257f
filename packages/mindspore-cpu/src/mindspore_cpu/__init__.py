"""The CPU device of mindspore-core.

Nothing heavy happens on import: the extension and oneDNN are loaded when the device is opened.
"""

from mindspore_cpu._version import __version__

__all__ = ["__version__"]
