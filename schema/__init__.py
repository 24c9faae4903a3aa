"""What a client may ask: one plain Strawberry type per concept, described for a client developer."""
