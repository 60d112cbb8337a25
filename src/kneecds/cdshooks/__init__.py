"""CDS Hooks without a network: a request in, cards out; discovery, prefetch and feedback by the rules of the specification."""
