/*
 * A server of the pool: the connections to one target (db/hosts.h), and what is known about it.
 * Inside src/db only.
 *
 * Besides the connections of both lanes it has one for control: for cancellations, for the
 * question whether the sessions of silent connections are at work (db/silence.h), and, where there
 * is a choice between servers, for the question whether it is a standby and how far its log is. A
 * server that leaves that question open for too long is given up: all its connections are closed,
 * and what only reads moves elsewhere.
 */
#ifndef RECORDINGD_DB_SERVER_H
#define RECORDINGD_DB_SERVER_H

#include "db/connection.h"
#include "db/replica.h"

/* What a server tells the pool. */
struct db_server_events {
	/* It may take (more) queries now. */
	void (*on_free)(struct db_pool *pool);
	/* This query must run on another connection; the pool takes it over. */
	void (*on_moved)(struct db_pool *pool, struct db_query *query);
	/* A write is committed, up to this position; before its done hook. */
	void (*on_written)(struct db_pool *pool, struct db_position position);
	/* It has said where it is; is_new: for the first time since it was connected. */
	void (*on_answer)(struct db_pool *pool, struct db_server *server,
		struct db_position position, bool is_new);
	/* A connection to it was lost. */
	void (*on_lost)(struct db_pool *pool, struct db_server *server);
};

struct db_server {
	/* Borrowed. */
	struct db_pool *pool;
	const struct db_settings *settings;
	const struct db_server_events *events;

	/* Owned. */
	struct db_connection **connections; /* the first short_count are the short lane's */
	struct db_connection *control;
	struct event *timer;	/* the next question; always pending where questions are asked */
	struct db_query *asked; /* NULL: no answer is due */
	struct db_query *look;	/* of db/silence.h, under way; NULL: none */

	struct db_target target;
	struct db_target control_target; /* the same without a second round: it looks on */
	unsigned short_count;
	bool is_closing;  /* nothing new is sent */
	bool is_reader;	  /* what its control connection has been told decides what it may answer */
	bool is_watched;  /* questions are asked */
	bool is_renewing; /* some connections are still those of an earlier target */
	bool has_answered;
	bool is_answer_old; /* what is asked now was so before a connection was lost */
	int64_t silence_ms; /* longest, then it is given up */
	int64_t asked_ms;
	int64_t hurried_until_ms;  /* it is asked often until then */
	struct db_replica replica; /* of a reader */
};

/* number: of its first connection, for the log. */
struct db_server *db_server_new(struct db_pool *pool, struct event_base *base,
	const struct db_settings *settings, const struct db_target *target,
	const struct db_server_events *events, unsigned number);

/* Whether questions are asked, and how long an answer may take until the server is given up. */
void db_server_watch(struct db_server *server, bool is_watched, int64_t silence_ms);

void db_server_start(struct db_server *server);

/*
 * Another target. Connections that are open stay until db_server_renew() comes to them: it has the
 * next one made anew when those before it are up again. To be called whenever one has become free,
 * until is_renewing is false.
 */
void db_server_set_target(struct db_server *server, const struct db_target *target);
void db_server_renew(struct db_server *server);

/* As for connections: queries end first, of all servers. */
void db_server_shut_down(struct db_server *server);
void db_server_free(struct db_server *server);

/* The connection with the least under way; NULL when all are down, full or of the wrong kind. */
struct db_connection *db_server_pick(
	const struct db_server *server, enum db_lane lane, bool writes);

/* Cancels what one of its connections runs when nobody wants it. */
void db_server_cancel(struct db_server *server, struct db_connection *connection);

/* Asks it now, and often for a while: it should soon be further. */
void db_server_hurry(struct db_server *server);

bool db_server_is_up(const struct db_server *server);

/* … and no question has been open for longer than that. */
bool db_server_answers(const struct db_server *server, int64_t silence_ms);

/* Adds those of its connections, but for control. */
void db_server_count(const struct db_server *server, struct db_counters *counters);

#endif
