-- Indexes for recordingd on the tables of xivo_stats. Safe to run again and on a live XiVO:
-- CONCURRENTLY never locks out writers (so run it outside a transaction, as psql -f does).
-- recordingd --check names those that are missing; an index of the same columns counts under
-- whatever name it has.

-- Records search without a rarer condition, paging through it, and the trigrams' newest calls.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_start
	ON call_data (start_time DESC, id DESC);

-- callid_search, and every step from a passage to its call.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_uniqueid
	ON call_data (uniqueid);

-- last_agent, customer history, records search by caller or by the begin of one.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_caller
	ON call_data (src_num text_pattern_ops, start_time DESC, id DESC);

-- last_agent: the latest answer of a call from a number.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_answer
	ON call_data (src_num, answer_time DESC) WHERE dst_agent <> '';

-- Records search by callee or by the begin of one.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_callee
	ON call_data (dst_num text_pattern_ops, start_time DESC, id DESC);
-- What these two replace.
DROP INDEX CONCURRENTLY IF EXISTS recordingd_call_data_src_num;
DROP INDEX CONCURRENTLY IF EXISTS recordingd_call_data_dst_num;

-- Records search by direction.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_direction
	ON call_data (call_direction, start_time, id);

-- History of an interface: calls it made.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_src_interface
	ON call_data (src_interface, start_time DESC, id DESC) WHERE src_interface IS NOT NULL;

-- History of an agent and records search by agent: calls the agent made, calls the agent took.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_src_agent
	ON call_data (src_agent, start_time DESC, id DESC) WHERE src_agent IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_dst_agent
	ON call_data (dst_agent, start_time DESC, id DESC) WHERE dst_agent IS NOT NULL;

-- Records search with a start: calls that began before it and go on beyond it are looked for an hour
-- back, and here. With an end: calls that outlast the times in which passages are looked for.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_long
	ON call_data (start_time DESC, id DESC) WHERE end_time - start_time > interval '1 hour';
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_endless
	ON call_data (start_time DESC, id DESC) WHERE (end_time - start_time <= interval '1 day') IS NOT TRUE;
-- What it replaces.
DROP INDEX CONCURRENTLY IF EXISTS recordingd_call_data_very_long;

-- The pairs of a call: every record shown, every condition on a key.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_attached_data_call
	ON attached_data (id_call_data, key);

-- The call of an audio file.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_attached_data_recording
	ON attached_data (value) WHERE key = 'recording';

-- Records search and customer history by key and value, or by key: the second has the pairs that
-- calls show, each call's latest first, and is read alone, without the table, to count them.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_attached_data_pair
	ON attached_data (key, value, id_call_data) WHERE key <> 'recording';
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_attached_data_latest
	ON attached_data (key, id_call_data, id DESC, value) WHERE key <> 'recording';
-- What it replaces.
DROP INDEX CONCURRENTLY IF EXISTS recordingd_attached_data_key;

-- The passages of a call: every record and customer entry shown.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_on_queue_callid
	ON call_on_queue (callid, queue_time DESC);

-- Records search by queue, by queue and status, by agent, by status.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_on_queue_queue
	ON call_on_queue (queue_ref, queue_time DESC) WHERE queue_ref IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_on_queue_queue_status
	ON call_on_queue (queue_ref, status, queue_time DESC) WHERE queue_ref IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_on_queue_agent
	ON call_on_queue (agent_num, queue_time DESC) WHERE agent_num IS NOT NULL;
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_on_queue_status
	ON call_on_queue (status, queue_time DESC) WHERE status IS NOT NULL;

-- The legs of a call.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_element_call
	ON call_element (call_data_id);

-- History of an interface, history of an agent: calls it was rung for.
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_element_interface
	ON call_element (interface, start_time DESC);
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_element_agent
	ON call_element (agent, start_time DESC) WHERE agent IS NOT NULL;

-- Records search by a part of a number that few calls have, but not its begin. pg_trgm comes with
-- PostgreSQL's contrib modules; without it everything works, and such a search reads every call.
CREATE EXTENSION IF NOT EXISTS pg_trgm;
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_src_num_part
	ON call_data USING gin (src_num gin_trgm_ops);
CREATE INDEX CONCURRENTLY IF NOT EXISTS recordingd_call_data_dst_num_part
	ON call_data USING gin (dst_num gin_trgm_ops);
