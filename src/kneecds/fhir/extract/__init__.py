"""One file per resource type: what a resource says, as facts."""
