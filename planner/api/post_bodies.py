"""What a post looks like in requests and answers."""

from __future__ import annotations

from marshmallow import fields

from planner.api.approvals import EditStanding
from planner.api.fields import Body, Choice, Item, Line, Lines, Listed, Moment, Number, Out
from planner.planning.models import Origin, PostState, Verb
from planner.publishing.models import AmendmentKind, AmendmentState

__all__ = ["ApproveChangeIn", "ApproveIn", "EditLiveIn", "FindingList", "MoveIn", "NoteIn", "PostChange", "PostIn", "PostOut", "RefuseIn", "TakeDownIn"]


class MediaOut(Out):
    file_id = fields.Integer(required=True)
    alt_text = fields.String(required=True)


class ApprovalOut(Out):
    verb = Choice(Verb, required=True)
    digest = fields.String(required=True)
    by_name = fields.String(required=True)
    at = Moment(required=True)
    note = fields.String(required=True)
    step = fields.String(required=True, metadata={"description": "The step of approval it was said in."})


class SaidOut(Out):
    """What of a post an edit is about; the other parts are not there."""

    text = fields.String()
    title = fields.String()
    tags = fields.List(fields.String())


class ChangeOut(Out):
    id = fields.Integer(required=True)
    kind = Choice(AmendmentKind, required=True)
    state = Choice(AmendmentState, required=True)
    was = fields.Nested(SaidOut, required=True, metadata={"description": "An edit: what it said before."})
    becomes = fields.Nested(SaidOut, attribute="content", required=True, metadata={"description": "An edit: what it is to say."})
    steps = fields.List(
        fields.String(), required=True, metadata={"description": "A completion: what was missing, such as first_comment or thumbnail."}
    )
    reason = fields.String(required=True)
    asked_by = fields.String(required=True)
    asked_at = Moment(required=True)
    approved_by = fields.String(required=True, metadata={"description": "Who said the last yes to an edit."})
    digest = fields.String(required=True, metadata={"description": "Of an edit; hand it to approve."})
    approval = fields.Nested(
        EditStanding, required=True, allow_none=True, metadata={"description": "Whose yes an edit has and whose it lacks; null: it waits for none."}
    )
    answer = fields.String(required=True, metadata={"description": "What the platform answered last, or why a person said no."})
    ended_at = Moment(required=True, allow_none=True)


class MarksOut(Out):
    source = fields.String()
    medium = fields.String()
    campaign = fields.String()


class PostOut(Out):
    id = fields.Integer(required=True)
    asset_id = fields.Integer(required=True)
    channel_id = fields.Integer(required=True)
    campaign_id = fields.Integer(required=True, allow_none=True)
    origin = Choice(Origin, required=True)
    state = Choice(PostState, required=True)
    text = fields.String(required=True)
    title = fields.String(required=True)
    link = fields.String(required=True)
    first_comment = fields.String(required=True)
    tags = fields.List(fields.String(), required=True)
    media = fields.List(fields.Nested(MediaOut), required=True)
    playlist = fields.String(required=True, metadata={"description": "YouTube: the playlist's number. Empty: none."})
    marks = fields.Nested(MarksOut, required=True, metadata={"description": "utm_… of the link as it leaves; utm_content is the post's number. Empty: not marked."})
    short_code = fields.String(required=True, metadata={"description": "Of the short link that leaves in the link's place. Empty: the link itself."})
    variant_of_id = fields.Integer(required=True, allow_none=True, metadata={"description": "The first of the posts it is a variant of."})
    publish_at = Moment(required=True, allow_none=True)
    wall_time = fields.String(required=True, allow_none=True)
    time_zone = fields.String(required=True, allow_none=True)
    author_id = fields.Integer(required=True, allow_none=True)
    digest = fields.String(
        required=True, metadata={"description": "Of everything that would leave, and when; hand it to approve."}
    )
    approved_digest = fields.String(required=True, allow_none=True)
    approvals = fields.List(fields.Nested(ApprovalOut), required=True)
    cancelled_reason = fields.String(required=True, allow_none=True, metadata={"description": "Why it is cancelled; empty where nobody said, null while it is not."})
    external_id = fields.String(required=True, allow_none=True)
    external_url = fields.String(required=True)
    published_at = Moment(required=True, allow_none=True)
    taken_down_at = Moment(required=True, allow_none=True, metadata={"description": "When it was gone from its platform; its numbers stay."})
    taken_down_reason = fields.String(required=True, allow_none=True)
    changes = fields.List(
        fields.Nested(ChangeOut), required=True, metadata={"description": "What was asked for it since it is live, the latest first; at most 50."}
    )
    created_at = Moment(required=True)
    updated_at = Moment(required=True)
    version = fields.Integer(required=True)


class MediaIn(Body):
    file_id = Number(required=True, least=1)
    alt_text = Line(most=1000, load_default="")


class MarksIn(Body):
    """What the link is marked with; an empty one is the usual."""

    source = Line(most=100)
    medium = Line(most=100)
    campaign = Line(most=100)


class PostChange(Body):
    """What may be changed; what is left out stays as it is."""

    text = Lines(most=60_000)
    title = Line(most=300)
    link = Line(most=2000)
    first_comment = Lines(most=10_000)
    tags = Listed(Line(most=100, least=1), most=60)
    media = Listed(Item(MediaIn), most=20)
    playlist = Line(most=300, metadata={"description": "YouTube: a playlist's number or address."})
    marks = Item(MarksIn, allow_none=True, metadata={"description": "utm_… of the link; {} marks nothing, null as the channel has it."})
    publish_at = Moment(allow_none=True, metadata={"description": "null: not decided."})
    time_zone = Line(most=64, least=1, metadata={"description": "IANA name; the channel's when left out."})
    campaign_id = Number(least=1, allow_none=True)


class PostIn(PostChange):
    asset_id = Number(required=True, least=1)
    channel_id = Number(required=True, least=1)


class ApproveIn(Body):
    digest = Line(
        most=64, allow_none=True, load_default=None,
        metadata={"description": "The digest of the post you read; another one by now is a 409."},
    )  # fmt: skip
    note = Lines(most=2000, load_default="")


class NoteIn(Body):
    note = Lines(most=2000, least=1, required=True)


class CancelIn(Body):
    reason = Lines(most=500, least=1, required=True, metadata={"description": "Why; it stays in the history."})


class EditLiveIn(Body):
    """What a live post is to say; what is left out stays."""

    text = Lines(most=60_000)
    title = Line(most=300)
    tags = Listed(Line(most=100, least=1), most=60)
    reason = Line(most=500, load_default="")


class TakeDownIn(Body):
    reason = Line(most=500, least=1, required=True, metadata={"description": "Why; it stays with the post."})


class ApproveChangeIn(Body):
    digest = Line(
        most=64, allow_none=True, load_default=None,
        metadata={"description": "The digest of the edit you read; another one by now is a 409."},
    )  # fmt: skip


class RefuseIn(Body):
    note = Lines(most=2000, load_default="")


class MoveIn(Body):
    publish_at = Moment(required=True)
    time_zone = Line(most=64, least=1, allow_none=True, load_default=None)


class FindingOut(Out):
    level = fields.String(required=True, metadata={"enum": ["blocking", "warning"]})
    code = fields.String(required=True)
    detail = fields.String(required=True)
    field = fields.String(required=True)


class FindingList(Out):
    items = fields.List(fields.Nested(FindingOut), required=True)
