"""The log writes to what stderr is when a line is written."""

from __future__ import annotations

import io
import sys

import pytest

from planner.core.log import get_logger


def test_a_line_after_a_command_whose_stderr_is_gone_is_written_to_the_one_there_is(monkeypatch: pytest.MonkeyPatch) -> None:
    log, a_command, after = get_logger("a room"), io.StringIO(), io.StringIO()
    monkeypatch.setattr(sys, "stderr", a_command)
    log.warning("first", token="planted")
    said = a_command.getvalue()
    a_command.close()
    monkeypatch.setattr(sys, "stderr", after)
    log.warning("second")

    assert ("first" in said, "planted" in said, "second" in after.getvalue()) == (True, False, True)
