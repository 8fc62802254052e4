#include "support/nginx.h"

#include <arpa/inet.h>
#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/daemon.h"
#include "support/harness.h"
#include "support/process.h"
#include "support/scratch.h"
#include "support/wait.h"

#define START_TIMEOUT_MS 15000
#define STOP_TIMEOUT_MS	 5000

static struct {
	pid_t pid;
	int port;
} nginx_now;

const char *
nginx_url(void)
{
	return scratch_format("https://127.0.0.1:%d", nginx_now.port);
}

const char *
nginx_authority(void)
{
	return harness_path("nginx/recording.pem");
}

char *
nginx_access_log(void)
{
	return scratch_file(harness_path("nginx/access.log"));
}

static void
write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	if (file == NULL || fputs(text, file) < 0 || fclose(file) != 0)
		harness_fail("%s cannot be written", path);
}

/* For the address that the tests use, as its own authority. */
static void
make_certificate(void)
{
	const char *const arguments[] = { "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		"ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
		"-addext", "subjectAltName=IP:127.0.0.1", "-keyout",
		harness_path("nginx/recording.key"), "-out", nginx_authority(), NULL };
	const char *log = harness_path("nginx/openssl.log");

	if (process_run(&(struct process_options){ .arguments = arguments, .output_file = log },
		    20000) != 0)
		harness_fail("openssl makes no certificate: %s", scratch_file(log));
}

/* Each must be there: a test of another file would show nothing. */
static char *
replaced(char *text, const char *from, const char *to)
{
	char *found = strstr(text, from);

	if (found == NULL)
		harness_fail("etc/nginx/recordingd.conf has no \"%s\"", from);
	return scratch_format("%.*s%s%s", (int)(found - text), text, to, found + strlen(from));
}

static char *
site(int first_port, int second_port)
{
	char *text = scratch_file(harness_source("etc/nginx/recordingd.conf"));

	text = replaced(
		text, "server 127.0.0.1:9400 ", scratch_format("server 127.0.0.1:%d ", first_port));
	text = replaced(text, "server 127.0.0.1:9401 ",
		scratch_format("server 127.0.0.1:%d ", second_port));
	text = replaced(
		text, "listen 443 ", scratch_format("listen 127.0.0.1:%d ", nginx_now.port));
	/* Not every machine has IPv6. */
	text = replaced(text, "listen [::]:443 ssl;", "");
	text = replaced(text, "/etc/ssl/certs/recording.pem", nginx_authority());
	text = replaced(
		text, "/etc/ssl/private/recording.key", harness_path("nginx/recording.key"));
	text = replaced(text, "/var/log/nginx/recordingd.log", harness_path("nginx/access.log"));
	return replaced(
		text, "/var/spool/recordingd/audio/", scratch_format("%s/", harness_path("audio")));
}

/* What Debian's nginx.conf has around the file; one process, so that none is left behind. */
static char *
surroundings(void)
{
	const char *folder = harness_path("nginx");

	return scratch_format("daemon off;\n"
			      "master_process off;\n"
			      "pid %s/pid;\n"
			      "error_log stderr warn;\n"
			      "events { worker_connections 512; }\n"
			      "http {\n"
			      "	client_body_temp_path %s/body;\n"
			      "	proxy_temp_path %s/proxy;\n"
			      "	fastcgi_temp_path %s/fastcgi;\n"
			      "	uwsgi_temp_path %s/uwsgi;\n"
			      "	scgi_temp_path %s/scgi;\n"
			      "	include %s/site.conf;\n"
			      "}\n",
		folder, folder, folder, folder, folder, folder, folder);
}

static bool
is_listening(void *unused)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)nginx_now.port),
		.sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
	int probe = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool answers = connect(probe, (struct sockaddr *)&address, sizeof address) == 0;

	(void)unused;
	close(probe);
	if (process_wait(nginx_now.pid, 0) != -1)
		harness_fail("nginx ended at its start: %s",
			scratch_file(harness_path("nginx/error.log")));
	return answers;
}

void
nginx_start(int first_port, int second_port)
{
	const char *const arguments[] = { "nginx", "-c", harness_path("nginx/nginx.conf"), "-e",
		"stderr", NULL };
	const char *const environment[] = { "PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL };

	if (nginx_now.pid != 0)
		nginx_stop(); /* of a test that failed */
	if (mkdir(harness_path("nginx"), 0755) == 0)
		make_certificate();
	nginx_now.port = daemon_free_port();
	write_file(harness_path("nginx/site.conf"), site(first_port, second_port));
	write_file(harness_path("nginx/nginx.conf"), surroundings());
	unlink(harness_path("nginx/error.log"));
	unlink(harness_path("nginx/access.log"));
	nginx_now.pid = process_start(&(struct process_options){ .arguments = arguments,
		.environment = environment,
		.output_file = harness_path("nginx/error.log") });
	if (!wait_until(is_listening, NULL, START_TIMEOUT_MS))
		harness_fail(
			"nginx does not listen: %s", scratch_file(harness_path("nginx/error.log")));
}

void
nginx_stop(void)
{
	char *log;

	kill(nginx_now.pid, SIGTERM);
	if (process_wait(nginx_now.pid, STOP_TIMEOUT_MS) == -1) {
		kill(nginx_now.pid, SIGKILL);
		process_wait(nginx_now.pid, STOP_TIMEOUT_MS);
	}
	nginx_now.pid = 0;
	log = scratch_file(harness_path("nginx/error.log"));
	ck_assert_msg(strstr(log, "[alert]") == NULL && strstr(log, "[emerg]") == NULL, "%s", log);
}

struct http_request
nginx_request(const struct http_request *request)
{
	struct http_request through = *request;

	through.url = nginx_url();
	through.authority = nginx_authority();
	return through;
}

const struct reply *
nginx_send(const struct http_request *request)
{
	struct http_request through = nginx_request(request);

	return http_send(&through);
}
