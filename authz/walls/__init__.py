"""The second wall: the policy pages once more, as row level security in the database.

Whatever a resolver forgets, the API's role gets no row that the pages do not let the viewer see. `facts` are the views
that facts and judgements read, `views` those that answers read people through, `policies` what guards each table.
`python -m authz.walls` prints it all as SQL, and a migration holds it frozen.
"""
