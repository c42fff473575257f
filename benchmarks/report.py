"""From the contenders' lines to a table and a verdict.

A contender's figure for a workload is the median, over the rounds, of the medians that it printed; its spread is half
the distance of its best and worst round from each other. A ratio is taken inside each round, where both contenders met
the same machine, and the median of these is compared with the goal.

The peers' own figures tell whether the machine was fit for measuring: what they took on a quiet one is written below,
and a peer that is more than a quarter off makes the run void unless somebody explains why.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from statistics import median

GRAPH, EAGER, TORCH, JAX = "mindspore-graph", "mindspore-eager", "torch-eager", "jax"
CONTENDERS = (GRAPH, EAGER, TORCH, JAX)
GOALS = {"lenet_train": 2.0, "mlp_train": 6.0, "gelu_chain": 8.0, "resnet50_train": 1.0, "resnet50_infer": 1.0,
         "gpt_train": 1.0, "gpt_infer": 1.0}  # times as fast as PyTorch in eager mode
QUIET_MS = {
    (TORCH, "lenet_train"): 5.4,
    (TORCH, "mlp_train"): 0.28,
    (TORCH, "gelu_chain"): 9.6,
    (TORCH, "resnet50_train"): 843,
    (TORCH, "resnet50_infer"): 41.6,
    (TORCH, "gpt_train"): 2124,
    (TORCH, "gpt_infer"): 209,
    (JAX, "lenet_train"): 6.1,
    (JAX, "mlp_train"): 0.029,
    (JAX, "gelu_chain"): 0.99,
    (JAX, "resnet50_train"): 2164,
    (JAX, "resnet50_infer"): 47.9,
    (JAX, "gpt_train"): 2229,
    (JAX, "gpt_infer"): 78.7,
}
TOLERANCE = 0.25


@dataclass(frozen=True)
class Limit:
    """A figure of one contender that is to stay at or below `most`; None: it is shown only."""

    what: str
    peer: str
    work: str
    field: str
    most: float | None
    unit: str


LIMITS = (
    Limit("a compiled one-operator Cell call", GRAPH, "one_op_call", "median_ms", 0.02, "ms"),
    Limit("the same call in PyNative mode", EAGER, "one_op_call", "median_ms", None, "ms"),
    Limit("noting down one operation in PyNative mode", EAGER, "eager_record", "median_ms", None, "ms"),
    Limit("the first LeNet step, compilation included", GRAPH, "lenet_train", "first_s", 1.0, "s"),
    Limit("import mindspore", GRAPH, "import", "first_s", 0.25, "s"),
)


@dataclass(frozen=True)
class Figure:
    """One field over the rounds."""

    median: float
    low: float
    high: float

    @property
    def spread(self) -> float:
        """Half the range, as a part of the median."""
        return (self.high - self.low) / 2 / self.median if self.median else 0.0

    @classmethod
    def of(cls, values: list[float]) -> Figure | None:
        return cls(median(values), min(values), max(values)) if values else None


class Report:
    """What the lines say. A line is what a contender printed, with the number of its `round`."""

    def __init__(self, lines: list[dict]):
        self.lines = lines

    def by_round(self, peer: str, work: str, field: str) -> dict[int, float]:
        """A field of one contender's workload by round (of several lines in one round their median)."""
        found: dict[int, list[float]] = {}
        for line in self.lines:
            if line["peer"] == peer and line["work"] == work and field in line:
                found.setdefault(line["round"], []).append(line[field])
        return {number: median(values) for number, values in found.items()}

    def figure(self, peer: str, work: str, field: str = "median_ms") -> Figure | None:
        return Figure.of(list(self.by_round(peer, work, field).values()))

    def ratio(self, peer: str, work: str) -> Figure | None:
        """How many times as long as this project's graph mode `peer` takes."""
        ours, theirs = self.by_round(GRAPH, work, "median_ms"), self.by_round(peer, work, "median_ms")
        return Figure.of([theirs[k] / ours[k] for k in ours.keys() & theirs.keys() if ours[k]])

    def errors(self) -> list[str]:
        """What failed."""
        return [f"{x['peer']}: {x['work']} failed in round {x['round']}: {x['error']}"
                for x in self.lines if "error" in x]

    def void(self) -> list[str]:
        """Why the run is void unless it is explained: peers that were not as fast, or as slow, as they are."""
        reasons = []
        for (peer, work), quiet in QUIET_MS.items():
            found = self.figure(peer, work)
            if found is not None and abs(found.median / quiet - 1) > TOLERANCE:
                reasons.append(f"{peer} took {found.median:.4g} ms for {work}, {found.median / quiet:.2f} times the "
                               f"{quiet:g} ms of a quiet machine")
        return reasons

    def goals(self) -> list[str]:
        """One line per goal and limit that was measured."""
        lines = []
        for work, goal in GOALS.items():
            ratio = self.ratio(TORCH, work)
            if ratio is not None:
                lines.append(f"{work}: {ratio.median:.2f} times as fast as PyTorch eager ({ratio.low:.2f} to "
                             f"{ratio.high:.2f}), goal {goal:g}: {_verdict(ratio.median >= goal)}")
        for limit in LIMITS:
            found = self.figure(limit.peer, limit.work, limit.field)
            if found is not None:
                goal = "" if limit.most is None else (
                    f", limit {limit.most:g} {limit.unit}: {_verdict(found.median <= limit.most)}")
                lines.append(f"{limit.what}: {found.median:.4g} {limit.unit}, ±{found.spread:.0%}{goal}")
        return lines

    def table(self) -> str:
        """The workloads that peers have too: milliseconds, spreads, first steps and ratios."""
        rows = [["work", *CONTENDERS, "torch : graph", "jax : graph"]]
        for work in GOALS:
            steps, firsts = [self.figure(p, work) for p in CONTENDERS], [
                self.figure(p, work, "first_s") for p in CONTENDERS]
            if not any(steps):
                continue
            ratios = [self.ratio(p, work) for p in (TORCH, JAX)]
            rows.append([f"{work}, ms", *[f"{f.median:.4g} ±{f.spread:.0%}" if f else "-" for f in steps],
                         *[f"{r.median:.2f}" if r else "-" for r in ratios]])
            rows.append(["  first step, s", *[f"{f.median:.3f}" if f else "-" for f in firsts], "", ""])
        widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
        return "\n".join("  ".join([row[0].ljust(widths[0]), *[c.rjust(w) for c, w in zip(row[1:], widths[1:])]])
                         for row in rows)

    def text(self) -> str:
        """All of it for people."""
        parts = [self.table(), *self.goals()]
        parts += [f"VOID unless explained: {reason}" for reason in self.void()]
        return "\n".join(parts + [f"FAILED {e}" for e in self.errors()])

    def as_dict(self) -> dict:
        """All of it for programs."""
        steps = {w: {p: asdict(f) for p in CONTENDERS if (f := self.figure(p, w))} for w in GOALS}
        ratios = {w: {p: asdict(r) for p in (TORCH, JAX) if (r := self.ratio(p, w))} for w in GOALS}
        limits = {x.what: {"peer": x.peer, "unit": x.unit, "most": x.most, **asdict(f)}
                  for x in LIMITS if (f := self.figure(x.peer, x.work, x.field))}
        return {"median_ms": steps, "ratios": ratios, "goals": GOALS, "limits": limits, "void": self.void(),
                "errors": self.errors(), "lines": self.lines}


def _verdict(met: bool) -> str:
    return "met" if met else "NOT met"
