"""Files of requirements: both forms, and their faults."""
from __future__ import annotations

import pytest

from mindspore.testing.conformance.requirements import Requirements, load

TOML = '[tiny]\ndtypes = ["float32"]\nlarge_bytes = 64\n'
LITERAL = "{'tiny': {'dtypes': ['float32'], 'large_bytes': 64}}"


@pytest.mark.parametrize(("name", "text"), [("claims.toml", TOML), ("claims.py", LITERAL)])
def test_both_forms_say_the_same(tmp_path, name, text):
    (tmp_path / name).write_text(text)
    assert load(str(tmp_path / name)) == {"tiny": Requirements(dtypes=("float32",), large_bytes=64)}


@pytest.mark.parametrize(("text", "error", "message"), [
    ("[tiny]\nspeed = 3", ValueError, "there is no property 'speed', expected one of dtypes, kernels"),
    ('[tiny]\ndtypes = "float32"', TypeError, r"dtypes is 'float32', expected a value like \(\)"),
    ("[tiny]\nlarge_bytes = true", TypeError, "large_bytes is True, expected a value like"),
    ("large_bytes = 3", TypeError, "expected one table of properties for each backend"),
])
def test_faults_are_named(tmp_path, text, error, message):
    (tmp_path / "claims.toml").write_text(text)
    with pytest.raises(error, match=message):
        load(str(tmp_path / "claims.toml"))
