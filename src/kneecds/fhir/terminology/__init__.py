"""What can be known of codes without a terminology server: units by their grammar, value sets by what is at hand."""
