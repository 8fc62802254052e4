/*
 * The values of header fields that have a grammar of their own: a date, entity tags, media types, a
 * host, forwarded addresses, request ids. The first line is the value, the second what it is
 * compared with.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "api/format.h"
#include "base/utf8.h"
#include "http/entity_tag.h"
#include "http/forwarded.h"
#include "http/host.h"
#include "http/http_date.h"
#include "http/media_type.h"
#include "http/request_id.h"
#include "support/fuzz.h"

static void
check_date(const char *value)
{
	char text[HTTP_DATE_SIZE];
	time_t time = -1;
	time_t again = -2;

	if (!http_date_parse(value, &time)) {
		fuzz_require(time == -1, "untouched: %s", value);
		return;
	}
	http_date_format(time, text);
	fuzz_require(http_date_parse(text, &again) && again == time, "%s is %s", value, text);
}

static void
check_tags(const char *list, const char *word)
{
	char tag[66];
	size_t length = strcspn(word, "\"");

	if (length > sizeof tag - 3)
		length = sizeof tag - 3;
	tag[0] = '"';
	memcpy(tag + 1, word, length);
	strcpy(tag + 1 + length, "\"");
	/* What is equal to the letter is equal in weaker terms. */
	fuzz_require(!entity_tag_list_matches(list, tag, false) ||
			     entity_tag_list_matches(list, tag, true),
		"%s of %s", tag, list);
	if (entity_tag_list_matches(list, tag, true))
		fuzz_require(strstr(list, tag) != NULL || strchr(list, '*') != NULL, "%s is in %s",
			tag, list);
}

static void
check_accept(const char *value)
{
	static const char *const types[] = { "application/json", "text/csv",
		"application/x-ndjson" };
	enum format format = FORMAT_COUNT;
	struct error error = { 0 };
	bool is_acceptable = format_choose(
		value, FORMAT_BIT(FORMAT_CSV) | FORMAT_BIT(FORMAT_LINES), &format, &error);

	(void)media_type_is_json(value);
	for (size_t i = 0; i < FUZZ_COUNT(types); i++) {
		unsigned quality = media_type_quality(value, types[i]);

		fuzz_require(quality <= 1000, "at most wanted: %s", value);
		if (is_acceptable)
			fuzz_require(quality <= media_type_quality(value, types[format]) ||
					     strspn(value, " \t,") == strlen(value),
				"what is wanted most: %s", value);
	}
	fuzz_require(is_acceptable ? format < FORMAT_COUNT : error.code == ERROR_NOT_ACCEPTABLE,
		"chosen or refused: %s", value);
}

/* Whatever is in the field, the client is an address, or what the peer is. */
static void
check_forwarded(const char *value, const char *list)
{
	static const struct sockaddr_in peer = { .sin_family = AF_INET,
		.sin_addr.s_addr = 0x0100007f };
	struct error error = { 0 };
	struct proxy_list *given = proxy_list_new(list, &error);
	struct proxy_list *usual = proxy_list_new("127.0.0.1,10.0.0.0/8,fe80::/10,unix", &error);
	char client[FORWARDED_CLIENT_SIZE];
	unsigned char address[16];

	fuzz_require(usual != NULL, "%s", error.message);
	fuzz_require(given != NULL || !utf8_is_valid(list, strlen(list)) ||
			     utf8_is_valid(error.message, strlen(error.message)),
		"a message of text");
	forwarded_client(usual, (const struct sockaddr *)&peer, value, client, sizeof client);
	fuzz_require(inet_pton(AF_INET, client, address) == 1 ||
			     inet_pton(AF_INET6, client, address) == 1,
		"an address: %s", client);
	if (given != NULL)
		forwarded_client(
			given, (const struct sockaddr *)&peer, value, client, sizeof client);
	proxy_list_free(given);
	proxy_list_free(usual);
}

static void
check_id(const char *value)
{
	if (!request_id_is_well_formed(value))
		return;
	fuzz_require(strlen(value) <= REQUEST_ID_MAX && strpbrk(value, "\"\\<> \t,;") == NULL,
		"no escapes needed: %s", value);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input input = { .data = data, .size = size };
	char *value = fuzz_line(&input);
	char *other = fuzz_line(&input);

	fuzz_without_log();
	check_date(value);
	check_tags(value, other);
	check_accept(value);
	check_forwarded(value, other);
	check_id(value);
	if (host_is_valid(value, strlen(value)))
		fuzz_require(strpbrk(value, "/@?# \t") == NULL, "a host: %s", value);
	free(value);
	free(other);
	return 0;
}
