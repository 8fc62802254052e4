#include "db/servers.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/memory.h"

/*
 * A reader that says nothing for so long is given up, and so is a primary where another host may
 * have taken its place: later, as all writes depend on it, and it may only be busy.
 */
#define READER_SILENCE_MS  1500
#define PRIMARY_SILENCE_MS 5000

struct db_server *
db_servers_primary(const struct db_servers *servers)
{
	return servers->all[0];
}

/* Where they lead, and whether there is anything to ask there. */
static void
watch(const struct db_servers *servers, struct db_server *server)
{
	bool is_primary = server == db_servers_primary(servers);
	int64_t silence_ms = is_primary ? PRIMARY_SILENCE_MS : READER_SILENCE_MS;

	/* Where none can take its place, it is waited for. */
	if (is_primary && !server->target.wants_primary)
		silence_ms = INT64_MAX;
	db_server_watch(
		server, servers->settings->has_readers || server->target.wants_primary, silence_ms);
}

/* The first is the primary, the others are the hosts that read. */
static struct db_target
target_of(const struct db_servers *servers, unsigned index)
{
	return index == 0 ? db_target_primary(servers->hosts, !servers->settings->has_readers)
			  : db_target_one(servers->read_hosts, index - 1);
}

/* NULL for a string that names none. */
static struct db_hosts *
new_hosts(const char *conninfo)
{
	return conninfo == NULL || *conninfo == '\0' ? NULL : db_hosts_new(conninfo);
}

void
db_servers_open(struct db_servers *servers, struct db_pool *pool, struct event_base *base,
	struct db_settings *settings, const struct db_server_events *events)
{
	size_t readers;

	servers->settings = settings;
	servers->hosts = db_hosts_new(settings->conninfo);
	servers->read_hosts = new_hosts(settings->read_conninfo);
	readers = servers->read_hosts == NULL ? 0 : db_hosts_count(servers->read_hosts);
	settings->has_readers = readers > 0;
	servers->all = memory_zeroed(1 + readers, sizeof(struct db_server *));
	for (unsigned i = 0; i <= readers; i++) {
		/* Each has one connection more than the settings say. */
		unsigned number = i * (settings->connections + 1) + 1;
		struct db_target target = target_of(servers, i);

		servers->all[i] = db_server_new(pool, base, settings, &target, events, number);
		servers->all[i]->is_reader = i > 0;
		watch(servers, servers->all[i]);
		servers->count++;
	}
}

void
db_servers_start(struct db_servers *servers)
{
	for (unsigned i = 0; i < servers->count; i++)
		db_server_start(servers->all[i]);
}

/* Has the servers from first to before end go to these hosts; those they had are freed. */
static void
use_hosts(struct db_servers *servers, struct db_hosts **hosts, struct db_hosts *new_hosts,
	unsigned first, unsigned end)
{
	struct db_hosts *old_hosts = *hosts;

	*hosts = new_hosts;
	for (unsigned i = first; i < end; i++) {
		struct db_target target = target_of(servers, i);

		db_server_set_target(servers->all[i], &target);
		watch(servers, servers->all[i]);
	}
	db_hosts_free(old_hosts);
	servers->is_renewing = true;
}

static bool
is_same(const struct db_hosts *hosts, const struct db_hosts *others)
{
	return hosts == NULL || others == NULL
		       ? hosts == others
		       : strcmp(db_hosts_conninfo(hosts), db_hosts_conninfo(others)) == 0;
}

/* False: it asks for more or fewer servers. */
static bool
set_read_conninfo(struct db_servers *servers, const char *conninfo)
{
	struct db_hosts *hosts = new_hosts(conninfo);
	size_t readers = hosts == NULL ? 0 : db_hosts_count(hosts);

	if (readers == servers->count - 1 && !is_same(servers->read_hosts, hosts))
		use_hosts(servers, &servers->read_hosts, hosts, 1, servers->count);
	else
		db_hosts_free(hosts);
	return readers == servers->count - 1;
}

static void
set_conninfo(struct db_servers *servers, const char *conninfo)
{
	struct db_hosts *hosts = db_hosts_new(conninfo);

	if (is_same(servers->hosts, hosts))
		db_hosts_free(hosts);
	else
		use_hosts(servers, &servers->hosts, hosts, 0, 1);
}

bool
db_servers_set(struct db_servers *servers, const char *conninfo, const char *read_conninfo)
{
	set_conninfo(servers, conninfo);
	return set_read_conninfo(servers, read_conninfo);
}

void
db_servers_renew(struct db_servers *servers)
{
	servers->is_renewing = false;
	for (unsigned i = 0; i < servers->count; i++) {
		struct db_server *server = servers->all[i];

		if (!server->is_renewing)
			continue;
		db_server_renew(server);
		servers->is_renewing |= server->is_renewing;
		if (server->is_renewing)
			continue;
		if (server == db_servers_primary(servers))
			log_write(LOG_LEVEL_NOTICE,
				"all database connections are those of the new conninfo");
		else
			log_write(LOG_LEVEL_NOTICE,
				"all connections to %s are those of the new read_conninfo",
				db_target_name(&server->target, 0));
	}
}

void
db_servers_close(struct db_servers *servers)
{
	for (unsigned i = 0; i < servers->count; i++)
		servers->all[i]->is_closing = true;
}

void
db_servers_shut_down(struct db_servers *servers)
{
	for (unsigned i = 0; i < servers->count; i++)
		db_server_shut_down(servers->all[i]);
}

void
db_servers_free(struct db_servers *servers)
{
	for (unsigned i = 0; i < servers->count; i++)
		db_server_free(servers->all[i]);
	db_hosts_free(servers->hosts);
	db_hosts_free(servers->read_hosts);
	free(servers->all);
}
