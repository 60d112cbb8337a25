"""The XHTML of narratives."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kneecds.fhir.narrative import problems, read

XHTML = "http://www.w3.org/1999/xhtml"


def div(inside: str) -> str:
    return f'<div xmlns="{XHTML}">{inside}</div>'


@pytest.mark.parametrize(
    "text",
    [
        div("pain in the knee"),
        div('<p class="a" id="b" style="color: red" title="c" xml:lang="en" lang="en">text</p>'),
        div("<table><caption>c</caption><thead><tr><th>a</th></tr></thead><tbody><tr><td>b</td></tr></tbody></table>"),
        div("<ul> <li>a<p>b</p><ul><li>c</li></ul></li>\n</ul>"),
        div("<dl><dt>a</dt><dd>b<div>c</div></dd></dl>"),
        div('<a href="https://example.org">more</a><a name="here">x</a>'),
        div('<img src="knee.png" alt="the knee"/>'),
        div("&lt; &gt; &amp; &quot; &apos; &#160; &#x41;"),
        div("\u00a0"),
        div("<b>bold</b><br/><hr/><i>text</i><!-- said elsewhere -->"),
        f'<x:div xmlns:x="{XHTML}">text</x:div>',
        f"  {div('text')}\n",
    ],
)
def test_a_narrative_that_may_stand(text: str) -> None:
    assert problems(text) == []


@pytest.mark.parametrize(
    ("text", "rule", "words"),
    [
        ("<div>text</div>", "txt-1", "no namespace"),
        ('<div xmlns="http://www.w3.org/1999/html">text</div>', "txt-1", "the namespace http://www.w3.org/1999/html"),
        (f'<p xmlns="{XHTML}">text</p>', "txt-1", "is a <p>"),
        (div(""), "txt-2", "no text"),
        (f'<div xmlns="{XHTML}"/>', "txt-2", "no text"),
        (div(" \n<p><br/></p><!-- only a comment -->"), "txt-2", "no text"),
        (div("x<script>alert(1)</script>"), "txt-1", "<script>"),
        (div("x<form><input type='text'/></form>"), "txt-1", "<form>"),
        (div("<P>x</P>"), "txt-1", "<P>"),
        (div("<u>x</u>"), "txt-1", "<u>"),
        (div("<p onclick='x()'>x</p>"), "txt-1", "onclick"),
        (div("<p data-x='1'>x</p>"), "txt-1", "data-x"),
        (div("<p xml:base='http://example.org'>x</p>"), "txt-1", "base"),
        (div("<p href='http://example.org'>x</p>"), "txt-1", "href"),
        (div("a&nbsp;b"), "txt-1", "&nbsp;"),
        (div("a & b"), "txt-1", "not well-formed"),
        (div("a < b"), "txt-1", "not well-formed"),
        (div("a<br>b"), "txt-1", "not well-formed"),
        (div("<p class=a>x</p>"), "txt-1", "not well-formed"),
        (div("<h:p>x</h:p>"), "txt-1", "not well-formed"),
        (div("x") + div("y"), "txt-1", "not well-formed"),
        ("text", "txt-1", "not well-formed"),
        ("", "txt-1", "not well-formed"),
        (f"<!DOCTYPE div>{div('x')}", "txt-1", "document type"),
        (div("x<td>y</td>"), "txt-1", "<td> stands in <div>"),
        (div("<ul>x<li>y</li></ul>"), "txt-1", "directly in <ul>"),
        (div("<ul><p>y</p></ul>"), "txt-1", "directly in <ul>"),
        (div("<p>x<span><div>y</div></span></p>"), "txt-1", "<div>"),
        (div("<p>x<p>y</p></p>"), "txt-1", "<p> stands inside a paragraph"),
        (div("<a href='x'><b><a href='y'>x</a></b></a>"), "txt-1", "another <a>"),
        (div("x<br>y</br>"), "txt-1", "<br>"),
    ],
)
def test_a_narrative_that_may_not(text: str, rule: str, words: str) -> None:
    found = problems(text)
    assert rule in {problem.rule for problem in found}
    assert any(words in problem.message for problem in found), found


def test_what_can_be_pointed_at_and_what_points() -> None:
    found = read(div('<p id="a">x</p><a name="b" href="#a">y</a><img src="c.png" alt=""/>'))
    assert (found.anchors, found.links, found.images) == (("a", "b"), ("#a",), ("c.png",))


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))


@pytest.mark.parametrize(
    "text",
    [
        f'<!DOCTYPE div [<!ENTITY l0 "ha">{LAUGHS}]>{div("&l11;")}',
        f'<!DOCTYPE div [<!ENTITY x SYSTEM "file:///etc/passwd">]>{div("&x;")}',
        f'<!DOCTYPE div SYSTEM "http://example.org/evil.dtd">{div("x")}',
    ],
)
def test_declarations_are_not_even_read(text: str) -> None:
    assert [problem.message for problem in problems(text)] == [
        "a document type declaration is not allowed in a narrative"
    ]


def test_depth_and_number_are_bounded() -> None:
    deep = 50_000
    assert problems(div("<div>" * deep + "x" + "</div>" * deep)) == []
    many = problems(div("".join(f"<x{number}>y</x{number}>" for number in range(deep))))
    assert len(many) == 10
    assert all(len(problem.message) < 200 for problem in problems(div(f"<{'x' * deep}>y</{'x' * deep}>")))


@given(st.text(st.characters(codec="utf-8") | st.sampled_from('<>/="& dpiv'), max_size=60))
def test_any_text_has_an_answer(text: str) -> None:
    for problem in problems(text) + problems(div(text)):
        assert problem.rule in ("txt-1", "txt-2")
