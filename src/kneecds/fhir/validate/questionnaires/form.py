"""A Questionnaire compiled once: each item with its children, its conditions and the checks of its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.questionnaires import extensions as ext
from kneecds.fhir.validate.questionnaires.conditions import OPERATORS, Condition
from kneecds.fhir.validate.questionnaires.expressions import Constraint, Expression, constraints_of, expression_of
from kneecds.fhir.validate.questionnaires.extensions import objects
from kneecds.fhir.validate.questionnaires.options import Options
from kneecds.fhir.validate.questionnaires.values import accepted

if TYPE_CHECKING:
    from kneecds.fhir.structure.facts import Release
    from kneecds.fhir.validate.questionnaires.values import Slot


class Item:
    """One item of a form."""

    __slots__ = (
        "accepts", "any_of", "bare", "children", "conditions", "constraints", "exclusive", "expression", "hidden", "initial",
        "is_display", "is_group", "lineage", "link_id", "max_occurs", "min_occurs", "number", "options", "plain", "read_only",
        "repeats", "required", "required_below", "source", "texts", "type",
    )  # fmt: skip

    def __init__(self, source: dict[str, Any], above: tuple[Item, ...], number: int, release: Release) -> None:
        """Read what the form says of it."""
        self.source = source
        link_id = source.get("linkId")
        self.link_id: str = link_id if isinstance(link_id, str) else ""
        self.lineage: tuple[Item, ...] = (*above, self)
        self.number = number
        kind = source.get("type")
        self.type: str = kind if isinstance(kind, str) else ""
        self.is_group = kind == "group"
        self.is_display = kind == "display"
        extensions = ext.read(source)
        self.required = source.get("required") is True
        self.repeats = source.get("repeats") is True
        self.read_only = source.get("readOnly") is True
        self.hidden: bool = ext.first(extensions, ext.HIDDEN) is True or any(one.hidden for one in above)
        self.min_occurs = ext.integer(extensions, ext.MIN_OCCURS)
        self.max_occurs = ext.integer(extensions, ext.MAX_OCCURS)
        self.texts = _texts(source)
        self.options = Options(source, extensions, release)
        self.exclusive = self.options.exclusive
        self.accepts: dict[str, Slot] | None = accepted(self.type, source, extensions, self.options, release)
        self.initial = _initial(source, extensions)
        self.constraints: tuple[Constraint, ...] = constraints_of(extensions)
        self.expression: Expression | None = expression_of(extensions, ext.ENABLE_WHEN_EXPRESSION)
        self.children: dict[str, Item] = {}
        self.required_below: tuple[Item, ...] = ()
        self.conditions: tuple[Condition | None, ...] = ()
        """None for one that cannot be decided."""
        self.any_of: bool | None = None
        """Whether one of several conditions is enough; None where the form does not say."""
        self.plain = False
        """Whether it is always asked, and nothing is asked of its repetitions together."""
        self.bare = not (self.min_occurs or self.max_occurs or self.exclusive or self.initial or self.constraints)
        """Whether nothing is asked of its answers together beyond required and repeats."""

    @property
    def place(self) -> str:
        """Where the form has it, in words."""
        return f"below {self.lineage[-2].link_id}" if len(self.lineage) > 1 else "at the top of the form"


class Form:
    """A form, ready for responses."""

    def __init__(
        self, questionnaire: dict[str, Any], release: Release, contained: list[dict[str, Any]] | None = None
    ) -> None:
        """Compile; `contained` are the resources beside a form that is itself contained."""
        self.source = questionnaire
        self.contained = contained if contained is not None else [one for _, one in objects(questionnaire, "contained")]
        self.by_link_id: dict[str, Item] = {}
        self.children: dict[str, Item] = {}
        self.required_below: tuple[Item, ...] = ()
        self.constraints = constraints_of(ext.read(questionnaire))
        self.all: list[Item] = []
        self._add(questionnaire, self, (), release)
        for item in self.all:
            self._conditions(item)

    def _add(self, source: dict[str, Any], holder: Form | Item, above: tuple[Item, ...], release: Release) -> None:
        for number, one in objects(source, "item"):
            item = Item(one, above, number, release)
            self.all.append(item)
            if item.link_id:
                self.by_link_id.setdefault(item.link_id, item)
                holder.children.setdefault(item.link_id, item)
            self._add(one, item, item.lineage, release)
        holder.required_below = tuple(
            item for item in holder.children.values() if item.required or (item.min_occurs or 0) > 0
        )

    def _conditions(self, item: Item) -> None:
        listed = list(objects(item.source, "enableWhen"))
        item.conditions = tuple(self._condition(item, one) for _, one in listed)
        said = item.source.get("enableBehavior")
        item.any_of = {"any": True, "all": False}.get(said) if isinstance(said, str) else None
        if len(listed) == 1:
            item.any_of = False
        item.plain = not listed and item.expression is None and (item.bare or not item.is_group)

    def _condition(self, item: Item, source: dict[str, Any]) -> Condition | None:
        question, operator = source.get("question"), source.get("operator")
        target = self.by_link_id.get(question) if isinstance(question, str) else None
        said = [(name[6:], value) for name, value in source.items() if name[:6] == "answer"]
        if target is None or target is item or len(said) != 1:
            return None
        if not isinstance(operator, str) or operator not in OPERATORS:
            return None
        level = 0
        for one, other in zip(item.lineage[:-1], target.lineage[:-1], strict=False):
            if one is not other:
                break
            level += 1
        kind, expected = said[0]
        return Condition(operator, kind, expected, level, tuple(one.link_id for one in target.lineage[level:]))


_TEXT_COMPANION: Final = "_text"


def _texts(source: dict[str, Any]) -> frozenset[str]:
    """Return the text of an item and its translations."""
    found = {text} if isinstance(text := source.get("text"), str) else set()
    for extension in ext.read(source.get(_TEXT_COMPANION)).get(ext.TRANSLATION, ()):
        content = ext.first(ext.read(extension), "content")
        if isinstance(content, str):
            found.add(content)
    return frozenset(found)


def _initial(source: dict[str, Any], extensions: dict[str, list[dict[str, Any]]]) -> tuple[tuple[str, Any], ...]:
    """Return the answers of a read-only item that nothing but the form can have given."""
    if (
        source.get("readOnly") is not True
        or ext.CALCULATED_EXPRESSION in extensions
        or ext.INITIAL_EXPRESSION in extensions
    ):
        return ()
    found = [ext.value(one) for _, one in objects(source, "initial")]
    return tuple((kind, value) for kind, value in found if kind)
