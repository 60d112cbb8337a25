"""Figures that claim no more than an estimate can, and sources that can be opened."""

from __future__ import annotations

import pytest

from kneecds.cdshooks.phrases import figure, interval, phrases
from kneecds.knowledge import shipped
from kneecds.pipeline import prepare


@pytest.mark.parametrize(
    ("probability", "expected"),
    [
        (1.0, "over 99 %"),
        (0.995, "over 99 %"),
        (0.99, "99 %"),
        (0.5, "50 %"),
        (0.01, "1 %"),
        (0.009, "under 1 %"),
        (0.0, "under 1 %"),
    ],
)
def test_figure(probability: float, expected: str) -> None:
    assert figure(probability) == expected


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [(0.2, 0.8, "20 to 80 %"), (0.9, 1.0, "90 to over 99 %"), (0.0, 0.3, "under 1 to 30 %"), (0.999, 1.0, "over 99 %")],
)
def test_interval(low: float, high: float, expected: str) -> None:
    assert interval(low, high) == expected


class TestSources:
    said = phrases(prepare(shipped()))

    def test_with_an_address(self) -> None:
        assert self.said.sources(["margaretten_2007"]).startswith("[Margaretten et al. 2007](https://")

    def test_the_same_one_once_and_few_of_many(self) -> None:
        names = [source.id for source in shipped().sources[:8]]
        assert self.said.sources([*names, *names]).endswith("more")
        assert self.said.sources([names[0], names[0]]) == self.said.sources(names[:1])

    def test_what_has_no_author_goes_by_its_title(self) -> None:
        assert self.said.sources(["consensus_profile"]) not in ("none", "")

    def test_all_sources_can_be_written(self) -> None:
        for source in shipped().sources:
            assert self.said.sources([source.id])
            assert "(http" not in self.said.sources([source.id]) or source.url

    def test_what_is_kept_is_bounded(self) -> None:
        said = type(self.said)(prepare(shipped()))
        for number in range(10_000):
            said.said(f"text {number}")
        assert len(said._kept) <= 4096
