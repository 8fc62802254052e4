#include "support/cel_rows.h"

#include "support/sql.h"

long
cel_rows_insert(int count, const char *type)
{
	sql_runf(CEL_INSERT_COLUMNS "SELECT '%s', " CEL_INSERT_VALUES
				    " FROM generate_series(1, %d)",
		type, count);
	return sql_number("SELECT max(id) FROM cel");
}

long
cel_rows_clear_end(void)
{
	sql_run("DELETE FROM cel WHERE id > 100000");
	sql_run("SELECT setval('cel_id_seq', (SELECT max(id) FROM cel))");
	return sql_number("SELECT max(id) FROM cel");
}

void
cel_rows_skip_id(void)
{
	sql_run("SELECT nextval('cel_id_seq')");
}
