#include "api/entries.h"

void
entries_open(struct exchange *exchange, const char *json, const struct entry_column *columns,
	size_t count)
{
	if (exchange->format == FORMAT_CSV)
		entry_write_csv_head(&exchange->csv, columns, count);
	else
		json_raw(&exchange->writer, json);
}

void
entries_row(struct exchange *exchange, const struct entry_column *columns, size_t count,
	const PGresult *result, int row)
{
	if (exchange->format == FORMAT_CSV)
		entry_write_csv(&exchange->csv, columns, count, result, row);
	else
		entry_write(&exchange->writer, columns, count, result, row);
}

void
entries_reply(struct exchange *exchange, const char *json)
{
	if (exchange->format != FORMAT_CSV)
		json_raw(&exchange->writer, json);
	exchange_reply(exchange, 200);
}
