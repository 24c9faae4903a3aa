"""Unit letters"""

from alembic import op
import sqlalchemy as sa

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "broadcast",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("group_id", sa.UUID(), nullable=True),
        sa.Column("sender_id", sa.UUID(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("body_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("on_behalf", sa.Boolean(), nullable=False),
        sa.Column("sensitive", sa.Boolean(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_broadcast_unit_id")),
        sa.ForeignKeyConstraint(["group_id"], ["unit_group.id"], name=op.f("fk_broadcast_group_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["person.id"], name=op.f("fk_broadcast_sender_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_broadcast")),
    )
    op.create_index(
        op.f("ix_broadcast_unit_id"), "broadcast", ["unit_id", sa.text("sent_at desc"), sa.text("id desc")]
    )
    op.create_index("ix_broadcast_unfinished", "broadcast", ["sent_at"], postgresql_where="finished_at is null")
    op.create_table(
        "broadcast_recipient",
        sa.Column("broadcast_id", sa.UUID(), nullable=False),
        sa.Column("child_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("thread_id", sa.UUID(), nullable=True),
        sa.Column("done_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state in ('WAITING', 'DELIVERED', 'LEFT_OUT')", name=op.f("ck_broadcast_recipient_state")
        ),
        sa.ForeignKeyConstraint(
            ["broadcast_id"], ["broadcast.id"], name=op.f("fk_broadcast_recipient_broadcast_id")
        ),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_broadcast_recipient_child_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_broadcast_recipient_person_id")),
        sa.ForeignKeyConstraint(["thread_id"], ["thread.id"], name=op.f("fk_broadcast_recipient_thread_id")),
        sa.PrimaryKeyConstraint("broadcast_id", "child_id", "person_id", name=op.f("pk_broadcast_recipient")),
    )
    op.create_index(op.f("ix_broadcast_recipient_thread_id"), "broadcast_recipient", ["thread_id"])
    op.create_index(
        "ix_broadcast_recipient_waiting",
        "broadcast_recipient",
        ["broadcast_id", "child_id"],
        postgresql_where="state = 'WAITING'",
    )
    # Read by whoever delivers letters, for whom there is no viewer yet.
    op.execute(
        """
        create function unfinished_letters() returns table (
            broadcast_id uuid, unit_id uuid, group_id uuid, organisation_number text,
            number_hash bytea, issuer text, subject text
        ) language sql stable security definer set search_path = pg_catalog, public as $function$
            select b.id, b.unit_id, b.group_id, m.organisation_number, i.number_hash, s.issuer, s.subject
            from broadcast b
            join person p on p.id = b.sender_id
            join municipality m on m.id = p.municipality_id
            left join lateral (
                select number_hash from person_identifier where person_id = p.id
                order by in_use desc, number_hash limit 1
            ) i on true
            left join lateral (
                select issuer, subject from sign_in_subject where person_id = p.id order by issuer, subject limit 1
            ) s on true
            where b.finished_at is null
            order by b.sent_at, b.id
        $function$
        """
    )


def downgrade() -> None:
    op.execute("drop function unfinished_letters")
    op.drop_table("broadcast_recipient")
    op.drop_table("broadcast")
