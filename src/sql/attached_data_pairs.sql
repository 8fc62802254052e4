-- POST /recording/call_data/{id}/attached_data, third: the call's pairs after the change.
-- $1 integer: id of the call.
-- Columns: key, value. No row: there is no such call, as a write leaves at least one pair.
-- Index: attached_data (id_call_data).
SELECT DISTINCT ON (pair.key) pair.key, pair.value
FROM attached_data AS pair
WHERE pair.id_call_data = $1::integer
ORDER BY pair.key, pair.id DESC
