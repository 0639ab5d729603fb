"""Run as `python -m tests.tally REPORT.xml…`: what `make faults` met, as a table of posts, losses and doubles by fault, mode and database."""

from __future__ import annotations

import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

__all__ = ["Line", "lines", "table"]

_COUNTS = ("posts", "lost", "doubled", "attempts", "kills")


@dataclass(slots=True)
class Line:
    """All runs of one test in one mode on one database."""

    fault: str
    mode: str
    database: str
    runs: int = 0
    failed: int = 0
    seconds: float = 0.0
    counts: dict[str, int] | None = None


def lines(report: Path) -> list[Line]:
    """One line a fault, mode and database, from the properties that the tests recorded. Skipped tests are left out."""
    found: dict[tuple[str, str, str], Line] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        told = {one.get("name", ""): one.get("value", "") for one in case.iter("property")}
        if "posts" not in told or case.find("skipped") is not None:
            continue
        fault = case.get("name", "").partition("[")[0].removeprefix("test_").replace("_", " ")
        key = (fault, told.get("mode", "worker"), told.get("database", ""))
        line = found.setdefault(key, Line(*key, counts=defaultdict(int)))
        assert line.counts is not None
        line.runs += 1
        line.failed += case.find("failure") is not None or case.find("error") is not None
        line.seconds += float(case.get("time", "0"))
        for name in _COUNTS:
            line.counts[name] += int(told.get(name, "0"))
    return sorted(found.values(), key=lambda line: (line.fault, line.mode, line.database))


def table(found: list[Line]) -> str:
    """The same in Markdown."""
    head = ["Fault", "Mode", "Database", "Runs", "Posts", "Attempts", "Kills", "Lost", "Doubled", "Seconds"]
    rows = [head, ["---"] * 3 + ["---:"] * 7]
    for line in found:
        counts = line.counts or {}
        numbers = [line.runs, *(counts.get(name, 0) for name in ("posts", "attempts", "kills", "lost", "doubled"))]
        failed = f" (**{line.failed} failed**)" if line.failed else ""
        rows.append([line.fault + failed, line.mode, line.database, *map(str, numbers), f"{line.seconds:.0f}"])
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    print(table([line for name in sys.argv[1:] for line in lines(Path(name))]))
