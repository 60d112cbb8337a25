"""The report on feedback: the same figures in every form, and nothing of what others said is taken for markup."""

from __future__ import annotations

import csv
import json
import re
from html.parser import HTMLParser
from io import StringIO
from itertools import pairwise

import pytest

from kneecds.evaluation.report import wilson
from kneecds.render.feedback import MARKS, to_csv, to_text
from kneecds.render.feedback_page import FILLS, to_html
from kneecds.render.feedback_report import BECAME, INTERVAL, FeedbackReport, Line, Reason, Share
from kneecds.render.json import to_json
from kneecds.render.page import Look

HOSTILE = '<script>alert("1")</script>\x1b[2J'


def line(title: str, shown: int, accepted: int, overridden: int, *reasons: Reason, **more: str) -> Line:
    yes, no = wilson(accepted, shown), wilson(overridden, shown)
    names = {"rule": title, "role": "red_flag", "knowledge_version": "2026.1", "knowledge_hash": "ab" * 32} | more
    return Line(
        title=title,
        shown=shown,
        times=shown + 1,
        accepted=accepted,
        overridden=overridden,
        no_response=shown - accepted - overridden,
        accepted_share=Share(yes.value, yes.low, yes.high),
        overridden_share=Share(no.value, no.low, no.high),
        reasons=reasons,
        **names,
    )


REASONS = (Reason("x", "s", "Does not apply", 3), Reason("", "", "", 2), Reason("=1+1", "s", HOSTILE, 1))
REPORT = FeedbackReport(
    "2026-01-01",
    "2026-03-31",
    line("All cards", 60, 20, 10, *REASONS),
    (
        line("Hot swollen joint", 40, 10, 5, *REASONS[:2]),
        line(HOSTILE, 12, 2, 3, REASONS[2]),
        line("=SUM(A1)", 8, 8, 0, role="rating"),
    ),
    2,
)
EMPTY = FeedbackReport("", "", line("All cards", 0, 0, 0), (), 0)


def text(report: FeedbackReport = REPORT, **look: object) -> str:
    return to_text(report, Look(**look))  # type: ignore[arg-type]


def test_text_has_the_figures_of_every_line() -> None:
    shown = text()
    assert "from 2026-01-01 to 2026-03-31 (UTC)" in shown
    for each in (*REPORT.rules, REPORT.total):
        numbers = rf"{each.shown} +{each.accepted} +{each.overridden} +{each.no_response} "
        assert re.search(numbers, shown), each.title
    assert "25 % (14–40 %)" in shown  # noqa: RUF001
    assert "3 ×   Does not apply" in shown  # noqa: RUF001
    assert "entries of feedback about cards that are not on record: 2" in shown
    assert INTERVAL in " ".join(shown.split())


def test_bars_are_as_long_as_each_other_and_show_what_happened_at_all() -> None:
    rare = line("Rare", 1000, 1, 1)
    bars = re.findall("^  ([█×·]{20,})$", text(FeedbackReport("", "", rare, (rare, *REPORT.rules), 0)), re.MULTILINE)  # noqa: RUF001
    assert [len(bar) for bar in bars] == [40] * 4
    assert bars[0].count("█") == bars[0].count(MARKS["overridden"][0]) == 1
    assert bars[1] == "█" * 10 + "×" * 5 + "·" * 25  # noqa: RUF001
    assert bars[3] == "█" * 40


@pytest.mark.parametrize("look", [{}, {"color": True}, {"ascii_only": True}, {"width": 40}])
def test_no_terminal_takes_it_for_a_command(look: dict[str, object]) -> None:
    shown = text(**look)
    assert "\x1b[2J" not in shown
    assert ("\x1b" in shown) is ("color" in look)
    if "ascii_only" in look:
        assert shown.isascii()
    if "width" in look:
        assert max(map(len, shown.splitlines())) <= 40


def test_without_colour_the_three_are_told_apart() -> None:
    assert len({mark for mark, _ in MARKS.values()}) == len(set(FILLS.values())) == len(BECAME) == 3


def test_nothing_shown_is_said() -> None:
    assert "0 shown: 0 accepted, 0 overridden, 0 no response" in text(EMPTY)
    assert "No card was overridden" in to_html(EMPTY)


def test_json_is_the_report() -> None:
    assert json.loads(to_json(REPORT))["rules"][0]["accepted_share"] == {"value": 0.25, "low": 0.1419, "high": 0.4019}


def test_csv_has_a_row_for_each_line_and_no_formula() -> None:
    rows = list(csv.DictReader(StringIO(to_csv(REPORT))))
    assert [(row["shown"], row["accepted_share"]) for row in rows] == [("40", "0.25"), ("12", "0.1667"), ("8", "1.0")]
    assert rows[2]["rule"] == "'=SUM(A1)"
    assert "\x1b" not in rows[1]["rule"]


class Seen(HTMLParser):
    """Everything a test asks of the page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.cells: list[list[str]] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag == "tr":
            self.cells.append([])
        if tag in ("td", "th"):
            self.cells[-1].append("")
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.words.append(data)
        if "table" in self.open and self.open[-1] in ("td", "th"):
            self.cells[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def page() -> Seen:
    return Seen(to_html(REPORT))


def test_page_loads_and_runs_nothing(page: Seen) -> None:
    assert {tag for tag, _ in page.tags}.isdisjoint({"script", "link", "img", "iframe", "object", "a", "form"})
    assert not [
        name for _, attributes in page.tags for name in attributes if name.startswith("on") or name in ("src", "href")
    ]
    assert "http" not in to_html(REPORT).replace("http-equiv", "")
    assert HOSTILE.split("\x1b", maxsplit=1)[0] in "".join(page.words)


def test_page_has_language_title_and_headings_in_order(page: Seen) -> None:
    """WCAG 2.2: 3.1.1, 2.4.2, 1.3.1."""
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("title")) == 1 + len(REPORT.rules)
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_every_picture_is_named_and_described_or_hidden(page: Seen) -> None:
    """WCAG 2.2: 1.1.1."""
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    pictures = page.all("svg")
    named = [each for each in pictures if each.get("role") == "img"]
    assert len(named) == len(REPORT.rules) == len(page.all("desc"))
    assert all(set(str(each["aria-labelledby"]).split()) <= set(ids) for each in named)
    assert all(each.get("aria-hidden") == "true" for each in pictures if each not in named)


def test_the_table_beside_the_chart_has_all_figures(page: Seen) -> None:
    """WCAG 2.2: 1.3.1; headers have a scope, and the wide part scrolls by keyboard (2.1.1)."""
    head, *body, foot = page.cells
    assert len(head) == 9
    assert [cells[3:7] for cells in body] == [["40", "10", "5", "25"], ["12", "2", "3", "7"], ["8", "8", "0", "0"]]
    assert foot[3:8] == ["60", "20", "10", "30", "33 % (23–46 %)"]  # noqa: RUF001
    assert all(each.get("scope") in ("col", "row") for each in page.all("th"))
    assert [each for each in page.all("div") if each.get("role") == "region" and each.get("tabindex") == "0"]
    assert page.all("caption")


def luminance(colour: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in (int(parts[start : start + 2], 16) / 255 for start in (0, 2, 4))
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_every_colour_stands_out_from_white() -> None:
    """WCAG 2.2: 4.5 to 1 for text (1.4.3), 3 to 1 for the rest (1.4.11); only white is a background."""
    written = to_html(REPORT)
    colours = set(re.findall(r"#[0-9a-f]{6}\b|#[0-9a-f]{3}\b", written)) - {"#fff"}
    assert colours
    assert set(re.findall(r"background: ([^;]+);", written)) == {"#fff"}
    assert min(1.05 / (luminance(colour) + 0.05) for colour in colours) >= 4.5


def test_the_same_report_gives_the_same_page() -> None:
    assert to_html(REPORT) == to_html(REPORT)
