/*
 * What the database and the audio directory hold, so that every answer can be reckoned from the
 * request alone: calls numbered from 0, each different from all others in everything that it has.
 */
#ifndef RECORDINGD_TEST_CHAOS_KNOWN_H
#define RECORDINGD_TEST_CHAOS_KNOWN_H

#include <stdbool.h>
#include <stddef.h>

/* Calls that nobody changes; groups of them have a pair, an interface and an agent in common. */
#define KNOWN_CALLS	      2000
#define KNOWN_GROUP_CALLS     40
#define KNOWN_INTERFACE_CALLS 10
#define KNOWN_AGENT_CALLS     20

/* Channel events that are there from the beginning: ids 1 to KNOWN_EVENTS. */
#define KNOWN_EVENTS 3000

/* Recordings of the first calls that have a file. */
#define KNOWN_FILES 40

/* Calls that get attached data: uniqueid and recording are "w" and their id. */
#define KNOWN_WRITTEN_FIRST 200000
#define KNOWN_WRITTEN_CALLS 10000

/* A row of cel whose uniqueid follows from its id; a statement that returns the id. */
#define KNOWN_EVENT_INSERT                                                                         \
	"WITH new AS (SELECT nextval('cel_id_seq') AS id) INSERT INTO cel (id, eventtype, "        \
	"eventtime, userdeftype, cid_name, cid_num, cid_ani, cid_rdnis, cid_dnid, exten, "         \
	"context, channame, appname, appdata, amaflags, accountcode, peeraccount, uniqueid, "      \
	"linkedid, userfield, peer) SELECT id, 'HANGUP', '2026-01-31 11:24:41', '', '', '', '', "  \
	"'', '', '', '', '', '', '', 3, '', '', 'row-' || id, '', '', '' FROM new "

/* Fills database and directory. */
void known_load(const char *audio_directory);

/* What the contract says of a call, as JSON. */
void known_record(long call, char *text, size_t size);
void known_history_entry(long call, const char *status, char *text, size_t size);
void known_customer_entry(long call, char *text, size_t size);

long known_agent(long call);

size_t known_file_bytes(long file);

/* Whether these are the bytes of the file from the offset on. */
bool known_is_audio(long file, size_t offset, const char *bytes, size_t count);

/*
 * Reads the ids of the rows of cel in an answer of any form, at most count. How many there were;
 * -1 when one of them has not the uniqueid that belongs to its id.
 */
long known_read_events(const char *text, long *ids, long count);

#endif
