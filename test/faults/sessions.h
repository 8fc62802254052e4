/*
 * recordingd's sessions in PostgreSQL: frozen, they hear and say nothing, as if the network had
 * forgotten their connections.
 */
#ifndef RECORDINGD_TEST_FAULTS_SESSIONS_H
#define RECORDINGD_TEST_FAULTS_SESSIONS_H

/* All that there are now; those that come later are not. */
void sessions_freeze(void);

/* … go on, or end if they have been left meanwhile. */
void sessions_thaw(void);

#endif
