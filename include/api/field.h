/*
 * A URL parameter or body field: what an endpoint declares, and the value that was given for it.
 *
 * The same rows decide how both are checked, and word the errors.
 */
#ifndef RECORDINGD_API_FIELD_H
#define RECORDINGD_API_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "base/timestamp.h"

struct api_settings;
struct json_object;

/* Pages and ids end here: the ids of xivo_stats are 32 bit. */
#define FIELD_NUMBER_MAX 2147483647

/* Days one can look back: a hundred years. */
#define FIELD_DAYS_MAX 36500

/* Room for the fields of the longest table. */
#define FIELDS_MAX 12

enum field_type {
	FIELD_INTEGER,
	FIELD_TEXT,
	FIELD_PHONE,	 /* text; in a URL a leading blank was a '+' */
	FIELD_TIMESTAMP, /* text in, normalised out */
	FIELD_CHOICE,	 /* one of choices */
	FIELD_ARRAY,	 /* body only: the endpoint reads the items */
};

struct field {
	const char *name;
	enum field_type type;
	bool is_required;
	bool empty_is_value;	    /* in a body: "" is a value, only null is absent */
	int64_t minimum;	    /* FIELD_INTEGER */
	int64_t maximum;	    /* FIELD_INTEGER; 0: what maximum_setting points at */
	size_t maximum_setting;	    /* offset of an int64_t in struct api_settings */
	const char *const *choices; /* FIELD_CHOICE, ends with NULL */
};

/* Borrowed from the exchange that holds it. */
struct field_value {
	bool is_present;
	int64_t integer;
	const char *text;
	struct json_object *json;	/* FIELD_ARRAY */
	char timestamp[TIMESTAMP_SIZE]; /* text points here for FIELD_TIMESTAMP */
};

/* The row of that name, or count. */
size_t field_find(const struct field *fields, size_t count, const char *name);

/* A given number against the row's bounds. */
bool field_check_integer(const struct field *field, const struct api_settings *settings,
	int64_t given, struct field_value *value, struct error *error) MUST_CHECK;

/* A given text, valid UTF-8 without U+0000, by the row's type. text is kept. */
bool field_check_text(const struct field *field, const struct api_settings *settings,
	const char *text, struct field_value *value, struct error *error) MUST_CHECK;

/* "page must be a whole number from 1 to 2147483647", and the like. Returns false. */
bool field_refuse(
	const struct field *field, const struct api_settings *settings, struct error *error);

/* "there is no field \"x\"; allowed are …". what is "field" or "URL parameter". Returns false. */
bool field_refuse_unknown(const struct field *fields, size_t count, const char *what,
	const char *name, struct error *error);

/* Every required row has a value. */
bool field_check_required(const struct field *fields, size_t count,
	const struct field_value *values, struct error *error) MUST_CHECK;

#endif
