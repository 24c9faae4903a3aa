"""What acts leave behind"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "carried_out",
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("idempotency_key", sa.Text(), nullable=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("given", sa.LargeBinary(), nullable=False),
        sa.Column("outcome", postgresql.JSONB(), nullable=False),
        sa.Column("carried_out_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_carried_out_person_id")),
        sa.PrimaryKeyConstraint("person_id", "idempotency_key", name=op.f("pk_carried_out")),
    )
    op.add_column("message", sa.Column("given_at", sa.DateTime(timezone=True), nullable=True))
    # What was there before may have been read by anybody.
    op.execute("update message set given_at = sent_at")


def downgrade() -> None:
    op.drop_column("message", "given_at")
    op.drop_table("carried_out")
