"""docs/syntax.md names programs that exist: those that it calls supported agree, those that it calls refused are."""
import ast
import re
import sys
from pathlib import Path

import pytest

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "backends")]

from expected import EXPECTED  # noqa: E402
from table import entries  # noqa: E402

PAGE = Path(__file__).parents[4] / "docs" / "syntax.md"
FAULTY = Path(__file__).parents[1] / "graph" / "faulty_programs.py"
ROW = re.compile(r"\| (?P<item>.*) \| (?P<status>supported|refused)(?P<why>.*) \| (?P<programs>.*) \|")
ROWS = [match for line in PAGE.read_text("utf-8").splitlines() if (match := ROW.fullmatch(line))]
TABLE = {entry.name for entry in entries()}
REFUSED = {node.name for node in ast.parse(FAULTY.read_text("utf-8")).body if isinstance(node, ast.FunctionDef)} | {
    name for name, (status, _) in EXPECTED.items() if status == "refused"}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["item"])
def test_a_row_points_to_programs(row):
    names = re.findall(r"`(\w+)`", row["programs"])
    assert names
    known = TABLE - set(EXPECTED) if row["status"] == "supported" else REFUSED
    assert set(names) <= known
    if row["status"] == "refused":
        assert len(row["why"]) > 10, "say why"


def test_all_rows_are_read():
    lines = PAGE.read_text("utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ") and "item | status" not in line]
    assert len(rows) == len(ROWS) > 70


@pytest.mark.parametrize("topic", ["syntax_statements", "syntax_operators", "syntax_builtins", "syntax_data"])
def test_every_program_of_the_listed_syntax_is_on_the_page(topic):
    named = {name for row in ROWS for name in re.findall(r"`(\w+)`", row["programs"])}
    missing = {entry.name for entry in entries() if entry.topic == topic} - named
    assert len(missing) < 12, missing
