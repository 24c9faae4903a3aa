"""What a page of policy is made of: masks, lines, and the few words that facts are written in."""
