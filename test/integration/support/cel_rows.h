/* Channel events for tests of the end of the log. */
#ifndef RECORDINGD_TEST_CEL_ROWS_H
#define RECORDINGD_TEST_CEL_ROWS_H

/* The statement that inserts one row; a semicolon may follow. */
#define CEL_INSERT_COLUMNS                                                                         \
	"INSERT INTO cel (eventtype, eventtime, userdeftype, cid_name, cid_num, cid_ani, "         \
	"cid_rdnis, cid_dnid, exten, context, channame, appname, appdata, amaflags, accountcode, " \
	"peeraccount, uniqueid, linkedid, userfield, peer) "
#define CEL_INSERT_VALUES                                                                          \
	"'2026-01-31 11:24:41', '', '', '', '', '', '', '', '', '', '', '', 3, '', '', '', '', "   \
	"'', ''"
#define CEL_INSERT CEL_INSERT_COLUMNS "VALUES ('HANGUP', " CEL_INSERT_VALUES ")"

/* Inserts count rows of a type at the end of the log; the id of the last one. */
long cel_rows_insert(int count, const char *type);

/*
 * Takes away the fixture's rows with the highest ids, so that the next row follows the last one,
 * and returns its id. The daemon must be restarted.
 */
long cel_rows_clear_end(void);

/* Takes a number from the sequence that no row will ever have. */
void cel_rows_skip_id(void);

#endif
