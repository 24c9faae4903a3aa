"""Absence and photo consents"""

from alembic import op
import sqlalchemy as sa

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "absence",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("child_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("from_time", sa.Time(), nullable=True),
        sa.Column("to_time", sa.Time(), nullable=True),
        sa.Column("reason_cipher", sa.LargeBinary(), nullable=False),
        sa.Column("note_cipher", sa.LargeBinary(), nullable=True),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("reported_by", sa.UUID(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_by", sa.UUID(), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("corrects", sa.UUID(), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.UUID(), nullable=True),
        sa.Column("ended_how", sa.Text(), nullable=True),
        sa.CheckConstraint("side in ('GUARDIAN', 'UNIT')", name=op.f("ck_absence_side")),
        sa.CheckConstraint("ended_how in ('CORRECTED', 'WITHDRAWN')", name=op.f("ck_absence_ended_how")),
        sa.CheckConstraint("last_day >= first_day", name=op.f("ck_absence_days")),
        sa.CheckConstraint(
            "(from_time is null) = (to_time is null) and (from_time is null or (first_day = last_day and"
            " from_time < to_time))",
            name=op.f("ck_absence_part_of_day"),
        ),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_absence_child_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_absence_unit_id")),
        sa.ForeignKeyConstraint(["reported_by"], ["person.id"], name=op.f("fk_absence_reported_by")),
        sa.ForeignKeyConstraint(["confirmed_by"], ["person.id"], name=op.f("fk_absence_confirmed_by")),
        sa.ForeignKeyConstraint(["corrects"], ["absence.id"], name=op.f("fk_absence_corrects")),
        sa.ForeignKeyConstraint(["ended_by"], ["person.id"], name=op.f("fk_absence_ended_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absence")),
    )
    op.create_index(op.f("ix_absence_child_id_unit_id_first_day"), "absence", ["child_id", "unit_id", "first_day"])
    op.create_table(
        "photo_consent",
        sa.Column("id", sa.UUID(), nullable=False),
        sa.Column("child_id", sa.UUID(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "purpose in ('INTERNAL', 'CLASS_PHOTO', 'CLOSED_PAGE', 'OPEN_PAGE', 'SOCIAL_MEDIA', 'PRESS')",
            name=op.f("ck_photo_consent_purpose"),
        ),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name=op.f("fk_photo_consent_child_id")),
        sa.ForeignKeyConstraint(["unit_id"], ["unit.id"], name=op.f("fk_photo_consent_unit_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_photo_consent_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_photo_consent")),
    )
    op.create_index(op.f("ix_photo_consent_child_id_given_at"), "photo_consent", ["child_id", "given_at"])
    op.create_index(
        "uq_photo_consent_standing",
        "photo_consent",
        ["child_id", "unit_id", "purpose", "person_id"],
        unique=True,
        postgresql_where="withdrawn_at is null",
    )


def downgrade() -> None:
    op.drop_table("photo_consent")
    op.drop_table("absence")
