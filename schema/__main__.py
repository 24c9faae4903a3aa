"""What is printed from the schema and checked in: the SDL by `python -m schema`, the policy by `… schema access`."""

from __future__ import annotations

import sys

from schema.access_table import access_table
from schema.public import printed_schema

PRINTED = {"sdl": printed_schema, "access": access_table}


def main(arguments: list[str]) -> int:
    what = arguments[0] if arguments else "sdl"
    if what not in PRINTED or len(arguments) > 1:
        sys.stderr.write(f"python -m schema [{'|'.join(PRINTED)}]\n")
        return 2
    sys.stdout.write(PRINTED[what]())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
