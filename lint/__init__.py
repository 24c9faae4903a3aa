"""The house's own rules, kept by a machine: `python -m lint` looks at the code, `lint.schema_diff` at the schema.

Each page is one rule: where it holds, which modules are let off and why, and what it says when it is broken.
"""
