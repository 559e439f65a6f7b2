create table cdr_store (
    id smallint not null primary key check (id = 1),
    account text not null,
    checkpoint text
);

create table cdr_row (
    key text collate "C" not null primary key,
    call_key text not null,
    day text collate "C" not null,
    reading bigint not null,
    ucid text,
    call_id text,
    call_date text,
    started_at bigint,
    ended_at bigint,
    direction text,
    type text,
    status text,
    outcome text,
    answered smallint,
    finished smallint,
    campaign text,
    skill text,
    did text,
    agent text,
    agent_key text,
    number text,
    number_key text,
    duration_sec bigint,
    talk_sec bigint,
    hold_sec bigint,
    wrapup_sec bigint,
    handling_sec bigint,
    queue_sec bigint,
    disposition text,
    hangup_by text,
    recorded smallint,
    record text,
    unread text,
    unread_path text
);
create index cdr_row_call on cdr_row (call_key, agent_key);
create index cdr_row_day on cdr_row (day);
create index cdr_row_agent on cdr_row (agent_key, started_at);

create table cdr_call (
    key text collate "C" not null primary key,
    day text collate "C" not null,
    started_at bigint not null,
    ended_at bigint,
    direction text,
    outcome text not null,
    answered smallint,
    ended smallint not null,
    legs bigint not null,
    campaign text,
    skill text,
    did text,
    agent text,
    number text,
    number_key text,
    talk_sec bigint not null,
    hold_sec bigint not null,
    wrapup_sec bigint not null,
    handling_sec bigint not null,
    queue_sec bigint not null,
    disposition text,
    recorded smallint not null
);
create index cdr_call_order on cdr_call (day, started_at, key);
create index cdr_call_number on cdr_call (number_key, day);

create table cdr_day (
    day text collate "C" not null primary key,
    reading bigint,
    read_at bigint,
    rows bigint,
    unfinished bigint,
    unread bigint,
    trouble text
);

create table cdr_gap (
    from_time text not null,
    to_time text not null,
    reason text not null,
    rows bigint not null,
    cause text
);

create table cdr_summary_day (
    day text collate "C" not null primary key,
    stored_at bigint not null,
    rows bigint not null
);

create table cdr_summary (
    day text collate "C" not null,
    n bigint not null,
    agent text,
    agent_key text,
    mode text,
    login_sec bigint,
    busy_sec bigint,
    idle_sec bigint,
    pause_sec bigint,
    wrapup_sec bigint,
    dial_sec bigint,
    record text not null,
    primary key (day, n)
);
