# What one can do here. `uv run just` lists it.

_list:
    @{{ just_executable() }} --list --unsorted

# Make a municipality out of files and open it in GraphiQL; --help says what can be chosen
demo *options:
    uv run innsyn demo {{ options }}

# Run the tests, or some of them: `just test tests/test_lint.py`
test *options:
    uv run pytest {{ options }}

# Everything that a machine can see in the code: style, types, layers, the house's own rules
lint:
    uv run ruff check .
    uv run ruff format --check .
    uv run mypy
    uv run lint-imports
    uv run python -m lint

# Put the code into the one format, and mend what ruff can mend
format:
    uv run ruff check --fix .
    uv run ruff format .

# Break the policy in every way, and see the oracle notice; --help says what can be chosen, --sample 60 takes minutes
mutants *options:
    uv run python -m tests.mutants {{ options }}

# Write the files that are made from others: schema.graphql and docs/access.md
generate:
    uv run python -m schema > .schema.graphql && mv .schema.graphql schema.graphql
    uv run python -m schema access > .access.md && mv .access.md docs/access.md

# Write the row level security that the policy pages make, into the newest migration's page; only before that migration has landed
walls:
    uv run python -m authz.walls > .walls.sql && mv .walls.sql migrations/walls/0016.sql

# Name what the schema breaks or weakens since the last release, or since a commit
schema-diff *options:
    uv run python -m lint.schema_diff {{ options }}

# Compare the server with the oracle in random worlds, for as many decisions as one likes
hunt *options:
    uv run python -m tests.hunt {{ options }}

# Ask everything as everybody, and search every byte that comes back for what is not theirs
leakhunt *options:
    uv run python -m tests.leakhunt {{ options }}

# Act at random, and compare what everybody sees after each act with the oracle
histories *options:
    uv run python -m tests.histories {{ options }}

# Check and build the example client, with the machine's Node or one that is fetched
inbox:
    uv run python -m lint.inbox

# Let public attack tools at a real server, and say what each found
attack-tools:
    uv run python -m tests.attack_tools

# Measure whether a closed id takes another time than one that never was; --help says what can be chosen
timing *options:
    uv run --group bench python -m bench.timing {{ options }}

# Say how well sensitive content is found, on the sentences kept for it; --wrong lists the faults
screening *options:
    uv run python -m tests.corpus {{ options }}

# Measure how fast it answers, beside hand-written SQL and a plain Strawberry server; --help says what can be chosen
bench *options:
    uv run --group bench python -m bench {{ options }}

# All that has to hold before a change lands, as the continuous integration runs it
ci:
    .ci/run
