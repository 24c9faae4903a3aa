"""Row level security, the views that facts and answers read people through, and what substitutes are called"""

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

END = ";\n--\n"
FROZEN = Path(__file__).parent.parent / "walls" / "0014.sql"


NEWEST = [sa.text("last_message_at desc"), sa.text("id desc")]
INDEXES: tuple[tuple[str, str, list[Any], list[str], list[str]], ...] = (
    ("ix_participant_person_id_thread_id", "participant", ["person_id", "thread_id"], ["side", "joined_at"],
     ["side", "joined_at", "child_id", "unit_id"]),
    ("ix_thread_child_id", "thread", ["child_id", *NEWEST], [], ["unit_id", "guardian_side_id"]),
    ("ix_thread_unit_id", "thread", ["unit_id", *NEWEST], [], ["child_id", "guardian_side_id"]),
    ("ix_enrolment_child_id_unit_id", "enrolment", ["child_id", "unit_id"], [], ["since", "until"]),
    ("ix_enrolment_unit_id_child_id", "enrolment", ["unit_id", "child_id"], [], ["since", "until"]),
)  # fmt: skip
"""Name, table and columns, and what was and is included: what a row is judged by, so that the wall need not fetch it."""


def upgrade() -> None:
    for name, table, columns, _, included in INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, columns, postgresql_include=included)
    key_of_participants(" include (child_id, unit_id, guardian_side_id)")
    op.add_column("person", sa.Column("staff_name", sa.Text(), nullable=True))
    op.add_column("person", sa.Column("staff_name_key", sa.Text(collation="C"), nullable=True))
    op.add_column("substitution", sa.Column("told_name", sa.Text(), nullable=True))
    op.add_column("substitution", sa.Column("told_as", sa.LargeBinary(), nullable=True))
    op.create_index("ix_substitution_told_as", "substitution", ["told_as"])
    for statement in FROZEN.read_text(encoding="utf-8").split(END):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    for name, table, columns, included, _ in INDEXES:
        op.drop_index(name, table)
        op.create_index(name, table, columns, postgresql_include=included or None)
    key_of_participants("")
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


def key_of_participants(including: str) -> None:
    op.drop_constraint("pk_participant", "participant", type_="primary")
    op.execute(f"alter table participant add constraint pk_participant primary key (thread_id, person_id){including}")
