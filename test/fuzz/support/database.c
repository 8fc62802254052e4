#include "support/database.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "statements.h"
#include "support/fuzz.h"
#include "support/rows.h"

#define ITEMS_MAX	512
#define PREPARED_MAX	256
#define CONNECTIONS_MAX 64
#define COLUMNS_MAX	26
#define PROCESS_ID	4711

/* Ids of the channel event log that the stub has. */
#define CEL_FIRST_ID 10

enum item_kind { ITEM_PREPARE, ITEM_STATEMENT, ITEM_SYNC };

/* What was sent, and has its answer due. */
struct item {
	enum item_kind kind;
	const char *text; /* of the statement: of the prepared one, or owned */
	char *owned_text;
	int64_t numbers[3];	/* the first values, as far as they are numbers */
	unsigned number;	/* on its connection */
	bool separator_is_next; /* the NULL behind a statement's result */
};

struct pg_conn {
	ConnStatusType status;
	int wakeup; /* readable when there is something to read */
	unsigned polls;
	bool is_pipelined;
	bool is_aborted; /* an error since the last sync */
	bool is_dead;
	bool is_standby;
	unsigned flushes;
	unsigned statements;
	struct item items[ITEMS_MAX];
	unsigned head; /* the next to be answered */
	unsigned arrived;
	unsigned tail;
	unsigned prepared_count;
	struct {
		char *name;
		char *text;
	} prepared[PREPARED_MAX];
};

static struct database_plan plan;
static unsigned statement_count;
static unsigned cel_looks;
static struct pg_conn *connections[CONNECTIONS_MAX];
static const char *last_sqlstate;

void
database_reset(const struct database_plan *new_plan)
{
	plan = *new_plan;
	statement_count = 0;
	cel_looks = 0;
	last_sqlstate = NULL;
}

unsigned
database_statements(void)
{
	return statement_count;
}

static uint32_t
mixed(uint32_t a, uint32_t b)
{
	uint32_t hash = (a ^ 0x9e3779b9U) * 0x85ebca6bU;

	hash = (hash ^ (hash >> 15) ^ b) * 0xc2b2ae35U;
	return hash ^ (hash >> 13);
}

/* Values ----------------------------------------------------------------------------------------
 */

const char *
database_text(uint32_t seed)
{
	static const char *const texts[] = { "", "1002", "Joe Dalton", "\"", "\\", "\x01\x1f\x7f",
		"a\nb\r\nc\t", "=1+1", "+33612345678", "'=x", "''", ",", "\"a\",\"b\"", "\xc3\xbc",
		"\xe2\x80\xa8\xf0\x9f\x98\x80", "\xef\xbb\xbf", "</script>", "%s%n", "recording",
		"{\"a\":1}", "\x1f", "-", "@cmd", "2026-01-31 11:24:41" };
	static char built[700];
	size_t used = 0;

	if (seed % 4 != 0)
		return texts[seed / 4 % FUZZ_COUNT(texts)];
	/* Several of them, up to some hundred bytes. */
	built[0] = '\0';
	for (unsigned i = seed / 4 % 60; i > 0 && used < sizeof built - 32; i--)
		used += (size_t)snprintf(built + used, sizeof built - used, "%s",
			texts[mixed(seed, i) % FUZZ_COUNT(texts)]);
	return built;
}

static const char *
number_text(uint32_t seed)
{
	static const char *const numbers[] = { "0", "1", "-1", "59", "3600", "360000", "2147483647",
		"-2147483648", "9223372036854775807", "-9223372036854775808" };

	return numbers[seed % FUZZ_COUNT(numbers)];
}

static const char *
moment_text(uint32_t seed)
{
	static const char *const moments[] = { "2026-01-31 11:24:41", "2026-01-31 11:24:41.5",
		"2026-01-31 11:24:41.123456", "0044-03-15 00:00:00 BC", "infinity", "-infinity",
		"294276-12-31 23:59:59.999999" };

	return moments[seed % FUZZ_COUNT(moments)];
}

/* Results ---------------------------------------------------------------------------------------
 */

/* A statement, recognised by its text or a part of it, and what it answers. */
struct shape {
	const char *text;
	const char *part;
	int columns;
	const char *types; /* a letter for each column: t, n, m, c (id of a call), o (always the
			      same one); NULL: all texts */
	int rows;	   /* -1: as the plan says */
};

static const struct shape shapes[] = {
	{ .text = sql_agents, .columns = 2, .rows = -1 },
	{ .text = sql_queues, .columns = 3, .rows = -1 },
	{ .text = sql_attached_data_lock, .columns = 2, .rows = 0 },
	{ .text = sql_attached_data_write, .columns = 0, .rows = 0 },
	{ .text = sql_attached_data_pairs, .columns = 2, .rows = -1 },
	{ .text = sql_last_agent, .columns = 1, .rows = 1 },
	{ .part = "recording.value = $1::text", .columns = 11, .types = "otttntttttm", .rows = -1 },
	{ .part = "AS moment", .columns = 11, .types = "ctttntttttm", .rows = -1 },
	{ .part = "AS src_firstname", .columns = 9, .types = "mnttttttt", .rows = -1 },
	{ .part = "AS wait_time", .columns = 8, .types = "mnnttttt", .rows = -1 },
	{ .part = "AS size", .columns = 1, .types = "n", .rows = 1 },
	{ .part = "AS total", .columns = 1, .types = "n", .rows = 1 },
	{ .text = sql_allow_bitmaps, .columns = 0, .rows = 0 },
	{ .text = sql_plan_freely, .columns = 0, .rows = 0 },
	{ .text = sql_cancel, .columns = 1, .rows = 1 },
	{ .text = sql_cancel_pooled, .columns = 1, .rows = 1 },
	{ .text = sql_session_pooled, .columns = 9, .rows = 1 },
};

static const struct shape *
shape_of(const char *text)
{
	for (size_t i = 0; i < FUZZ_COUNT(shapes); i++) {
		if (shapes[i].text != NULL && strcmp(text, shapes[i].text) == 0)
			return &shapes[i];
		if (shapes[i].part != NULL && strstr(text, shapes[i].part) != NULL)
			return &shapes[i];
	}
	fuzz_require(false, "a statement that the stub does not know: %s", text);
}

static const char *
value_text(char type, uint32_t seed, int row, char number[static 24])
{
	switch (type) {
	case 'n':
		return number_text(seed);
	case 'm':
		return moment_text(seed);
	case 'o':
		return "7";
	case 'c': /* some rows in a row are of one call */
		snprintf(number, 24, "%d", 100 - row / (int)(plan.seed % 3 + 1));
		return number;
	default:
		return database_text(seed);
	}
}

static PGresult *
rows_of_shape(const struct shape *shape, uint32_t seed)
{
	PGresult *result = rows_new(shape->columns);
	int rows = shape->rows >= 0 ? shape->rows : (int)plan.rows;
	char number[24];

	for (int row = 0; row < rows; row++) {
		for (int column = 0; column < shape->columns; column++) {
			uint32_t hash = mixed(seed, (uint32_t)(row * COLUMNS_MAX + column));
			char type = shape->types == NULL ? 't' : shape->types[column];
			bool is_null = hash % 7 == 0 && type != 'c' && type != 'o' &&
				       shape->rows < 0;

			rows_set(result, row, column,
				is_null ? NULL : value_text(type, hash, row, number));
		}
	}
	return result;
}

static PGresult *
session_result(const struct pg_conn *connection)
{
	PGresult *result = rows_new(3);
	char process[24];

	snprintf(process, sizeof process, "%d", plan.is_pooled ? 1 : PROCESS_ID);
	rows_set(result, 0, 0, connection->is_standby ? "t" : "f");
	rows_set(result, 0, 1, process);
	rows_set(result, 0, 2, "off");
	return result;
}

static PGresult *
position_result(const struct pg_conn *connection)
{
	PGresult *result = rows_new(3);

	rows_set(result, 0, 0, connection->is_standby ? "t" : "f");
	rows_set(result, 0, 1, connection->is_standby && plan.lags ? "0/FFF" : "1/1000");
	rows_set(result, 0, 2, "1");
	return result;
}

/* How many rows the channel event log has now. */
static unsigned
cel_rows(void)
{
	if (plan.is_emptied && cel_looks % 5 == 4)
		return plan.rows / 4;
	return plan.grows && cel_looks < plan.rows ? cel_looks : plan.rows;
}

/* Their ids, with a hole now and then. */
static int64_t
cel_id(unsigned index)
{
	return CEL_FIRST_ID + index + (plan.seed % 4 == 0 ? index / 3 : 0);
}

static void
cel_values(PGresult *result, int row, int64_t id)
{
	static const char types[] = "ntmtttttttttttnttttttnt";
	char number[24];
	char joined[23 * 720];
	size_t used = 0;

	snprintf(number, sizeof number, "%" PRId64, id);
	for (int column = 0; column < 23; column++) {
		uint32_t hash = mixed(plan.seed ^ (uint32_t)id, (uint32_t)column);
		const char *text = column == 0 ? number : database_text(hash);

		if (types[column] == 'm')
			text = moment_text(hash);
		else if (column == 14 || column == 21)
			text = column == 21 && hash % 2 == 0 ? NULL : "3";
		if (PQnfields(result) == 23) {
			rows_set(result, row, column, text);
			continue;
		}
		used += (size_t)snprintf(joined + used, sizeof joined - used, "%s%s",
			column == 0 ? "" : "\x1f", text == NULL ? "" : text);
	}
	if (PQnfields(result) == 1)
		rows_set(result, row, 0, joined);
}

static PGresult *
cel_result(const struct item *item, int columns)
{
	PGresult *result = rows_new(columns);
	int row = 0;

	for (unsigned i = 0; i < cel_rows() && row < item->numbers[2]; i++) {
		if (cel_id(i) >= item->numbers[0] && cel_id(i) <= item->numbers[1])
			cel_values(result, row++, cel_id(i));
	}
	return result;
}

static void
set_pair(PGresult *result, const char *kind, const char *value)
{
	int row = PQntuples(result);

	rows_set(result, row, 0, kind);
	rows_set(result, row, 1, value);
}

static PGresult *
writers_result(const struct item *item)
{
	PGresult *result = rows_new(2);
	unsigned rows = cel_rows();
	char id[24];

	set_pair(result, "standby", plan.is_standby ? "true" : "false");
	snprintf(id, sizeof id, "%" PRId64, rows == 0 ? 0 : cel_id(rows - 1));
	set_pair(result, "highest", rows == 0 ? NULL : id);
	for (unsigned i = 0; i < rows; i++) {
		snprintf(id, sizeof id, "%" PRId64, cel_id(i));
		if (cel_id(i) >= item->numbers[0])
			set_pair(result, "id", id);
	}
	if (plan.seed % 8 == 4)
		set_pair(result, "writer", "3/17");
	return result;
}

static PGresult *
result_of(const struct pg_conn *connection, const struct item *item)
{
	if (strcmp(item->text, sql_session) == 0)
		return session_result(connection);
	if (strcmp(item->text, sql_position) == 0)
		return position_result(connection);
	if (strcmp(item->text, sql_cel) == 0 || strcmp(item->text, sql_cel_writers) == 0)
		cel_looks++;
	if (strcmp(item->text, sql_cel) == 0)
		return cel_result(item, 23);
	if (strcmp(item->text, sql_cel_joined) == 0)
		return cel_result(item, 1);
	if (strcmp(item->text, sql_cel_writers) == 0)
		return writers_result(item);
	return rows_of_shape(shape_of(item->text), mixed(plan.seed, item->number));
}

static PGresult *
error_result(void)
{
	static const char *const states[] = { "57014", "25006", "53300", "40001", "08006", "42P01",
		"0A000", "42883", "26000", "57P01", NULL };

	last_sqlstate = states[plan.seed % FUZZ_COUNT(states)];
	return PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR);
}

/* libpq, as far as connections go ---------------------------------------------------------------
 */

PGconn *
PQconnectStartParams(const char *const *keywords, const char *const *values, int expand)
{
	PGconn *connection = memory_zeroed(1, sizeof *connection);
	size_t i = 0;

	(void)expand;
	connection->is_standby = plan.is_standby;
	for (; *keywords != NULL; keywords++, values++) {
		if (strcmp(*keywords, "host") == 0 && *values != NULL &&
			strcmp(*values, DATABASE_STANDBY) == 0)
			connection->is_standby = true;
	}
	connection->wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	connection->status = plan.mood == DATABASE_ABSENT && plan.nth % 2 == 0 ? CONNECTION_BAD
									       : CONNECTION_STARTED;
	while (i < CONNECTIONS_MAX && connections[i] != NULL)
		i++;
	fuzz_require(i < CONNECTIONS_MAX, "no more connections than the settings say");
	connections[i] = connection;
	return connection;
}

static void
drop_item(struct pg_conn *connection)
{
	struct item *item = &connection->items[connection->head++ % ITEMS_MAX];

	free(item->owned_text);
	item->owned_text = NULL;
}

void
PQfinish(PGconn *connection)
{
	if (connection == NULL)
		return;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (connections[i] == connection)
			connections[i] = NULL;
	}
	while (connection->head != connection->tail)
		drop_item(connection);
	for (unsigned i = 0; i < connection->prepared_count; i++) {
		free(connection->prepared[i].name);
		free(connection->prepared[i].text);
	}
	(void)close(connection->wakeup);
	free(connection);
}

PostgresPollingStatusType
PQconnectPoll(PGconn *connection)
{
	if (plan.mood == DATABASE_ABSENT) {
		connection->status = CONNECTION_BAD;
		return PGRES_POLLING_FAILED;
	}
	if (connection->polls++ == 0)
		return PGRES_POLLING_WRITING;
	connection->status = CONNECTION_OK;
	return PGRES_POLLING_OK;
}

int
PQsocket(const PGconn *connection)
{
	return connection->wakeup;
}

ConnStatusType
PQstatus(const PGconn *connection)
{
	return connection->status;
}

char *
PQerrorMessage(const PGconn *connection)
{
	static char message[] = "server closed the connection unexpectedly\n";

	(void)connection;
	return message;
}

int
PQbackendPID(const PGconn *connection)
{
	(void)connection;
	return PROCESS_ID;
}

int
PQsetnonblocking(PGconn *connection, int is_nonblocking)
{
	(void)connection;
	(void)is_nonblocking;
	return 0;
}

int
PQenterPipelineMode(PGconn *connection)
{
	connection->is_pipelined = true;
	return 1;
}

PQnoticeProcessor
PQsetNoticeProcessor(PGconn *connection, PQnoticeProcessor processor, void *context)
{
	(void)connection;
	(void)processor;
	(void)context;
	return NULL;
}

/* The highest $n of a text; quotes hide none in the statements there are. */
static int
placeholders(const char *text)
{
	int highest = 0;

	for (; *text != '\0'; text++) {
		int number = *text == '$' && isdigit((unsigned char)text[1]) ? atoi(text + 1) : 0;

		if (number > highest)
			highest = number;
	}
	return highest;
}

static void
check_statement(const struct item *item, int count, const char *const *values)
{
	fuzz_require(strstr(item->text, DATABASE_CANARY) == NULL, "no value in %s", item->text);
	fuzz_require(placeholders(item->text) == count, "%d values for %s", count, item->text);
	for (int i = 0; i < count; i++) {
		fuzz_require(values[i] == NULL || utf8_is_text(values[i], strlen(values[i])),
			"text that PostgreSQL takes, as value %d of %s", i + 1, item->text);
	}
}

static bool
is_own_statement(const char *text)
{
	return strcmp(text, sql_session) == 0 || strcmp(text, sql_cancel) == 0 ||
	       strcmp(text, sql_cancel_pooled) == 0 || strcmp(text, sql_position) == 0 ||
	       strcmp(text, sql_session_pooled) == 0 || strncmp(text, "DEALLOCATE ", 11) == 0;
}

static struct item *
add_item(struct pg_conn *connection, enum item_kind kind)
{
	struct item *item = &connection->items[connection->tail % ITEMS_MAX];

	fuzz_require(connection->is_pipelined, "statements are sent in a pipeline");
	fuzz_require(connection->tail - connection->head < ITEMS_MAX, "a bounded pipeline");
	if (connection->is_dead)
		return NULL;
	connection->tail++;
	*item = (struct item){ .kind = kind };
	return item;
}

static int
add_statement(struct pg_conn *connection, const char *text, char *owned_text, int count,
	const char *const *values)
{
	struct item *item = add_item(connection, ITEM_STATEMENT);

	if (item == NULL) {
		free(owned_text);
		return 0;
	}
	item->text = text;
	item->owned_text = owned_text;
	item->number = connection->statements++;
	for (int i = 0; i < count && i < 3; i++)
		item->numbers[i] = values[i] == NULL ? INT64_MAX : strtoll(values[i], NULL, 10);
	check_statement(item, count, values);
	if (!is_own_statement(text))
		statement_count++;
	return 1;
}

static void
deallocate(struct pg_conn *connection, const char *name)
{
	unsigned i = 0;

	while (i < connection->prepared_count && strcmp(connection->prepared[i].name, name) != 0)
		i++;
	fuzz_require(i < connection->prepared_count, "%s is prepared", name);
	free(connection->prepared[i].name);
	free(connection->prepared[i].text);
	connection->prepared[i] = connection->prepared[--connection->prepared_count];
}

int
PQsendQueryParams(PGconn *connection, const char *text, int count, const Oid *types,
	const char *const *values, const int *lengths, const int *formats, int result_format)
{
	char *copy = memory_text(text, strlen(text));

	(void)types;
	(void)lengths;
	(void)formats;
	(void)result_format;
	if (strncmp(text, "DEALLOCATE ", 11) == 0)
		deallocate(connection, text + 11);
	return add_statement(connection, copy, copy, count, values);
}

int
PQsendPrepare(PGconn *connection, const char *name, const char *text, int count, const Oid *types)
{
	unsigned i = connection->prepared_count;

	(void)count;
	(void)types;
	if (add_item(connection, ITEM_PREPARE) == NULL)
		return 0;
	fuzz_require(i < PREPARED_MAX, "a bounded number of prepared statements");
	connection->prepared[i].name = memory_text(name, strlen(name));
	connection->prepared[i].text = memory_text(text, strlen(text));
	connection->prepared_count++;
	return 1;
}

int
PQsendQueryPrepared(PGconn *connection, const char *name, int count, const char *const *values,
	const int *lengths, const int *formats, int result_format)
{
	(void)lengths;
	(void)formats;
	(void)result_format;
	/* The last one of that name: an error may have dropped an earlier one. */
	for (unsigned i = connection->prepared_count; i > 0; i--) {
		if (strcmp(connection->prepared[i - 1].name, name) == 0) {
			const char *text = connection->prepared[i - 1].text;
			char *copy = memory_text(text, strlen(text));

			return add_statement(connection, copy, copy, count, values);
		}
	}
	fuzz_require(false, "%s is prepared", name);
}

int
PQpipelineSync(PGconn *connection)
{
	return add_item(connection, ITEM_SYNC) == NULL ? 0 : 1;
}

static bool
arrive(struct pg_conn *connection)
{
	bool is_news = connection->arrived != connection->tail;

	connection->arrived = connection->tail;
	if (is_news)
		(void)eventfd_write(connection->wakeup, 1);
	return is_news;
}

bool
database_arrive(void)
{
	bool is_news = false;

	if (plan.mood == DATABASE_SILENT)
		return false;
	for (size_t i = 0; i < CONNECTIONS_MAX; i++) {
		if (connections[i] != NULL && arrive(connections[i]))
			is_news = true;
	}
	return is_news;
}

int
PQflush(PGconn *connection)
{
	bool is_setting_up = connection->statements <= 1;

	if (connection->is_dead)
		return -1;
	if (plan.mood == DATABASE_STALLING && connection->flushes++ % 2 == 0)
		return 1;
	if (is_setting_up || (plan.mood != DATABASE_SLOW && plan.mood != DATABASE_SILENT &&
				     plan.mood != DATABASE_STALLING))
		(void)arrive(connection);
	return 0;
}

int
PQconsumeInput(PGconn *connection)
{
	eventfd_t count;

	(void)eventfd_read(connection->wakeup, &count);
	return connection->is_dead ? 0 : 1;
}

int
PQisBusy(PGconn *connection)
{
	return connection->head == connection->arrived ? 1 : 0;
}

static bool
is_nth(const struct item *item)
{
	return item->number == plan.nth + 1;
}

static PGresult *
statement_result(struct pg_conn *connection, const struct item *item)
{
	if (connection->is_aborted)
		return PQmakeEmptyPGresult(NULL, PGRES_PIPELINE_ABORTED);
	if (plan.mood == DATABASE_FAILING && is_nth(item)) {
		connection->is_aborted = true;
		return error_result();
	}
	if (plan.mood == DATABASE_STRANGE && is_nth(item))
		return rows_new((int)(plan.seed % COLUMNS_MAX));
	return result_of(connection, item);
}

PGresult *
PQgetResult(PGconn *connection)
{
	struct item *item = &connection->items[connection->head % ITEMS_MAX];
	PGresult *result;

	fuzz_require(connection->head != connection->arrived, "PQgetResult() would wait");
	if (plan.mood == DATABASE_LOST && item->kind == ITEM_STATEMENT && is_nth(item)) {
		connection->is_dead = true;
		connection->status = CONNECTION_BAD;
		last_sqlstate = NULL;
		drop_item(connection);
		return PQmakeEmptyPGresult(NULL, PGRES_FATAL_ERROR);
	}
	if (item->kind == ITEM_SYNC) {
		connection->is_aborted = false;
		drop_item(connection);
		return PQmakeEmptyPGresult(NULL, PGRES_PIPELINE_SYNC);
	}
	if (item->separator_is_next) {
		drop_item(connection);
		return NULL;
	}
	item->separator_is_next = true;
	if (item->kind == ITEM_STATEMENT)
		result = statement_result(connection, item);
	else
		result = PQmakeEmptyPGresult(
			NULL, connection->is_aborted ? PGRES_PIPELINE_ABORTED : PGRES_COMMAND_OK);
	fuzz_require(result != NULL, "memory for a result");
	return result;
}

char *
PQresultErrorField(const PGresult *result, int field)
{
	(void)result;
	(void)field;
	/* Of libpq's memory, which it may write to; nobody does. */
	return (char *)(uintptr_t)last_sqlstate;
}

char *
PQresultErrorMessage(const PGresult *result)
{
	static char message[] = "ERROR:  something\n";

	(void)result;
	return message;
}
