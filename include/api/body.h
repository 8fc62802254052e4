/* Reads a JSON body into the values an endpoint declared. */
#ifndef RECORDINGD_API_BODY_H
#define RECORDINGD_API_BODY_H

#include "api/exchange.h"

/* Parses the body and fills exchange->body, or only exchange->json where the body is an array. */
bool body_decode(
	struct exchange *exchange, const char *text, size_t length, struct error *error) MUST_CHECK;

/*
 * Reads an object by a table of fields into values, which hold pointers into the object: for the
 * items of arrays as well as for the body itself.
 */
bool body_decode_object(struct json_object *object, const struct field *fields, size_t count,
	const struct api_settings *settings, struct field_value *values,
	struct error *error) MUST_CHECK;

#endif
