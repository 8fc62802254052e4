-- Asked when connections have been silent with queries under way: whose sessions do nothing for them?
-- One that waits for its client to send, or to take what it sends, while that waits for an answer has
-- been lost to it by the network; as one that is gone.
-- $1 integer[]: process ids of the sessions.
-- Columns: process id of each that does nothing.
-- Of other users' sessions it is not shown what they wait for: they count as at work.
SELECT asked.process
FROM unnest($1::integer[]) AS asked (process)
LEFT JOIN pg_catalog.pg_stat_activity AS session ON session.pid = asked.process
WHERE session.pid IS NULL OR session.wait_event_type = 'Client'
