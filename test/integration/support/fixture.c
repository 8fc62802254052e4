#include "support/fixture.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "support/cluster.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"

/* What the contract gives the database role, and nothing more. */
static const char grants[] = "REVOKE ALL ON SCHEMA public FROM PUBLIC;"
			     "GRANT USAGE ON SCHEMA public TO recordingd;"
			     "GRANT SELECT ON ALL TABLES IN SCHEMA public TO recordingd;"
			     "GRANT INSERT, UPDATE, DELETE ON attached_data TO recordingd;"
			     "GRANT USAGE ON SEQUENCE attached_data_id_seq TO recordingd;";

void
fixture_load(void)
{
	sql_run("CREATE DATABASE " CLUSTER_DATABASE);
	sql_run("CREATE ROLE recordingd LOGIN");
	sql_reconnect();
	sql_run_file(harness_source("etc/schema.sql"));
	sql_run(grants);
	sql_run_file(harness_source("test/integration/fixture.sql"));
	if (mkdir(harness_path("audio"), 0755) != 0)
		harness_fail("no folder for audio files");
}

/* One statement at a time: CONCURRENTLY wants no transaction around it. */
void
fixture_indexes(void)
{
	char *statement = scratch_file(harness_source("etc/indexes.sql"));
	char *end;

	while ((end = strstr(statement, ";\n")) != NULL) {
		*end = '\0';
		sql_run(statement);
		statement = end + 2;
	}
	sql_run("VACUUM ANALYZE");
}

void
fixture_audio(const char *name, const char *bytes, unsigned long count)
{
	FILE *file = fopen(scratch_format("%s/audio/%s", harness_directory(), name), "wb");

	if (file == NULL || fwrite(bytes, 1, count, file) != count || fclose(file) != 0)
		harness_fail("%s cannot be written", name);
}

static char *
put_number(char *to, uint32_t number, int bytes)
{
	for (int i = 0; i < bytes; i++)
		*to++ = (char)(number >> (8 * i) & 0xff);
	return to;
}

static char *
put_text(char *to, const char *text)
{
	size_t length = strlen(text);

	memcpy(to, text, length);
	return to + length;
}

void
fixture_wav(const char *name, unsigned rate, unsigned channels, unsigned frames)
{
	uint32_t data_bytes = frames * channels * 2;
	char *file = scratch_new(44 + data_bytes);
	char *at = put_text(file, "RIFF");

	at = put_number(at, 36 + data_bytes, 4);
	at = put_text(at, "WAVEfmt ");
	at = put_number(at, 16, 4);
	at = put_number(at, 1, 2);
	at = put_number(at, channels, 2);
	at = put_number(at, rate, 4);
	at = put_number(at, rate * channels * 2, 4);
	at = put_number(at, channels * 2, 2);
	at = put_number(at, 16, 2);
	at = put_text(at, "data");
	at = put_number(at, data_bytes, 4);
	for (uint32_t i = 0; i < data_bytes; i++)
		at[i] = (char)(i % 251);
	fixture_audio(name, file, 44 + data_bytes);
}
