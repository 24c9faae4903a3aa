"""One key for everybody on the guardian side of some threads, kept by triggers on participants"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

DEFINER = "language plpgsql security definer set search_path = pg_catalog, public, pg_temp"
CARRYING = ("thread", "participant", "message")
SETTING = {"thread": "begin_without_guardian_side", "message": "carry_guardian_side"}

# The key is made of the child and the people, so that two who begin threads at once find the same. A thread to whose side
# somebody came after its beginning has no key. Threads are held, so that nobody adds to a side while it is reckoned.
FUNCTIONS = (
    f"""
    create function keep_guardian_sides() returns trigger {DEFINER} as $function$
    begin
        perform from thread where id in (select thread_id from told where side = 'GUARDIAN') order by id for no key update;
        update thread t set guardian_side_id = side.id from (
            select begun.id as thread_id, case when bool_and(p.joined_at <= begun.created_at)
                then md5(begun.child_id || ' ' || string_agg(p.person_id::text, ' ' order by p.person_id))::uuid end as id
            from thread begun left join participant p on p.thread_id = begun.id and p.side = 'GUARDIAN'
            where begun.id in (select thread_id from told where side = 'GUARDIAN')
            group by begun.id
        ) side
        where t.id = side.thread_id and t.guardian_side_id is distinct from side.id;
        insert into guardian_side (id, person_id, child_id)
            select distinct t.guardian_side_id, p.person_id, t.child_id
            from thread t join participant p on p.thread_id = t.id and p.side = 'GUARDIAN'
            where t.id in (select thread_id from told where side = 'GUARDIAN') and t.guardian_side_id is not null
            order by 1, 2
            on conflict do nothing;
        update participant p set guardian_side_id = t.guardian_side_id from thread t
            where t.id = p.thread_id and t.id in (select thread_id from told)
            and p.guardian_side_id is distinct from t.guardian_side_id;
        update message m set guardian_side_id = t.guardian_side_id from thread t
            where t.id = m.thread_id and t.id in (select thread_id from told where side = 'GUARDIAN')
            and m.guardian_side_id is distinct from t.guardian_side_id;
        return null;
    end
    $function$
    """,
    f"""
    create function begin_without_guardian_side() returns trigger {DEFINER} as $function$
    begin
        new.guardian_side_id := null;
        return new;
    end
    $function$
    """,
    f"""
    create function carry_guardian_side() returns trigger {DEFINER} as $function$
    begin
        new.guardian_side_id := (select guardian_side_id from thread where id = new.thread_id);
        return new;
    end
    $function$
    """,
)


def upgrade() -> None:
    op.create_table(
        "guardian_side",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name="fk_guardian_side_person_id"),
        sa.ForeignKeyConstraint(["child_id"], ["person.id"], name="fk_guardian_side_child_id"),
        sa.PrimaryKeyConstraint("id", "person_id", name="pk_guardian_side"),
    )
    op.create_index("ix_guardian_side_person_id", "guardian_side", ["person_id"], postgresql_include=["id", "child_id"])
    op.create_index("ix_guardian_side_child_id", "guardian_side", ["child_id"])
    for table in CARRYING:
        op.add_column(table, sa.Column("guardian_side_id", sa.Uuid(), nullable=True))
    for function in FUNCTIONS:
        op.execute(function)
    for verb, rows in (("insert", "new"), ("update", "new"), ("delete", "old")):
        op.execute(
            f"create trigger guardian_sides_{verb} after {verb} on participant referencing {rows} table as told"
            " for each statement when (pg_trigger_depth() = 0) execute function keep_guardian_sides()"
        )
    for table, function in SETTING.items():
        op.execute(f"create trigger guardian_side before insert on {table} for each row execute function {function}()")
    op.execute("update participant set side = side")
    op.create_index(
        "ix_participant_of_no_side", "participant", ["person_id"],
        postgresql_where=sa.text("side = 'GUARDIAN' and guardian_side_id is null"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_participant_of_no_side", "participant")
    for table in SETTING:
        op.execute(f"drop trigger guardian_side on {table}")
    for verb in ("insert", "update", "delete"):
        op.execute(f"drop trigger guardian_sides_{verb} on participant")
    for function in SETTING.values():
        op.execute(f"drop function {function}()")
    op.execute("drop function keep_guardian_sides()")
    for table in CARRYING:
        op.drop_column(table, "guardian_side_id")
    op.drop_table("guardian_side")
