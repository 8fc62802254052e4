-- GET /recording/cel: the channel events of a range of ids, or its first ones.
-- $1, $2 bigint: lowest and highest id wanted.  $3 bigint: how many rows at most.
-- Columns: all 23 of the table, in table order.
-- Index: the primary key.
SELECT id, eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, cid_rdnis, cid_dnid,
	exten, context, channame, appname, appdata, amaflags, accountcode, peeraccount, uniqueid,
	linkedid, userfield, peer, call_log_id, extra
FROM cel
WHERE id >= $1::bigint AND id <= $2::bigint
ORDER BY id
LIMIT $3::bigint
