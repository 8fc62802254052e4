-- GET /recording/cel: the same rows as cel.sql gives, each as one text.
-- $1, $2 bigint: lowest and highest id wanted.  $3 bigint: how many rows at most.
-- Columns: one, the 23 values in table order with U+001F between them. The table allows NULL in the
-- last two alone, and concat_ws leaves NULLs out. A value that holds U+001F itself makes 23 of the
-- separators or more: such a row is read with cel.sql.
-- PostgreSQL takes a sixth longer for these than for 23 columns; libpq takes them up in a tenth of the
-- time.
-- Index: the primary key.
SELECT concat_ws(chr(31), id, eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani,
	cid_rdnis, cid_dnid, exten, context, channame, appname, appdata, amaflags, accountcode,
	peeraccount, uniqueid, linkedid, userfield, peer, coalesce(call_log_id::text, ''),
	coalesce(extra, ''))
FROM cel
WHERE id >= $1::bigint AND id <= $2::bigint
ORDER BY id
LIMIT $3::bigint
