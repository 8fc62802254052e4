-- What recordingd's database role needs, and nothing more. The role is created by the operator:
--   CREATE ROLE recordingd LOGIN PASSWORD '…';
GRANT SELECT ON call_data, attached_data, call_on_queue, call_element, cel, agentfeatures,
	queuefeatures, userfeatures, linefeatures, user_line TO recordingd;
GRANT INSERT, UPDATE, DELETE ON attached_data TO recordingd;
GRANT USAGE ON SEQUENCE attached_data_id_seq TO recordingd;

-- A writer that has waited for another one must see what that has written. recordingd sees to it
-- itself, but behind a pooler in transaction mode it cannot.
ALTER ROLE recordingd SET default_transaction_isolation = 'read committed';

-- With hot standbys (database.read_conninfo), so that they answer again at once after a promotion; it
-- shows the sessions of all roles, so it is left to the operator:
--   GRANT pg_read_all_stats TO recordingd;
