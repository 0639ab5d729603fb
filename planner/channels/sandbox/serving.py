"""The sandbox as a running server: in a thread of this process, or as a process of its own."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from planner.channels.sandbox.server import Sandbox

__all__ = ["Running", "run_forever", "serve"]


class _Quiet(WSGIRequestHandler):
    """Says nothing per request: the sandbox keeps its own journal, without secrets."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass

    def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
        pass


@dataclass
class Running:
    """A server in a daemon thread. `url` has no slash at its end."""

    sandbox: Sandbox
    url: str
    _server: BaseWSGIServer = field(repr=False)
    _thread: threading.Thread = field(repr=False)

    def close(self) -> None:
        """Stop answering; the state file stays as it is."""
        self._server.shutdown()
        self._thread.join(timeout=5)
        self._server.server_close()

    def __enter__(self) -> Running:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def serve(sandbox: Sandbox, host: str = "127.0.0.1", port: int = 0) -> Running:
    """Serve in a daemon thread; port 0 takes a free one."""
    server = make_server(host, port, sandbox.wsgi_app, threaded=True, request_handler=_Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="sandbox", daemon=True)
    thread.start()
    sandbox.public_url = f"http://{host}:{server.server_port}"
    return Running(sandbox, sandbox.public_url, server, thread)


def run_forever(
    state_path: str | Path, host: str = "127.0.0.1", port: int = 8090, speed: float = 1.0, seed: int = 1
) -> None:
    """Serve until SIGINT or SIGTERM; for `flask planner sandbox`."""
    sandbox = Sandbox(state_path, seed=seed, speed=speed)
    server = make_server(host, port, sandbox.wsgi_app, threaded=True, request_handler=_Quiet)

    def stop(_number: int, _frame: FrameType | None) -> None:
        threading.Thread(target=server.shutdown, daemon=True).start()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    print(f"Sandbox on http://{host}:{server.server_port} (state: {state_path})", flush=True)
    try:
        server.serve_forever()
    finally:
        server.server_close()
        sandbox.close()
