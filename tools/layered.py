"""Drawings as SVG: directed graphs as boxes in rows with arrows that lead down, and trees as indented lists.

`Drawing` takes boxes, each with a title and lines of text, and arrows between them. Rows follow from the arrows: a box
stands below all boxes that have an arrow to it. Where arrows form circles, those that are in the way of the others lead
up, and are dashed. An arrow that passes a row has a place of its own in it, so that it runs between boxes. `Outline`
takes the entries of a tree in the order in which they are read.
"""
from __future__ import annotations

import html
from dataclasses import dataclass, field

CHARACTER, LINE, PADDING = 7.2, 17.0, 10.0
BETWEEN_BOXES, BETWEEN_ROWS, MARGIN, PASSAGE, STEP = 22.0, 54.0, 16.0, 6.0, 30.0
SWEEPS = 12
STYLE = ("text{font:12px Menlo,Consolas,monospace;fill:#1c2733}.title{font-weight:bold}"
         ".box{fill:#eef4fb;stroke:#4a6785}.other{fill:#f6f1e4;stroke:#8a7340}"
         ".arrow{fill:none;stroke:#4a6785;stroke-width:1.2}.up{fill:none;stroke:#b4432f;stroke-dasharray:5 4}"
         ".page{fill:#ffffff}")


@dataclass
class Box:
    """One box. kind: `box`, or `other` for one that stands out. The last four are its place, which layout sets."""

    name: str
    lines: tuple[str, ...] = ()
    kind: str = "box"
    x: float = 0.0
    y: float = 0.0
    width: float = 0.0
    height: float = 0.0

    def __post_init__(self):
        self.width = 2 * PADDING + CHARACTER * max(map(len, (self.name, *self.lines)))
        self.height = PADDING + LINE * (1 + len(self.lines))


@dataclass
class Drawing:
    """Boxes by name and arrows (from, to), with the weights by which circles are cut."""

    title: str
    boxes: dict[str, Box] = field(default_factory=dict)
    arrows: dict[tuple[str, str], int] = field(default_factory=dict)

    def box(self, name: str, *lines: str, kind: str = "box") -> None:
        """Add a box."""
        self.boxes[name] = Box(name, lines, kind)

    def arrow(self, start: str, end: str, weight: int = 1) -> None:
        """Add an arrow, or weight to the one that is there."""
        self.arrows[start, end] = self.arrows.get((start, end), 0) + weight

    # -- rows ----------------------------------------------------------------------------------------------------------

    def order(self) -> list[str]:
        """The boxes in an order in which the arrows that lead back weigh little: each box goes to the place that is
        best for it, as long as that gains something."""
        found = self._in_depth()
        weight = dict(self.arrows)
        for _ in range(len(found)):
            gained = False
            for name in list(found):
                rest = [n for n in found if n != name]
                cost = [sum(weight.get((n, name), 0) for n in rest)]  # cost[k]: what leads back if it stands at k
                for n in rest:
                    cost.append(cost[-1] + weight.get((name, n), 0) - weight.get((n, name), 0))
                here, best = found.index(name), min(range(len(cost)), key=cost.__getitem__)
                if cost[best] < cost[here]:
                    found, gained = [*rest[:best], name, *rest[best:]], True
            if not gained:
                break
        return found

    def _in_depth(self) -> list[str]:
        """Without circles, an order in which every arrow leads forward: what is finished last comes first."""
        after: dict[str, list[str]] = {name: [] for name in self.boxes}
        for start, end in self.arrows:
            after[start].append(end)
        finished: list[str] = []
        begun: set[str] = set()

        def visit(name: str) -> None:
            if name not in begun:
                begun.add(name)
                for other in after[name]:
                    visit(other)
                finished.append(name)

        for name in reversed(self.boxes):
            visit(name)
        return finished[::-1]

    def directed(self) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
        """The arrows that lead down, without those that a longer way of others says already, and those that lead up."""
        place = {name: k for k, name in enumerate(self.order())}
        down = [(a, b) for a, b in self.arrows if place[a] < place[b]]
        reached: dict[str, set[str]] = {}
        for name in sorted(self.boxes, key=lambda n: -place[n]):
            after = [b for a, b in down if a == name]
            reached[name] = set(after).union(*(reached[b] for b in after))
        needed = [(a, b) for a, b in down
                  if not any(b in reached[c] for x, c in down if x == a and c != b)]
        return needed, [(a, b) for a, b in self.arrows if place[a] > place[b]]

    def rows(self, down: list[tuple[str, str]]) -> dict[str, int]:
        """The row of each box."""
        row: dict[str, int] = {}
        for name in self.order():
            row[name] = max((row[a] + 1 for a, b in down if b == name), default=0)
        for name in reversed(self.order()):  # what leads down stands close to where it leads
            below = [row[b] for a, b in down if a == name]
            if below and not any(b == name for _, b in down):
                row[name] = min(below) - 1
        return row

    # -- places --------------------------------------------------------------------------------------------------------

    def svg(self) -> str:
        """The drawing as a text of SVG that needs no other file."""
        down, up = self.directed()
        row = self.rows(down)
        table: list[list[Box]] = [[] for _ in range(max(row.values()) + 1)]
        for name in self.order():
            table[row[name]].append(self.boxes[name])
        ways = {}
        for a, b in down:
            passages = [Box("") for _ in range(row[a] + 1, row[b])]
            for k, passage in enumerate(passages, row[a] + 1):
                passage.width = PASSAGE
                table[k].append(passage)
            ways[a, b] = [self.boxes[a], *passages, self.boxes[b]]
        self._arrange(table, list(ways.values()))
        bottom = {id(b): max(other.y + other.height for other in line) for line in table for b in line}
        width = max(b.x + b.width for line in table for b in line) + MARGIN
        height = max(bottom.values()) + MARGIN
        parts = _begin(self.title, width, height)
        parts += [_line(way, bottom) for way in ways.values()]
        parts += [_upward(self.boxes[a], self.boxes[b]) for a, b in up]
        parts += [_shape(box) for box in self.boxes.values()]
        return "\n".join([*parts, "</svg>", ""])

    def _arrange(self, table: list[list[Box]], ways: list[list[Box]]) -> None:
        """Order each row by where its neighbours stand, again and again, and set the places."""
        neighbours: dict[int, list[list[Box]]] = {id(b): [[], []] for line in table for b in line}
        for way in ways:
            for above, below in zip(way, way[1:]):
                neighbours[id(below)][0].append(above)
                neighbours[id(above)][1].append(below)
        y = MARGIN
        for line in table:
            for box in line:
                box.y = y
            y += max(b.height for b in line) + BETWEEN_ROWS
            _spread(line, [0.0] * len(line))
        for sweep in range(SWEEPS):
            side = sweep % 2
            for line in reversed(table) if side else table:
                wanted = [sum(map(_middle, near)) / len(near) if near else _middle(box)
                          for box in line for near in [neighbours[id(box)][side]]]
                order = sorted(range(len(line)), key=wanted.__getitem__)
                line[:] = [line[k] for k in order]
                _spread(line, [wanted[k] for k in order])
        least = min(b.x for line in table for b in line)
        for line in table:
            for box in line:
                box.x += MARGIN - least


@dataclass
class Outline:
    """A tree as an indented list. entries: (depth, title, text)."""

    title: str
    entries: list[tuple[int, str, str]] = field(default_factory=list)

    def svg(self) -> str:
        """The drawing as a text of SVG that needs no other file."""
        boxes, parents = [], []
        last: dict[int, Box] = {}
        for number, (depth, title, text) in enumerate(self.entries):
            box = Box(title, (text,), "box" if depth else "other")
            box.width, box.height = 2 * PADDING + CHARACTER * (len(title) + len(text) + 2), LINE + PADDING
            box.x, box.y = MARGIN + STEP * depth, MARGIN + (LINE + PADDING + PASSAGE) * number
            last[depth] = box
            boxes.append(box)
            parents.append(last.get(depth - 1))
        width = max(b.x + b.width for b in boxes) + MARGIN
        parts = _begin(self.title, width, boxes[-1].y + boxes[-1].height + MARGIN)
        for box, parent in zip(boxes, parents):
            if parent is not None:
                x, y = parent.x + STEP / 2, box.y + box.height / 2
                parts.append(f'<polyline class="arrow" marker-end="url(#head)" points="{x:.1f},'
                             f'{parent.y + parent.height:.1f} {x:.1f},{y:.1f} {box.x:.1f},{y:.1f}"/>')
        for box in boxes:
            after = box.x + PADDING + CHARACTER * (len(box.name) + 2)
            parts.append(_frame(box) + _text(box.x + PADDING, box.y + LINE, box.name, True)
                         + _text(after, box.y + LINE, box.lines[0]) + "</g>")
        return "\n".join([*parts, "</svg>", ""])


def _begin(title: str, width: float, height: float) -> list[str]:
    return [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" '
            f'width="{width:.0f}" height="{height:.0f}" role="img" aria-label="{html.escape(title)}">',
            f"<title>{html.escape(title)}</title><style>{STYLE}</style>",
            '<defs><marker id="head" markerWidth="9" markerHeight="8" refX="8" refY="4" orient="auto">'
            '<path d="M0,0 L9,4 L0,8 z" fill="#4a6785"/></marker></defs>',
            f'<rect class="page" width="{width:.0f}" height="{height:.0f}"/>']


def _middle(box: Box) -> float:
    return box.x + box.width / 2


def _spread(line: list[Box], wanted: list[float]) -> None:
    """Put the boxes of a row side by side in their order, each as near to where it wants its middle as that allows."""
    right = float("-inf")
    for box, middle in zip(line, wanted):
        box.x = max(middle - box.width / 2, right)
        right = box.x + box.width + BETWEEN_BOXES
    shift = sum(m - _middle(b) for b, m in zip(line, wanted)) / len(line)
    for box in line:
        box.x += shift


def _line(way: list[Box], bottom: dict[int, float]) -> str:
    """The way of an arrow; through a row it goes straight down."""
    points = [(_middle(way[0]), way[0].y + way[0].height), (_middle(way[0]), bottom[id(way[0])])]
    for passage in way[1:-1]:
        points += [(_middle(passage), passage.y), (_middle(passage), bottom[id(passage)])]
    points.append((_middle(way[-1]), way[-1].y))
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline class="arrow" marker-end="url(#head)" points="{path}"/>'


def _upward(start: Box, end: Box) -> str:
    x1, y1, x2, y2 = _middle(start), start.y, _middle(end), end.y + end.height
    return f'<path class="up" d="M{x1:.1f},{y1:.1f} C{x1 + 60:.1f},{y1 - 40:.1f} {x2 + 60:.1f},{y2 + 40:.1f} ' \
           f'{x2:.1f},{y2:.1f}"/>'


def _shape(box: Box) -> str:
    texts = [_text(box.x + PADDING, box.y + LINE * (k + 1), text, k == 0)
             for k, text in enumerate((box.name, *box.lines))]
    return f"{_frame(box)}{''.join(texts)}</g>"


def _frame(box: Box) -> str:
    return f'<g><rect class="{box.kind}" x="{box.x:.1f}" y="{box.y:.1f}" width="{box.width:.1f}" ' \
           f'height="{box.height:.1f}" rx="4"/>'


def _text(x: float, y: float, text: str, title: bool = False) -> str:
    mark = ' class="title"' if title else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{mark}>{html.escape(text)}</text>'
