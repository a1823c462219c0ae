"""Compare the catalogue with eager PyTorch for as long as one likes.

    python -m tests.oracle.fuzz --seconds 600 --type conv2d --type max_pool2d

Reports how many cases were run for each type, how they ended and, shrunk, which disagreed; exits
with 1 if one did.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter

from tests.oracle.compare import DisagreementError, Tally, explore
from tests.oracle.draw import twins
from tests.oracle.draw_functional import TYPES

NAMES = [*twins(), *TYPES]


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.fuzz", description=__doc__)
    parser.add_argument("--seconds", type=float, default=600, help="how long to run")
    parser.add_argument("--type", action="append", choices=NAMES, help="only this type")
    parser.add_argument("--round", type=int, default=300, help="cases of a type before the next")
    parser.add_argument("--seed", type=int, help="the same cases again")
    return parser.parse_args()


def fuzz(
    names: list[str], seconds: float, count: int, source: random.Random
) -> tuple[dict[str, Tally], dict[str, str]]:
    """Go round the types until the time is up; a type that disagreed is left out from then on."""
    end = time.monotonic() + seconds
    tallies = {name: Tally() for name in names}
    disagreements: dict[str, str] = {}
    while time.monotonic() < end and len(disagreements) < len(names):
        for name in names:
            if name in disagreements or time.monotonic() >= end:
                continue
            try:
                explore(name, count, tallies[name], source.getrandbits(64))
            except DisagreementError as error:
                disagreements[name] = str(error)
                print(f"{name} disagrees: {error}", file=sys.stderr, flush=True)
    return tallies, disagreements


def report(tallies: dict[str, Tally], disagreements: dict[str, str]) -> None:
    """The numbers, a line a type."""
    print(f"{'type':24}{'cases':>9}{'accepted':>10}{'refused':>9}{'stricter':>10}")
    for name, tally in tallies.items():
        mark = "  DISAGREES" if name in disagreements else ""
        stricter = tally.deliberate.total()
        row = f"{tally.total:9,}{tally.accepted:10,}{tally.refused:9,}{stricter:10,}"
        print(f"{name:24}{row}{mark}")
    total = Tally()
    for tally in tallies.values():
        total.add(tally)
    print(f"{total.total:,} cases of {len(tallies)} types, {len(disagreements)} disagree")
    reasons: Counter[str] = total.deliberate
    for reason, count in reasons.most_common():
        print(f"  stricter on purpose: {reason}: {count:,}")
    for message in disagreements.values():
        print(f"\n{message}")


def main() -> int:
    """Run the command."""
    options = arguments()
    start = random.getrandbits(32) if options.seed is None else options.seed
    print(f"--seed {start}")
    names = options.type or NAMES
    tallies, disagreements = fuzz(names, options.seconds, options.round, random.Random(start))
    report(tallies, disagreements)
    return 1 if disagreements else 0


if __name__ == "__main__":
    sys.exit(main())
