"""Who may see what: one page per concept, the facts first and the judgements below."""
