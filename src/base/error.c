#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/utf8.h"

bool
error_set(struct error *error, enum error_code code, const char *format, ...)
{
	va_list arguments;

	error->code = code;
	error->allow = NULL;
	va_start(arguments, format);
	vsnprintf(error->message, sizeof error->message, format, arguments);
	va_end(arguments);
	/* A message may quote input: the cut must not leave half a character behind. */
	utf8_trim_partial(error->message);
	return false;
}
