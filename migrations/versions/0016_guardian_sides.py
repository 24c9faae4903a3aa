"""When a guardian side began, so that whoever was guardian by then is known to see every message of it"""

from pathlib import Path

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

END = ";\n--\n"
WALLS = Path(__file__).parent.parent / "walls"

DEFINER = "language plpgsql security definer set search_path = pg_catalog, public, pg_temp"
BEGINS = """
        update guardian_side s set began = first.began from (
            select guardian_side_id as id, min(created_at) as began from thread
            where id in (select thread_id from told where side = 'GUARDIAN') and guardian_side_id is not null
            group by guardian_side_id
        ) first
        where s.id = first.id and s.began > first.began;"""

CARRIES = "new.guardian_side_id := (select guardian_side_id from thread where id = new.thread_id);"
CARRIES_OF_NO_EARLIER = """
        select guardian_side_id, created_at into new.guardian_side_id, begun from thread where id = new.thread_id;
        if new.sent_at < begun then
            raise check_violation using message = 'a message is not older than its thread';
        end if;"""


def keeping(column: str, value: str, begins: str) -> str:
    """As in 0013, with when the side began."""
    return f"""
    create or replace function keep_guardian_sides() returns trigger {DEFINER} as $function$
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
        insert into guardian_side (id, person_id, child_id{column})
            select distinct t.guardian_side_id, p.person_id, t.child_id{value}
            from thread t join participant p on p.thread_id = t.id and p.side = 'GUARDIAN'
            where t.id in (select thread_id from told where side = 'GUARDIAN') and t.guardian_side_id is not null
            order by 1, 2
            on conflict do nothing;{begins}
        update participant p set guardian_side_id = t.guardian_side_id from thread t
            where t.id = p.thread_id and t.id in (select thread_id from told)
            and p.guardian_side_id is distinct from t.guardian_side_id;
        update message m set guardian_side_id = t.guardian_side_id from thread t
            where t.id = m.thread_id and t.id in (select thread_id from told where side = 'GUARDIAN')
            and m.guardian_side_id is distinct from t.guardian_side_id;
        return null;
    end
    $function$
    """


def carrying(declared: str, body: str) -> str:
    """As in 0013; and that a message is not older than its thread, by whose age the side's beginning is known."""
    return f"""
    create or replace function carry_guardian_side() returns trigger {DEFINER} as $function$
    {declared}
    begin
        {body}
        return new;
    end
    $function$
    """


def upgrade() -> None:
    # Of a side that no thread has any more nothing is known; the next thread that has it says when it begins.
    op.add_column(
        "guardian_side",
        sa.Column("began", sa.DateTime(timezone=True), nullable=False, server_default=sa.text("'infinity'")),
    )
    op.execute(
        "update guardian_side s set began = first.began from"
        " (select guardian_side_id as id, min(created_at) as began from thread group by 1) first where first.id = s.id"
    )
    op.alter_column("guardian_side", "began", server_default=None)
    index(["id", "child_id", "began"])
    op.execute(keeping(", began", ", 'infinity'::timestamptz", BEGINS))
    op.execute(carrying("declare begun timestamptz;", CARRIES_OF_NO_EARLIER))
    build("0016.sql")


def downgrade() -> None:
    op.execute(carrying("", CARRIES))
    op.execute(keeping("", "", ""))
    index(["id", "child_id"])
    op.drop_column("guardian_side", "began")
    build("0015.sql")


def index(included: list[str]) -> None:
    op.drop_index("ix_guardian_side_person_id", "guardian_side")
    op.create_index("ix_guardian_side_person_id", "guardian_side", ["person_id"], postgresql_include=included)


def build(frozen: str) -> None:
    """Takes down the wall that stands, too."""
    for statement in (WALLS / frozen).read_text(encoding="utf-8").split(END):
        if statement.strip():
            op.get_bind().exec_driver_sql(statement)
