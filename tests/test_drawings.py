"""The drawings of the architecture guide are made from the code, and are legible: no box covers another one."""
from __future__ import annotations

import importlib
import re
import sys
import xml.etree.ElementTree as ET
from itertools import combinations
from pathlib import Path

import pytest

from mindspore import plugin

ROOT = Path(__file__).resolve().parents[1]


def load(name: str):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return importlib.import_module(name)
    finally:
        sys.path.remove(str(ROOT / "tools"))


layered, drawings, _ = load("layered"), load("drawings"), load("contract_pages")
SVG = "{http://www.w3.org/2000/svg}"


def made_of(**arrows: str):
    """A drawing of these boxes; the arrows of each lead to the names in its text."""
    drawing = layered.Drawing("a test")
    for name in arrows:
        drawing.box(name, "line")
    for name, others in arrows.items():
        for other in others.split():
            drawing.arrow(name, other)
    return drawing


@pytest.fixture(scope="module")
def pictures() -> dict[str, ET.Element]:
    return {name: ET.fromstring(make().svg()) for name, make in drawings.DRAWINGS.items()}


def test_the_page_asks_for_each_drawing_once():
    assert sorted(drawings.MARK.findall(drawings.PAGE.read_text(encoding="utf-8"))) == sorted(drawings.DRAWINGS)


@pytest.mark.parametrize("name", drawings.DRAWINGS)
def test_boxes_are_apart_and_hold_their_texts(pictures, name):
    picture = pictures[name]
    width, height = float(picture.get("width")), float(picture.get("height"))
    places = []
    for group in picture.iter(f"{SVG}g"):
        rect = group.find(f"{SVG}rect")
        x, y, w, h = (float(rect.get(key)) for key in ("x", "y", "width", "height"))
        assert x >= 0 and y >= 0 and x + w <= width and y + h <= height
        places.append((x, y, x + w, y + h))
        for text in group.iter(f"{SVG}text"):
            left, base = float(text.get("x")), float(text.get("y"))
            assert x < left and left + layered.CHARACTER * len(text.text or "") <= x + w + 0.1 and y < base < y + h
    assert len(places) > 10
    for (a, b, c, d), (e, f, g, h) in combinations(places, 2):
        assert a >= g or e >= c or b >= h or f >= d


def titles(picture) -> list[str]:
    return [text.text for text in picture.iter(f"{SVG}text") if text.get("class") == "title"]


def test_all_folders_are_drawn(pictures):
    folders = {path.parent.relative_to(drawings.SOURCE).as_posix() for path in drawings.SOURCE.rglob("*.py")}
    expected = {f if f.startswith("compiler/") else f.partition("/")[0] for f in folders} - {"."}
    assert set(titles(pictures["layers"])) == expected


def test_imports_are_those_of_the_files_when_they_are_imported(tmp_path):
    source = tmp_path / "demo"
    for name, text in {"a/one.py": "from demo.b import two\nimport demo.c.three\n", "b/two.py": "import os\n",
                       "c/three.py": "def later():\n    from demo.a import one\n", "c/__init__.py": "",
                       "compiler/x/deep.py": "from demo.b.two import path\nfrom demo.compiler.y import other\n",
                       "compiler/y/other.py": "", "top.py": "import demo.a.one\n"}.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    files, arrows = drawings.imports(source)
    assert files == {"a": 1, "b": 1, "c": 2, "compiler/x": 1, "compiler/y": 1}
    assert arrows == {("a", "b"): 1, ("a", "c"): 1, ("compiler/x", "b"): 1, ("compiler/x", "compiler/y"): 1}


def test_no_file_imports_itself_by_way_of_others():
    after = {path: set(drawings.imported(path, drawings.SOURCE)) - {path}
             for path in drawings.SOURCE.rglob("*.py")}
    while ends := [path for path, others in after.items() if not others & after.keys()]:
        for path in ends:
            del after[path]
    assert not after


def test_a_call_goes_through_the_compiler_in_order(pictures):
    found = titles(pictures["pipeline"])
    steps = ["graph/compiled.py", "compiler/frontend/interpreter.py", "compiler/autodiff/vjp.py",
             "compiler/pipeline.py", "compiler/passes/legalize.py", "compiler/passes/schedule.py",
             "compiler/passes/memory.py", "compiler/executor.py"]
    assert [name for name in found if name in steps] == steps
    assert set(found) - {"the program"} <= drawings.named_in(drawings.PAGE)


def test_a_call_is_drawn_the_same_each_time():
    assert drawings.pipeline().svg() == drawings.pipeline().svg()


def test_the_contract_is_drawn_from_its_signatures():
    drawing = drawings.contract()
    assert {("Backend", "Device"), ("Backend", "BackendInfo"), ("Device", "Allocator"), ("Device", "Capabilities"),
            ("Device", "KernelBuilder"), ("KernelBuilder", "KernelSpec"), ("KernelBuilder", "Kernel"),
            ("FullDevice", "Claim"), ("FullDevice", "Executable"), ("FullDevice", "Device"),
            ("CommunicatorFactory", "Communicator"), ("CommunicatorFactory", "Group"), ("Group", "Store"),
            ("mindspore_backends", "Backend"), ("mindspore_kernels", "KernelBuilder")} <= set(drawing.arrows)
    assert not {("Allocator", "Device"), ("Capabilities", "Device")} & set(drawing.arrows)
    classes = {name for name in plugin.__all__ if isinstance(getattr(plugin, name), type)
               and not issubclass(getattr(plugin, name), BaseException)}
    assert classes <= set(drawing.boxes) and "allocate()" in drawing.boxes["Allocator"].lines


def test_arrows_lead_down_and_what_others_say_is_left_out():
    drawing = made_of(a="b c d", b="d", c="d", d="")
    down, up = drawing.directed()
    assert sorted(down) == [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")] and not up
    row = drawing.rows(down)
    assert row == {"a": 0, "b": 1, "c": 1, "d": 2}


def test_of_a_circle_the_lightest_arrow_leads_up():
    drawing = made_of(a="b", b="c", c="a")
    drawing.arrow("a", "b", 5)
    drawing.arrow("c", "a", 5)
    assert drawing.directed()[1] == [("b", "c")] and drawing.svg().count('class="up"') == 1


def test_names_are_escaped():
    drawing = made_of(a="")
    drawing.box("list<int>", "a & b")
    assert re.search(r"list&lt;int&gt;.*a &amp; b", drawing.svg())
