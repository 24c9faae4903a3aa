"""`python -m authz.walls`: the walls as the pages have them now, a statement each, for a migration to freeze."""

from __future__ import annotations

import sys

from authz.walls.frozen import compiled

if __name__ == "__main__":
    sys.stdout.write(compiled())
