"""The oracle: what each viewer may see, said straight from the rules in plain Python, sharing no code with `authz/`.

It is naive on purpose: every answer is worked out from the world's facts, day by day, with a loop. The rules that it
restates are named beside the lines that restate them.
"""
