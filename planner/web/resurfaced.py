"""An old asset that came back: somebody says that they know."""

from __future__ import annotations

from flask import flash, g, redirect, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.insights import noticing
from planner.web.access import needs
from planner.web.session import committing

__all__ = ["settle"]


@needs("readings.refresh")
def settle(alert_id: int) -> ResponseReturnValue:
    """Off everybody's desk; it stays on the asset's page."""
    with committing(g.db):
        noticing.settle(g.db, alert_id, actor=g.user, now=g.now)
    flash(_("Taken off the desk. It stays on the asset's page."), "success")
    return redirect(url_for("desk.home"))
