"""FHIR in and out: strict JSON, structure, facts from resources, resources from answers."""
