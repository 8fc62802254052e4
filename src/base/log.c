#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/utf8.h"

static enum log_level least_urgent = LOG_LEVEL_INFO;
static bool with_priority;

void
log_open(void)
{
	with_priority = isatty(STDERR_FILENO) == 0;
}

void
log_set_level(enum log_level level)
{
	least_urgent = level;
}

/* A message may quote what a client or PostgreSQL sent: it must stay one line. */
static void
replace_control_characters(char *line)
{
	for (; *line != '\0'; line++) {
		if ((unsigned char)*line < 0x20 || *line == 0x7f)
			*line = ' ';
	}
}

void
log_write(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list arguments;

	if (level > least_urgent)
		return;
	va_start(arguments, format);
	vsnprintf(line, sizeof line, format, arguments);
	va_end(arguments);
	utf8_trim_partial(line);
	replace_control_characters(line);
	if (with_priority)
		dprintf(STDERR_FILENO, "<%d>%s\n", (int)level, line);
	else
		dprintf(STDERR_FILENO, "%s\n", line);
}
