-- What is known of agents, as JSON; the columns are what is searched for.
CREATE TABLE desk_agent (
    agent_key TEXT   NOT NULL PRIMARY KEY,
    version   BIGINT NOT NULL,
    body      TEXT   NOT NULL
);
