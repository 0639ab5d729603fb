"""How gunicorn runs the product: one process with threads, and the embedded workers beside them when they are asked for."""

import os

bind = os.environ.get("PLANNER_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("PLANNER_WEB_PROCESSES", "1"))
worker_class = "gthread"
threads = int(os.environ.get("PLANNER_WEB_THREADS", "8"))
timeout = 120
graceful_timeout = 40
accesslog = None
errorlog = "-"
loglevel = "warning"
control_socket_disable = True
_workers = []


def post_worker_init(worker):
    """Start the background threads inside the web process; the row leases make any number of processes safe."""
    app = worker.app.callable
    runtime = app.extensions["planner"]
    if runtime.settings.executor == "embedded":
        from planner.jobs.embedded import Workers

        _workers.append(Workers(runtime).start())


def worker_exit(server, worker):
    """Let a send that is under way finish before the process ends."""
    for workers_ in _workers:
        workers_.stop()
