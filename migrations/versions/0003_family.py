"""Delegates, consents, blocks, confirmations, tasks and substitutes as acts"""

from alembic import op
import sqlalchemy as sa

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

ENDED = {
    "delegate": [("told_name", sa.Text()), ("agreed_until", sa.Date()), ("ended_at", sa.DateTime(timezone=True)), ("ended_by", sa.UUID()), ("ended_as", sa.Text())],
    "consent": [("agreed_until", sa.Date()), ("ended_at", sa.DateTime(timezone=True)), ("ended_by", sa.UUID())],
    "block": [("set_as", sa.Text()), ("told_name", sa.Text()), ("agreed_until", sa.Date()), ("lifted_at", sa.DateTime(timezone=True))],
    "confirmation": [("confirmed_as", sa.Text())],
    "task": [("done_by", sa.UUID()), ("over_at", sa.DateTime(timezone=True))],
    "position": [("substitution_id", sa.UUID())],
    "group_membership": [("substitution_id", sa.UUID())],
}
"""New columns by table, every one of them empty for what was there before."""
POINTING = {
    ("delegate", "ended_by"): "person",
    ("consent", "ended_by"): "person",
    ("task", "done_by"): "person",
    ("position", "substitution_id"): "substitution",
    ("group_membership", "substitution_id"): "substitution",
}


def upgrade() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("set_by", sa.UUID(), nullable=False),
        sa.Column("set_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("agreed_until", sa.Date(), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.UUID(), nullable=True),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.CheckConstraint("role in ('TEACHER', 'ASSISTANT', 'STAFF')", name=op.f("ck_substitution_role")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_substitution_ended_by")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_substitution_person_id")),
        sa.ForeignKeyConstraint(["set_by"], ["person.id"], name=op.f("fk_substitution_set_by")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_substitution_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
    )
    op.create_index(op.f("ix_substitution_unit_id"), "substitution", ["unit_id"])
    op.create_index(op.f("ix_substitution_person_id"), "substitution", ["person_id"])
    op.create_table(
        "block_lift",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("block_id", sa.UUID(), nullable=False),
        sa.Column("lifted_by", sa.UUID(), nullable=False),
        sa.Column("lifted_as", sa.Text(), nullable=False),
        sa.Column("reason_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["block_id"], ["block.id"], name=op.f("fk_block_lift_block_id")),
        sa.ForeignKeyConstraint(["lifted_by"], ["person.id"], name=op.f("fk_block_lift_lifted_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_block_lift")),
        sa.UniqueConstraint("block_id", "lifted_by", name=op.f("uq_block_lift_block_id_lifted_by")),
    )
    for table, columns in ENDED.items():
        for name, kind in columns:
            op.add_column(table, sa.Column(name, kind, nullable=True))
    for (table, column), target in POINTING.items():
        op.create_foreign_key(op.f(f"fk_{table}_{column}"), table, target, [column], ["id"])
    for table in ("position", "group_membership"):
        op.create_index(op.f(f"ix_{table}_substitution_id"), table, ["substitution_id"])
    # Whatever was told with an end was told with that end; a task that is done is over.
    for table in ("delegate", "consent", "block"):
        op.execute(f"update {table} set agreed_until = until")
    op.execute("update task set over_at = done_at")


def downgrade() -> None:
    for table in ("position", "group_membership"):
        op.drop_index(op.f(f"ix_{table}_substitution_id"), table_name=table)
    for table, column in POINTING:
        op.drop_constraint(op.f(f"fk_{table}_{column}"), table, type_="foreignkey")
    for table, columns in ENDED.items():
        for name, _ in columns:
            op.drop_column(table, name)
    op.drop_table("block_lift")
    op.drop_index(op.f("ix_substitution_person_id"), table_name="substitution")
    op.drop_index(op.f("ix_substitution_unit_id"), table_name="substitution")
    op.drop_table("substitution")
