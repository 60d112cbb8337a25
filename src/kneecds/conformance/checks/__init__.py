"""The checks, a file for each group; `kneecds.conformance.table` lists them."""
