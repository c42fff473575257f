"""Judge the table of programs and print how many agreed, were refused, and failed, by topic.

    python tests/programs/report.py [--backend NAME] [--topic TOPIC] [WORD ...]

Entries that did not agree follow with their reasons. WORDs choose entries by parts of their names.
"""
from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[1] / "backends")]


def main() -> int:
    """Print the report; the exit status is 1 if an entry failed that is not expected to."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--backend", action="append", help="only on this backend; may be repeated")
    parser.add_argument("--topic", action="append", help="only entries of this topic; may be repeated")
    options = parser.parse_args()
    import register_discrete  # noqa: F401
    from expected import EXPECTED
    from table import entries, judge
    found = {}
    for entry in entries():
        if options.topic and entry.topic not in options.topic:
            continue
        if not options.words or any(word in entry.name for word in options.words):
            found[entry] = judge(entry, options.backend)
    print(f"{'topic':<16}{'agreed':>8}{'refused':>9}{'failed':>8}")
    total: Counter = Counter()
    for topic in sorted({entry.topic for entry in found}):
        counts = Counter(verdict.status for entry, verdict in found.items() if entry.topic == topic)
        total += counts
        print(f"{topic:<16}{counts['agreed']:>8}{counts['refused']:>9}{counts['failed']:>8}")
    print(f"{'all':<16}{total['agreed']:>8}{total['refused']:>9}{total['failed']:>8}")
    for entry, (status, reason) in found.items():
        if status != "agreed" or entry.name in EXPECTED:
            known = " (expected)" if EXPECTED.get(entry.name, ("agreed",))[0] == status else ""
            print(f"{status}{known}: {entry.topic}: {entry.name}: {reason[:300]}")
    return int(any(v.status == "failed" and e.name not in EXPECTED for e, v in found.items()))


if __name__ == "__main__":
    sys.exit(main())
