-- Asked before a search by agent: every agent, to turn a name into numbers.
-- Columns: number, name ("firstname lastname").
SELECT number, btrim(btrim(firstname) || ' ' || btrim(lastname)) AS name
FROM agentfeatures
