"""From the contenders' lines to a table and a verdict.

A contender's figure for a workload is the median, over the rounds, of the medians that it printed; its spread is half
the distance of its best and worst round from each other. A ratio is taken inside each round, where both contenders met
the same machine, and the median of these is compared with the goal. The best peer of a workload is the one of the
smallest figure.

The peers' own figures tell whether the machine was fit for measuring: what they took on a quiet one is written below,
and a peer that is more than a quarter off makes the run void unless somebody explains why.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from statistics import median

from workloads import LIMITS, QUIET_MS, WORKLOADS

GRAPH, EAGER, TORCH, COMPILE, JAX = "mindspore-graph", "mindspore-eager", "torch-eager", "torch-compile", "jax"
CONTENDERS = (GRAPH, EAGER, TORCH, COMPILE, JAX)
PEERS = (TORCH, COMPILE, JAX)
TOLERANCE = 0.25
MEAN_GOAL = 1.5  # times as fast as the best peer, on average over the workloads
EAGER_GOAL, EAGER_FROM_MS = 1.3, 10.0  # PyNative mode takes at most so many times what graph mode takes, from there on
RATE_GOAL = 0.8  # of the rate of the machine's matrix product, where products and convolutions are the work


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
    """What the lines say. A line is what a contender printed, with the number of its `round`.

    rate: what the machine's matrix product reaches, in GFLOP/s; None where it was not measured."""

    def __init__(self, lines: list[dict], rate: float | None = None):
        self.lines, self.rate = lines, rate

    def by_round(self, peer: str, work: str, field: str) -> dict[int, float]:
        """A field of one contender's workload by round (of several lines in one round their median)."""
        found: dict[int, list[float]] = {}
        for line in self.lines:
            if line["peer"] == peer and line["work"] == work and field in line:
                found.setdefault(line["round"], []).append(line[field])
        return {number: median(values) for number, values in found.items()}

    def figure(self, peer: str, work: str, field: str = "median_ms") -> Figure | None:
        return Figure.of(list(self.by_round(peer, work, field).values()))

    def ratio(self, peer: str, work: str, ours: str = GRAPH) -> Figure | None:
        """How many times as long as this project's graph mode, or another contender, `peer` takes."""
        own, theirs = self.by_round(ours, work, "median_ms"), self.by_round(peer, work, "median_ms")
        return Figure.of([theirs[k] / own[k] for k in own.keys() & theirs.keys() if own[k]])

    def best_peer(self, work: str, field: str = "median_ms") -> str | None:
        """The peer of the smallest figure; None where there is none."""
        found = {peer: figure.median for peer in PEERS if (figure := self.figure(peer, work, field))}
        return min(found, key=found.__getitem__, default=None)

    def share(self, work: str) -> float | None:
        """The part of the machine's rate that graph mode reaches; None for work that is no arithmetic."""
        found = self.figure(GRAPH, work)
        gflop = WORKLOADS[work].gflop
        return gflop / found.median * 1e3 / self.rate if found and gflop and self.rate else None

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

    # -- verdicts ------------------------------------------------------------------------------------------------------

    def goals(self) -> list[str]:
        """One line per goal and limit that was measured."""
        return [*self._beside_torch(), *self._beside_the_best(), *self._modes(), *self._rates(), *self._memory(),
                *self._limits()]

    def _beside_torch(self) -> list[str]:
        lines = []
        for work, facts in WORKLOADS.items():
            ratio = self.ratio(TORCH, work)
            if ratio is not None and facts.goal is not None:
                lines.append(f"{work}: {ratio.median:.2f} times as fast as PyTorch eager ({ratio.low:.2f} to "
                             f"{ratio.high:.2f}), goal {facts.goal:g}: {_verdict(ratio.median >= facts.goal)}")
        return lines

    def _beside_the_best(self) -> list[str]:
        ratios = {work: ratio.median for work in WORKLOADS
                  if (peer := self.best_peer(work)) and (ratio := self.ratio(peer, work))}
        if not ratios:
            return []
        mean = math.exp(sum(map(math.log, ratios.values())) / len(ratios))
        ahead = [work for work, ratio in ratios.items() if ratio >= 1]
        behind = "" if len(ahead) == len(ratios) else ": not " + ", ".join(w for w in ratios if w not in ahead)
        return [f"at least as fast as the best peer in {len(ahead)} of {len(ratios)} workloads{behind}",
                f"{mean:.2f} times as fast as the best peer on average (geometric), goal {MEAN_GOAL:g}: "
                f"{_verdict(mean >= MEAN_GOAL)}"]

    def _modes(self) -> list[str]:
        lines = []
        for work in WORKLOADS:
            graph, slower = self.figure(GRAPH, work), self.ratio(EAGER, work)
            if graph and slower and graph.median >= EAGER_FROM_MS and work.endswith("_train"):
                lines.append(f"{work}: PyNative mode takes {slower.median:.2f} times what graph mode takes, limit "
                             f"{EAGER_GOAL:g}: {_verdict(slower.median <= EAGER_GOAL)}")
            beside = self.ratio(TORCH, work, EAGER)
            if beside is not None and beside.median < 1:
                lines.append(f"{work}: PyNative mode is {beside.median:.2f} times as fast as PyTorch eager: NOT met")
        return lines

    def _rates(self) -> list[str]:
        lines = []
        for work, facts in WORKLOADS.items():
            share = self.share(work)
            if share is not None and facts.bound:
                lines.append(f"{work}: {share:.0%} of the rate of the machine's matrix product, goal {RATE_GOAL:.0%}: "
                             f"{_verdict(share >= RATE_GOAL)}")
        return lines

    def _memory(self) -> list[str]:
        lines = []
        for work, facts in WORKLOADS.items():
            peer = self.best_peer(work, "peak_mb")
            own = self.figure(GRAPH, work, "peak_mb")
            if facts.memory and peer and own:
                least = self.figure(peer, work, "peak_mb")
                lines.append(f"{work}: a process holds {own.median:.0f} MB at its peak, that of {peer} "
                             f"{least.median:.0f} MB: {_verdict(own.median <= least.median)}")
        return lines

    def _limits(self) -> list[str]:
        lines = []
        for limit in LIMITS:
            found = self.figure(limit.peer, limit.work, limit.field)
            if found is not None:
                goal = "" if limit.most is None else (
                    f", limit {limit.most:g} {limit.unit}: {_verdict(found.median <= limit.most)}")
                lines.append(f"{limit.what}: {found.median:.4g} {limit.unit}, ±{found.spread:.0%}{goal}")
        return lines

    # -- forms ---------------------------------------------------------------------------------------------------------

    def table(self) -> str:
        """The workloads that peers have too: milliseconds, spreads, first steps, ratios and the share of the rate."""
        rows = [["work", *CONTENDERS, "best peer : graph", "share"]]
        for work in WORKLOADS:
            steps, firsts, peaks = ([self.figure(p, work, field) for p in CONTENDERS]
                                    for field in ("median_ms", "first_s", "peak_mb"))
            if not any(steps):
                continue
            peer, share = self.best_peer(work), self.share(work)
            ratio = self.ratio(peer, work) if peer else None
            rows.append([f"{work}, ms", *[f"{f.median:.4g} ±{f.spread:.0%}" if f else "-" for f in steps],
                         f"{ratio.median:.2f} ±{ratio.spread:.0%}" if ratio else "-", f"{share:.0%}" if share else "-"])
            rows.append(["  first step, s", *[f"{f.median:.3f}" if f else "-" for f in firsts], "", ""])
            rows.append(["  peak, MB", *[f"{f.median:.0f}" if f else "-" for f in peaks], "", ""])
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
        steps, peaks = ({w: {p: asdict(f) for p in CONTENDERS if (f := self.figure(p, w, field))} for w in WORKLOADS}
                        for field in ("median_ms", "peak_mb"))
        ratios = {w: {p: asdict(r) for p in PEERS if (r := self.ratio(p, w))} for w in WORKLOADS}
        limits = {x.what: {"peer": x.peer, "unit": x.unit, "most": x.most, **asdict(f)}
                  for x in LIMITS if (f := self.figure(x.peer, x.work, x.field))}
        return {"median_ms": steps, "peak_mb": peaks, "ratios": ratios, "limits": limits, "goals": self.goals(),
                "best": {w: self.best_peer(w) for w in WORKLOADS}, "share": {w: self.share(w) for w in WORKLOADS},
                "void": self.void(), "errors": self.errors(), "lines": self.lines}


def _verdict(met: bool) -> str:
    return "met" if met else "NOT met"
