#include "server/config_texts.h"

#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "http/forwarded.h"
#include "http/server.h"

#define MAX_EXTENSION_LENGTH 16
#define BLANKS		     " \t"

/* With the longest file name behind it, escaped, it stays far below what a response may hold. */
#define MAX_ACCEL_PREFIX_LENGTH 64

typedef bool text_check(char *text, char reason[static CONFIG_REASON_SIZE]);

static bool
refuse(char reason[static CONFIG_REASON_SIZE], const char *sentence)
{
	snprintf(reason, CONFIG_REASON_SIZE, "%.*s", CONFIG_REASON_SIZE - 1, sentence);
	return false;
}

/* Whether text holds a control character that is not one of the allowed ones. */
static bool
has_control(const char *text, const char *allowed)
{
	for (; *text != '\0'; text++) {
		if (((unsigned char)*text < 0x20 || *text == 0x7f) &&
			strchr(allowed, *text) == NULL)
			return true;
	}
	return false;
}

/* A blank around each entry of a list is for the reader of the file only. */
static bool
list_normalise(char *list, char reason[static CONFIG_REASON_SIZE])
{
	const char *from = list + strspn(list, BLANKS);
	char *to = list;

	if (*from == '\0') {
		*list = '\0';
		return true;
	}
	for (;;) {
		size_t length = strcspn(from, ",");
		char separator = from[length];
		const char *next = from + length;

		while (length > 0 && strchr(BLANKS, from[length - 1]) != NULL)
			length--;
		if (length == 0)
			return refuse(reason, "an entry of the list is empty");
		memmove(to, from, length);
		to += length;
		if (separator == '\0')
			break;
		*to++ = ',';
		from = next + 1 + strspn(next + 1, BLANKS);
	}
	*to = '\0';
	return true;
}

static bool
listen_entry_is_valid(const char *entry, size_t length)
{
	char *address = memory_text(entry, length);
	struct error error;
	bool is_valid = http_listen_address_check(address, &error);

	free(address);
	return is_valid;
}

static bool
check_listen(char *text, char reason[static CONFIG_REASON_SIZE])
{
	if (!list_normalise(text, reason))
		return false;
	if (*text == '\0')
		return refuse(reason, "no address is given: set some such as 127.0.0.1:9400, "
				      "[::1]:9400 or unix:/path");
	for (const char *entry = text; entry != NULL;) {
		size_t length = strcspn(entry, ",");

		if (!listen_entry_is_valid(entry, length)) {
			char quoted[CONFIG_QUOTE_SIZE];

			config_quote(entry, quoted);
			quoted[strcspn(quoted, ",")] = '\0';
			snprintf(reason, CONFIG_REASON_SIZE,
				"\"%s\" is not host:port (numeric or localhost), [v6]:port or "
				"unix:/path",
				quoted);
			return false;
		}
		entry = entry[length] == ',' ? entry + length + 1 : NULL;
	}
	return true;
}

static bool
check_proxies(char *text, char reason[static CONFIG_REASON_SIZE])
{
	struct proxy_list *list;
	struct error error;

	if (!list_normalise(text, reason))
		return false;
	list = proxy_list_new(text, &error);
	if (list == NULL)
		return refuse(reason, error.message);
	proxy_list_free(list);
	return true;
}

/* libpq's own words would quote what may be a password. */
static bool
/* NOLINTNEXTLINE(readability-non-const-parameter) */
check_conninfo(char *text, char reason[static CONFIG_REASON_SIZE])
{
	PQconninfoOption *options = PQconninfoParse(text, NULL);

	if (options == NULL)
		return refuse(reason, "libpq does not take it for a connection string or URI");
	PQconninfoFree(options);
	return true;
}

static bool
extension_is_valid(const char *extension, size_t length)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789";

	return length >= 1 && length <= MAX_EXTENSION_LENGTH &&
	       strspn(extension, allowed) >= length;
}

static bool
check_extensions(char *text, char reason[static CONFIG_REASON_SIZE])
{
	if (!list_normalise(text, reason))
		return false;
	if (*text == '\0')
		return refuse(reason, "no extension is given: set some such as wav,ogg");
	for (const char *entry = text; entry != NULL;) {
		size_t length = strcspn(entry, ",");

		if (!extension_is_valid(entry, length)) {
			char quoted[CONFIG_QUOTE_SIZE];

			config_quote(entry, quoted);
			quoted[strcspn(quoted, ",")] = '\0';
			snprintf(reason, CONFIG_REASON_SIZE,
				"\"%s\" is not an extension (1 to %d letters and digits, no dot)",
				quoted, MAX_EXTENSION_LENGTH);
			return false;
		}
		entry = entry[length] == ',' ? entry + length + 1 : NULL;
	}
	return true;
}

/* A path of nginx's to which a file's name is added: nothing in it may need an escape. */
static bool
/* NOLINTNEXTLINE(readability-non-const-parameter) */
check_accel_prefix(char *text, char reason[static CONFIG_REASON_SIZE])
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-._~/";
	size_t length = strlen(text);

	if (length == 0)
		return true;
	if (text[0] != '/' || text[length - 1] != '/' || text[strspn(text, allowed)] != '\0' ||
		strstr(text, "//") != NULL || strstr(text, "/.") != NULL ||
		length > MAX_ACCEL_PREFIX_LENGTH) {
		snprintf(reason, CONFIG_REASON_SIZE,
			"a path such as /recordings/ is needed: letters, digits and -._~ between "
			"slashes, up to %d bytes",
			MAX_ACCEL_PREFIX_LENGTH);
		return false;
	}
	return true;
}

/* Not const: the checks of a table have one type, and some normalise. */
static bool
/* NOLINTNEXTLINE(readability-non-const-parameter) */
check_path(char *text, char reason[static CONFIG_REASON_SIZE])
{
	return *text != '\0' || refuse(reason, "no path is given");
}

/* HTTP cuts blanks around a header's value, and no value holds a control character. */
static bool
check_token(char *text, char reason[static CONFIG_REASON_SIZE])
{
	size_t length = strlen(text);

	if (has_control(text, ""))
		return refuse(reason, "no request header can match a control character");
	if (length > 0 && (text[0] == ' ' || text[length - 1] == ' '))
		return refuse(
			reason, "no request header can match a blank at the beginning or end");
	return true;
}

static const struct {
	size_t offset;
	text_check *check;
} text_checks[] = {
	{ offsetof(struct config, server.listen), check_listen },
	{ offsetof(struct config, server.trusted_proxies), check_proxies },
	{ offsetof(struct config, auth.token), check_token },
	{ offsetof(struct config, database.conninfo), check_conninfo },
	{ offsetof(struct config, database.read_conninfo), check_conninfo },
	{ offsetof(struct config, audio.directory), check_path },
	{ offsetof(struct config, audio.extensions), check_extensions },
	{ offsetof(struct config, audio.accel_prefix), check_accel_prefix },
	{ offsetof(struct config, access_log.file), check_path },
};

bool
config_text_check(
	const struct config_option *option, char *text, char reason[static CONFIG_REASON_SIZE])
{
	if (!utf8_is_valid(text, strlen(text)))
		return refuse(reason, "the text is not UTF-8");
	for (size_t i = 0; i < sizeof(text_checks) / sizeof(text_checks[0]); i++) {
		if (text_checks[i].offset == option->offset && !text_checks[i].check(text, reason))
			return false;
	}
	/* A tab may separate the words of a connection string. */
	if (has_control(text, "\t"))
		return refuse(reason, "a control character is not allowed");
	return true;
}
