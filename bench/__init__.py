"""How fast Innsyn answers beside what hand-written SQL can reach: `python -m bench` measures it."""
