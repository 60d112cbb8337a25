"""Who may call: tokens and keys, what was refused and why, and what browsers are told."""
