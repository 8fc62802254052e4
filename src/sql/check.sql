-- recordingd --check: what this database lacks of what the statements use.
-- Columns: kind ('table', 'column', 'privilege' or 'index'), missing (its name, for people).
-- An index counts by what it covers, under whatever name: the same leading columns on the same
-- table, valid, of the same kind, with starts and ids in one direction, and not partial but for rows
-- where its first column is NULL or by the condition named here.
WITH wanted_column (table_name, column_name) AS (
	SELECT wanted.table_name, unnest(string_to_array(wanted.columns, ' '))
	FROM (VALUES
		('call_data', 'id uniqueid dst_num start_time answer_time end_time status call_direction src_num src_agent dst_agent src_interface'),
		('attached_data', 'id id_call_data key value'),
		('call_on_queue', 'id callid queue_time answer_time hangup_time status queue_ref agent_num'),
		('call_element', 'id call_data_id start_time answer_time end_time interface agent'),
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
), wanted_index (table_name, columns, method, condition) AS (
	VALUES
		('cel', 'id', 'btree', ''),
		('call_data', 'id', 'btree', ''),
		('call_data', 'start_time id', 'btree', ''),
		('call_data', 'uniqueid', 'btree', ''),
		('call_data', 'src_num text_pattern_ops start_time id', 'btree', ''),
		('call_data', 'dst_num text_pattern_ops start_time id', 'btree', ''),
		('call_data', 'call_direction start_time id', 'btree', ''),
		('call_data', 'src_interface start_time id', 'btree', ''),
		('call_data', 'src_agent start_time id', 'btree', ''),
		('call_data', 'dst_agent start_time id', 'btree', ''),
		('call_data', 'src_num answer_time', 'btree', 'dst_agent <> '''''),
		('call_data', 'start_time id', 'btree', 'end_time - start_time > ''01:00:00'''),
		('call_data', 'start_time id', 'btree', 'end_time - start_time <= ''1 day'' IS NOT TRUE'),
		('attached_data', 'id_call_data', 'btree', ''),
		('attached_data', 'value', 'btree', 'key = ''recording'''),
		('attached_data', 'key value id_call_data', 'btree', 'key <> ''recording'''),
		('attached_data', 'key id_call_data id value', 'btree', 'key <> ''recording'''),
		('call_on_queue', 'callid', 'btree', ''),
		('call_on_queue', 'queue_ref queue_time', 'btree', ''),
		('call_on_queue', 'queue_ref status queue_time', 'btree', ''),
		('call_on_queue', 'agent_num queue_time', 'btree', ''),
		('call_on_queue', 'status queue_time', 'btree', ''),
		('call_element', 'call_data_id', 'btree', ''),
		('call_element', 'interface start_time', 'btree', ''),
		('call_element', 'agent start_time', 'btree', ''),
		('call_data', 'src_num', 'gin', ''),
		('call_data', 'dst_num', 'gin', '')
), present_index AS (
	SELECT present.indrelid AS relation,
		method.amname AS method,
		regexp_replace(coalesce(pg_get_expr(present.indpred, present.indrelid), ''),
			'[()]|::(text|interval)', '', 'g') AS condition,
		(
			SELECT string_agg(attribute.attname
					|| CASE WHEN class.opcname ~ '^(text|varchar)_pattern_ops$' THEN ' text_pattern_ops' ELSE '' END
					-- The lowest bit says DESC.
					|| CASE WHEN present.indoption[position.number - 1] & 1 = 1 THEN ' desc' ELSE '' END,
				' ' ORDER BY position.number)
			FROM unnest(present.indkey::smallint[]) WITH ORDINALITY AS position (attnum, number)
			JOIN pg_catalog.pg_attribute AS attribute
				ON attribute.attrelid = present.indrelid AND attribute.attnum = position.attnum
			LEFT JOIN pg_catalog.pg_opclass AS class
				ON class.oid = present.indclass[position.number - 1]
			WHERE position.number <= present.indnkeyatts
		) AS columns_with_order,
		(
			SELECT bool_and(class.opcname = 'gin_trgm_ops')
			FROM unnest(present.indclass::oid[]) AS used (class)
			JOIN pg_catalog.pg_opclass AS class ON class.oid = used.class
		) AS is_of_trigrams
	FROM pg_catalog.pg_index AS present
	JOIN pg_catalog.pg_class AS index ON index.oid = present.indexrelid
	JOIN pg_catalog.pg_am AS method ON method.oid = index.relam
	WHERE present.indisvalid AND present.indexprs IS NULL
), present_list AS (
	SELECT present_index.*, replace(columns_with_order, ' desc', '') || ' ' AS columns
	FROM present_index
	WHERE columns_with_order !~ '\mstart_time id desc\M|\mstart_time desc id\M(?! desc)'
		AND (method <> 'gin' OR is_of_trigrams)
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
SELECT 'index', wanted.table_name
	|| CASE WHEN wanted.method <> 'btree' THEN ' using ' || wanted.method ELSE '' END
	|| ' (' || replace(replace(wanted.columns, ' ', ', '), ', text_pattern_ops', ' text_pattern_ops') || ')'
	|| CASE WHEN wanted.condition <> '' THEN ' where ' || wanted.condition ELSE '' END
FROM wanted_index AS wanted
JOIN wanted_table USING (table_name)
WHERE relation IS NOT NULL
	AND NOT EXISTS (
		SELECT 1
		FROM present_list AS present
		WHERE present.relation = wanted_table.relation
			AND present.method = wanted.method
			-- The operators of patterns find equal values as well as the usual ones.
			AND (
				present.columns LIKE (replace(wanted.columns, '_', '\_') || ' %')
				OR replace(present.columns, ' text_pattern_ops', '')
					LIKE (replace(wanted.columns, '_', '\_') || ' %')
			)
			AND (
				present.condition = wanted.condition
				OR present.condition = split_part(wanted.columns, ' ', 1) || ' IS NOT NULL'
				-- One of long calls is there to be short.
				OR (present.condition = '' AND wanted.condition NOT LIKE 'end\_time - %')
			)
	)
ORDER BY 1, 2
