/*
 * Clients that read: searches, histories, the last agent, ranges of channel events, audio, health.
 * Each request is about a call of its own choice, and its answer is held against what is known of
 * that call alone: that of another request would be seen.
 */
#ifndef RECORDINGD_TEST_CHAOS_READERS_H
#define RECORDINGD_TEST_CHAOS_READERS_H

void readers_add(int count);

/*
 * After clients_stop(): whether the access log has one line for each recording that was sent, and
 * no two for one request. The number of those.
 */
long readers_check_access_log(const char *file);

#endif
