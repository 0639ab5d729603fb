"""A chart as a file: its table as numbers, and its picture on a ground of its own."""

from __future__ import annotations

import csv
import re
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Locator, Page

from tests.browser.conftest import Product, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.walk]


def saved(page: Page, figure: Locator, folder: Path) -> tuple[str, list[list[str]], Image.Image]:
    """The name of both files without its ending, the table's rows, and the picture."""
    with page.expect_download() as told:
        figure.get_by_role("button", name="Save as CSV").click()
    told.value.save_as(folder / "chart.csv")
    with page.expect_download() as drawn:
        figure.get_by_role("button", name="Save as a picture").click()
    drawn.value.save_as(folder / "chart.png")
    name, ending = told.value.suggested_filename.rsplit(".", 1)
    assert (ending, drawn.value.suggested_filename) == ("csv", f"{name}.png")
    picture = Image.open(BytesIO((folder / "chart.png").read_bytes()))
    assert picture.format == "PNG"
    return name, list(csv.reader((folder / "chart.csv").read_text("utf-8-sig").splitlines())), picture


def test_a_chart_is_saved_as_the_numbers_under_it_and_as_a_picture(demo: Product, page: Page, tmp_path: Path) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/performance/channels")
    figure = page.locator("figure.chart").first
    figure.get_by_text("Show the numbers").click()

    name, (head, *rows), picture = saved(page, figure, tmp_path)

    assert name == "seen-day-by-day-and-channel"
    shown = figure.locator("tbody tr")
    # What begins with an @ would run in a spreadsheet.
    assert ([one.removeprefix("'") for one in head], len(rows)) == (figure.locator("thead th").all_inner_texts(), shown.count())
    cells = [[cell.get_attribute("data-value") or "" for cell in row.locator("td").all()] for row in shown.all()[-3:]]
    assert [row[1:] for row in rows[-3:]] == cells
    assert any(cells[0])  # The last day has no numbers yet just after midnight.
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", row[0]) for row in rows)
    assert min(picture.size) > 200


#: Address, the file's name, its headings, and what a row of it looks like.
DRAWINGS = [
    (
        "promotion/quadrant?view=all", "liked-and-seen", ["Video", "Channel", "Seen", "Liked", "Verdict"],
        r"[^|]+\|[^|]+\|(0|1|0?\.\d+|[01]\.\d+)\|(0|1|0?\.\d+|[01]\.\d+)\|[^|]+",
    ),
    (
        "promotion/scores", "said-to-pay-and-did", ["Said", "On average", "Did pay", "Did pay, low", "Did pay, high", "Promotions"],
        r"0\.\d+–[01]\.\d+\|[01]\.\d+\|[01]\.\d+\|[01]\.\d+\|[01]\.\d+\|[1-9]\d*",
    ),
    (
        "performance/costs", "what-a-view-by-people-in-target-cost", ["Asset", "Cost (EUR)", "Seen", "Qualified views", "Cost of one"],
        r"[^|]+\|\d+(\.\d+)?\|\d*\|\d*\|(\d+(\.\d+)?)?",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("address", "name", "head", "row"), DRAWINGS, ids=[one[0] for one in DRAWINGS])
def test_a_drawing_is_saved_as_the_table_that_has_its_numbers_and_as_a_picture(
    address: str, name: str, head: list[str], row: str, demo: Product, page: Page, tmp_path: Path
) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/{address}")

    found, (told, *rows), picture = saved(page, page.locator("figure.chart"), tmp_path)

    assert (found, told) == (name, head)
    assert rows and all(re.fullmatch(row, "|".join(one)) for one in rows)
    assert is_drawn(picture)


def test_the_boards_drawings_are_saved_as_one_picture_and_as_their_numbers(demo: Product, page: Page, tmp_path: Path) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/promotion?view=all")
    shown = page.locator("tbody svg.fan").count()

    with page.expect_download() as drawn:
        page.get_by_role("button", name="Save as a picture").click()
    drawn.value.save_as(tmp_path / "board.png")
    with page.expect_download() as told:
        page.get_by_role("link", name="Save as CSV").click()
    told.value.save_as(tmp_path / "board.csv")

    assert drawn.value.suggested_filename == "views-and-forecast.png"
    picture = Image.open(tmp_path / "board.png")
    assert is_drawn(picture)
    # Four to a line, each as high as the next, below the name and within the edges.
    assert shown > 4 and picture.height == 2 * (-(-shown // 4) * 128 + 34 + 32)
    head, *rows = csv.reader((tmp_path / "board.csv").read_text("utf-8-sig").splitlines())
    assert head[:2] + head[4:] == ["asset_id", "title", "age_days", "views", "forecast", "forecast_low", "forecast_high"]
    assert len({row[0] for row in rows}) >= shown
    assert all(bool(row[5]) is not any(row[6:]) for row in rows)


def test_a_forecast_is_saved_with_what_was_seen_and_both_courses(demo: Product, page: Page, tmp_path: Path) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/promotion?view=all")
    page.locator("tr[data-row] a.row-link").first.click()
    page.wait_for_url(re.compile(r"/promotion/\d+"))

    name, (head, *rows), picture = saved(page, page.locator("figure.chart"), tmp_path)

    courses = [f"{course} promotion{end}" for course in ("Without", "With") for end in ("", ", low", ", high")]
    assert (name, head) == ("views-and-where-they-may-go", ["Days since publication", "Seen", *courses])
    seen, ahead = [row for row in rows if row[1]], [row for row in rows if not row[1]]
    table = page.get_by_role("table", name="Forecast with and without promotion")
    assert seen and len(ahead) == table.locator("tbody tr").count() > 0
    assert all(row[2:] == [""] * 6 for row in seen)
    assert all(int(low) <= int(middle) <= int(high) for _, _, *ends in ahead for middle, low, high in (ends[:3], ends[3:]))
    assert [float(row[0]) for row in rows] == sorted(float(row[0]) for row in rows)
    assert is_drawn(picture)

    # A “what if” draws again: the new picture can be saved as well.
    with page.expect_response(lambda answer: "cost=" in answer.url):
        page.locator("input[name=cost]").fill("1234")
        page.get_by_role("button", name="Work it out").click()
    assert saved(page, page.locator("figure.chart"), tmp_path)[1][0] == head


def test_the_hours_of_the_week_are_saved_with_the_posts_behind_each(demo: Product, page: Page, tmp_path: Path) -> None:
    sign_in(page, demo)
    page.goto(f"{demo.url}/performance/times")

    _, (head, *rows), picture = saved(page, page.locator("figure.chart"), tmp_path)

    assert head[:3] == ["Hour", "Monday", "Monday, Posts"] and head[-2:] == ["Any day", "Any day, Posts"]
    assert {len(row) for row in rows} == {17}
    hours, whole = rows[:-1], rows[-1]
    assert whole[0] == "Any hour"
    # Each column's posts add up to its foot, and the feet of the days to all of them.
    for place in range(2, 17, 2):
        assert sum(int(row[place]) for row in hours) == int(whole[place])
    assert sum(int(whole[place]) for place in range(2, 15, 2)) == int(whole[16]) > 0
    assert is_drawn(picture, coloured=False)  # The demo's channels have too few posts an hour for a colour.


#: The commonest colour of a chart: its lines across.
COMMONEST = """canvas => {
  const points = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data, counts = new Map();
  for (let at = 0; at < points.length; at += 4) {
    if (points[at + 3] < 200) continue;
    const colour = `${points[at]},${points[at + 1]},${points[at + 2]}`;
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  return [...counts].sort((one, other) => other[1] - one[1])[0][0];
}"""


def test_on_paper_a_chart_has_the_colours_of_day_whatever_the_theme(demo: Product, page: Page) -> None:
    def commonest() -> int:
        """How bright it is, of 255."""
        return min(map(int, canvas.evaluate(COMMONEST).split(",")))

    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    sign_in(page, demo)
    page.goto(f"{demo.url}/performance/channels")
    canvas = page.locator("canvas").first
    canvas.wait_for()

    by_night = commonest()
    page.emulate_media(media="print", color_scheme="dark", reduced_motion="reduce")
    on_paper = commonest()
    page.emulate_media(media="screen", color_scheme="dark", reduced_motion="reduce")

    assert by_night < 80 < 200 < on_paper
    assert commonest() == by_night


def is_drawn(picture: Image.Image, *, coloured: bool = True) -> bool:
    """Wide enough, and more under its title than the ground alone: lines and letters, and the drawing's own colours."""
    below = picture.convert("RGB").crop((0, picture.height // 4, picture.width, picture.height))
    colours = below.getcolors(1 << 24) or []
    vivid = [colour for count, colour in colours if count > 20 and max(colour) - min(colour) > 40]
    return picture.width > 400 and picture.height > 200 and len(colours) > 20 and (bool(vivid) or not coloured)
