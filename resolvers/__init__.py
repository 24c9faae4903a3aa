"""Where each field of the schema gets its value: one page per concept, compiled and run by the engine."""
