"""One table of patients for each clinical group."""
