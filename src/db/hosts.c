#include "db/hosts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

/* More keywords than libpq has, and our own. */
#define KEYWORDS_MAX 80

/*
 * Idle connections say so once a minute: firewalls forget those that say nothing, often after an
 * hour or less. Linux begins after two hours by itself. Seconds, and a count, as libpq takes them.
 */
#define KEEPALIVES_IDLE	    "60"
#define KEEPALIVES_INTERVAL "10"
#define KEEPALIVES_COUNT    "3"

struct host {
	char *host; /* owned, as all; NULL: libpq's default */
	char *address;
	char *port;
	char *name;
};

struct db_hosts {
	char *conninfo;		   /* owned */
	PQconninfoOption *options; /* owned */
	struct host *hosts;	   /* owned */
	size_t count;
	const char *wish; /* target_session_attrs as given, borrowed; NULL: any */
};

/* What hosts.c gives by itself, host by host. */
static const char *const own_keywords[] = { "host", "hostaddr", "port", "target_session_attrs",
	"client_encoding" };

static bool
is_own(const char *keyword)
{
	for (size_t i = 0; i < sizeof own_keywords / sizeof *own_keywords; i++) {
		if (strcmp(keyword, own_keywords[i]) == 0)
			return true;
	}
	return false;
}

/* From the string, else from the environment, as libpq reads them; "" if there is none. */
static const char *
option_value(const struct db_hosts *hosts, const char *keyword)
{
	const PQconninfoOption *option = hosts->options;
	const char *value;

	while (option->keyword != NULL && strcmp(option->keyword, keyword) != 0)
		option++;
	if (option->keyword == NULL)
		return "";
	value = option->val;
	if ((value == NULL || *value == '\0') && option->envvar != NULL)
		value = getenv(option->envvar);
	return value == NULL ? "" : value;
}

static size_t
count_entries(const char *list)
{
	size_t count = *list == '\0' ? 0 : 1;

	for (; *list != '\0'; list++)
		count += *list == ',';
	return count;
}

/* A copy of the entry of a list; NULL when it is empty or not there. */
static char *
copy_entry(const char *list, size_t index)
{
	size_t length;

	for (; index > 0; index--) {
		list = strchr(list, ',');
		if (list == NULL)
			return NULL;
		list++;
	}
	length = strcspn(list, ",");
	return length == 0 ? NULL : memory_text(list, length);
}

static char *
name_of(const struct host *host)
{
	const char *place = host->address != NULL ? host->address : host->host;
	size_t size = (place == NULL ? 0 : strlen(place)) +
		      (host->port == NULL ? 0 : strlen(host->port)) + sizeof "the default host:";
	char *name = memory_zeroed(1, size);

	snprintf(name, size, "%s%s%s", place == NULL ? "the default host" : place,
		host->port == NULL ? "" : ":", host->port == NULL ? "" : host->port);
	return name;
}

struct db_hosts *
db_hosts_new(const char *conninfo)
{
	struct db_hosts *hosts = memory_zeroed(1, sizeof *hosts);
	const char *names, *addresses, *ports, *wish;

	hosts->conninfo = memory_text(conninfo, strlen(conninfo));
	hosts->options = PQconninfoParse(conninfo, NULL);
	if (hosts->options == NULL)
		memory_exhausted();
	names = option_value(hosts, "host");
	addresses = option_value(hosts, "hostaddr");
	ports = option_value(hosts, "port");
	wish = option_value(hosts, "target_session_attrs");
	if (*wish != '\0' && strcmp(wish, "any") != 0)
		hosts->wish = wish;
	hosts->count = count_entries(*addresses == '\0' ? names : addresses);
	if (hosts->count == 0)
		hosts->count = 1;
	hosts->hosts = memory_zeroed(hosts->count, sizeof *hosts->hosts);
	for (size_t i = 0; i < hosts->count; i++) {
		struct host *host = &hosts->hosts[i];

		host->host = copy_entry(names, i);
		host->address = copy_entry(addresses, i);
		/* One port is the port of all. */
		host->port = copy_entry(ports, count_entries(ports) == 1 ? 0 : i);
		host->name = name_of(host);
	}
	return hosts;
}

void
db_hosts_free(struct db_hosts *hosts)
{
	if (hosts == NULL)
		return;
	for (size_t i = 0; i < hosts->count; i++) {
		free(hosts->hosts[i].host);
		free(hosts->hosts[i].address);
		free(hosts->hosts[i].port);
		free(hosts->hosts[i].name);
	}
	free(hosts->hosts);
	PQconninfoFree(hosts->options);
	free(hosts->conninfo);
	free(hosts);
}

const char *
db_hosts_conninfo(const struct db_hosts *hosts)
{
	return hosts->conninfo;
}

size_t
db_hosts_count(const struct db_hosts *hosts)
{
	return hosts->count;
}

const char *
db_hosts_name(const struct db_hosts *hosts, size_t host)
{
	return hosts->hosts[host].name;
}

struct db_target
db_target_primary(const struct db_hosts *hosts, bool may_fall_back)
{
	struct db_target target = { .hosts = hosts, .count = hosts->count, .rounds = 1 };

	target.wishes[0] = hosts->wish;
	if (hosts->wish == NULL && hosts->count > 1) {
		target.wishes[0] = "read-write";
		target.rounds = may_fall_back ? 2 : 1;
		target.wants_primary = true;
	} else if (hosts->wish != NULL && strcmp(hosts->wish, "prefer-standby") == 0) {
		target.wishes[0] = "standby";
		target.rounds = 2;
	} else if (hosts->wish != NULL && hosts->count > 1) {
		target.wants_primary = strcmp(hosts->wish, "read-write") == 0 ||
				       strcmp(hosts->wish, "primary") == 0;
	}
	return target;
}

struct db_target
db_target_one(const struct db_hosts *hosts, size_t host)
{
	return (struct db_target){ .hosts = hosts, .first = host, .count = 1, .rounds = 1 };
}

const char *
db_target_name(const struct db_target *target, size_t host)
{
	return db_hosts_name(target->hosts, target->first + host);
}

PGconn *
db_target_connect(const struct db_target *target, size_t host, unsigned round)
{
	const struct host *place = &target->hosts->hosts[target->first + host];
	const char *keywords[KEYWORDS_MAX] = { "host", "hostaddr", "port", "target_session_attrs",
		"client_encoding", "fallback_application_name", "keepalives_idle",
		"keepalives_interval", "keepalives_count" };
	const char *values[KEYWORDS_MAX] = { place->host, place->address, place->port,
		target->wishes[round] == NULL ? "any" : target->wishes[round], "UTF8", "recordingd",
		KEEPALIVES_IDLE, KEEPALIVES_INTERVAL, KEEPALIVES_COUNT };
	size_t count = 9;

	/* Of a keyword that is there twice libpq takes the last: what the string says. */
	for (const PQconninfoOption *option = target->hosts->options; option->keyword != NULL;
		option++) {
		if (option->val == NULL || is_own(option->keyword) || count == KEYWORDS_MAX - 1)
			continue;
		keywords[count] = option->keyword;
		values[count++] = option->val;
	}
	return PQconnectStartParams(keywords, values, 0);
}
