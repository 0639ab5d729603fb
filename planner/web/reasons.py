"""Why a platform did not take a post, in the reader's language.

Channels tell it in English, with names and numbers inside, and so it is stored. Here each sentence is known again by its
shape. One that is not known is shown as it was told; what the platform itself said after “says:” always stays its own words.
"""

from __future__ import annotations

import re
from functools import cache

from flask_babel import gettext

from planner.core.i18n import N_

__all__ = ["SENTENCES", "told"]

SENTENCES = (
    # Any platform.
    N_("%(platform)s no longer accepts this connection. Connect the account again."),
    N_("The credits at %(platform)s are used up."),
    N_("%(platform)s does not allow this."),
    N_("%(platform)s knows nothing at this address."),
    N_("%(platform)s asks for a pause."),
    N_("%(platform)s is not available at the moment."),
    N_("%(platform)s does not take this."),
    N_("%(platform)s answered with status %(status)s, from which nothing follows."),
    N_("%(host)s could not be reached; nothing was sent."),
    N_("%(host)s gave no clear answer; it may have acted on what was sent."),
    N_("The file “%(file)s” is missing or empty."),
    N_("The file “%(file)s” cannot be read."),
    N_("%(platform)s did not give a key for this connection. Connect the account again."),
    N_("%(platform)s did not give a key just now."),
    N_("%(platform)s does not accept the planner's application. Correct %(id)s and %(secret)s, restart the planner, then connect the channel again."),
    N_("The planner broke while it asked for a new key."),
    # By hand and webhooks.
    N_("A person publishes on this channel. Copy the text, then say where it is."),
    N_("A person publishes on this channel. Delete it there."),
    N_("A webhook cannot be asked what it has received. Look into the room."),
    N_("Only the person who publishes here knows."),
    N_("A person publishes on this channel. Change it there."),
    N_("A webhook cannot change a message. Change it in the room."),
    N_("This channel has no webhook address. Enter it again."),
    N_("A webhook cannot take a message back. Delete it in the room."),
    N_("%(name)s answered something other than “ok”; look whether the message is there."),
    N_("%(name)s no longer accepts this webhook address. Make a new one there and enter it here."),
    # LinkedIn.
    N_("This LinkedIn page is not connected. Connect it again in Settings."),
    N_("This connection may act for several LinkedIn pages: give the channel its page's number (urn:li:organization:…)."),
    N_("This connection may act for no LinkedIn page: give the channel its page's number (urn:li:organization:…)."),
    N_("LinkedIn is still processing a file of this post."),
    N_("LinkedIn opened no upload for a file."),
    N_("LinkedIn did not say how a film is to be sent."),
    N_("LinkedIn could not process “%(file)s”: %(why)s."),
    N_("A LinkedIn post needs a text, a link or a file."),
    N_("The page has more than %(count)s posts since then."),
    N_("LinkedIn took the post but did not give its number."),
    N_("LinkedIn's answer broke off."),
    N_("LinkedIn gave an upload address that is not its own."),
    N_("LinkedIn does not let this connection act for the page."),
    N_("LinkedIn says that the page already has this post."),
    N_("LinkedIn no longer speaks the version that PLANNER_LINKEDIN_VERSION names; set a newer one."),
    N_("LinkedIn's quota for today is used up; it is renewed at 00:00 UTC."),
    N_("The post has more than %(count)s comments."),
    # X.
    N_("A post on X cannot be changed from here. Take it down and post it anew."),
    N_("This X account is not connected. Connect it again."),
    N_("X's answer broke off; the post may be gone."),
    N_("There is nothing to post: neither text nor media."),
    N_("This is not the number of a post on X."),
    N_("X has no such post of this account."),
    N_("The account has more than %(count)s posts since then."),
    N_("X said yes, but its answer broke off before the post's number."),
    N_("X did not say whose account this is."),
    N_("X told only a part of the account's posts."),
    N_("X told only a part of what others wrote."),
    N_("X says that this account has already posted the same text."),
    N_("X says that the text is too long."),
    N_("X does not let this account post."),
    N_("What X allows this app for the period is used up."),
    N_("X's answer broke off."),
    N_("X gave no number for the file."),
    N_("X's answer about the file broke off."),
    N_("X could not work with the file."),
    N_("X is still working on the video."),
    # YouTube.
    N_("YouTube has no such video any more."),
    N_("This YouTube channel is not connected. Connect it again in Settings."),
    N_("YouTube needs a video file; what is already on YouTube cannot be published again."),
    N_("YouTube refused: %(said)s"),
    N_("YouTube did not answer with a JSON object."),
    N_("YouTube took too long to answer (%(error)s)."),
    N_("YouTube gave no clear answer (%(error)s)."),
    N_("YouTube's daily quota is used up; it is renewed at midnight Pacific time."),
    N_("YouTube Analytics is about three days behind, and the video is younger."),
    N_("YouTube Analytics told a row that does not fit its columns."),
    N_("YouTube Analytics told no table."),
    N_("This channel has uploaded as many videos as YouTube allows a day."),
    N_("YouTube asks for fewer calls a minute."),
    N_("YouTube no longer accepts this connection. Connect the channel again."),
    N_("YouTube is not available at the moment."),
    N_("The Google project behind this connection may not use the YouTube API."),
    N_("The Google account behind this channel is closed."),
    N_("The Google account behind this channel is suspended."),
    N_("A permission is missing. Connect the channel again and accept every permission."),
    N_("The connected Google account has no YouTube channel."),
    N_("YouTube refuses the video's category."),
    N_("YouTube refuses the description: at most 5,000 bytes, without < and >."),
    N_("YouTube refuses the file's name."),
    N_("YouTube refuses the moment of publication."),
    N_("YouTube refuses the tags: together at most 500 characters."),
    N_("YouTube refuses the title: 1 to 100 characters, without < and >."),
    N_("YouTube refuses the video's title, description or category."),
    N_("YouTube opened an upload but did not say where."),
    N_("YouTube took the video but did not give its number."),
    N_("YouTube forgot the upload before it was complete; it starts again from the beginning."),
    N_("YouTube has every byte but does not say that the video is there."),
    N_("%(reason)s The upload has %(received)s of %(size)s bytes and can continue."),
)
_SAYS = N_("%(platform)s says: %(said)s")
_TAIL = re.compile(r"(?P<head>.+?[.…]) (?P<platform>[A-Z][\w ]{0,20}) says: (?P<said>.*)", re.DOTALL)


def told(reason: str) -> str:
    """The reason in the reader's language, as far as its sentences are known."""
    tail = _TAIL.fullmatch(reason)
    if tail:
        said = gettext(_SAYS, platform=tail["platform"], said=tail["said"])
        return f"{told(tail['head'])} {said}"
    for shape, sentence in _shapes():
        found = shape.fullmatch(reason)
        if found:
            parts = {name: told(text) if name == "reason" else text for name, text in found.groupdict().items()}
            return str(gettext(sentence, **parts) if parts else gettext(sentence))
    return reason


@cache
def _shapes() -> list[tuple[re.Pattern[str], str]]:
    """Each sentence as a pattern, those with the most fixed words first, so that a narrower one wins."""
    from planner.channels import preflight  # What planning says too; only pages about posts need it.

    shapes = []
    for sentence in sorted((*SENTENCES, *preflight.SENTENCES), key=lambda text: -len(re.sub(r"%\(\w+\)s", "", text))):
        pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+?)", re.escape(sentence))
        shapes.append((re.compile(pattern, re.DOTALL), sentence))
    return shapes
