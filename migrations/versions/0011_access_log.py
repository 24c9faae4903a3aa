"""The access log, for good"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql as pg

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

INSTANT = sa.DateTime(timezone=True)
PENDING = {"fastupdate": "on", "gin_pending_list_limit": "256"}

# Partitions lie in a schema that the API's role cannot enter: it reaches them through the whole table only. A month is
# made beside the table and then attached, so that nobody who reads or writes the log waits for it.
MONTH = """
    create function access_log_month(day date) returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $function$
    declare
        since date := date_trunc('month', day)::date;
        part text := to_char(since, '"m"YYYYMM');
    begin
        if extract(year from since) not between 2000 and 2199 then
            raise exception 'the access log has no month %', part;
        end if;
        if to_regclass('access_log_months.' || part) is not null then
            return;
        end if;
        perform pg_advisory_xact_lock(hashtextextended('access log month ' || part, 0));
        -- not by to_regclass(), which may remember from before the wait that there is none
        if exists (select from pg_tables where schemaname = 'access_log_months' and tablename = part) then
            return;
        end if;
        execute format('create table access_log_months.%I (like public.access_log including all)', part);
        execute format(
            'alter table public.access_log attach partition access_log_months.%I for values from (%L) to (%L)',
            part,
            since::timestamp at time zone 'Europe/Oslo',
            (since + interval '1 month')::timestamp at time zone 'Europe/Oslo'
        );
    end
    $function$
"""


def upgrade() -> None:
    op.create_table(
        "access_log",
        sa.Column("chain_id", sa.UUID(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("municipality_id", sa.UUID(), nullable=False),
        sa.Column("person_id", sa.UUID(), nullable=True),
        sa.Column("client", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("operation", sa.Text(), nullable=True),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("relation", sa.SmallInteger(), nullable=False),
        sa.Column("unit_id", sa.UUID(), nullable=True),
        sa.Column("need_case_id", sa.UUID(), nullable=True),
        sa.Column("messages_alone", sa.Boolean(), nullable=False),
        sa.Column("children", pg.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint(
            "kind in ('QUERY', 'MUTATION', 'SUBSCRIPTION', 'DOWNLOAD')", name=op.f("ck_access_log_kind")
        ),
        sa.PrimaryKeyConstraint("chain_id", "sequence", "at", name=op.f("pk_access_log")),
        postgresql_partition_by="range (at)",
    )
    op.create_index(
        "ix_access_log_children", "access_log", ["children"], postgresql_using="gin", postgresql_with=PENDING
    )
    op.create_index(
        "ix_access_log_need_case_id_at",
        "access_log",
        ["need_case_id", "at"],
        postgresql_where=sa.text("need_case_id is not null"),
    )
    op.create_table(
        "access_log_document",
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("fields", pg.ARRAY(sa.Text()), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_access_log_document")),
    )
    op.create_table(
        "access_log_checkpoint",
        sa.Column("municipality_id", sa.UUID(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("chain_id", sa.UUID(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("length", sa.BigInteger(), nullable=False),
        sa.Column("head", sa.LargeBinary(), nullable=False),
        sa.Column("seal", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind in ('OPENED', 'SEALED', 'CLOSED')", name=op.f("ck_access_log_checkpoint_kind")),
        sa.PrimaryKeyConstraint("municipality_id", "number", name=op.f("pk_access_log_checkpoint")),
    )
    op.create_index("ix_access_log_checkpoint_chain_id", "access_log_checkpoint", ["chain_id"])
    op.execute("create schema access_log_months")
    op.execute(MONTH)
    op.add_column(
        "need_case", sa.Column("for_access_log", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )


def downgrade() -> None:
    op.drop_column("need_case", "for_access_log")
    op.execute("drop function access_log_month")
    op.drop_table("access_log_checkpoint")
    op.drop_table("access_log_document")
    op.drop_table("access_log")
    op.execute("drop schema access_log_months")
