"""The WSGI application: `flask planner …`, gunicorn and tests all start here."""

from planner.factory import create_app

app = create_app()
