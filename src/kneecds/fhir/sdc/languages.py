"""The intake form in other languages, in FHIR's own way: beside each text, or in its place.

A translation is a file of its own, keyed by what the linkIds of both knees share. Each of its entries carries the
fingerprint of the text it translates, so that a text which changed later is found.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from kneecds.errors import KnowledgeError
from kneecds.fhir.form import KNEES
from kneecds.fhir.sdc.extensions import TRANSLATION

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Json: TypeAlias = dict[str, Any]


class Words(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One item in another language."""

    of: str  # fingerprint of the English text and options
    text: str
    options: dict[str, str] = {}


class Translation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The whole form in another language; `{side}` stands for the stem of left or right."""

    language: str
    status: str
    sides: dict[str, str]
    title: str
    purpose: str
    units: dict[str, str]
    items: dict[str, Words]


def translation(content: object, name: str) -> Translation:
    """Turn the parsed content of a file into a translation, or raise KnowledgeError."""
    try:
        return msgspec.convert(content, Translation)
    except msgspec.ValidationError as problem:
        raise KnowledgeError((f"{name}: {problem}",)) from problem


def problems(form: Mapping[str, Any], other: Translation) -> list[str]:
    """List what is missing in a translation, too many in it, or a translation of what the form no longer says."""
    found: list[str] = []
    wanted: dict[str, Json] = {}
    for item in _items(form):
        wanted.setdefault(_key(item), item)
    for key, item in wanted.items():
        words = other.items.get(key)
        if words is None:
            found.append(f"{key}: is not translated")
            continue
        offered = {_option(option["valueCoding"]) for option in item.get("answerOption", ())}
        if offered != words.options.keys():
            found.append(f"{key}: options differ: {', '.join(sorted(offered ^ words.options.keys()))}")
        mark = fingerprint(item)
        if words.of != mark:
            found.append(f"{key}: translates an earlier text; look at it again and write `of: {mark}`")
    found += [f"{key}: the form has no such item" for key in other.items.keys() - wanted.keys()]
    found += [f"units: {unit} is not translated" for unit in _units(form) if unit not in other.units]
    found += [f"sides: {knee} is missing" for knee in KNEES if knee not in other.sides]
    return found


def fingerprint(item: Mapping[str, Any]) -> str:
    """Return eight hexadecimal digits that change when the English text or an option of an item changes."""
    options = [f"{_option(o['valueCoding'])}={o['valueCoding']['display']}" for o in item.get("answerOption", ())]
    return hashlib.sha256("\n".join([str(item.get("text", "")), *options]).encode()).hexdigest()[:8]


def with_translations(form: Json, others: Sequence[Translation]) -> Json:
    """Return the form with its translations beside each text.

    https://hl7.org/fhir/R4/languages.html: the extension `translation` on the text itself.
    """
    return _written(form, lambda words: {"extension": [_beside(language, text) for language, text in words]}, others)


def in_language(form: Json, other: Translation) -> Json:
    """Return the form with its own texts in another language; labels for clinicians stay as they are."""
    made = _written(form, None, (other,)) | {"language": other.language}
    made["description"] = f"{made.get('description', '')} Translation: {other.status}.".strip()
    return made


def _written(form: Json, beside: Any, others: Sequence[Translation]) -> Json:  # noqa: ANN401 - a function or nothing
    made: Json = msgspec.json.decode(msgspec.json.encode(form))
    _say(made, "title", [(one.language, one.title) for one in others], beside)
    _say(made, "purpose", [(one.language, one.purpose) for one in others], beside)
    for item in _items(made):
        key = _key(item)
        side = next((knee for knee in KNEES if str(item["linkId"]).startswith(f"{knee}.")), "")
        said = [(one, one.items[key]) for one in others if key in one.items]
        texts = [(one.language, _sentence(words.text, one.sides.get(side, ""))) for one, words in said]
        _say(item, "text", texts, beside)
        for option in item.get("answerOption", ()):
            coding = option["valueCoding"]
            name = _option(coding)
            words_of = [(one.language, words.options[name]) for one, words in said if name in words.options]
            _say(coding, "display", words_of, beside)
        for extension in item.get("extension", ()):
            coding = extension.get("valueCoding", {})
            if "questionnaire-unit" in extension["url"]:
                units = [(one.language, one.units[coding["code"]]) for one in others if coding["code"] in one.units]
                _say(coding, "display", units, beside)
    ordered: Json = _ordered(made)
    return ordered


def _say(holder: Json, name: str, words: list[tuple[str, str]], beside: Any) -> None:  # noqa: ANN401 - as above
    if not words:
        return
    if beside is None:
        holder[name] = words[0][1]
    else:
        holder[f"_{name}"] = beside(words)


def _sentence(text: str, stem: str) -> str:
    return text.replace("{side}", stem)


def _beside(language: str, text: str) -> Json:
    parts = [{"url": "lang", "valueCode": language}, {"url": "content", "valueString": text}]
    return {"url": TRANSLATION, "extension": parts}


def _ordered(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """Put `_text` right behind `text`, everywhere."""
    if isinstance(value, list):
        return [_ordered(one) for one in value]
    if not isinstance(value, dict):
        return value
    found: Json = {}
    for key, inner in value.items():
        if not key.startswith("_"):
            found[key] = _ordered(inner)
            if f"_{key}" in value:
                found[f"_{key}"] = value[f"_{key}"]
    return found


def _items(form: Mapping[str, Any]) -> Iterator[Json]:
    """Yield all items, from top to bottom."""
    waiting: list[Json] = list(reversed(form.get("item", ())))
    while waiting:
        item = waiting.pop()
        yield item
        waiting += reversed(item.get("item", ()))


def _key(item: Mapping[str, Any]) -> str:
    """Return what the linkIds of both knees share."""
    link_id = str(item["linkId"])
    for knee in KNEES:
        link_id = link_id.removeprefix(f"{knee}.")
    return link_id


def _option(coding: Mapping[str, Any]) -> str:
    code = str(coding["code"])
    return "unsure" if code == "asked-unknown" else code.rpartition(".")[2]


def _units(form: Mapping[str, Any]) -> Iterable[str]:
    found: dict[str, None] = {}
    for item in _items(form):
        for extension in item.get("extension", ()):
            if "questionnaire-unit" in extension["url"]:
                found[extension["valueCoding"]["code"]] = None
    return found
