"""Row level security, and the views that facts and answers read people through"""

from pathlib import Path

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

END = ";\n--\n"
FROZEN = Path(__file__).parent.parent / "walls" / "0013.sql"


def upgrade() -> None:
    op.drop_index("ix_participant_person_id_thread_id", "participant")
    op.create_index(
        "ix_participant_person_id_thread_id",
        "participant",
        ["person_id", "thread_id"],
        postgresql_include=["side", "joined_at", "child_id", "unit_id"],
    )
    for statement in FROZEN.read_text(encoding="utf-8").split(END):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)


def downgrade() -> None:
    op.drop_index("ix_participant_person_id_thread_id", "participant")
    op.create_index(
        "ix_participant_person_id_thread_id",
        "participant",
        ["person_id", "thread_id"],
        postgresql_include=["side", "joined_at"],
    )
    op.execute("drop schema if exists seen cascade")
    op.execute("drop schema if exists facts cascade")
    op.get_bind().exec_driver_sql(
        "do $$ declare one record; begin"
        " for one in select tablename, policyname from pg_policies where schemaname = 'public' loop"
        " execute format('drop policy %I on %I', one.policyname, one.tablename); end loop;"
        " for one in select relname from pg_class where relrowsecurity and relnamespace = 'public'::regnamespace loop"
        " execute format('alter table %I disable row level security', one.relname); end loop; end $$"
    )
