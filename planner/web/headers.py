"""Security headers on every answer: a content security policy with a nonce and nothing inline."""

from __future__ import annotations

from flask import Flask, Response, g, request

__all__ = ["init_app"]


def init_app(app: Flask) -> None:
    @app.after_request
    def _headers(response: Response) -> Response:
        nonce = getattr(g, "nonce", "")
        response.headers.setdefault(
            "Content-Security-Policy",
            "default-src 'self'; base-uri 'none'; object-src 'none'; frame-ancestors 'none'; form-action 'self'; "
            f"img-src 'self' data: blob:; script-src 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'",
        )
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        if request.endpoint != "static":
            response.headers.setdefault("Cache-Control", "private, no-cache")
        elif "dist/" in request.path:
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        return response
