-- Indexes for recordingd on the tables of xivo_stats. Safe to run again and on a live XiVO:
-- CONCURRENTLY never locks out writers (so run it outside a transaction, as psql -f does).
-- recordingd --check names those that are missing; an index of the same columns counts under
-- whatever name it has.

-- Records search, and paging through it: newest first.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_start
	ON call_data (start_time DESC, id DESC);

-- callid_search, and every join from a passage to its call.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_uniqueid
	ON call_data (uniqueid);

-- last_agent, customer history, and search by caller.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_src_num
	ON call_data (src_num, start_time DESC);

-- Search by callee.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_dst_num
	ON call_data (dst_num, start_time DESC);

-- History of an interface: calls it made.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_src_interface
	ON call_data (src_interface, start_time DESC);

-- History of an agent and search by agent: calls the agent made, calls the agent took.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_src_agent
	ON call_data (src_agent, start_time DESC) WHERE src_agent IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_dst_agent
	ON call_data (dst_agent, start_time DESC) WHERE dst_agent IS NOT NULL;

-- The pairs of a call: every record shown, every condition on a key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_attached_data_call
	ON attached_data (id_call_data, key);

-- The call of an audio file.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_attached_data_recording
	ON attached_data (value) WHERE key = 'recording';

-- The passages of a call: every record and customer entry shown.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_on_queue_callid
	ON call_on_queue (callid, queue_time DESC);

-- Search by agent: passages an agent took.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_on_queue_agent
	ON call_on_queue (agent_num) WHERE agent_num IS NOT NULL;

-- The legs of a call.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_element_call
	ON call_element (call_data_id);

-- History of an interface: calls it was rung for.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_element_interface
	ON call_element (interface, call_data_id);

-- History of an agent: calls the agent was rung for.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_element_agent
	ON call_element (agent, call_data_id) WHERE agent IS NOT NULL;
