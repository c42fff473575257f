"""Hold operators, layers, losses and optimizers to PyTorch, and print how many agreed, were refused, and failed.

    python tests/oracle/oracle.py [--quiet] [WORD ...]

Every verdict other than "agreed" follows with its reason. WORDs choose cases by parts of their names. The exit status
is 1 if something fails that is not among the known differences (known.py), or if a known difference is none any more.
"""
from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from fnmatch import fnmatchcase
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))


def main() -> int:
    """Judge the chosen cases and print the report."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--quiet", action="store_true", help="list nothing that is known")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    from comparing import has_floats, judge
    from known import KNOWN, SOMEWHERE
    from table import TABLE
    for path in sorted(Path(__file__).parent.glob("cases_*.py")):
        import_module(path.stem)
    chosen = [each for each in TABLE if not options.words or any(word in each.name for word in options.words)]
    reasons = {**KNOWN, **SOMEWHERE}
    counts: Counter = Counter()
    met: set[str] = set()
    unexpected = 0
    for each in chosen:
        for arguments in each.sets:
            for double in (False, True)[:2 if each.double and has_floats(arguments) else 1]:
                identity = f"{each.name}: {arguments.name}{': float64' if double else ''}"
                verdict = judge(each, arguments, double)
                counts[verdict.status] += 1
                if verdict.status == "agreed":
                    continue
                pattern = next((known for known in reasons if fnmatchcase(identity, known)), None)
                if verdict.status == "failed":
                    met.update({pattern} if pattern else ())
                    unexpected += pattern is None
                if not options.quiet or (verdict.status == "failed" and not pattern):
                    known = f" (known: {reasons[pattern]})" if verdict.status == "failed" and pattern else ""
                    print(f"{verdict.status}: {identity}: {verdict.reason}{known}", flush=True)
    gone = [] if options.words else sorted(set(KNOWN) - met)
    for pattern in gone:
        print(f"no difference any more, take it out of known.py: {pattern}")
    print(f"{len(chosen)} cases, {sum(counts.values())} comparisons:"
          f" {counts['agreed']} agreed, {counts['refused']} refused, {counts['failed']} failed"
          f" ({counts['failed'] - unexpected} of them known)")
    return int(bool(unexpected or gone))


if __name__ == "__main__":
    sys.exit(main())
