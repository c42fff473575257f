"""Files that were changed at random; MS_FUZZ_FILES says how many for each reader."""
from __future__ import annotations

import os

import pytest
from hostile import TARGETS, campaign


@pytest.mark.parametrize("name", TARGETS)
def test_changed_files_are_read_or_refused(tmp_path, name):
    count = int(os.environ.get("MS_FUZZ_FILES", "100"))
    found = campaign(name, count, 0, tmp_path)
    assert sum(found.values()) == count and len(found) > 1, f"all {count} files ended in {found}: nothing was tried"
