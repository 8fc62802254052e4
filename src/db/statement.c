#include "db/statement.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

void
statement_builder_open(struct statement_builder *builder)
{
	*builder = (struct statement_builder){ 0 };
}

void
statement_builder_close(struct statement_builder *builder)
{
	for (int i = 0; i < builder->count; i++)
		free(builder->values[i]);
	free(builder->text);
	*builder = (struct statement_builder){ 0 };
}

static void
append_text(struct statement_builder *builder, const char *text, size_t length)
{
	if (builder->length + length + 1 > builder->size) {
		builder->size = (builder->length + length + 1) * 2;
		builder->text = memory_resized(builder->text, builder->size, 1);
	}
	memcpy(builder->text + builder->length, text, length);
	builder->length += length;
	builder->text[builder->length] = '\0';
}

/* Copies a fragment; its $1 becomes $(offset + 1). Fragments hold no other dollar signs. */
static void
append_shifted(struct statement_builder *builder, const char *fragment, int offset)
{
	const char *dollar;

	while ((dollar = strchr(fragment, '$')) != NULL) {
		char *end;
		long number = strtol(dollar + 1, &end, 10);
		char shifted[24];
		int length = snprintf(shifted, sizeof shifted, "$%ld", number + offset);

		append_text(builder, fragment, (size_t)(dollar - fragment));
		append_text(builder, shifted, (size_t)length);
		fragment = end;
	}
	append_text(builder, fragment, strlen(fragment));
}

void
statement_builder_append(struct statement_builder *builder, const char *fragment, int count, ...)
{
	va_list values;

	append_shifted(builder, fragment, builder->count);
	va_start(values, count);
	for (int i = 0; i < count; i++) {
		const char *value = va_arg(values, const char *);

		/* Endpoints bound their filters well below; past the end would be a bug here. */
		if (builder->count == DB_PARAMETERS_MAX) {
			log_write(LOG_LEVEL_CRITICAL, "a statement has more than %d parameters",
				DB_PARAMETERS_MAX);
			abort();
		}
		builder->values[builder->count++] = memory_text(value, strlen(value));
	}
	va_end(values);
}

void
statement_builder_append_number(
	struct statement_builder *builder, const char *fragment, int64_t value)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRId64, value);
	statement_builder_append(builder, fragment, 1, text);
}

struct db_parameters
statement_builder_parameters(const struct statement_builder *builder)
{
	struct db_parameters parameters = { .count = builder->count };

	for (int i = 0; i < builder->count; i++)
		parameters.values[i] = builder->values[i];
	return parameters;
}

char *
db_array_literal(const char *const *texts, size_t count)
{
	size_t size = sizeof "{}";
	char *literal;
	char *out;

	/* Each character may need a backslash, each text two quotes and a comma. */
	for (size_t i = 0; i < count; i++)
		size += strlen(texts[i]) * 2 + 3;
	literal = memory_resized(NULL, size, 1);
	out = literal;
	*out++ = '{';
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			*out++ = ',';
		*out++ = '"';
		for (const char *in = texts[i]; *in != '\0'; in++) {
			if (*in == '"' || *in == '\\')
				*out++ = '\\';
			*out++ = *in;
		}
		*out++ = '"';
	}
	*out++ = '}';
	*out = '\0';
	return literal;
}
