"""The HTTP service: CDS Hooks and FHIR operations, who may call them, and how it is run."""
