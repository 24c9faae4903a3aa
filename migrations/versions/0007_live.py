"""Events between processes: what is told on the channel `innsyn` when something changes that a viewer may be waiting for.

A statement tells ids only, each once, and in a fixed order: `m` message thread, `t` thread person, `s` person, `c` child. One that
changes much, or anything in a transaction that says `set local innsyn.bulk to on`, tells `*`: anything may have changed.
"""

from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

MOST = 100
"""So many rows of one statement are told one by one."""

MESSAGE = "'m ' || id || ' ' || thread_id"
PART = "'t ' || thread_id || ' ' || person_id"
STANDING = "'s ' || person_id"
TOLD = {
    "message": {"insert": MESSAGE},
    "participant": {"insert": PART},
    "read_pointer": {"insert": PART, "update": PART},
    "guardianship": dict.fromkeys(("insert", "update", "delete"), STANDING),
    "delegation": dict.fromkeys(("insert", "update", "delete"), STANDING),
    "kinship": dict.fromkeys(("insert", "update", "delete"), STANDING),
    "block": dict.fromkeys(("insert", "update", "delete"), STANDING),
    "position": dict.fromkeys(("insert", "update", "delete"), STANDING),
    "group_membership": dict.fromkeys(
        ("insert", "update", "delete"), "case role when 'STUDENT' then 'c ' else 's ' end || person_id"
    ),
    "enrolment": dict.fromkeys(("insert", "update", "delete"), "'c ' || child_id"),
    "person_identifier": dict.fromkeys(("insert", "update", "delete"), "'*'"),
    "sign_in_subject": dict.fromkeys(("insert", "update", "delete"), "'*'"),
}
"""By table and verb, what a row is told as."""

FUNCTIONS = (
    f"""
    create function live_told() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $function$
    begin
        if (select count(*) from (select from told limit {MOST + 1}) few) > {MOST}
            or (current_setting('innsyn.bulk', true) = 'on' and exists (select from told)) then
            perform pg_notify('innsyn', '*');
        else
            execute format(
                'select pg_notify(''innsyn'', said) from (select distinct %s as said from told order by 1) row_told', tg_argv[0]
            );
        end if;
        return null;
    end
    $function$
    """,
    """
    create function live_retracted() returns trigger language plpgsql set search_path = pg_catalog, public, pg_temp as $function$
    begin
        perform pg_notify('innsyn', 'm ' || new.id || ' ' || new.thread_id);
        return null;
    end
    $function$
    """,
)


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    for table, verbs in TOLD.items():
        for verb, said in verbs.items():
            rows = "old table" if verb == "delete" else "new table"
            argument = said.replace("'", "''")
            op.execute(
                f"create trigger live_{verb} after {verb} on {table} referencing {rows} as told"
                f" for each statement execute function live_told('{argument}')"
            )
    op.execute(
        "create trigger live_retracted after update of retracted_at on message for each row"
        " when (old.retracted_at is distinct from new.retracted_at) execute function live_retracted()"
    )


def downgrade() -> None:
    op.execute("drop trigger live_retracted on message")
    for table, verbs in TOLD.items():
        for verb in verbs:
            op.execute(f"drop trigger live_{verb} on {table}")
    op.execute("drop function live_retracted()")
    op.execute("drop function live_told()")
