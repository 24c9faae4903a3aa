"""Row level security, the views that facts and answers read people through, and what substitutes are called"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

END = ";\n--\n"
FROZEN = Path(__file__).parent.parent / "walls" / "0013.sql"


def upgrade() -> None:
    op.add_column("person", sa.Column("staff_name", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("staff_name_key", sa.Text(collation="C"), nullable=True))
    op.add_column("substitution", sa.Column("told_name", sa.Text(), nullable=True))
    op.add_column("substitution", sa.Column("told_as", sa.LargeBinary(), nullable=True))
    op.create_index("ix_substitution_told_as", "substitution", ["told_as"])
    by_person = ["side", "joined_at", "child_id", "unit_id"]
    indexes(by_person=by_person, key="child_id, unit_id", unit=["unit_id"], child=["child_id"])
    for statement in FROZEN.read_text(encoding="utf-8").split(END):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    indexes(by_person=["side", "joined_at"], key=None, unit=None, child=None)
    op.execute("drop schema if exists seen cascade")
    op.execute("drop schema if exists facts cascade")
    op.get_bind().exec_driver_sql(
        "do $$ declare one record; begin"
        " for one in select tablename, policyname from pg_policies where schemaname = 'public' loop"
        " execute format('drop policy %I on %I', one.policyname, one.tablename); end loop;"
        " for one in select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace loop"
        " execute format('alter table %I disable row level security', one.relname); end loop; end $$"
    )
    op.drop_column("substitution", "told_as")
    op.drop_column("substitution", "told_name")
    op.drop_column("person", "staff_name_key")
    op.drop_column("person", "staff_name")


def indexes(*, by_person: list[str], key: str | None, unit: list[str] | None, child: list[str] | None) -> None:
    """With what a row is judged by, so that the wall need not fetch it."""
    newest = [sa.text("last_message_at desc"), sa.text("id desc")]
    for name, table, columns, included in (
        ("ix_participant_person_id_thread_id", "participant", ["person_id", "thread_id"], by_person),
        ("ix_thread_child_id", "thread", ["child_id", *newest], unit),
        ("ix_thread_unit_id", "thread", ["unit_id", *newest], child),
    ):
        op.drop_index(name, table)
        op.create_index(name, table, columns, postgresql_include=included)
    op.drop_constraint("pk_participant", "participant", type_="primary")
    include = f" include ({key})" if key else ""
    op.execute(f"alter table participant add constraint pk_participant primary key (thread_id, person_id){include}")
