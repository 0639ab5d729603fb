"""The pretend platforms as a process of their own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import requests

from tests.conftest import SECRET

ROOT = Path(__file__).resolve().parents[2]


def test_the_sandbox_answers_keeps_its_state_where_told_and_stops_cleanly(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "PLANNER_SECRET_KEY": SECRET, "PLANNER_DATA_DIR": str(tmp_path), "PLANNER_SANDBOX": "off"}
    command = [sys.executable, "-m", "flask", "planner", "sandbox", "--port", "0", "--state", str(tmp_path / "world.sqlite3")]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
            assert found is not None
            answer = requests.get(found.group() + "/2/users/me", headers={"Authorization": "Bearer any"}, timeout=10)
        finally:
            process.send_signal(signal.SIGTERM)
            _out, errors = process.communicate(timeout=10)

    assert answer.status_code == 200, answer.text
    assert (process.returncode, errors) == (0, "")
    assert (tmp_path / "world.sqlite3").exists()
