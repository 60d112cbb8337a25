"""What can be done, what guidelines advise against, and what was left out because something forbids it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kneecds.render.words import SIDE_WORDS, humanised

if TYPE_CHECKING:
    from kneecds.core.assessment import Assessment, Blocked, Option
    from kneecds.render.page import Names, Page

GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Do": ("self_care", "education", "medication", "device"),
    "Load": ("load_management",),
    "Exercise": ("exercise",),
    "Referral and procedures": ("referral", "injection", "surgery"),
    "Imaging": ("imaging",),
}
"""Which kinds of action stand together; others come last."""

OTHER: Final = "Other"


def render(page: Page, assessment: Assessment, names: Names, most: int) -> None:
    """Show options by group, then what not to do, then what is blocked."""
    grouped = by_group(assessment.options)
    if grouped:
        page.heading("Options, for your decision")
    for group, options in grouped.items():
        page.line((group, "bold underline"), indent=2)
        for option in options[:most]:
            _option(page, option)
        page.more(len(options) - most, indent=4)
    if assessment.against:
        page.heading("Guidelines advise against")
        for option in assessment.against[:most]:
            _option(page, option)
        page.more(len(assessment.against) - most, indent=4)
    if assessment.blocked:
        page.heading("Left out")
        for blocked in assessment.blocked:  # never shortened: a contraindication must be seen
            _blocked(page, blocked, names)


def by_group(options: tuple[Option, ...]) -> dict[str, list[Option]]:
    """Sort options into the groups that are shown, keeping their order; empty groups are left out."""
    group_of = {kind: group for group, kinds in GROUPS.items() for kind in kinds}
    grouped: dict[str, list[Option]] = {group: [] for group in (*GROUPS, OTHER)}
    for option in options:
        grouped[group_of.get(option.kind, OTHER)].append(option)
    return {group: found for group, found in grouped.items() if found}


def _option(page: Page, option: Option) -> None:
    dosage = f"; {option.dosage}" if option.dosage.strip("- ") else ""
    side = f"{SIDE_WORDS[option.scope]}, " if option.scope in ("left", "right") else ""
    note = f" · {side}{humanised(option.strength)}"
    page.entry("-", option.text, dosage, (note, "dim"), page.cite(option.sources), indent=4)
    if option.caution:
        page.entry("review first:", "; ".join(option.caution), indent=6, style="yellow")


def _blocked(page: Page, blocked: Blocked, names: Names) -> None:
    page.entry("x", blocked.text, indent=4, style="red")
    if blocked.because:
        page.entry("because of", ", ".join(names.of(each) for each in blocked.because), indent=6, style="dim")
    if blocked.unknown:
        page.entry("not known", ", ".join(names.of(each) for each in blocked.unknown), indent=6, style="dim")
