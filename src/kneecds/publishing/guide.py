"""The ImplementationGuide that lists everything that is published for a release."""

from __future__ import annotations

from kneecds.publishing.head import NUMBERS, Edition, Json, head


def guide(edition: Edition, artefacts: list[Json], examples: list[Json], package: str) -> Json:
    """Return the ImplementationGuide that lists all the others."""
    listed: list[Json] = []
    for artefact in artefacts:
        entry = {
            "reference": {"reference": f"{artefact['resourceType']}/{artefact['id']}"},
            "name": artefact.get("title", artefact["id"]),
            "description": artefact.get("description", ""),
        }
        entry |= {"exampleBoolean": False} if edition.release == "R4" else {"isExample": False}
        listed.append({key: value for key, value in entry.items() if value not in ("", None)})
    for example in examples:
        entry = {"reference": {"reference": f"{example['resourceType']}/{example['id']}"}, "name": example["id"]}
        profiles = example.get("meta", {}).get("profile", [])
        if edition.release == "R4":
            entry |= {"exampleCanonical": profiles[0]} if profiles else {"exampleBoolean": True}
        else:
            entry |= {"isExample": True} | ({"profile": profiles} if profiles else {})
        listed.append(entry)
    return {
        **head(
            edition, "ImplementationGuide", "kneecds", "Knee decision support",
            "Profiles, terminology, the intake form and the rules of kneecds.",
        ),
        "packageId": package,
        "license": "Apache-2.0",
        "fhirVersion": [NUMBERS[edition.release]],
        "definition": {"resource": listed},
    }  # fmt: skip
