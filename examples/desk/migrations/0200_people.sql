-- Who may sign in, which agents they are, what they did.

-- A person. The address is kept in lower case; without a password no one signs in.
CREATE TABLE desk_user (
    id          TEXT   NOT NULL PRIMARY KEY,
    email       TEXT   NOT NULL UNIQUE,
    name        TEXT   NOT NULL,
    role        TEXT   NOT NULL,
    password    TEXT,
    must_change BIGINT NOT NULL,
    disabled    BIGINT NOT NULL DEFAULT 0,
    made_at     BIGINT NOT NULL
);

-- The CloudAgent agent that a user is: one user per agent. Passwords are sealed with a key that is not in here.
CREATE TABLE desk_agent_link (
    user_id      TEXT   NOT NULL PRIMARY KEY REFERENCES desk_user (id) ON DELETE CASCADE,
    agent        TEXT   NOT NULL,
    agent_key    TEXT   NOT NULL UNIQUE,
    password     TEXT,
    phone_name   TEXT,
    extension    TEXT,
    sip_password TEXT,
    unique_id    TEXT,
    campaign_id  TEXT,
    auto_answer  BIGINT
);

CREATE TABLE desk_team (
    id   TEXT NOT NULL PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

CREATE TABLE desk_team_agent (
    team_id   TEXT NOT NULL REFERENCES desk_team (id) ON DELETE CASCADE,
    agent_key TEXT NOT NULL,
    agent     TEXT NOT NULL,
    PRIMARY KEY (team_id, agent_key)
);

CREATE TABLE desk_team_supervisor (
    team_id TEXT NOT NULL REFERENCES desk_team (id) ON DELETE CASCADE,
    user_id TEXT NOT NULL REFERENCES desk_user (id) ON DELETE CASCADE,
    PRIMARY KEY (team_id, user_id)
);

-- Who is signed in. Of the secret in the cookie only the digest is here.
CREATE TABLE desk_session (
    digest    TEXT   NOT NULL PRIMARY KEY,
    id        TEXT   NOT NULL UNIQUE,
    user_id   TEXT   NOT NULL REFERENCES desk_user (id) ON DELETE CASCADE,
    opened_at BIGINT NOT NULL,
    seen_at   BIGINT NOT NULL,
    ends_at   BIGINT NOT NULL
);
CREATE INDEX desk_session_user ON desk_session (user_id);

-- API tokens; of the secret only the digest. Agents are a JSON list of ids.
CREATE TABLE desk_token (
    digest  TEXT   NOT NULL PRIMARY KEY,
    id      TEXT   NOT NULL UNIQUE,
    name    TEXT   NOT NULL,
    role    TEXT   NOT NULL,
    agents  TEXT   NOT NULL,
    made_by TEXT   NOT NULL,
    made_at BIGINT NOT NULL,
    ends_at BIGINT,
    seen_at BIGINT
);

-- How often something was tried in the time that ends at ends_at.
CREATE TABLE desk_attempt (
    key     TEXT   NOT NULL PRIMARY KEY,
    tries   BIGINT NOT NULL,
    ends_at BIGINT NOT NULL
);

-- The link with which the first administrator is made: one row at most.
CREATE TABLE desk_setup (
    one     BIGINT NOT NULL PRIMARY KEY CHECK (one = 1),
    digest  TEXT   NOT NULL,
    ends_at BIGINT NOT NULL
);

-- Who did what to what, append-only; only age removes rows. Numbers are masked, secrets are never here.
CREATE TABLE desk_audit (
    id        TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    who       TEXT   NOT NULL,
    role      TEXT   NOT NULL,
    action    TEXT   NOT NULL,
    target    TEXT   NOT NULL,
    agent_key TEXT,
    agent     TEXT,
    result    TEXT   NOT NULL,
    request   TEXT,
    PRIMARY KEY (at, id)
);
CREATE INDEX desk_audit_target ON desk_audit (target);
