-- POST /recording/call_data/{id}/attached_data, second: a key the call already has gets the new
-- value (its latest row, the one that is shown), any other key gets a row. A call that does not
-- exist gets nothing.
-- $1 integer: id of the call.  $2 text[]: keys, each once.  $3 text[]: their values.
-- Index: attached_data (id_call_data).
WITH wanted AS (
	SELECT given.key, given.value, given.position
	FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS given (key, value, position)
), changed AS (
	UPDATE attached_data AS present
	SET value = wanted.value
	FROM wanted
	WHERE present.id_call_data = $1::integer
		AND present.key = wanted.key
		AND NOT EXISTS (
			SELECT 1
			FROM attached_data AS later
			WHERE later.id_call_data = $1::integer
				AND later.key = present.key
				AND later.id > present.id
		)
	RETURNING present.key
)
INSERT INTO attached_data (id_call_data, key, value)
SELECT call.id, wanted.key, wanted.value
FROM wanted
JOIN call_data AS call ON call.id = $1::integer
WHERE NOT EXISTS (SELECT 1 FROM changed WHERE changed.key = wanted.key)
ORDER BY wanted.position
