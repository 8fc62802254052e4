/*
 * inih takes the lines apart. Its reader is our own, because inih alone would cut long lines at 199
 * bytes, stop at a NUL, take what follows a "]" for a comment, let an unknown section without keys
 * pass, and not tell a repeated key from a continued value.
 */
#include "server/config_file.h"

#include <errno.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "server/config_values.h"

#define BLANKS	       " \t\r\v\f"
#define LONGEST_SHOWN  76 /* bytes of a file's name in a message, so that the rest has room */
#define INI_LINE_EXTRA 2  /* the newline and the NUL behind a line in inih's buffer */

struct reader {
	FILE *stream;
	const char *file;
	struct config_setting *settings;
	unsigned line;			    /* number of the line that was read last */
	const struct config_option *option; /* of the last key in this section, or NULL */
	bool is_continuation;		    /* the line goes on with the value of that key */
	struct error *error;
	unsigned error_line; /* 0 while there is none; the first one ends reading */
};

/* Writes FILE:LINE, or FILE for line 0; of a long name its end, where the difference is. */
static void
print_place(char place[static CONFIG_PLACE_SIZE], const char *file, unsigned line)
{
	const char *shown = utf8_suffix(file, LONGEST_SHOWN);
	int used = snprintf(place, CONFIG_PLACE_SIZE, "%s%s", shown > file ? "..." : "", shown);

	if (line > 0)
		snprintf(place + used, CONFIG_PLACE_SIZE - (size_t)used, ":%u", line);
}

/* Returns false; the first refusal stands. */
static bool PRINTF_LIKE(2, 3) refuse(struct reader *reader, const char *format, ...)
{
	char place[CONFIG_PLACE_SIZE];
	char sentence[sizeof(reader->error->message)];
	va_list arguments;

	if (reader->error_line != 0)
		return false;
	reader->error_line = reader->line;
	va_start(arguments, format);
	vsnprintf(sentence, sizeof sentence, format, arguments);
	va_end(arguments);
	print_place(place, reader->file, reader->line);
	return error_set(reader->error, ERROR_INVALID_PARAMETER, "%s: %s", place, sentence);
}

static const struct config_option *
find_option(const char *section, const char *key, size_t key_length)
{
	for (size_t i = 0; i < config_option_count; i++) {
		const struct config_option *option = &config_options[i];

		if (strcmp(option->section, section) == 0 && strlen(option->key) == key_length &&
			memcmp(option->key, key, key_length) == 0)
			return option;
	}
	return NULL;
}

/* Whether the option is the first one of its section in the table. */
static bool
opens_section(size_t i)
{
	return i == 0 || strcmp(config_options[i].section, config_options[i - 1].section) != 0;
}

static bool
section_exists(const char *section, size_t length)
{
	for (size_t i = 0; i < config_option_count; i++) {
		if (strlen(config_options[i].section) == length &&
			memcmp(config_options[i].section, section, length) == 0)
			return true;
	}
	return false;
}

/* Lists the keys of section, or the sections for NULL: "listen, max_connections". */
static const char *
list_names(const char *section, char list[static 160])
{
	size_t used = 0;

	list[0] = '\0';
	for (size_t i = 0; i < config_option_count && used < 160; i++) {
		const struct config_option *option = &config_options[i];

		if (section == NULL ? !opens_section(i) : strcmp(option->section, section) != 0)
			continue;
		used += (size_t)snprintf(list + used, 160 - used, "%s%s", used > 0 ? ", " : "",
			section == NULL ? option->section : option->key);
	}
	return list;
}

/* A line that begins with "[": inih ignores what follows "]" and sections without keys. */
static bool
check_section_line(struct reader *reader, const char *start)
{
	const char *name = start + 1;
	size_t length = strcspn(name, "]");
	char quoted[CONFIG_QUOTE_SIZE];
	char list[160];

	reader->option = NULL;
	if (name[length] == '\0')
		return refuse(reader, "a section has no closing \"]\"");
	if (!section_exists(name, length)) {
		config_quote(name, quoted);
		quoted[strcspn(quoted, "]")] = '\0';
		return refuse(reader, "[%s] is not a section (%s)", quoted, list_names(NULL, list));
	}
	name += length + 1;
	name += strspn(name, BLANKS);
	if (*name != '\0' && *name != ';' && *name != '#')
		return refuse(reader, "only a comment may follow a [section] in its line");
	return true;
}

/*
 * Who indents all keys would give all of them to the first one: a continued value that looks like
 * an entry of its own is refused.
 */
static bool
check_continuation(struct reader *reader, const char *start)
{
	const struct config_option *option = reader->option;
	size_t length = strcspn(start, "=: \t");
	const char *after = start + length + strspn(start + length, BLANKS);

	if (option->type != CONFIG_TEXT)
		return refuse(reader,
			"%s.%s: only a text may go on in an indented line; remove the blanks "
			"in front of a new key or section",
			option->section, option->key);
	if (((*after == '=' || *after == ':') && find_option(option->section, start, length)) ||
		(*start == '[' && section_exists(start + 1, strcspn(start + 1, "]"))))
		return refuse(reader,
			"%s.%s: an indented line goes on with its value; remove the blanks in "
			"front of a new key or section",
			option->section, option->key);
	return true;
}

/* Looks at a line before inih does. */
static bool
check_line(struct reader *reader, const char *line)
{
	const char *start = line + strspn(line, BLANKS);

	reader->is_continuation = false;
	if (*start == '\0' || *start == ';' || *start == '#')
		return true;
	if (start > line && reader->option != NULL) {
		reader->is_continuation = true;
		return check_continuation(reader, start);
	}
	if (*start == '[')
		return check_section_line(reader, start);
	return true;
}

static bool
is_comment(const char *line, size_t length)
{
	size_t blanks = 0;

	while (blanks < length && strchr(BLANKS, line[blanks]) != NULL)
		blanks++;
	return blanks < length && (line[blanks] == ';' || line[blanks] == '#');
}

/*
 * Reads a line without its newline into line and a NUL behind it. False at the end of the file and
 * on a refusal. A comment may have any length: what does not fit is left out.
 */
static bool
read_line(struct reader *reader, char *line, size_t size)
{
	size_t length = 0;
	int byte = getc(reader->stream);

	if (byte == EOF)
		return false;
	reader->line++;
	for (; byte != EOF && byte != '\n'; byte = getc(reader->stream)) {
		if (byte == '\0')
			return refuse(reader, "the line holds a NUL byte");
		if (length + 1 < size)
			line[length++] = (char)byte;
		else if (!is_comment(line, length))
			return refuse(reader,
				"the line is longer than %zu bytes; a text may go on in the next "
				"line, indented",
				size - 1);
	}
	line[length] = '\0';
	return true;
}

/* inih's reader: as fgets(3), but a line is always whole. */
static char *
next_line(char *buffer, int size, void *context)
{
	struct reader *reader = context;

	if (reader->error_line != 0 ||
		!read_line(reader, buffer, (size_t)size - INI_LINE_EXTRA + 1))
		return NULL;
	/* Windows editors put a byte order mark in front, which inih skips, too. */
	if (!check_line(reader, reader->line == 1 && strncmp(buffer, "\xEF\xBB\xBF", 3) == 0
					? buffer + 3
					: buffer))
		return NULL;
	strcat(buffer, "\n");
	return buffer;
}

/* inih knows inline comments, but older ones forget them in continued lines. */
static size_t
length_without_comment(const char *text)
{
	size_t length = strlen(text);

	for (size_t i = 1; i < length; i++) {
		if (text[i] == ';' && strchr(BLANKS, text[i - 1]) != NULL) {
			length = i;
			break;
		}
	}
	while (length > 0 && strchr(BLANKS, text[length - 1]) != NULL)
		length--;
	return length;
}

static void
append_text(struct config_setting *setting, const char *text)
{
	size_t old = strlen(setting->text);
	size_t added = length_without_comment(text);
	char *joined = memory_resized(setting->text, old + added + 2, 1);

	if (old > 0)
		joined[old++] = ' ';
	memcpy(joined + old, text, added);
	joined[old + added] = '\0';
	setting->text = joined;
}

/* Whether the line may hold the secret whose key stands, with nothing behind it, above. */
static bool
may_be_secret(const struct reader *reader)
{
	return reader->option != NULL &&
	       reader->settings[reader->option - config_options].text[0] == '\0' &&
	       (reader->option->offset == offsetof(struct config, auth.token) ||
		       reader->option->offset == offsetof(struct config, database.conninfo));
}

static bool
refuse_key(struct reader *reader, const char *section, const char *key)
{
	char quoted[CONFIG_QUOTE_SIZE];
	char list[160];

	if (may_be_secret(reader))
		return refuse(reader, "%s.%s: a value in the next line must be indented", section,
			reader->option->key);
	config_quote(key, quoted);
	if (section[0] == '\0')
		return refuse(
			reader, "the key \"%s\" stands in front of the first [section]", quoted);
	return refuse(reader, "%s.%s is not a key of the configuration ([%s] has %s)", section,
		quoted, section, list_names(section, list));
}

/* inih's handler, called once per key and once per continued line; 0 is a refusal. */
static int
on_entry(void *context, const char *section, const char *key, const char *text)
{
	struct reader *reader = context;
	const struct config_option *option = find_option(section, key, strlen(key));
	struct config_setting *setting;

	if (reader->is_continuation) {
		append_text(&reader->settings[reader->option - config_options], text);
		return 1;
	}
	if (option == NULL)
		return refuse_key(reader, section, key);
	setting = &reader->settings[option - config_options];
	if (setting->text != NULL)
		return refuse(reader, "%s.%s is given twice, first in line %u", section, key,
			setting->line);
	setting->text = memory_text(text, strlen(text));
	setting->line = reader->line;
	print_place(setting->place, reader->file, reader->line);
	reader->option = option;
	return 1;
}

static bool
read_stream(struct reader *reader)
{
	/* The number of the first line that is no INI or that on_entry() refused. */
	int failed_line = ini_parse_stream(next_line, reader, on_entry, reader);

	if (failed_line < 0)
		memory_exhausted();
	if (failed_line > 0 &&
		(reader->error_line == 0 || (unsigned)failed_line < reader->error_line)) {
		reader->error_line = 0;
		reader->line = (unsigned)failed_line;
		return refuse(reader, "neither a [section] nor \"key = value\" nor a comment");
	}
	if (reader->error_line == 0 && ferror(reader->stream) != 0) {
		reader->line = 0;
		return refuse(reader, "cannot be read: %s", strerror(errno));
	}
	return reader->error_line == 0;
}

bool
config_file_read(
	const char *file, bool must_exist, struct config_setting *settings, struct error *error)
{
	struct reader reader = { .file = file, .settings = settings, .error = error };
	bool is_read;

	reader.stream = fopen(file, "re");
	if (reader.stream == NULL) {
		if (errno == ENOENT && !must_exist)
			return true;
		return refuse(&reader, "cannot be opened: %s", strerror(errno));
	}
	is_read = read_stream(&reader);
	fclose(reader.stream);
	return is_read;
}
