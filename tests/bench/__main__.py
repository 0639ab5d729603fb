"""Runs every bench and prints one line each: name figure gate aim met|short, or what the machine lacks. Ends with status 1 when a gate is short."""

from __future__ import annotations

import argparse
import sys

from tests.bench import benches, calendar, export, front, insights, numbers_postgresql, outbox, promotion, start
from tests.bench.measure import Line, Skipped


def main() -> None:
    parser = argparse.ArgumentParser(description="Measure speed as ratios.")
    parser.add_argument("names", nargs="*", help="only these benches")
    parser.add_argument("--posts", type=int, default=1_000_000, help="posts in the large database (default 1,000,000)")
    parser.add_argument("--full", action="store_true", help="as many posts on PostgreSQL too, where 100,000 are usual")
    options = parser.parse_args()
    if options.full:
        numbers_postgresql.sizes["posts"] = options.posts
    lines: list[Line | Skipped] = []
    for name, bench in {
        **benches.ALL, **calendar.ALL, **front.ALL, **insights.ALL, **export.ALL, **numbers_postgresql.ALL, **outbox.ALL, **start.ALL, **promotion.ALL,
    }.items():  # fmt: skip
        if not options.names or name in options.names:
            line = bench(options.posts)
            print(line, flush=True)
            lines.append(line)
    sys.exit(0 if all(line.is_met for line in lines) else 1)


if __name__ == "__main__":
    main()
