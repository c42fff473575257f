"""Another distribution with the import name `mindspore` is refused when the package is imported."""
from __future__ import annotations

import os
import re
import sys

from mindspore._version import __version__

__all__ = ["refuse_others"]

_OTHER = re.compile(r"mindspore-(\d[^-]*)(-py[\d.]+)?\.(dist|egg)-info")


def refuse_others() -> None:
    """ImportError if the distribution `mindspore` is installed."""
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")
        except OSError:
            continue
        for name in names:
            found = _OTHER.fullmatch(name)
            if found:
                raise ImportError(
                    f"the distributions 'mindspore' {found[1]} (in {folder}) and 'mindspore-core' {__version__} are "
                    f"both installed; both are imported as mindspore, and files of one replace those of the other. "
                    f"Remove both, then install the one that you want: pip uninstall -y mindspore mindspore-core && "
                    f"pip install mindspore-core")


refuse_others()
