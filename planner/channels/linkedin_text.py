"""LinkedIn's “little text”: plain text made safe for a post's commentary, and read back again.

An unescaped reserved character makes LinkedIn answer 201 and drop the rest of the text without a word, so everything is
escaped except two things written on purpose: a hashtag (`#5G`) and a mention (`@[Name](urn:li:organization:123)`).
Only commentary is little text; a comment's `message.text` is plain and must not be escaped.
Source: learn.microsoft.com, LinkedIn marketing, “little text format”.
"""

from __future__ import annotations

import re

from planner.core.text import comparable

__all__ = ["RESERVED", "cut_short", "escape", "same_text", "unescape"]

#: Characters that mean something in little text; the backslash is one of them.
RESERVED = "\\|{}@[]()<>#*_~"

#: A mention's name is little text itself. A hashtag stands free (not in a web address) and holds a letter.
#: An underscore ends a hashtag here, because it is reserved: the text survives whole, only the link on it is shorter.
_DELIBERATE = re.compile(
    r"@\[(?P<name>[^\[\]\r\n]+)\]\((?P<urn>urn:li:(?:organization|person):[\w-]+)\)"
    r"|(?<![\w&/#])#(?=[^\W_]*[^\W\d_])(?P<tag>[^\W_]+)"
)
_ESCAPABLE = re.compile(f"[{re.escape(RESERVED)}]")
#: What LinkedIn may answer for `#tag`, and a backslash before anything it reserves; read from left to right.
_READ_BACK = re.compile(
    r"\\(?P<literal>[" + re.escape(RESERVED) + r"])"
    r"|\{hashtag\|\\?(?P<sign>[#\uff03])\|(?P<tag>(?:\\.|[^|{}\\])+)\}"
)
_LINK = re.compile(r"https?://\S+")
_SHORT_LINK = re.compile(r"https?://lnkd\.in/\S+")
#: How much of the end of a text has to come back before it counts as whole.
_TAIL = 24


def escape(text: str) -> str:
    """Plain text -> commentary; hashtags and mentions stay as they are. `unescape(escape(x)) == x` for every x."""
    parts: list[str] = []
    done = 0
    for token in _DELIBERATE.finditer(text):
        parts.append(_literal(text[done : token.start()]))
        if token["tag"]:
            parts.append(token[0])
        else:
            parts.append(f"@[{_literal(token['name'])}]({_literal(token['urn'])})")
        done = token.end()
    parts.append(_literal(text[done:]))
    return "".join(parts)


def unescape(commentary: str) -> str:
    """Commentary as LinkedIn tells it -> plain text; its hashtag template becomes `#tag` again."""
    return _READ_BACK.sub(lambda found: found["literal"] or found["sign"] + unescape(found["tag"]), commentary)


def same_text(ours: str, commentary: str) -> bool:
    """Whether a commentary read back is the text we sent; spacing and LinkedIn's own short links aside."""
    told = unescape(commentary)
    if comparable(ours) == comparable(told):
        return True
    return bool(_SHORT_LINK.search(told)) and comparable(_LINK.sub("…", ours)) == comparable(_LINK.sub("…", told))


def cut_short(ours: str, commentary: str) -> int:
    """How many characters of our text's end did not come back; 0 when its tail is there."""
    sent, told = comparable(_LINK.sub("…", ours)), comparable(_LINK.sub("…", unescape(commentary)))
    if not sent or told.endswith(sent[-_TAIL:]):
        return 0
    return max(len(sent) - len(told), 1)


def _literal(text: str) -> str:
    # One pass escapes the backslash together with the rest, so that no backslash of ours is escaped again.
    return _ESCAPABLE.sub(lambda found: "\\" + found[0], text)
