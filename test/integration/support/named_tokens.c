#include "support/named_tokens.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "support/harness.h"
#include "support/scratch.h"

const char *const named_tokens_scopes[NAMED_TOKENS_SCOPES] = { "records", "audio", "history", "cel",
	"write", "metrics" };

static char *
sha256(const char *token)
{
	char *hex = scratch_new(65);
	FILE *sum = popen(scratch_format("printf %%s '%s' | sha256sum", token), "r");

	if (sum == NULL || fread(hex, 1, 64, sum) != 64)
		harness_fail("sha256sum does not work");
	pclose(sum);
	return hex;
}

char *
named_token_line(const char *name, const char *scopes, const char *token)
{
	return scratch_format("%s %s sha256:%s\n", name, scopes, sha256(token));
}

char *
named_tokens_write(const char *text)
{
	char *path = harness_path("tokens");
	FILE *file = fopen(path, "w");

	if (file == NULL || fchmod(fileno(file), 0600) != 0 || fputs(text, file) < 0 ||
		fclose(file) != 0)
		harness_fail("the tokens cannot be written");
	return path;
}

/* All scopes but one, with commas between. */
static char *
others(int missing)
{
	char *list = scratch_format("%s", "");

	for (int i = 0; i < NAMED_TOKENS_SCOPES; i++) {
		if (i != missing)
			list = scratch_format(
				"%s%s%s", list, *list == '\0' ? "" : ",", named_tokens_scopes[i]);
	}
	return list;
}

char *
named_tokens_each(void)
{
	char *text = scratch_format("# all of them\n\n%s", named_token_line("all", "all", "all"));

	for (int i = 0; i < NAMED_TOKENS_SCOPES; i++) {
		const char *scope = named_tokens_scopes[i];
		const char *none = scratch_format("no-%s", scope);

		text = scratch_format("%s%s%s", text, named_token_line(scope, scope, scope),
			named_token_line(none, others(i), none));
	}
	return text;
}
