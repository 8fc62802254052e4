-- recordingd --check: what this database lacks of what the statements use.
-- Columns: kind ('table', 'column', 'privilege' or 'index'), missing (its name, for people).
-- An index counts by what it covers, under whatever name: the same leading columns on the same
-- table, valid, and not partial but for rows where the column is NULL or by the key named here.
WITH wanted_column (table_name, column_name) AS (
	SELECT wanted.table_name, unnest(string_to_array(wanted.columns, ' '))
	FROM (VALUES
		('call_data', 'id uniqueid dst_num start_time answer_time end_time status call_direction src_num src_agent dst_agent src_interface'),
		('attached_data', 'id id_call_data key value'),
		('call_on_queue', 'id callid queue_time answer_time hangup_time status queue_ref agent_num'),
		('call_element', 'id call_data_id answer_time end_time interface agent'),
		('cel', 'id eventtype eventtime userdeftype cid_name cid_num cid_ani cid_rdnis cid_dnid exten context channame appname appdata amaflags accountcode peeraccount uniqueid linkedid userfield peer call_log_id extra'),
		('agentfeatures', 'firstname lastname number'),
		('queuefeatures', 'id name displayname number'),
		('userfeatures', 'id firstname lastname'),
		('linefeatures', 'id protocol name number'),
		('user_line', 'user_id line_id main_user main_line')
	) AS wanted (table_name, columns)
), wanted_table AS (
	SELECT DISTINCT table_name, to_regclass(quote_ident(table_name)) AS relation
	FROM wanted_column
), wanted_privilege AS (
	SELECT table_name, relation, 'SELECT' AS privilege FROM wanted_table
	UNION ALL
	SELECT table_name, relation, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE'])
	FROM wanted_table
	WHERE table_name = 'attached_data'
), wanted_index (table_name, columns, predicate) AS (
	VALUES
		('cel', 'id', ''),
		('call_data', 'id', ''),
		('call_data', 'start_time id', ''),
		('call_data', 'uniqueid', ''),
		('call_data', 'src_num start_time', ''),
		('call_data', 'dst_num start_time', ''),
		('call_data', 'src_interface start_time', ''),
		('call_data', 'src_agent start_time', ''),
		('call_data', 'dst_agent start_time', ''),
		('attached_data', 'id_call_data', ''),
		('attached_data', 'value', 'recording'),
		('call_on_queue', 'callid', ''),
		('call_on_queue', 'agent_num', ''),
		('call_element', 'call_data_id', ''),
		('call_element', 'interface call_data_id', ''),
		('call_element', 'agent call_data_id', '')
), present_index AS (
	SELECT present.indrelid AS relation,
		coalesce(pg_get_expr(present.indpred, present.indrelid), '') AS predicate,
		(
			SELECT string_agg(attribute.attname, ' ' ORDER BY position.number)
			FROM unnest(present.indkey::smallint[]) WITH ORDINALITY AS position (attnum, number)
			JOIN pg_catalog.pg_attribute AS attribute
				ON attribute.attrelid = present.indrelid AND attribute.attnum = position.attnum
		) AS columns
	FROM pg_catalog.pg_index AS present
	WHERE present.indisvalid AND present.indexprs IS NULL
)
SELECT 'table' AS kind, table_name AS missing
FROM wanted_table
WHERE relation IS NULL
UNION ALL
SELECT 'column', table_name || '.' || column_name
FROM wanted_column
JOIN wanted_table USING (table_name)
WHERE relation IS NOT NULL
	AND NOT EXISTS (
		SELECT 1
		FROM pg_catalog.pg_attribute AS present
		WHERE present.attrelid = relation
			AND present.attname = column_name
			AND present.attnum > 0
			AND NOT present.attisdropped
	)
UNION ALL
SELECT 'privilege', privilege || ' on ' || table_name
FROM wanted_privilege
WHERE relation IS NOT NULL AND NOT has_table_privilege(relation, privilege)
UNION ALL
SELECT 'privilege', 'USAGE on ' || sequence.name
FROM (
	SELECT pg_get_serial_sequence(present.attrelid::regclass::text, present.attname) AS name
	FROM wanted_column
	JOIN wanted_table USING (table_name)
	JOIN pg_catalog.pg_attribute AS present
		ON present.attrelid = relation AND present.attname = column_name
	WHERE table_name = 'attached_data' AND column_name = 'id' AND NOT present.attisdropped
	-- A fence: the function fails for a table that is not there, so it must come last.
	OFFSET 0
) AS sequence
WHERE sequence.name IS NOT NULL AND NOT has_sequence_privilege(sequence.name, 'USAGE')
UNION ALL
SELECT 'index', wanted.table_name || ' (' || replace(wanted.columns, ' ', ', ') || ')'
	|| CASE WHEN wanted.predicate <> '' THEN ' where key = ''' || wanted.predicate || '''' ELSE '' END
FROM wanted_index AS wanted
JOIN wanted_table USING (table_name)
WHERE relation IS NOT NULL
	AND NOT EXISTS (
		SELECT 1
		FROM present_index AS present
		WHERE present.relation = wanted_table.relation
			AND (present.columns || ' ') LIKE (replace(wanted.columns, '_', '\_') || ' %')
			AND (
				present.predicate = ''
				OR present.predicate ~ '^\([a-z_]+ IS NOT NULL\)$'
				OR (
					wanted.predicate <> ''
					AND present.predicate LIKE '%key%''' || wanted.predicate || '''%'
				)
			)
	)
ORDER BY 1, 2
