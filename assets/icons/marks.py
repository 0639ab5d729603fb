"""Makes marks.woff2 anew: a font with one sign for each drawing that marks.txt names, in that order from U+E000 on. `make marks`.

A calendar draws two marks for each of a thousand posts. A sign of a font costs a browser no element, no picture and no layer of its own.
"""

from __future__ import annotations

import sys
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree

from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.transformPen import TransformPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.svgLib import SVGPath
from pathops import LineCap, LineJoin, PathOp, op
from pathops import Path as Outline

HERE = Path(__file__).resolve().parent
LUCIDE = HERE.parent.parent / "node_modules/lucide-static/icons"
FONT = HERE / "marks.woff2"
FIRST = 0xE000
#: A drawing is 24 units high; so is the font's em.
EM, SCALE = 1200, 50
#: Heavier than the 2 they are drawn with: they are shown at half their size.
STROKE = 2.2
#: 1970 in a font's seconds: when it was made must not tell one making from another.
LONG_AGO = 2_082_844_800
LICENCE = "Drawings from lucide (https://lucide.dev), ISC licence, and the planner's own."


def names() -> list[str]:
    return (HERE / "marks.txt").read_text().split()


def drawing(name: str) -> Path:
    own = HERE / f"{name}.svg"
    return own if own.exists() else LUCIDE / f"{name}.svg"


def outline(file: Path) -> Outline:
    """What is inked of a drawing whose lines are round at their ends, as areas."""
    root = ElementTree.parse(file).getroot()  # noqa: S314  # Our own files and those of a pinned package.
    inked = Outline()
    for element in root:
        alone = ElementTree.Element(root.tag, {"viewBox": "0 0 24 24"})
        alone.append(element)
        line = Outline()
        SVGPath.fromstring(ElementTree.tostring(alone)).draw(line.getPen(glyphSet=None))
        area = Outline(line)
        line.stroke(STROKE, LineCap.ROUND_CAP, LineJoin.ROUND_JOIN, 4)
        line.convertConicsToQuads()
        line.simplify()
        inked = op(inked, line, PathOp.UNION)
        if element.get("fill", "none") != "none":
            inked = op(inked, area, PathOp.UNION)
    return inked


def font() -> bytes:
    """The font as WOFF2; the same drawings give the same bytes."""
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    for name in names():
        pen = TTGlyphPen(None)
        outline(drawing(name)).draw(TransformPen(Cu2QuPen(pen, max_err=1), (SCALE, 0, 0, -SCALE, 0, EM)))
        glyphs[name] = pen.glyph()
    made = FontBuilder(EM, isTTF=True)
    made.setupGlyphOrder(list(glyphs))
    made.setupCharacterMap({FIRST + place: name for place, name in enumerate(names())})
    made.setupGlyf(glyphs)
    made.setupHorizontalMetrics({name: (EM, glyph.xMin if glyph.numberOfContours else 0) for name, glyph in glyphs.items()})
    made.setupHorizontalHeader(ascent=EM, descent=0)
    made.setupNameTable({"familyName": "Marks", "styleName": "Regular", "licenseDescription": LICENCE})
    made.setupOS2(sTypoAscender=EM, sTypoDescender=0, usWinAscent=EM, usWinDescent=0)
    made.setupPost(keepGlyphNames=False)
    made.font["head"].created = made.font["head"].modified = LONG_AGO
    made.font.recalcTimestamp = False
    made.font.flavor = "woff2"
    file = BytesIO()
    made.font.save(file)
    return file.getvalue()


if __name__ == "__main__":
    FONT.write_bytes(font())
    sys.stdout.write(f"{FONT.name}: {len(names())} marks, {FONT.stat().st_size} bytes\n")
