-- Asked before a search by queue: every queue, to turn a name or number into references.
-- Columns: ref (what a passage holds), number, name.
SELECT name AS ref, number, btrim(displayname) AS name
FROM queuefeatures
