-- How dials go for an agent: 'agent', 'socket' or 'kookoo'; null takes the desk's own setting.
ALTER TABLE desk_agent_link ADD COLUMN dial_way TEXT;
