"""`kneecds feedback`: what clinicians did with the cards they were shown."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

import click

from kneecds.cli import files, options
from kneecds.cli.database import database_option, opened

if TYPE_CHECKING:
    from collections.abc import Callable

    from kneecds.render.feedback_report import FeedbackReport, Line, Reason, Share
    from kneecds.render.page import Names
    from kneecds.storage.acceptance import Acceptance, Counted


@click.group(epilog="Example: kneecds feedback report --database sqlite:///kneecds.sqlite3")
def feedback() -> None:
    """Look at what clinicians did with the cards they were shown."""


@feedback.command(
    epilog="Example: kneecds feedback report --database sqlite:///kneecds.sqlite3 --format html -o feedback.html"
)
@database_option
@click.option("--since", type=options.Day(), help="First day on which the cards were shown, in UTC.")
@click.option("--until", type=options.Day(), help="Last day on which the cards were shown, in UTC.")
@options.format_option("text", "json", "html", "csv")
@options.output_option
def report(url: str, since: date | None, until: date | None, form: str, output: str | None) -> None:
    """Report how often cards were accepted and overridden, and why, by what they rest on and knowledge version.

    Cards count, not how often they were shown. What nobody answered is neither accepted nor overridden.
    """
    from kneecds.cli import names, screen  # noqa: PLC0415 - heavy
    from kneecds.render.feedback import to_csv, to_text  # noqa: PLC0415
    from kneecds.render.feedback_page import to_html  # noqa: PLC0415
    from kneecds.render.json import to_json  # noqa: PLC0415

    if since and until and until < since:
        msg = f"--until {until} is before --since {since}"
        raise click.UsageError(msg)
    with opened(url) as store:
        counted = store.acceptance(_start(since), _start(until + timedelta(days=1)) if until else None)
    made = report_of(counted, names.shipped(), since, until)
    written: dict[str, Callable[[], str | bytes]] = {
        "text": lambda: to_text(made, screen.look(output)),
        "json": lambda: to_json(made),
        "html": lambda: to_html(made),
        "csv": lambda: to_csv(made),
    }
    files.write(output, written[form]())


def report_of(counted: Acceptance, names: Names, since: date | None, until: date | None) -> FeedbackReport:
    """Return what the report says; rules with the most cards first, and their versions together."""
    from kneecds.render.feedback_report import FeedbackReport  # noqa: PLC0415

    by_rule: dict[tuple[str, str], int] = {}
    for each in counted.rules:
        by_rule[each.rule, each.role] = by_rule.get((each.rule, each.role), 0) + each.shown
    return FeedbackReport(
        since=str(since or ""),
        until=str(until or ""),
        total=_line(counted.total, "All cards", _reasons(counted, None)),
        rules=tuple(
            _line(each, names.of(each.rule) if each.rule else "No rule", _reasons(counted, each))
            for each in sorted(counted.rules, key=lambda each: (-by_rule[each.rule, each.role], each))
        ),
        unknown_cards=counted.unknown,
    )


def _line(counts: Counted, title: str, reasons: tuple[Reason, ...]) -> Line:
    from kneecds.render.feedback_report import Line  # noqa: PLC0415

    return Line(
        rule=counts.rule,
        title=title,
        role=counts.role,
        knowledge_version=counts.knowledge_version,
        knowledge_hash=counts.knowledge_hash,
        shown=counts.shown,
        times=counts.times,
        accepted=counts.accepted,
        overridden=counts.overridden,
        no_response=counts.shown - counts.accepted - counts.overridden,
        accepted_share=_share(counts.accepted, counts.shown),
        overridden_share=_share(counts.overridden, counts.shown),
        reasons=reasons,
    )


def _reasons(counted: Acceptance, of: Counted | None) -> tuple[Reason, ...]:
    """Return the reasons of a rule, or of all cards, most frequent first."""
    from kneecds.render.feedback_report import Reason  # noqa: PLC0415

    entries = counted.all_reasons if of is None else [each for each in counted.reasons if each[:4] == of[:4]]
    return tuple(Reason(each.code, each.system, each.display, each.entries) for each in entries)


def _share(count: int, of: int) -> Share:
    from kneecds.evaluation.report import wilson  # noqa: PLC0415 - heavy
    from kneecds.render.feedback_report import Share  # noqa: PLC0415

    found = wilson(count, of)
    return Share(found.value, found.low, found.high)


def _start(day: date | None) -> datetime | None:
    return datetime.combine(day, time(), UTC) if day else None
