"""Need cases that wait, and reports on them"""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

OPEN_TASK = ["kind", "child_id", "person_id", "unit_id"]


def upgrade() -> None:
    op.alter_column("need_case", "opened_at", nullable=True)
    op.add_column("task", sa.Column("need_case_id", sa.Uuid(), nullable=True))
    op.create_foreign_key("fk_task_need_case_id", "task", "need_case", ["need_case_id"], ["id"])
    op.create_index("ix_task_need_case_id", "task", ["need_case_id"])
    open_tasks([*OPEN_TASK, "need_case_id"])


def downgrade() -> None:
    op.execute("delete from task where need_case_id is not null")
    open_tasks(OPEN_TASK)
    op.drop_column("task", "need_case_id")
    op.execute("delete from need_case where opened_at is null")
    op.alter_column("need_case", "opened_at", nullable=False)


def open_tasks(columns: list[str]) -> None:
    op.drop_index("uq_task_open", "task")
    op.create_index(
        "uq_task_open", "task", columns, unique=True,
        postgresql_where=sa.text("done_at is null"), postgresql_nulls_not_distinct=True,
    )  # fmt: skip
