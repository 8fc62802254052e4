#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ledger.h"
#include "support/cluster.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/proxy.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

/* Generous: on a loaded machine all takes longer. What it was is printed. */
#define RECOVERY_LIMIT_MS 45000

#define LOG_DISK_BYTES (96L << 20)
#define FILLER_BYTES   4096

static unsigned seed;
static bool has_mounts;

/* PostgreSQL -------------------------------------------------------------------------------------
 */

static void
stop_fast(void)
{
	cluster_stop();
	sql_reconnect();
}

static void
stop_at_once(void)
{
	cluster_crash();
	sql_reconnect();
}

/* One of recordingd's: PostgreSQL then restarts all of them. */
static void
kill_backend(void)
{
	long pid = sql_number("SELECT pid FROM pg_stat_activity WHERE usename = 'recordingd'"
			      " ORDER BY state = 'active' DESC, random() LIMIT 1");

	if (pid > 0)
		kill((pid_t)pid, SIGKILL);
	sql_reconnect();
}

static void
terminate_backends(void)
{
	for (int i = 0; i < 5; i++) {
		sql_run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
			" WHERE usename = 'recordingd'");
		wait_ms(60);
	}
}

static void
freeze(void)
{
	cluster_freeze(true);
}

static void
thaw(void)
{
	cluster_freeze(false);
}

/* The network ------------------------------------------------------------------------------------
 */

static void
network_delays(void)
{
	proxy_set_mode(PROXY_DELAY);
}

static void
network_holds(void)
{
	proxy_set_mode(PROXY_HOLD);
}

static void
network_forgets(void)
{
	proxy_set_mode(PROXY_FORGET);
}

static void
network_cuts(void)
{
	proxy_set_mode(PROXY_CUT);
}

static void
network_refuses(void)
{
	proxy_set_mode(PROXY_REFUSE);
}

static void
network_is_good(void)
{
	proxy_set_mode(PROXY_PASS);
}

/* Audio and access log ---------------------------------------------------------------------------
 */

static void
move_files(const char *from, const char *to)
{
	DIR *folder = opendir(from);
	struct dirent *entry;

	if (folder == NULL)
		harness_fail("no folder %s", from);
	while ((entry = readdir(folder)) != NULL) {
		if (entry->d_name[0] != '.' &&
			rename(scratch_format("%s/%s", from, entry->d_name),
				scratch_format("%s/%s", to, entry->d_name)) != 0)
			harness_fail("%s cannot be moved", entry->d_name);
	}
	closedir(folder);
}

static const char *
audio_store(void)
{
	return harness_path(has_mounts ? "audio.store" : "audio");
}

static void
empty_audio(void)
{
	move_files(audio_store(), harness_path("audio.away"));
}

static void
refill_audio(void)
{
	move_files(harness_path("audio.away"), audio_store());
}

/* A folder without a file in it, or none. */
static void
unmount_audio(void)
{
	if (has_mounts ? umount2(harness_path("audio"), MNT_DETACH) != 0
		       : rename(harness_path("audio"), harness_path("audio.gone")) != 0)
		harness_fail("the audio cannot be unmounted: %s", strerror(errno));
}

static void
mount_audio(void)
{
	if (has_mounts ? mount(harness_path("audio.store"), harness_path("audio"), NULL, MS_BIND,
				 NULL) != 0
		       : rename(harness_path("audio.gone"), harness_path("audio")) != 0)
		harness_fail("the audio cannot be mounted: %s", strerror(errno));
}

static bool
can_mount(void)
{
	return has_mounts;
}

/* To the last byte: what is not enough for a block, too. */
static void
fill_log_disk(void)
{
	static const char block[FILLER_BYTES];
	int filler = open(harness_path("log/filler"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	for (size_t count = sizeof block; count > 0;) {
		if (write(filler, block, count) <= 0)
			count /= 2;
	}
	close(filler);
}

static void
free_log_disk(void)
{
	unlink(harness_path("log/filler"));
}

/* ------------------------------------------------------------------------------------------------
 */

struct fault {
	const char *name;
	enum ledger_trouble trouble;
	void (*begin)(void);
	void (*end)(void);
	long longest_ms, longest_short_ms;
	bool (*is_possible)(void);
};

static const struct fault faults[] = {
	{ "PostgreSQL stopped, fast", LEDGER_DATABASE, stop_fast, cluster_ensure, 5000, 800, NULL },
	{ "PostgreSQL stopped at once", LEDGER_DATABASE, stop_at_once, cluster_ensure, 5000, 800,
		NULL },
	{ "a backend killed", LEDGER_DATABASE, kill_backend, cluster_await, 0, 0, NULL },
	{ "backends terminated", LEDGER_DATABASE, terminate_backends, NULL, 0, 0, NULL },
	{ "PostgreSQL frozen", LEDGER_DATABASE, freeze, thaw, 20000, 4000, NULL },
	{ "network delayed", LEDGER_DATABASE, network_delays, network_is_good, 5000, 800, NULL },
	{ "network silent", LEDGER_DATABASE, network_holds, network_is_good, 20000, 2500, NULL },
	{ "connections forgotten", LEDGER_DATABASE, network_forgets, network_is_good, 5000, 1000,
		NULL },
	{ "network cut in messages", LEDGER_DATABASE, network_cuts, network_is_good, 5000, 1500,
		NULL },
	{ "network refuses", LEDGER_DATABASE, network_refuses, network_is_good, 5000, 800, NULL },
	{ "audio directory emptied", LEDGER_AUDIO, empty_audio, refill_audio, 3000, 500, NULL },
	{ "audio directory unmounted", LEDGER_AUDIO, unmount_audio, mount_audio, 3000, 500, NULL },
	{ "access log's disk full", LEDGER_ACCESS_LOG, fill_log_disk, free_log_disk, 3000, 500,
		can_mount },
	{ "recordingd killed", LEDGER_DAEMON, daemon_kill, daemon_start_again, 1000, 100, NULL },
};

#define FAULTS HARNESS_COUNT(faults)

static struct {
	int order[FAULTS];
	int next;
	long happened[FAULTS];
	long worst_ms[FAULTS];
	long all_happened;
	long all_worst_ms;
} run;

int
faults_count(void)
{
	return FAULTS;
}

static void
shuffle(void)
{
	for (int i = 0; i < FAULTS; i++) {
		int j = rand_r(&seed) % (i + 1);

		run.order[i] = run.order[j];
		run.order[j] = i;
	}
	run.next = 0;
}

/* In a space of its own, so that nothing stays mounted, however this ends. */
static bool
mount_folders(void)
{
	return unshare(CLONE_NEWNS) == 0 &&
	       mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
	       mount("tmpfs", harness_path("log"), "tmpfs", 0,
		       scratch_format("size=%ld", LOG_DISK_BYTES)) == 0 &&
	       mount(harness_path("audio.store"), harness_path("audio"), NULL, MS_BIND, NULL) == 0;
}

void
faults_prepare(unsigned given_seed)
{
	static const char *const folders[] = { "log", "audio.store", "audio.away" };

	seed = given_seed;
	shuffle();
	for (int i = 0; i < HARNESS_COUNT(folders); i++) {
		if (mkdir(harness_path(folders[i]), 0755) != 0)
			harness_fail("no folder %s", folders[i]);
	}
	move_files(harness_path("audio"), harness_path("audio.store"));
	has_mounts = mount_folders();
	if (!has_mounts) {
		printf("skipped, as this user may not mount: %s\n", "the access log's full disk");
		move_files(harness_path("audio.store"), harness_path("audio"));
	}
}

static bool
is_well(void *unused)
{
	(void)unused;
	return ledger_recovery_ms() >= 0;
}

static void
note_recovery(int number, long duration_ms, long recovery_ms)
{
	printf("%-26s %6ld ms, well again after %5ld ms, last: %s\n", faults[number].name,
		duration_ms, recovery_ms, ledger_last_request());
	run.happened[number]++;
	run.all_happened++;
	if (recovery_ms > run.worst_ms[number])
		run.worst_ms[number] = recovery_ms;
	if (recovery_ms > run.all_worst_ms)
		run.all_worst_ms = recovery_ms;
}

/*
 * Where the machine alone is too slow for some of the requests, errors never end; then it counts
 * that all kinds are answered.
 */
static bool
recover(int number, long duration_ms)
{
	long begin_ms = wait_now_ms();

	if (wait_until(is_well, NULL, RECOVERY_LIMIT_MS)) {
		note_recovery(number, duration_ms, ledger_recovery_ms());
		return true;
	}
	printf("%s: not well again for %d ms\n", faults[number].name, RECOVERY_LIMIT_MS);
	ledger_print_missing();
	note_recovery(number, duration_ms, wait_now_ms() - begin_ms);
	return ledger_is_answered();
}

static bool
happen(int number, long duration_ms)
{
	const struct fault *fault = &faults[number];

	ledger_trouble_begins(fault->trouble);
	fault->begin();
	wait_ms(duration_ms);
	if (fault->end != NULL)
		fault->end();
	ledger_trouble_ends(fault->trouble);
	return recover(number, duration_ms);
}

static bool
may_happen(const struct fault *fault, bool may_kill)
{
	const char *only = getenv("CHAOS_FAULT");

	if (only != NULL && *only != '\0')
		return strstr(fault->name, only) != NULL;
	return (fault->is_possible == NULL || fault->is_possible()) &&
	       (may_kill || fault->trouble != LEDGER_DAEMON);
}

static int
choose(bool may_kill)
{
	for (;;) {
		int number;

		if (run.next == FAULTS)
			shuffle();
		number = run.order[run.next++];
		if (may_happen(&faults[number], may_kill))
			return number;
	}
}

bool
faults_next(bool is_short, bool may_kill)
{
	int number = choose(may_kill);
	const struct fault *fault = &faults[number];
	long longest_ms = is_short ? fault->longest_short_ms : fault->longest_ms;
	long duration_ms = longest_ms / 2;

	/* The longest ones as often as the short ones. */
	if (!is_short && longest_ms > 0)
		duration_ms = rand_r(&seed) % longest_ms / (1 + rand_r(&seed) % 4);
	return happen(number, is_short ? longest_ms : duration_ms);
}

void
faults_print(void)
{
	printf("%-26s %6s %22s\n", "faults", "times", "worst recovery, ms");
	for (int i = 0; i < FAULTS; i++)
		printf("%-26s %6ld %22ld\n", faults[i].name, run.happened[i], run.worst_ms[i]);
	printf("%-26s %6ld %22ld\n", "all", run.all_happened, run.all_worst_ms);
}

long
faults_happened(void)
{
	return run.all_happened;
}

long
faults_worst_recovery_ms(void)
{
	return run.all_worst_ms;
}
