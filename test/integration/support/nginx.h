/*
 * The real nginx with etc/nginx/recordingd.conf before recordingd: a copy of that very file, in
 * which only addresses, paths and names are those of the test.
 */
#ifndef RECORDINGD_TEST_NGINX_H
#define RECORDINGD_TEST_NGINX_H

#include "support/http_client.h"

/* Starts it before two daemons, by their ports of 127.0.0.1, and waits until it listens. */
void nginx_start(int first_port, int second_port);

/* Ends it; fails the test when it has written of an alarm, or of a worker that died. */
void nginx_stop(void);

/* "https://127.0.0.1:port" */
const char *nginx_url(void);

/* The file of its certificate. */
const char *nginx_authority(void);

/* Sends a request through it. */
const struct reply *nginx_send(const struct http_request *request);

/* The same request, to be begun. */
struct http_request nginx_request(const struct http_request *request);

/* Its access log. */
char *nginx_access_log(void);

#endif
