"""Run as `python -m tests.commands`: loads the product once, then forks one `flask` command for each line of JSON it reads.

A line is {"words": the command's, "environ": what it runs with}; the answer is {"status", "out", "err"}. Nothing is connected to before a fork,
and what one command had to load the next one finds loaded.
"""

from __future__ import annotations

import atexit
import importlib
import json
import os
import subprocess
import sys
import tempfile
import traceback
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import IO, NoReturn

__all__ = ["run"]

ROOT = Path(__file__).resolve().parent.parent


class _Loaded:
    """The process that has loaded the product, and ends with this one."""

    def __init__(self) -> None:
        self._process = subprocess.Popen([sys.executable, "-m", "tests.commands"], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def run(self, words: tuple[str, ...], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        assert self._process.stdin is not None and self._process.stdout is not None
        self._process.stdin.write(json.dumps({"words": words, "environ": dict(environ)}) + "\n")
        self._process.stdin.flush()
        said = json.loads(self._process.stdout.readline())
        return subprocess.CompletedProcess(words, said["status"], said["out"], said["err"])

    def end(self) -> None:
        self._process.communicate(timeout=10)


@cache
def _loaded() -> _Loaded:
    loaded = _Loaded()
    atexit.register(loaded.end)
    return loaded


def run(words: tuple[str, ...], environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
    """`flask …words` with this environment, as a process of its own."""
    return _loaded().run(words, environ)


def _become(words: list[str], environ: dict[str, str], out: IO[bytes], err: IO[bytes], needed: IO[bytes]) -> NoReturn:
    status = 1
    try:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(out.fileno(), 1)
        os.dup2(err.fileno(), 2)
        os.environ.clear()
        os.environ.update(environ)
        sys.argv = ["flask", *words]
        from flask.cli import main

        main()
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        needed.write("\n".join(name for name in sys.modules if name.startswith("planner.")).encode())
        needed.flush()
        os._exit(status)


def _told(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _main() -> None:
    import planner.factory  # noqa: F401

    for line in sys.stdin:
        wanted = json.loads(line)
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err, tempfile.TemporaryFile() as needed:
            pid = os.fork()
            if pid == 0:
                _become(wanted["words"], wanted["environ"], out, err, needed)
            status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            said, wrong, modules = (_told(file) for file in (out, err, needed))
        print(json.dumps({"status": status, "out": said, "err": wrong}), flush=True)
        for name in modules.split():
            importlib.import_module(name)


if __name__ == "__main__":
    _main()
