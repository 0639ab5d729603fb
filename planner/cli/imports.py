"""flask planner import: files of assets and of readings, validated first."""

from __future__ import annotations

from flask.cli import AppGroup

__all__ = ["import_"]

import_ = AppGroup("import", help="Files of assets and of readings: validated first, then written.")
