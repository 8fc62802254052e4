#include "known.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "support/fixture.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"

/* 2025-01-01 00:00:00, the start of call 0; each starts a minute after the one before. */
#define FIRST_START 1735689600

/* Queues, by the number of the call. */
#define QUEUES 50

#define FIRST_AGENT 20000

/* More than a row of cel has as JSON. */
#define ROW_BYTES_MAX 1000

static const char database_text[] =
	"INSERT INTO agentfeatures (firstname, lastname, number)"
	" SELECT 'First' || n, 'Last' || n, n::text FROM generate_series(20000, 20099) AS n;"
	"INSERT INTO queuefeatures (name, displayname, number)"
	" SELECT 'chaos' || n, 'Queue ' || n, (9000 + n)::text FROM generate_series(0, 49) AS n;"
	"INSERT INTO call_data (id, uniqueid, src_num, dst_num, start_time, answer_time, end_time,"
	" status, call_direction, dst_agent, src_interface)"
	" SELECT 100000 + n, 'c' || n, (7000000 + n)::text, (8000000 + n)::text, start,"
	" start + interval '5 seconds', start + (65 + n % 60) * interval '1 second', 'answered',"
	" 'incoming', (20000 + n / 20)::text, 'SIP/c' || n / 10"
	" FROM generate_series(0, 1999) AS n CROSS JOIN LATERAL"
	" (SELECT timestamp '2025-01-01' + n * interval '1 minute' AS start) AS at;"
	"INSERT INTO call_on_queue (callid, queue_time, answer_time, hangup_time, status, "
	"queue_ref,"
	" agent_num) SELECT uniqueid, start_time, answer_time, end_time, 'answered',"
	" 'chaos' || (id - 100000) % 50, dst_agent FROM call_data"
	" WHERE id BETWEEN 100000 AND 101999;"
	"INSERT INTO attached_data (id_call_data, key, value)"
	" SELECT 100000 + n, pair.key, pair.value FROM generate_series(0, 1999) AS n"
	" CROSS JOIN LATERAL (VALUES ('recording', 'c' || n), ('ticket', 't' || n),"
	" ('group', 'g' || n / 40)) AS pair (key, value);"
	"INSERT INTO call_data (id, uniqueid, start_time)"
	" SELECT n, 'w' || n, '2024-09-01' FROM generate_series(200000, 209999) AS n;"
	"INSERT INTO attached_data (id_call_data, key, value)"
	" SELECT n, 'recording', 'w' || n FROM generate_series(200000, 209999) AS n;"
	"DELETE FROM cel; ALTER SEQUENCE cel_id_seq RESTART;";

static char
audio_byte(long file, size_t offset)
{
	return (char)((size_t)file * 31 + offset * 7 + offset / 251);
}

size_t
known_file_bytes(long file)
{
	return 100000 + (size_t)file * 997;
}

static void
write_file(const char *directory, long file)
{
	FILE *stream = fopen(scratch_format("%s/c%ld.wav", directory, file), "wb");

	if (stream == NULL)
		harness_fail("no file in %s", directory);
	for (size_t i = 0; i < known_file_bytes(file); i++)
		putc(audio_byte(file, i), stream);
	if (fclose(stream) != 0)
		harness_fail("no file in %s", directory);
}

void
known_load(const char *audio_directory)
{
	sql_run(database_text);
	for (int i = 0; i < KNOWN_EVENTS / 100; i++)
		sql_runf("DO $$BEGIN FOR i IN 1..100 LOOP %s; END LOOP; END$$", KNOWN_EVENT_INSERT);
	fixture_indexes();
	for (long file = 0; file < KNOWN_FILES; file++)
		write_file(audio_directory, file);
}

static void
format_start(long call, char *text, size_t size)
{
	time_t start = FIRST_START + call * 60;
	struct tm utc;

	gmtime_r(&start, &utc);
	strftime(text, size, "%Y-%m-%d %H:%M:%S", &utc);
}

long
known_agent(long call)
{
	return FIRST_AGENT + call / KNOWN_AGENT_CALLS;
}

void
known_record(long call, char *text, size_t size)
{
	long agent = known_agent(call);
	long queue = call % QUEUES;
	char start[32];

	format_start(call, start, sizeof start);
	snprintf(text, size,
		"{\"agent\":\"First%ld Last%ld (%ld)\",\"attached_data\":{\"recording\":\"c%ld\","
		"\"ticket\":\"t%ld\",\"group\":\"g%ld\"},\"dst_num\":\"%ld\","
		"\"duration\":\"00:01:%02ld\",\"id\":\"c%ld\",\"queue\":\"Queue %ld (%ld)\","
		"\"src_num\":\"%ld\",\"start\":\"%s\",\"status\":\"answered\"}",
		agent, agent, agent, call, call, call / KNOWN_GROUP_CALLS, 8000000 + call,
		call % 60, call, queue, 9000 + queue, 7000000 + call, start);
}

void
known_history_entry(long call, const char *status, char *text, size_t size)
{
	char start[32];

	format_start(call, start, sizeof start);
	snprintf(text, size,
		"{\"start\":\"%s\",\"duration\":\"00:01:%02ld\",\"src_num\":\"%ld\","
		"\"dst_num\":\"%ld\",\"status\":\"%s\",\"src_firstname\":null,"
		"\"src_lastname\":null,\"dst_firstname\":null,\"dst_lastname\":null}",
		start, call % 60, 7000000 + call, 8000000 + call, status);
}

void
known_customer_entry(long call, char *text, size_t size)
{
	long agent = known_agent(call);
	long queue = call % QUEUES;
	char start[32];

	format_start(call, start, sizeof start);
	snprintf(text, size,
		"{\"start\":\"%s\",\"duration\":\"00:01:%02ld\",\"wait_time\":\"00:00:05\","
		"\"agent_name\":\"First%ld Last%ld\",\"agent_num\":\"%ld\","
		"\"queue_name\":\"Queue %ld\",\"queue_num\":\"%ld\",\"status\":\"answered\"}",
		start, call % 60, agent, agent, agent, queue, 9000 + queue);
}

bool
known_is_audio(long file, size_t offset, const char *bytes, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		if (bytes[i] != audio_byte(file, offset + i))
			return false;
	}
	return true;
}

/* Where the next row begins; NULL: there is none. Only rows have braces. */
static const char *
next_row(const char *text)
{
	static const char mark[] = "{\"id\":\"";

	while ((text = strchr(text, '{')) != NULL) {
		if (strncmp(text, mark, sizeof mark - 1) == 0)
			return text + sizeof mark - 1;
		text++;
	}
	return NULL;
}

/* The number in the row's uniqueid; -1 without one. */
static long
unique_number(const char *row)
{
	static const char mark[] = "\"uniqueid\":\"row-";
	const char *found = memmem(row, strnlen(row, ROW_BYTES_MAX), mark, sizeof mark - 1);

	return found == NULL ? -1 : strtol(found + sizeof mark - 1, NULL, 10);
}

long
known_read_events(const char *text, long *ids, long count)
{
	long found = 0;

	while (found < count && (text = next_row(text)) != NULL) {
		ids[found] = strtol(text, NULL, 10);
		if (unique_number(text) != ids[found++])
			return -1;
	}
	return found;
}
