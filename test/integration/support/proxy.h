/*
 * The network between recordingd and PostgreSQL: a thread that passes on what comes to a port of
 * 127.0.0.1 to PostgreSQL's socket and back, and can be a bad network.
 */
#ifndef RECORDINGD_TEST_PROXY_H
#define RECORDINGD_TEST_PROXY_H

enum proxy_mode {
	PROXY_PASS,
	PROXY_DELAY,  /* everything takes PROXY_DELAY_MS longer, in both directions */
	PROXY_HOLD,   /* nothing passes; it does later, as with packets that are sent again */
	PROXY_FORGET, /* nothing more passes on connections that there are; new ones are good */
	PROXY_CUT,    /* connections break after some bytes, in the middle of messages */
	PROXY_REFUSE, /* connections break at once, new ones, too */
	/* As PostgreSQL that is starting: new connections are told so. */
	PROXY_STARTING,
	/* The next one hears nothing, until it is told so in PROXY_STARTING; others pass. */
	PROXY_STARTING_FOR_ONE,
};

#define PROXY_DELAY_MS 120

/* The port. socket: the path of PostgreSQL's. Lives as long as the program. */
int proxy_start(const char *socket_path);

void proxy_set_mode(enum proxy_mode mode);

/* Connections that have come so far. */
long proxy_arrivals(void);

/* Connections that were broken so far. */
long proxy_cuts(void);

#endif
