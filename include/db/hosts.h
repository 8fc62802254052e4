/*
 * The hosts of a connection string: inside src/db only.
 *
 * libpq would try several hosts by itself, but without a limit of time for each: a host that is
 * switched off would hide those behind it. So every attempt goes to one host, in the order of the
 * string, and what target_session_attrs asks for is asked of that one.
 */
#ifndef RECORDINGD_DB_HOSTS_H
#define RECORDINGD_DB_HOSTS_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

struct db_hosts;

/* A connection string that the configuration has taken; libpq's variables count. */
struct db_hosts *db_hosts_new(const char *conninfo);
void db_hosts_free(struct db_hosts *hosts);

/* The string they are from. */
const char *db_hosts_conninfo(const struct db_hosts *hosts);

/* At least one. */
size_t db_hosts_count(const struct db_hosts *hosts);

/* For people: the address or name, with the port when it was given. */
const char *db_hosts_name(const struct db_hosts *hosts, size_t host);

/* One or two rounds: prefer-standby asks for a standby first, and takes any then. */
#define DB_ROUNDS_MAX 2

/* Which hosts a connection goes to. The parts of the pool each have one. */
struct db_target {
	const struct db_hosts *hosts; /* borrowed; an open connection needs them no more */
	size_t first;		      /* the hosts are these */
	size_t count;
	const char *wishes[DB_ROUNDS_MAX]; /* of each round; NULL: whatever is there */
	unsigned rounds;
	bool wants_primary; /* there are several hosts, and one of them takes writes */
	size_t current;	    /* counted from first: where a search begins, as it succeeded last */
};

/*
 * All hosts of the string. Of several hosts the one is meant that takes writes, unless the string
 * says otherwise by target_session_attrs; may_fall_back: any other one is better than none.
 */
struct db_target db_target_primary(const struct db_hosts *hosts, bool may_fall_back);

/* This host, whatever it is. */
struct db_target db_target_one(const struct db_hosts *hosts, size_t host);

const char *db_target_name(const struct db_target *target, size_t host);

/* Begins to connect, as PQconnectStartParams() does. */
PGconn *db_target_connect(const struct db_target *target, size_t host, unsigned round);

#endif
