/* The command line of recordingd. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/token.h"
#include "base/log.h"
#include "server/check.h"
#include "server/config.h"
#include "server/daemon.h"

/*
 * Memory the allocator keeps instead of giving it back after each page of channel events; taking it
 * again means a page fault for every 4 KiB.
 */
#define KEPT_MEMORY_BYTES (8 << 20)

/* Larger pieces are mapped, with those page faults each time: a page has up to 1 MiB and room. */
#define LARGEST_ON_HEAP_BYTES (2 << 20)

/* A command line or configuration that cannot be used. */
#define EXIT_USAGE 2

static const char usage[] =
	"Usage: recordingd [--config FILE] [--check] [--version] [--help]\n"
	"       recordingd --new-token NAME --scope SCOPE[,SCOPE]\n"
	"\n"
	"Serves call recordings, call history and the channel event log of XiVO over HTTP.\n"
	"\n"
	"  --config FILE  read this configuration instead of " CONFIG_DEFAULT_FILE "\n"
	"  --check        look whether the database has what recordingd uses, and exit\n"
	"  --new-token NAME  make a token, print it and the line of auth.tokens_file for it,\n"
	"                 and exit\n"
	"  --scope SCOPE  what it opens: " SCOPE_NAMES "\n"
	"  --version      print the version and exit\n"
	"  --help         print this and exit\n"
	"\n"
	"Exit status: 0 done or stopped by a signal; 1 failed, or --check found something\n"
	"missing; 2 the command line or the configuration is wrong: trying again does not help.\n";

struct command_line {
	struct config_source source;
	bool checks;
	const char *new_token; /* the name of one to be made; NULL: none */
	const char *scopes;
	int exit_status; /* when there is nothing to run */
};

/* False: exit_status is the answer. */
static bool
parse_command_line(int argc, char **argv, struct command_line *line)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'f' },
		{ "check", no_argument, NULL, 'c' },
		{ "new-token", required_argument, NULL, 'n' },
		{ "scope", required_argument, NULL, 's' },
		{ "version", no_argument, NULL, 'v' },
		{ "help", no_argument, NULL, 'h' },
		{ NULL, 0, NULL, 0 },
	};
	int option;

	line->exit_status = EXIT_SUCCESS;
	while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (option) {
		case 'f':
			line->source.file = optarg;
			line->source.must_exist = true;
			break;
		case 'c':
			line->checks = true;
			break;
		case 'n':
			line->new_token = optarg;
			break;
		case 's':
			line->scopes = optarg;
			break;
		case 'v':
			printf("recordingd %s\n", RECORDINGD_VERSION);
			return false;
		case 'h':
			fputs(usage, stdout);
			return false;
		default:
			fputs(usage, stderr);
			line->exit_status = EXIT_USAGE;
			return false;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "recordingd: unexpected argument: %s\n%s", argv[optind], usage);
		line->exit_status = EXIT_USAGE;
		return false;
	}
	if ((line->new_token == NULL) != (line->scopes == NULL)) {
		fprintf(stderr, "recordingd: --new-token and --scope go together\n%s", usage);
		line->exit_status = EXIT_USAGE;
		return false;
	}
	return true;
}

/* Nothing but the two lines on standard output, so that a script can take them. */
static int
make_token(const char *name, const char *scopes)
{
	struct error error;

	if (!token_print_new(stdout, name, scopes, &error)) {
		fprintf(stderr, "recordingd: %s\n", error.message);
		return error.code == ERROR_INVALID_PARAMETER ? EXIT_USAGE : EXIT_FAILURE;
	}
	fputs("The first line is the token, which is kept nowhere: give it to its client. The\n"
	      "second is for auth.tokens_file, and holds after a reload (SIGHUP).\n",
		stderr);
	return EXIT_SUCCESS;
}

static struct config *
load_config(const struct config_source *source)
{
	struct config *config = config_new();
	struct error error;

	if (config_load(config, source->file, source->must_exist, &error))
		return config;
	log_write(LOG_LEVEL_ERROR, "%s", error.message);
	config_free(config);
	return NULL;
}

static int
serve(struct config *config, const struct config_source *source)
{
	struct error error;
	struct daemon *daemon = daemon_new(config, source, &error);
	bool ended_well;

	if (daemon == NULL) {
		log_write(LOG_LEVEL_ERROR, "%s", error.message);
		return EXIT_FAILURE;
	}
	ended_well = daemon_run(daemon);
	daemon_free(daemon);
	return ended_well ? EXIT_SUCCESS : EXIT_FAILURE;
}

/*
 * Started with standard descriptors that are closed, it would write its log into what it opens
 * first: a client's socket, or the pipe by which the loop learns of signals. open(2) takes the
 * lowest that is free.
 */
static bool
open_standard_descriptors(void)
{
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
		if (fcntl(i, F_GETFD) < 0 && errno == EBADF && open("/dev/null", O_RDWR) != i)
			return false;
	}
	return true;
}

int
main(int argc, char **argv)
{
	struct command_line line = { .source = { .file = CONFIG_DEFAULT_FILE } };
	struct config *config;
	bool passed;

	if (!open_standard_descriptors())
		return EXIT_FAILURE;
	log_open();
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_MEMORY_BYTES);
	(void)mallopt(M_MMAP_THRESHOLD, LARGEST_ON_HEAP_BYTES);
	if (!parse_command_line(argc, argv, &line))
		return line.exit_status;
	if (line.new_token != NULL)
		return make_token(line.new_token, line.scopes);
	config = load_config(&line.source);
	if (config == NULL)
		return EXIT_USAGE;
	if (!line.checks)
		return serve(config, &line.source);
	passed = check_database(config);
	config_free(config);
	return passed ? EXIT_SUCCESS : EXIT_FAILURE;
}
