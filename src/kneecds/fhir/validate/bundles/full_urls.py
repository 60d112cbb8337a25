"""The fullUrl of entries: there, absolute, and agreeing with the resource (https://hl7.org/fhir/R4/bundle.html#fullUrl)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kneecds.fhir.validate.references import spelling

if TYPE_CHECKING:
    from kneecds.fhir.validate.context import Context

_SHOWN: Final = 80
_MAY_LACK_IT: Final = frozenset({"transaction", "batch", "transaction-response", "batch-response"})


def check_full_url(context: Context, kind: str, entry: dict[str, Any], path: str) -> None:
    """Look at the fullUrl of one entry of a Bundle of this type."""
    url = entry.get("fullUrl")
    if not isinstance(url, str):
        # from R5 on this is invariant bdl-15
        if "fullUrl" not in entry and kind and kind not in _MAY_LACK_IT and context.release != "R5":
            context.error(
                "required", "bundle-fullurl-missing", path,
                f"an entry of a {kind[:_SHOWN]} must have a fullUrl, by which others refer to it",
                "give the URL of the resource on its server, or urn:uuid: and a new UUID",
            )  # fmt: skip
        return
    path = f"{path}.fullUrl"
    if not url:
        return  # the structure is wrong, which is said there
    if not spelling.is_absolute(url):
        context.error("value", "bundle-fullurl-absolute", path, f"the fullUrl {url[:_SHOWN]!r} is not absolute")
        return
    resource = entry.get("resource")
    if isinstance(resource, dict) and isinstance(resource.get("resourceType"), str):
        _agrees(context, url, resource, path)


def _agrees(context: Context, url: str, resource: dict[str, Any], path: str) -> None:
    """Look whether the URL of a resource on a server ends with its type and id."""
    found = spelling.restful(url)
    if found is None or not found.base or "#" in url or found.type not in context.facts.resource_types:
        return
    kind, own = resource["resourceType"], resource.get("id")
    if "id" not in resource:
        context.error(
            "value",
            "bundle-fullurl-id",
            path,
            f"the fullUrl ends with {found.type}/{found.id[:_SHOWN]}, but the {kind} has no id",
        )
    elif isinstance(own, str) and not url.endswith(f"/{kind}/{own}"):
        context.error(
            "value", "bundle-fullurl-id", path,
            f"the fullUrl ends with {found.type}/{found.id[:_SHOWN]}, but the resource is {kind[:_SHOWN]}/{own[:_SHOWN]}",
            f"end it with {kind[:_SHOWN]}/{own[:_SHOWN]}",
        )  # fmt: skip
