"""A municipality that does not exist: its people, their files, and years of what they wrote."""
