"""The sandbox's own door: script failures, look at what is live, read the journal, let time pass, start afresh."""

from __future__ import annotations

import math
from datetime import timedelta
from typing import Any

from werkzeug.wrappers import Response

from planner.channels.sandbox import accounts, faults, posts
from planner.channels.sandbox.faults import BadFault
from planner.channels.sandbox.state import DEFAULTS, moment
from planner.channels.sandbox.wire import Call, Routes, answer
from planner.channels.sandbox.youtube_wire import gate

__all__ = ["routes"]


def _trouble(status: int, why: str) -> Response:
    return answer({"error": why}, status)


routes = Routes("sandbox", _trouble, gate)


@routes("GET", "/_sandbox/health", "", secured=False)
def health(call: Call) -> Response:
    with call.reading() as db:
        live = db.execute("SELECT count(*) FROM posts WHERE deleted_at IS NULL").fetchone()[0]
    return answer({
        "ok": True, "posts": live, "seed": call.seed, "speed": call.line.speed, "now": call.now.isoformat(),
        "pretend_now": call.line.at(call.now).isoformat(),
    })  # fmt: skip


@routes("DELETE", "/_sandbox", "", secured=False)
def reset(call: Call) -> Response:
    call.sandbox.state.wipe(call.sandbox.speed)
    return answer(None, 204)


@routes("GET", "/_sandbox/faults", "", secured=False)
def scripted(call: Call) -> Response:
    with call.reading() as db:
        return answer({"faults": faults.listing(db)})


@routes("POST", "/_sandbox/faults", "", secured=False)
def script(call: Call) -> Response:
    """A fault, a list of faults, or {"faults": [...]}."""
    wanted = call.json.get("faults", call.json) if isinstance(call.json, dict) else call.json
    specs = wanted if isinstance(wanted, list) else [wanted]
    try:
        ids = call.sandbox.script(*specs)
    except BadFault as error:
        return answer({"error": str(error)}, 400)
    return answer({"ids": ids}, 201)


@routes("DELETE", "/_sandbox/faults", "", secured=False)
def unscript(call: Call) -> Response:
    with call.writing() as db:
        faults.wipe(db)
    return answer(None, 204)


@routes("GET", "/_sandbox/posts", "", secured=False)
def live(call: Call) -> Response:
    """Everything live now, oldest first."""
    with call.reading() as db:
        found = posts.every(db, call.query("platform") or None, call.now)
    return answer({"posts": [_told(post) for post in found]})


@routes("GET", "/_sandbox/calls", "", secured=False)
def calls(call: Call) -> Response:
    """The journal, oldest first; `after` is the number of the last call already seen."""
    after = call.query("after", "0")
    with call.reading() as db:
        rows = db.execute(
            "SELECT * FROM calls WHERE id > ? AND platform LIKE ? ORDER BY id LIMIT 5000",
            (int(after) if after.isdigit() else 0, call.query("platform") or "%"),
        ).fetchall()
    return answer({"calls": [{**dict(row), "at": moment(row["at"]).isoformat()} for row in rows]})


@routes("GET", "/_sandbox/settings", "", secured=False)
def settings(call: Call) -> Response:
    return answer(call.settings)


@routes("POST", "/_sandbox/settings", "", secured=False)
def change(call: Call) -> Response:
    for name, value in call.object.items():
        kind = type(DEFAULTS.get(name))
        fits = isinstance(value, (int, float)) and not isinstance(value, bool) if kind is float else isinstance(value, kind)
        if name not in DEFAULTS or not fits:
            return answer({"error": f"{name} is not a setting, or its value is of the wrong type."}, 400)
    with call.writing() as db:
        call.sandbox.state.change(db, **call.object)
    call.__dict__.pop("settings", None)
    return answer(call.settings)


@routes("POST", "/_sandbox/clock", "", secured=False)
def clock(call: Call) -> Response:
    """{"speed": 1440} and/or {"advance_seconds": 86400}: how fast posts age, and a leap ahead."""
    speed, ahead = call.object.get("speed", call.line.speed), call.object.get("advance_seconds", 0)
    for value in (speed, ahead):
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value) or value < 0:
            return answer({"error": "speed and advance_seconds are numbers, not negative."}, 400)
    call.sandbox.state.run_at(max(float(speed), 1e-6), ahead=timedelta(seconds=ahead))
    call.__dict__.pop("line", None)
    return health(call)


@routes("POST", "/_sandbox/tokens/revoke", "", secured=False)
def revoke(call: Call) -> Response:
    """{"platform": "x", "token": "…"}: the token is refused from now on."""
    token, platform = call.object.get("token"), call.object.get("platform")
    if not isinstance(token, str) or not token or platform not in ("x", "linkedin", "youtube"):
        return answer({"error": "platform and token are needed."}, 400)
    with call.writing() as db:
        accounts.revoke(db, token, platform, call.now)
    return answer(None, 204)


def _told(post: posts.Post) -> dict[str, Any]:
    return {
        "platform": post.platform, "id": post.id, "account": post.account, "text": post.text, "body": post.body,
        "created_at": post.created_at.isoformat(), "live_at": post.live_at.isoformat(),
    }  # fmt: skip
