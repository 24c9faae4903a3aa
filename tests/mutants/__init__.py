"""Breaks the policy in every way, one at a time, and demands that the oracle notices: `python -m tests.mutants`."""
