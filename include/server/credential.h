/*
 * Secrets that the service manager passed as files (systemd.exec(5), LoadCredential=): they are in
 * memory, only this service may read them, and no environment shows them.
 */
#ifndef RECORDINGD_SERVER_CREDENTIAL_H
#define RECORDINGD_SERVER_CREDENTIAL_H

#include "base/error.h"

/*
 * Sets *text to the content of $CREDENTIALS_DIRECTORY/name without the line ends behind it, or to
 * NULL when there is no such file; the caller frees it. False: error is for the operator, and names
 * the file but nothing of its content.
 */
bool credential_read(const char *name, char **text, struct error *error) MUST_CHECK;

#endif
