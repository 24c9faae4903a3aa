"""The edge: HTTP, tokens, limits, GraphiQL, the database's start, and the command line."""
