/* A PgBouncer before the test cluster, with a socket in the program's folder. */
#ifndef RECORDINGD_TEST_POOLER_H
#define RECORDINGD_TEST_POOLER_H

/* In transaction mode, with so many sessions; ends with the program. Failure ends the program. */
void pooler_start(int sessions);

/* Ends it; its clients are dropped. Nothing when it does not run. */
void pooler_stop(void);

char *pooler_conninfo(const char *user, const char *database);

#endif
