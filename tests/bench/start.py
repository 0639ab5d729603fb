"""The start bench: importing the product and answering its first page, against a bare Flask application."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.bench.measure import Line

__all__ = ["ALL"]

_OURS = """
import os, re, resource
from planner.factory import create_app
app = create_app()
with app.test_client() as client:
    assert client.get("/login").status_code == 200
# What the kernel tells of this program alone: ru_maxrss also remembers the process that started it.
if os.path.exists("/proc/self/status"):
    print(re.search("VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1])
else:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
_HELLO = """
from flask import Flask
app = Flask("hello")
app.route("/")(lambda: "hello")
with app.test_client() as client:
    assert client.get("/").status_code == 200
print(0)
"""


def start(posts: int) -> Line:
    """CPU seconds of a whole process, import and first page, ours over Flask's hello; its memory must stay under 150 MB."""
    folder = tempfile.mkdtemp()
    environ = {
        **os.environ, "PLANNER_SECRET_KEY": "a-key-for-benches-0123456789-abcdefgh", "PLANNER_DATA_DIR": folder, "PLANNER_EXECUTOR": "none",
        "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder) / "pyc"),
    }  # fmt: skip
    for code in (_OURS, _HELLO):
        _run(code, environ)
    rounds = [(_run(_OURS, environ), _run(_HELLO, environ)) for _ in range(7)]
    memory = max(ours[1] for ours, _hello in rounds) / 1024
    ratio = statistics.median(ours[0] / hello[0] for ours, hello in rounds)
    return Line("start", ratio if memory < 150 else 99, 4.0, 4.0)


def _run(code: str, environ: dict[str, str]) -> tuple[float, float]:
    before = os.times()
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    after = os.times()
    assert done.returncode == 0, done.stderr[-2000:]
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return cpu, float(done.stdout.split()[-1])


ALL = {"start": start}
