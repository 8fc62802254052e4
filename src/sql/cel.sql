-- GET /recording/cel: the channel events from an id on.
-- $1 bigint: lowest id wanted.  $2 bigint: how many rows at most.
-- Columns: all 23 of the table, in table order.
-- Index: the primary key.
SELECT id, eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, cid_rdnis, cid_dnid,
	exten, context, channame, appname, appdata, amaflags, accountcode, peeraccount, uniqueid,
	linkedid, userfield, peer, call_log_id, extra
FROM cel
WHERE id >= $1::bigint
ORDER BY id
LIMIT $2::bigint
