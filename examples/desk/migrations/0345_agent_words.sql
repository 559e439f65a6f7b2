-- The service's words about agents, for where today's time went; older ones go.
CREATE TABLE desk_agent_word (
    agent_key TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    source    TEXT   NOT NULL,
    word      TEXT   NOT NULL,
    PRIMARY KEY (agent_key, at, source, word)
);
CREATE INDEX desk_agent_word_at ON desk_agent_word (at);
