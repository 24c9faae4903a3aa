"""Row level security and the views anew: with doors for families, teachers and units"""

from pathlib import Path

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

END = ";\n--\n"
SCHEMAS = ("seen_family", "seen_teacher", "seen_unit")
ROLES = "innsyn_family, innsyn_teacher, innsyn_unit"
WALLS = Path(__file__).parent.parent / "walls"


def upgrade() -> None:
    build("0015.sql")


def downgrade() -> None:
    for schema in SCHEMAS:
        op.execute(f"drop schema {schema} cascade")
    op.execute(f"revoke all on all tables in schema public from {ROLES}")
    op.execute(f"revoke usage on schema public from {ROLES}")
    build("0014.sql")


def build(frozen: str) -> None:
    """Takes down the wall that stands, too."""
    for statement in (WALLS / frozen).read_text(encoding="utf-8").split(END):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
