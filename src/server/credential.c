#include "server/credential.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/memory.h"

/* More than a token or a password ever has. */
#define CREDENTIAL_MAX 4096

/* Reads up to size bytes; -1 with errno. */
static ssize_t
read_file(const char *path, char *bytes, size_t size)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	ssize_t length;
	int saved;

	if (file < 0)
		return -1;
	length = read(file, bytes, size);
	saved = errno;
	(void)close(file);
	errno = saved;
	return length;
}

static size_t
without_line_ends(const char *text, size_t length)
{
	while (length > 0 && (text[length - 1] == '\n' || text[length - 1] == '\r'))
		length--;
	return length;
}

bool
credential_read(const char *name, char **text, struct error *error)
{
	const char *directory = getenv("CREDENTIALS_DIRECTORY");
	char path[PATH_MAX];
	char bytes[CREDENTIAL_MAX + 1];
	ssize_t length;

	*text = NULL;
	if (directory == NULL || *directory == '\0')
		return true;
	snprintf(path, sizeof path, "%s/%s", directory, name);
	length = read_file(path, bytes, sizeof bytes);
	if (length < 0 && errno == ENOENT)
		return true;
	if (length < 0) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"the credential \"%s\" cannot be read: %s", name, strerror(errno));
	}
	if (length > CREDENTIAL_MAX || memchr(bytes, '\0', (size_t)length) != NULL) {
		return error_set(error, ERROR_INVALID_PARAMETER,
			"the credential \"%s\" is not a text of up to %d bytes", name,
			CREDENTIAL_MAX);
	}
	*text = memory_text(bytes, without_line_ends(bytes, (size_t)length));
	explicit_bzero(bytes, sizeof bytes);
	return true;
}
