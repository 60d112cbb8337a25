"""Discovery: https://cds-hooks.hl7.org/2.0/#discovery."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from kneecds.conformance import parts, templates
from kneecds.conformance.result import Problem, Unseen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kneecds.conformance.exchange import Exchange
    from kneecds.conformance.parts import Part
    from kneecds.conformance.suite import Suite

_CONTEXT: Final = re.compile(r"context\.[A-Za-z][A-Za-z0-9]*")
_USER: Final = re.compile(r"user\w*Id|context\..*")
_STRUCTURED: Final = frozenset({"draftOrders", "selections", "appointments", "conditions", "medications"})
"""Context fields whose value is an array or an object in the published hooks."""
_PARAMETER: Final = re.compile(r"[a-z_][A-Za-z0-9_-]*(:in)?|_(count|sort)")
_BEYOND: Final = re.compile(r"_(include|revinclude|has|filter|query|contained|summary|elements|text|content)")
_DATE: Final = re.compile(r"(eq|lt|gt|ge|le)?(\d{4}(-\d\d){0,2}.*|\{\{.*\}\})")
_BALLOT: Final = ("version", "hookVersion")


def endpoint(suite: Suite) -> Iterator[Problem]:
    """Yield if discovery is not answered with 200."""
    if suite.discovery.status != 200:  # noqa: PLR2004
        yield Problem(f"answered {suite.discovery.status} instead of 200", suite.discovery)


def json(suite: Suite) -> Iterator[Problem]:
    """Yield if discovery is not JSON, or is not declared as such."""
    yield from not_json(suite.discovery)


def not_json(exchange: Exchange) -> Iterator[Problem]:
    """Yield what keeps an answer from being JSON."""
    if not exchange.is_json:
        yield Problem(f"content-type is {exchange.headers.get('content-type', 'missing')!r}", exchange)
    for issue in exchange.issues:
        if issue.is_error:
            yield Problem(f"the body is no sound JSON: {issue.message}", exchange)


def listed(suite: Suite) -> Iterator[Problem]:
    """Yield if discovery is no object with an array of services."""
    document = suite.discovery.document
    if not isinstance(document, dict) or not isinstance(document.get("services"), list):
        yield Problem("the body is no object with an array `services`", suite.discovery)


def prefetch_strings(suite: Suite) -> Iterator[Problem]:
    """Yield templates that are no strings."""
    for part in parts.with_member("service", "prefetch", suite):
        wanted = part.of("prefetch")
        if not isinstance(wanted, dict):
            yield part.problem("has a prefetch that is not an object")
            continue
        for key, template in wanted.items():
            if not isinstance(template, str) and template is not None:
                yield part.problem(f"has a template {key!r} that is not a string")


def pairs(suite: Suite) -> Iterator[Problem]:
    """Yield services that are listed twice under one hook."""
    seen = Counter((str(part.of("id")), str(part.of("hook"))) for part in parts.parts("service", suite))
    for (name, hook), times in seen.items():
        if times > 1:
            yield Problem(f"{name} is listed {times} times for {hook}", suite.discovery)


def delimiters(suite: Suite) -> Iterator[Problem]:
    """Yield templates whose tokens are not between {{ and }} (R-55)."""
    for part, key, template in _templates(suite):
        rest = templates.TOKEN.sub("", template)
        if re.search(r"[{}]|\$\{|%7[bB]", rest) or re.search(r"(^|[/=])context\.\w", rest):
            yield part.problem(f"has a template {key!r} whose tokens are not between {{{{ and }}}}: {template[:80]!r}")


def tokens(suite: Suite) -> Iterator[Problem]:
    """Yield tokens that are neither of the context nor of the user (R-56, R-59)."""
    for part, key, token in _tokens(suite):
        if token not in templates.USER_TOKENS and not token.startswith("context."):
            yield part.problem(f"has a template {key!r} with the token {token[:60]!r}")


def root_tokens(suite: Suite) -> Iterator[Problem]:
    """Yield tokens that do not name a primitive root field of the context (R-57)."""
    for part, key, token in _tokens(suite):
        field = token.removeprefix("context.")
        if token.startswith("context.") and (not _CONTEXT.fullmatch(token) or field in _STRUCTURED):
            yield part.problem(f"has a template {key!r} with the token {token[:60]!r}, no primitive root field")


def subset(suite: Suite) -> Iterator[Problem]:
    """Yield queries beyond what clients are recommended to support (R-58)."""
    for part, key, template in _templates(suite):
        for parameter, value in parse_qsl(template.partition("?")[2], keep_blank_values=True):
            if not _PARAMETER.fullmatch(parameter) or _BEYOND.fullmatch(parameter):
                yield part.problem(f"has a template {key!r} with the parameter {parameter[:40]!r}")
            elif parameter == "date" and not _DATE.fullmatch(value):
                yield part.problem(f"has a template {key!r} with the date {value[:40]!r}")


def ballot(suite: Suite) -> Iterator[Problem]:
    """Yield what only the ballot of 3.0 knows."""
    if suite.target.ballot:
        msg = "--ballot: the client knows them"
        raise Unseen(msg)
    for part in parts.parts("service", suite):
        for name in _BALLOT:
            if part.of(name) is not None:
                yield part.problem(f"has {name}, which 2.0 does not know")


def _templates(suite: Suite) -> list[tuple[Part, str, str]]:
    found = [
        (part, key, template)
        for part in parts.parts("service", suite)
        if isinstance(part.of("prefetch"), dict)
        for key, template in part.of("prefetch").items()
        if isinstance(template, str)
    ]
    if not found:
        msg = "no prefetch template was seen"
        raise Unseen(msg)
    return found


def _tokens(suite: Suite) -> list[tuple[Part, str, str]]:
    found = [(part, key, token) for part, key, one in _templates(suite) for token in templates.tokens(one)]
    if not found:
        msg = "no prefetch token was seen"
        raise Unseen(msg)
    return found
