"""A report on feedback as one accessible page (WCAG 2.2, level AA): no script, nothing loaded from elsewhere.

The chart says nothing that the table does not say; accepted, overridden and unanswered differ by pattern and label,
not by colour alone (1.4.1); colours have the contrast of 1.4.3 and 1.4.11; wide tables scroll by keyboard (2.1.1) and
the rest fits 320 pixels (1.4.10).
"""

from __future__ import annotations

from html import escape
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from kneecds.render.feedback import about
from kneecds.render.feedback_report import BECAME, NOTES, Became
from kneecds.render.words import clean, counted, interval, percent

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kneecds.render.feedback_report import FeedbackReport, Line, Share

FILLS: Final[dict[Became, str]] = {"accepted": "#1b5e8f", "overridden": "url(#hatched)", "no_response": "url(#dotted)"}

PATTERNS: Final = """<svg class="patterns" width="0" height="0" aria-hidden="true" focusable="false"><defs>
<pattern id="hatched" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
<rect width="7" height="7" fill="#fff"/><rect width="4" height="7" fill="#a34700"/></pattern>
<pattern id="dotted" width="7" height="7" patternUnits="userSpaceOnUse">
<rect width="7" height="7" fill="#fff"/><circle cx="3.5" cy="3.5" r="1.2" fill="#595959"/></pattern>
</defs></svg>"""

HEADS: Final = (
    "Rests on", "Card", "Knowledge", "Shown", "Accepted", "Overridden", "No response", "Accepted, 95 % interval",
    "Overridden, 95 % interval",
)  # fmt: skip


def to_html(report: FeedbackReport) -> str:
    """Return the page."""
    style = files("kneecds.render").joinpath("feedback_page.css").read_text("utf-8")
    return "\n".join(
        (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>Feedback on cards, {_said(report.period)}</title>\n<style>\n{style}</style>\n</head>\n<body>\n<main>",
            *_top(report),
            *(_chart(report) if report.rules else ()),
            *(_table(report) if report.rules else ()),
            *_reasons(report),
            "<h2>How to read it</h2>",
            *(f"<p>{_said(note)}</p>" for note in NOTES),
            "</main>\n</body>\n</html>\n",
        )
    )


def _said(text: object) -> str:
    return escape(clean(str(text)))


def _top(report: FeedbackReport) -> Iterator[str]:
    total = report.total
    yield f"<h1>Feedback on cards</h1>\n<p>Cards shown {_said(report.period)}.</p>"
    figures = [("Cards", total.shown), *((word.capitalize(), total.of(became)) for became, word in BECAME.items())]
    yield f'<dl class="figures">{"".join(f"<div><dt>{name}</dt><dd>{count}</dd></div>" for name, count in figures)}</dl>'
    yield (
        f"<p>Accepted: {_share(total.accepted_share)} of the cards. Overridden: {_share(total.overridden_share)}. "
        f"They were shown {counted(total.times, 'time')}.</p>"
    )
    if report.unknown_cards:
        yield f"<p><strong>Not counted:</strong> entries of feedback about cards that are not on record: {report.unknown_cards}.</p>"


def _chart(report: FeedbackReport) -> Iterator[str]:
    yield f'<h2 id="chart">What became of the cards</h2>\n<p>The whole of a bar is all cards of its line.</p>\n{PATTERNS}'
    keys = "".join(
        f'<li><svg width="28" height="18" aria-hidden="true" focusable="false">{_bar("1", "26", became)}</svg> '
        f"{word}</li>"
        for became, word in BECAME.items()
    )
    yield f'<ul class="key">{keys}<li><svg width="28" height="18" aria-hidden="true" focusable="false">{_whisker("2", "26")}</svg> 95 % interval of accepted</li></ul>'
    yield '<ul class="bars" aria-labelledby="chart">'
    for number, line in enumerate(report.rules):
        yield (
            f'<li><p class="name"><b>{_said(line.title)}</b> <span>{_said(about(line))}</span></p>\n'
            f"{_picture(line, number)}\n<p>{_counts(line)}</p></li>"
        )
    yield "</ul>"


def _picture(line: Line, number: int) -> str:
    """Draw the bar of one line; the whole width is all of its cards."""
    bars, start = [], 0.0
    for became in BECAME:
        width = 100 * line.of(became) / line.shown if line.shown else 0.0
        if width:
            bars.append(_bar(f"{start:.2f}%", f"{width:.2f}%", became))
        start += width
    share = line.accepted_share
    return (
        f'<svg class="bar" width="100%" height="34" role="img" aria-labelledby="t{number} d{number}">'
        f'<title id="t{number}">{_said(line.title)}, {_said(about(line))}</title>'
        f'<desc id="d{number}">{_counts(line)}. Accepted {_share(share)}.</desc>'
        f"{''.join(bars)}{_whisker(f'{100 * share.low:.2f}%', f'{100 * share.high:.2f}%', 27)}</svg>"
    )


def _bar(start: str, width: str, became: Became) -> str:
    return f'<rect x="{start}" y="1" width="{width}" height="17" fill="{FILLS[became]}" stroke="#1a1a1a"/>'


def _whisker(low: str, high: str, middle: int = 9) -> str:
    top, bottom = middle - 4, middle + 4
    return (
        f'<g stroke="#1a1a1a" stroke-width="2"><line x1="{low}" x2="{high}" y1="{middle}" y2="{middle}"/>'
        f'<line x1="{low}" x2="{low}" y1="{top}" y2="{bottom}"/><line x1="{high}" x2="{high}" y1="{top}" y2="{bottom}"/></g>'
    )


def _table(report: FeedbackReport) -> Iterator[str]:
    yield '<h2 id="table">The figures</h2>\n<div class="wide" role="region" aria-labelledby="table" tabindex="0">\n<table>'
    yield "<caption>Cards shown, by what they rest on and knowledge version</caption>"
    heads = "".join(f'<th scope="col">{head}</th>' for head in HEADS)
    yield f"<thead><tr>{heads}</tr></thead>\n<tbody>"
    for line in report.rules:
        name = f'<th scope="row">{_said(line.title)}{f"<br><code>{_said(line.rule)}</code>" if line.rule else ""}</th>'
        yield _row(name, (line.role.replace("_", " "), line.knowledge), line)
    yield "</tbody>\n<tfoot>"
    yield _row('<th scope="row">All cards, each once</th>', ("", ""), report.total)
    yield "</tfoot>\n</table>\n</div>"


def _row(name: str, words: Iterable[str], line: Line) -> str:
    figures = (line.shown, line.accepted, line.overridden, line.no_response)
    shares = (_share(line.accepted_share), _share(line.overridden_share))
    cells = [f"<td>{_said(word)}</td>" for word in words] + [
        f'<td class="n">{each}</td>' for each in (*figures, *shares)
    ]
    return f"<tr>{name}{''.join(cells)}</tr>"


def _reasons(report: FeedbackReport) -> Iterator[str]:
    yield "<h2>Why cards were overridden</h2>"
    if not report.total.reasons:
        yield "<p>No card was overridden.</p>"
    for line in (report.total, *report.rules):
        if line.reasons:
            more = "" if line is report.total else f" <small>{_said(about(line))}</small>"
            items = "".join(f"<li>{each.entries} × {_said(each.words)}</li>" for each in line.reasons)  # noqa: RUF001
            yield f"<h3>{_said(line.title)}{more}</h3>\n<ul>{items}</ul>"


def _counts(line: Line) -> str:
    parts = ", ".join(f"{line.of(became)} {word}" for became, word in BECAME.items())
    return _said(f"{counted(line.shown, 'card')} shown: {parts}")


def _share(share: Share) -> str:
    return _said(f"{percent(share.value)} % ({interval(share.low, share.high)})")
