"""flask planner sandbox: the pretend platforms as a process of their own."""

from __future__ import annotations

from pathlib import Path

import click
from flask.cli import with_appcontext

from planner.cli.running import held_runtime

__all__ = ["sandbox"]


@click.command("sandbox")
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", type=click.IntRange(0, 65535), default=8090, show_default=True, help="0 takes a free one.")
@click.option("--state", type=click.Path(dir_okay=False, path_type=Path), help="File that remembers; sandbox.sqlite3 in the data folder when left out.")
@click.option("--speed", type=click.FloatRange(0, 1_000_000, min_open=True), default=1.0, show_default=True, help="How fast its numbers grow.")
@click.option("--seed", type=int, default=1, show_default=True, help="The same seed gives the same numbers.")
@with_appcontext
def sandbox(host: str, port: int, state: Path | None, speed: float, seed: int) -> None:
    """Pretend to be X, LinkedIn, YouTube and a webhook, until stopped."""
    from planner.channels.sandbox import run_forever  # Here, so that no other command loads the pretend platforms.

    runtime = held_runtime()
    runtime.engine.dispose()
    run_forever(state or runtime.settings.data_path / "sandbox.sqlite3", host=host, port=port, speed=speed, seed=seed)
