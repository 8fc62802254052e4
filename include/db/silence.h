/*
 * Connections that the network has lost without a word: inside src/db only.
 *
 * A firewall or a router that restarts forgets connections, and neither end hears of it. What is
 * sent on such a connection is answered by nobody. Its deadline would show that, but late, and each
 * connection of those that were idle would cost one more client as much. So while connections are
 * silent (db/connection.h) PostgreSQL is asked, on the server's control connection, which of their
 * sessions are not at work. One that is found so has others that have been idle since before made
 * anew; found so twice, while nothing came, it is lost.
 *
 * The control connection may be lost as well: when it leaves the question open it is made anew,
 * unless another question already decides about the server (db/server.h).
 *
 * Behind a pooler a connection's session is not known: there the deadline has to do.
 */
#ifndef RECORDINGD_DB_SILENCE_H
#define RECORDINGD_DB_SILENCE_H

struct db_connection;
struct db_server;

/* Asks about the connections that are silent now; nothing while an answer is due. */
void db_silence_look(struct db_server *server);

/* A connection of the server has been silent. */
void db_silence_on_silent(struct db_server *server, struct db_connection *connection);

#endif
