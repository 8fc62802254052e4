-- POST /recording/records/callid_search: recorded calls, answered or not, of a callid.
-- $1 text: the callid (call_data.uniqueid).
-- Followed by record.sql.
-- Index: call_data (uniqueid).
WITH matching_call AS (
	SELECT call.id
	FROM call_data AS call
	WHERE call.uniqueid = $1::text
		AND EXISTS (
			SELECT 1
			FROM attached_data AS recording
			WHERE recording.id_call_data = call.id AND recording.key = 'recording'
		)
)
