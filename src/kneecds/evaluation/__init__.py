"""How well the whole does: labelled cases go through FHIR and the pipeline, and the answers are compared."""
