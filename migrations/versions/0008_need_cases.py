"""Need cases as acts"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = {
    "told_cipher": sa.LargeBinary(),
    "asked_at": sa.DateTime(timezone=True),
    "hours": sa.Integer(),
    "closed_at": sa.DateTime(timezone=True),
}


def upgrade() -> None:
    op.alter_column("need_case", "child_id", nullable=True)
    for name, kind in COLUMNS.items():
        op.add_column("need_case", sa.Column(name, kind, nullable=True))


def downgrade() -> None:
    for name in COLUMNS:
        op.drop_column("need_case", name)
    op.execute("delete from need_case where child_id is null")
    op.alter_column("need_case", "child_id", nullable=False)
