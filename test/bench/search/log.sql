-- PostgreSQL's log of a replay, as tables. Needs PostgreSQL 14 or newer, whose CSV log has 26 columns.
-- :log: the CSV file.  :answers: what replay printed.  :requests: what it was given.
CREATE TABLE entry (
	log_time text, user_name text, database_name text, process_id integer, connection_from text,
	session_id text, session_line bigint, command_tag text, session_start text, virtual_transaction text,
	transaction_id bigint, severity text, sql_state text, message text, detail text, hint text,
	internal_query text, internal_position integer, context text, query text, query_position integer,
	location text, application_name text, backend_type text, leader_pid integer, query_id bigint,
	number bigserial
);
SELECT format('COPY entry (%s) FROM %L CSV', (
	SELECT string_agg(attname, ', ' ORDER BY attnum)
	FROM pg_attribute
	WHERE attrelid = 'entry'::regclass AND attnum > 0 AND attname <> 'number'
), :'log') \gexec

CREATE TABLE request (number bigserial, name text, method text, target text, body text);
CREATE TABLE answer (request bigint, status integer, rows integer);
