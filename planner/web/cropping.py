"""Cutting a picture of an asset to a shape; the copy stands beside it, with what it shows and until when it may be used."""

from __future__ import annotations

from flask import flash, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _

from planner.accounts.rules import require
from planner.catalog import cropping, media, queries, service
from planner.catalog.models import AssetFile
from planner.channels.port import MediaKind
from planner.core.errors import NotFound, PlannerError
from planner.web.access import needs
from planner.web.languages import translate
from planner.web.session import committing, runtime

__all__ = ["crop"]


@needs("asset.edit")
def crop(asset_id: int, file_id: int) -> ResponseReturnValue:
    asset = queries.asset(g.db, asset_id, viewer=g.user)
    require(g.user, "asset.edit", asset)
    found = g.db.get(AssetFile, file_id)
    if found is None or found.asset_id != asset.id or found.kind is not MediaKind.IMAGE:
        raise NotFound()
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
        flash(translate(error.message, **error.params), "error")
    else:
        flash(_("“%(name)s” is kept with the asset.", name=stored.name), "success")
    return redirect(url_for("assets.show", asset_id=asset_id, _anchor="files"))
