"""Cutting a picture of an asset to a shape; the copy stands beside it, with what it shows and until when it may be used. Also out of the composer, which comes back as it was typed."""

from __future__ import annotations

import re

from flask import flash, g, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts.rules import require
from planner.catalog import cropping, media, queries, service
from planner.catalog.models import Asset, AssetFile
from planner.channels.port import MediaKind
from planner.core.errors import NotFound, PlannerError
from planner.web.access import needs
from planner.web.languages import translate
from planner.web.session import committing, runtime

__all__ = ["crop", "focuses", "shapes"]


#: Where one may come from: a new post, or one that is changed.
_COMPOSER = re.compile(r"/posts/(?:new|[0-9]{1,18}/edit)(?:\?[\w=&%.+:-]*)?", re.ASCII)


@needs("asset.edit")
def crop(asset_id: int, file_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    require(g.user, "asset.edit", asset)
    found = g.db.get(AssetFile, file_id)
    if found is None or found.asset_id != asset.id or found.kind is not MediaKind.IMAGE:
        raise NotFound()
    back = request.values.get("back", "")
    back = back if _COMPOSER.fullmatch(back) else ""
    leave = back or url_for("assets.show", asset_id=asset_id, _anchor="files")
    if request.method == "POST":
        name, why = _cut(asset, found)
        if name:
            flash(_("“%(name)s” is kept with the asset. Tick it to send it.", name=name) if back else _("“%(name)s” is kept with the asset.", name=name), "success")
            return redirect(leave)
        flash(why, "error")
        if not back:
            return redirect(leave)
    page = render_template("assets/crop.html", asset=asset, file=found, shapes=shapes(), focuses=focuses(), back=back, leave=leave)
    return page, 422 if request.method == "POST" else 200


def shapes() -> list[tuple[str, str]]:
    """What a picture may be cut to, in the reader's language."""
    return [(name, translate(words)) for name, (_shape, words) in cropping.SHAPES.items()]


def focuses() -> list[tuple[str, str]]:
    """What may stay of it."""
    return [(name, translate(words)) for name, words in cropping.FOCUSES.items()]


def _cut(asset: Asset, found: AssetFile) -> tuple[str, str]:
    """The copy's name; or none, and why not."""
    settings = runtime().settings
    folder = settings.data_path / "files"
    try:
        copy, name = cropping.crop(folder / found.stored_name, found.name, request.form.get("shape", ""), request.form.get("focus", "middle"))
        stored = media.store(copy, name, folder, most_bytes=settings.max_upload_mb * 1_000_000)
        try:
            with committing(g.db):
                made = service.add_file(g.db, asset, stored, actor=g.user, now=g.now)
                made.alt_text, made.rights_until = found.alt_text, found.rights_until
        except BaseException:
            (folder / stored.stored_name).unlink(missing_ok=True)
            raise
    except PlannerError as error:
        return "", translate(error.message, **error.params)
    return stored.name, ""
