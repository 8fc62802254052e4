-- POST /recording/call_data/{id}/attached_data, first: one writer at a time for a call, so that two
-- requests cannot both find a key missing and both insert it. Held until the transaction ends.
-- Two numbers are used so that locks of other programs with one number are never met; the first is
-- recordingd's own ('recd' as bytes).
-- $1 integer: id of the call.
-- Columns: two that are never filled, as every statement of this query has the same columns; the
-- lock is taken although no row is left.
SELECT NULL::text AS key, NULL::text AS value
FROM (SELECT pg_catalog.pg_advisory_xact_lock(1919247204, $1::integer) OFFSET 0) AS lock (taken)
WHERE lock.taken IS NULL
