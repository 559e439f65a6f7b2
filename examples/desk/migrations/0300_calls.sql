-- Phone calls, their facts, the dial ledger, the outbox, and what the service sent.

-- One row per phone call. 'state' is what its facts come down to, as JSON; the other columns are parts of it, to be
-- searched by.
CREATE TABLE desk_call (
    id         TEXT   NOT NULL PRIMARY KEY,
    version    BIGINT NOT NULL,
    phase      TEXT   NOT NULL,
    direction  TEXT,
    agent      TEXT,
    number_key TEXT,
    began      BIGINT NOT NULL,
    ended      BIGINT,
    changed    BIGINT NOT NULL,
    state      TEXT   NOT NULL
);
CREATE INDEX desk_call_live ON desk_call (began, id) WHERE phase <> 'closed';
CREATE INDEX desk_call_began ON desk_call (began, id) WHERE phase = 'closed';

-- Every id under which a call was seen: of its legs, and its own.
CREATE TABLE desk_call_id (
    alias TEXT NOT NULL PRIMARY KEY,
    call  TEXT NOT NULL
) /* WITHOUT ROWID */;
CREATE INDEX desk_call_id_call ON desk_call_id (call);

-- Who had a part in a call. 'live' is 1 until the call is closed.
CREATE TABLE desk_call_agent (
    call  TEXT   NOT NULL,
    agent TEXT   NOT NULL,
    live  BIGINT NOT NULL,
    PRIMARY KEY (call, agent)
) /* WITHOUT ROWID */;
CREATE INDEX desk_call_agent_live ON desk_call_agent (agent) WHERE live = 1;

-- What was seen of a call, as it was received: JSON, without the account's key.
CREATE TABLE desk_fact (
    source TEXT   NOT NULL,
    key    TEXT   NOT NULL,
    call   TEXT   NOT NULL,
    at     BIGINT NOT NULL,
    body   TEXT   NOT NULL,
    PRIMARY KEY (source, key)
);
CREATE INDEX desk_fact_call ON desk_fact (call);

-- Notes as they are typed.
CREATE TABLE desk_draft (
    call     TEXT   NOT NULL PRIMARY KEY,
    typed_by TEXT   NOT NULL,
    notes    TEXT   NOT NULL,
    at       BIGINT NOT NULL
);

-- Every dial, written before anything is sent. 'holder' is the desk that sends it.
CREATE TABLE desk_dial (
    id         TEXT   NOT NULL PRIMARY KEY,
    asker      TEXT   NOT NULL,
    key        TEXT   NOT NULL,
    explicit   BIGINT NOT NULL,
    body_hash  TEXT   NOT NULL,
    agent      TEXT   NOT NULL,
    agent_key  TEXT   NOT NULL,
    number     TEXT   NOT NULL,
    number_key TEXT   NOT NULL,
    campaign   TEXT,
    did        TEXT,
    way        TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    reference  TEXT   NOT NULL,
    ucid       TEXT,
    answer     TEXT,
    asked      BIGINT NOT NULL,
    decided    BIGINT,
    settled_by TEXT,
    reason     TEXT,
    open       BIGINT NOT NULL,
    rung       BIGINT NOT NULL DEFAULT 0,
    holder     TEXT   NOT NULL
);
CREATE UNIQUE INDEX desk_dial_key ON desk_dial (asker, key) WHERE explicit = 1;
CREATE UNIQUE INDEX desk_dial_open ON desk_dial (agent_key) WHERE open = 1;
CREATE UNIQUE INDEX desk_dial_reference ON desk_dial (reference);
CREATE INDEX desk_dial_number ON desk_dial (agent_key, number_key, asked) WHERE explicit = 0;
CREATE INDEX desk_dial_open_ended ON desk_dial (state, asked, id) WHERE state = 'sending' OR state = 'unknown';

-- Legs that were asked for and have not come, apart from dials: reconnects, and agents that KooKoo rings.
CREATE TABLE desk_leg (
    id        TEXT   NOT NULL PRIMARY KEY,
    agent_key TEXT   NOT NULL,
    kind      TEXT   NOT NULL,
    ucid      TEXT,
    since     BIGINT NOT NULL,
    rung      BIGINT NOT NULL DEFAULT 0
);
CREATE INDEX desk_leg_agent ON desk_leg (agent_key);

-- What has to reach the service or the platform, once for each call, kind and, of a disposition, agent.
CREATE TABLE desk_outbox (
    id      TEXT   NOT NULL PRIMARY KEY,
    target  TEXT   NOT NULL,
    call    TEXT   NOT NULL,
    kind    TEXT   NOT NULL,
    agent   TEXT   NOT NULL,
    payload TEXT   NOT NULL,
    state   TEXT   NOT NULL,
    attempt BIGINT NOT NULL,
    unclear BIGINT NOT NULL,
    leased  BIGINT NOT NULL,
    next    BIGINT NOT NULL,
    created BIGINT NOT NULL,
    message TEXT
);
CREATE UNIQUE INDEX desk_outbox_one ON desk_outbox (call, target, kind, agent);
-- When it is due: one that a desk has, when that time is over.
CREATE INDEX desk_outbox_due ON desk_outbox (target, (CASE WHEN leased > next THEN leased ELSE next END), id)
    WHERE state = 'pending';
CREATE INDEX desk_outbox_ended_badly ON desk_outbox (created, id) WHERE state NOT IN ('pending', 'sent');

-- What the service sent, without the account's key, until it is worked and forgotten.
CREATE TABLE desk_push (
    id      BIGINT NOT NULL PRIMARY KEY,
    source  TEXT   NOT NULL,
    digest  TEXT   NOT NULL,
    at      BIGINT NOT NULL,
    body    TEXT   NOT NULL,
    state   TEXT   NOT NULL,
    attempt BIGINT NOT NULL,
    failure TEXT
);
CREATE UNIQUE INDEX desk_push_digest ON desk_push (source, digest);
CREATE INDEX desk_push_new ON desk_push (id) WHERE state = 'new';
