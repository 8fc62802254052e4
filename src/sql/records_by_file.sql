-- GET /recording/records/{file-id}/audio/result: the newest call with this file-id, answered or not.
-- $1 text: the file-id.
-- Followed by record.sql.
-- Index: attached_data (value) where key = 'recording'.
WITH matching_call AS (
	SELECT call.id
	FROM attached_data AS recording
	JOIN call_data AS call ON call.id = recording.id_call_data
	WHERE recording.key = 'recording'
		AND recording.value = $1::text
		AND NOT EXISTS (
			SELECT 1
			FROM attached_data AS later
			WHERE later.id_call_data = recording.id_call_data
				AND later.key = 'recording'
				AND later.id > recording.id
		)
	ORDER BY call.start_time DESC, call.id DESC
	LIMIT 1
)
