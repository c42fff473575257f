"""The version of mindspore-core: the one place where it is written."""

__version__ = "2.10.0"
