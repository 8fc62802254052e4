/*
 * Whatever fails, the daemon answers rightly, refuses, closes the connection, or ends as
 * documented; and the next request works. Here each allocation, each system call and each call of
 * libpq fails in turn, during each request of steps.c, at its start, its reloads and its end: the
 * first such call, the second, and so on until there is none left that could fail.
 *
 * FAULTS_STRIDE=1 tries every point (./dev faults), another number each of so many. FAULTS_SCENE
 * and FAULTS_KIND name one scene and one kind to look at.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inject.h"
#include "kinds.h"
#include "late.h"
#include "score.h"
#include "sessions.h"
#include "steps.h"
#include "support/daemon.h"
#include "support/harness.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"
#include "talk.h"
#include "victim.h"

/* Of ./dev test: a point of so many; a prime, so that no kind of call is passed over. */
#define STRIDE 97

/* An answer that takes longer is none; above all times of the configuration that could delay it. */
#define STUCK_MS 15000

/* For what was lost to be there again: a connection to the database that hangs is given up in 5 s.
 */
#define RECOVERY_MS 8000

/* What fails for a while works again after so long. */
#define WHILE_MS 300

/* As long as it may take until lost connections are found out. */
#define LOST_MS 2000

/* A loop that turns more often than this, and so many times in each millisecond, does not wait. */
#define TURNS	     400
#define TURNS_PER_MS 3

/* Points that were not there in the run that counted them: what happens differs from run to run. */
#define MORE_POINTS 50

/* What happens while something fails. */
struct scene {
	const char *name;
	enum outcome (*play)(const struct scene *scene);
	void (*prepare)(void);	 /* before anything fails; NULL: nothing */
	bool starts;		 /* begins before the daemon, which does not run yet */
	const struct step *step; /* of a request, and the one that must work afterwards */
	struct talk right;	 /* the answers to it */
};

static unsigned long stride = STRIDE;
static unsigned long ticket; /* of points: each stride-th is tried */

/* arming ------------------------------------------------------------------------------------- */

static void
order(const struct scene *scene, const struct kind *kind, unsigned long at)
{
	struct fault_page *page = victim_page();

	page->is_armed = false;
	page->struck = 0;
	for (int call = 0; call < FAULT_CALLS; call++)
		page->counts[call] = 0;
	page->call = kind == NULL ? (int)FAULT_CALLS : (int)kind->call;
	page->error = kind == NULL ? 0 : kind->error;
	page->is_lasting = kind != NULL && kind->is_lasting;
	page->at = at;
	page->arms_at_main = scene->starts;
	page->is_armed = !scene->starts;
	score_begin(scene->name, kind, at);
}

static void
disarm(void)
{
	victim_page()->is_armed = false;
	victim_page()->arms_at_main = false;
}

/* what is watched all along -------------------------------------------------------------------- */

struct watch {
	long began_ms;
	long cpu_ms;
	unsigned long turns;
};

static struct watch
watch_begin(void)
{
	return (struct watch){
		.began_ms = wait_now_ms(),
		.cpu_ms = victim_cpu_ms(),
		.turns = victim_page()->turns,
	};
}

/* A loop that does not wait shows in its turns, and in the time of the processor. */
static void
watch_end(const struct watch *watch)
{
	unsigned long turns = victim_page()->turns - watch->turns;
	long elapsed_ms = wait_now_ms() - watch->began_ms;
	long cpu_ms = victim_cpu_ms() - watch->cpu_ms;

	if (turns > TURNS + TURNS_PER_MS * (unsigned long)elapsed_ms)
		score_defect("the loop has turned %lu times in %ld ms", turns, elapsed_ms);
	if (elapsed_ms > 500 && cpu_ms > elapsed_ms / 2)
		score_defect("%ld ms of CPU in %ld ms", cpu_ms, elapsed_ms);
}

/* judging -------------------------------------------------------------------------------------- */

static bool
is_refusal(const struct talk_answer *answer)
{
	static const struct {
		int status;
		const char *body;
	} refusals[] = {
		{ 500, "{\"error\":\"internal\"," },
		{ 503, "{\"error\":\"unavailable\"," },
		{ 504, "{\"error\":\"timeout\"," },
	};

	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		if (answer->status == refusals[i].status &&
			strncmp(answer->body, refusals[i].body, strlen(refusals[i].body)) == 0)
			return true;
	}
	return false;
}

static bool
is_head(const struct step *step)
{
	return step->method != NULL && strcmp(step->method, "HEAD") == 0;
}

static bool
may_be_answered_by(const struct step *step, const struct talk_answer *answer)
{
	static const char degraded[] = "{\"status\":\"degraded\",";

	if (is_head(step))
		return answer->status / 100 == 5;
	if (step->may_degrade && answer->status == 503 &&
		strncmp(answer->body, degraded, strlen(degraded)) == 0)
		return true;
	return is_refusal(answer);
}

static bool
is_same(const struct step *step, const struct talk_answer *answer, const struct talk_answer *right)
{
	if (step->varies)
		return answer->status == right->status;
	return strcmp(answer->text, right->text) == 0;
}

/* Of what has come; answers that have not come are missing, not wrong. */
static enum outcome
judge(const struct step *step, const struct talk *talk, const struct talk *right)
{
	enum outcome outcome = OUTCOME_ANSWERED;

	for (int i = 0; i < talk->count; i++) {
		const struct talk_answer *answer = &talk->answers[i];

		if (is_same(step, answer, &right->answers[i]))
			continue;
		if (!may_be_answered_by(step, answer))
			score_defect("a wrong answer:\n%s\ninstead of:\n%s", answer->text,
				right->answers[i].text);
		outcome = OUTCOME_REFUSED;
	}
	if (talk->end == TALK_STUCK)
		score_defect("no answer within %d ms", STUCK_MS);
	return talk->end == TALK_COMPLETE ? outcome : OUTCOME_CLOSED;
}

/* scenes --------------------------------------------------------------------------------------- */

struct run {
	const struct step *step;
	long number;
};

static void
act(void *context)
{
	const struct run *run = context;

	if (run->step->act != NULL)
		run->step->act(run->number);
}

static void
on_silence(void *context)
{
	(void)context;
	disarm();
}

static void
request(const struct step *step, struct talk *talk)
{
	struct run run = { .step = step, .number = step->number == NULL ? 0 : step->number() };
	struct talk_request asked = {
		.text = step_text(step, run.number),
		.answers = step->answers == 0 ? 1 : step->answers,
		.is_head = is_head(step),
		.awaits_word = step->awaits_word,
		.until = step->until == NULL ? NULL : scratch_quotes(step->until),
		.timeout_ms = STUCK_MS,
		.silence_ms = WHILE_MS,
		.act = act,
		.on_silence = on_silence,
		.context = &run,
	};
	const char *wrong;

	if (step->pause_ms > 0)
		wait_ms(step->pause_ms);
	talk_run(&asked, victim_port(), talk);
	wrong = step->check == NULL ? NULL : step->check(talk, run.number);
	if (wrong != NULL)
		score_defect("%s", wrong);
	if (run.number > 0)
		talk_hide(talk, run.number);
}

/* The request of a step. */
static enum outcome
play_request(const struct scene *scene)
{
	enum outcome outcome;
	struct talk talk;

	request(scene->step, &talk);
	outcome = judge(scene->step, &talk, &scene->right);
	talk_free(&talk);
	return outcome;
}

/* From main() on until it is healthy. */
static enum outcome
play_start(const struct scene *scene)
{
	(void)scene;
	victim_launch();
	if (victim_page()->is_lasting) {
		if (victim_becomes_healthy(WHILE_MS))
			return OUTCOME_ANSWERED;
		disarm();
	}
	if (victim_becomes_healthy(STUCK_MS))
		return OUTCOME_ANSWERED;
	if (victim_last_end() == VICTIM_RUNS)
		score_defect("it runs, and is not healthy");
	return OUTCOME_REFUSED;
}

/* A signal, and what the log must then say. */
static bool
is_told(int number, const char *const *words)
{
	size_t before = strlen(victim_log());
	long deadline_ms = wait_now_ms() + STUCK_MS;

	victim_signal(number);
	while (wait_now_ms() < deadline_ms && victim_end(0) == VICTIM_RUNS) {
		for (const char *const *word = words; *word != NULL; word++) {
			if (strstr(victim_log() + before, *word) != NULL)
				return word == words;
		}
		wait_ms(1);
	}
	return false;
}

static void
configure(const char *cache_ttl, const char *accel_prefix, const char *application)
{
	victim_configure(&(struct victim_settings){
		.cache_ttl = cache_ttl, .accel_prefix = accel_prefix, .application = application });
}

static const char *const reload_words[] = { "reloaded", "keeping the old configuration", NULL };

/* Another timeout, which each connection sets in front of its next query. */
static void
change_timeout(void)
{
	static bool is_longer;

	is_longer = !is_longer;
	victim_configure(&(struct victim_settings){ .cache_ttl = "0",
		.accel_prefix = "",
		.application = "process",
		.statement_timeout = is_longer ? "7s" : "6s" });
	if (!is_told(SIGHUP, reload_words))
		score_defect("another timeout is not loaded");
}

/* With another connection string, so that all connections are made anew. */
static enum outcome
play_reload(const struct scene *scene)
{
	static unsigned reloads;

	(void)scene;
	configure("0", "", scratch_format("reload%u", ++reloads));
	return is_told(SIGHUP, reload_words) ? OUTCOME_ANSWERED : OUTCOME_REFUSED;
}

static enum outcome
play_reopen(const struct scene *scene)
{
	static const char *const words[] = { "channel events:", NULL };

	(void)scene;
	return is_told(SIGUSR1, words) ? OUTCOME_ANSWERED : OUTCOME_REFUSED;
}

static void
let_go(void *context)
{
	(void)context;
	victim_signal(SIGTERM);
}

/* SIGTERM while somebody waits for a channel event that does not come: the answer is []. */
static enum outcome
play_stop(const struct scene *scene)
{
	static const struct step wait = {
		.target = "/recording/cel?from=2000000000&wait=30",
	};
	struct talk_request asked = {
		.text = step_text(&wait, 0),
		.answers = 1,
		.timeout_ms = STUCK_MS,
		.silence_ms = 100,
		.on_silence = let_go,
	};
	struct talk talk;
	enum outcome outcome = OUTCOME_CLOSED;

	(void)scene;
	talk_run(&asked, victim_port(), &talk);
	if (talk.count == 1 && strcmp(talk.answers[0].body, "[]") == 0)
		outcome = OUTCOME_ANSWERED;
	else if (talk.count == 1 && is_refusal(&talk.answers[0]))
		outcome = OUTCOME_REFUSED;
	else if (talk.count == 1)
		score_defect("a wrong answer: %s", talk.answers[0].text);
	talk_free(&talk);
	/* It may have been closed before it was silent. */
	victim_signal(SIGTERM);
	return outcome;
}

/* One that has ended cannot tell PostgreSQL anything. */
static bool
nothing_runs(void *context)
{
	(void)context;
	return victim_end(0) != VICTIM_RUNS || sql_active_statements() == 0;
}

/* A client that leaves while its search waits for a lock: PostgreSQL must be told to stop it. */
static enum outcome
play_leave(const struct scene *scene)
{
	static const struct step search = { .target = "/recording/records/search", .body = "{}" };
	struct talk_request asked = {
		.text = step_text(&search, 0),
		.answers = 1,
		.timeout_ms = 30,
	};
	PGconn *session = sql_session();
	struct talk talk;

	(void)scene;
	sql_session_run(session, "BEGIN; LOCK TABLE call_data IN ACCESS EXCLUSIVE MODE");
	talk_run(&asked, victim_port(), &talk);
	if (talk.count == 1 && !is_refusal(&talk.answers[0]))
		score_defect("a wrong answer: %s", talk.answers[0].text);
	talk_free(&talk);
	if (!wait_until(nothing_runs, NULL, RECOVERY_MS))
		score_defect("the search of a client that has left goes on");
	sql_session_run(session, "ROLLBACK");
	sql_session_close(session);
	return OUTCOME_ANSWERED;
}

/* All connections are lost: it is found out, and the request is answered on a new one. */
static enum outcome
play_lost(const struct scene *scene)
{
	struct talk_request asked = {
		.text = step_text(scene->step, 0),
		.answers = 1,
		.timeout_ms = STUCK_MS,
		.silence_ms = LOST_MS,
		.on_silence = on_silence,
	};
	enum outcome outcome;
	struct talk talk;

	talk_run(&asked, victim_port(), &talk);
	sessions_thaw();
	outcome = judge(scene->step, &talk, &scene->right);
	talk_free(&talk);
	return outcome;
}

/* points --------------------------------------------------------------------------------------- */

static bool
is_end_in_order(enum victim_end end, const struct scene *scene, const struct kind *kind)
{
	if (end == VICTIM_STOPPED)
		return scene->play == play_stop;
	if (kind == NULL || kind->effect == MUST_ANSWER)
		return false;
	return end == VICTIM_OUT_OF_MEMORY || (end == VICTIM_DID_NOT_START && scene->starts);
}

/* Whether the process goes on; it may only have ended as documented. */
static bool
goes_on(const struct scene *scene, const struct kind *kind)
{
	enum victim_end end = victim_last_end();

	if (end == VICTIM_RUNS)
		end = victim_end(scene->play == play_stop ? STUCK_MS : 0);
	/* It closes its connections before it is gone, and may have leaks to look for. */
	for (long waited_ms = 0; end == VICTIM_RUNS && !victim_page()->is_idle; waited_ms += 5) {
		if (waited_ms > STUCK_MS) {
			score_defect("the loop has come to a stop");
			break;
		}
		end = victim_end(5);
	}
	if (end == VICTIM_RUNS && scene->play != play_stop)
		return true;
	if (!is_end_in_order(end, scene, kind))
		score_defect("the process has ended, or does not end");
	return false;
}

/* After a point: the next request works, nothing is left over. */
static void
recover(const struct scene *scene)
{
	struct talk talk;

	disarm();
	if (!victim_ensure())
		harness_fail("recordingd does not start");
	if (scene->step->may_degrade && !victim_becomes_healthy(RECOVERY_MS))
		score_defect("it does not become healthy");
	request(scene->step, &talk);
	if (judge(scene->step, &talk, &scene->right) != OUTCOME_ANSWERED)
		score_defect("the next request is not answered: %s",
			talk.count == 0 ? "closed" : talk.answers[0].text);
	talk_free(&talk);
	if (!victim_becomes_healthy(RECOVERY_MS) || !victim_comes_to_rest(RECOVERY_MS)) {
		score_defect("it does not come to rest, or does not become healthy");
		victim_abandon();
	}
}

/* Plays the scene to the end of the turn of the loop behind it; NULL: nothing fails. */
static enum outcome
play(const struct scene *scene, const struct kind *kind, unsigned long at)
{
	enum outcome outcome;
	struct watch watch;
	unsigned long turns;

	if (scene->starts && !victim_stop())
		score_defect("it does not end as it should");
	if (scene->prepare != NULL)
		scene->prepare();
	watch = watch_begin();
	order(scene, kind, at);
	outcome = scene->play(scene);
	turns = victim_page()->turns;
	victim_finish_turn(turns);
	disarm();
	if (!goes_on(scene, kind))
		return scene->play == play_stop && outcome == OUTCOME_ANSWERED ? outcome
									       : OUTCOME_ENDED;
	if (!scene->starts)
		watch_end(&watch);
	return outcome;
}

/* Whether the call has failed in this run. */
static bool
try_point(const struct scene *scene, const struct kind *kind, unsigned long at)
{
	enum outcome outcome = play(scene, kind, at);
	bool has_struck = victim_page()->struck > 0;

	if (has_struck) {
		/* What lasts to the end of the process never gets better. */
		if (kind->effect == MUST_ANSWER && outcome != OUTCOME_ANSWERED &&
			!(kind->is_lasting && scene->play == play_stop))
			score_defect("that is no reason to refuse");
		score_add(outcome);
	} else if (outcome != OUTCOME_ANSWERED) {
		score_defect("nothing has failed, and there is no answer");
	}
	recover(scene);
	scratch_release();
	return has_struck;
}

static bool
is_wanted(const char *variable, const char *name)
{
	const char *wanted = getenv(variable);

	return wanted == NULL || strcmp(wanted, name) == 0;
}

/* What nobody would meet by chance, and what has been wrong. */
static bool
is_always_tried(const struct kind *kind, unsigned long at)
{
	return kind->error == FAULT_NO_ROOM && at == 1;
}

static void
try_kind(const struct scene *scene, const struct kind *kind, unsigned long count)
{
	bool has_struck = true;

	for (unsigned long at = 1; at <= count + MORE_POINTS; at++) {
		if (at > count && (stride > 1 || !has_struck))
			break;
		if (getenv("FAULTS_POINT") != NULL &&
			strtoul(getenv("FAULTS_POINT"), NULL, 10) != at)
			continue;
		if (++ticket % stride == 0 || is_always_tried(kind, at))
			has_struck = try_point(scene, kind, at);
	}
}

/* The answers without a fault; the first request may have to prepare statements. */
static void
learn(struct scene *scene)
{
	score_begin(scene->name, NULL, 0);
	disarm();
	if (!victim_ensure())
		harness_fail("recordingd does not start");
	request(scene->step, &scene->right);
	talk_free(&scene->right);
	request(scene->step, &scene->right);
	if (scene->right.end != TALK_COMPLETE ||
		scene->right.answers[0].status != scene->step->status)
		harness_fail("%s: not answered by %d: %s", scene->name, scene->step->status,
			scene->right.count == 0 ? "closed" : scene->right.answers[0].text);
}

static void
sweep(struct scene *scene)
{
	unsigned long counts[FAULT_CALLS];
	unsigned long points = score_points();
	long began_ms = wait_now_ms();

	if (!is_wanted("FAULTS_SCENE", scene->name))
		return;
	learn(scene);
	if (play(scene, NULL, 0) != OUTCOME_ANSWERED)
		score_defect("without a fault it is not answered twice");
	for (int call = 0; call < FAULT_CALLS; call++)
		counts[call] = victim_page()->counts[call];
	recover(scene);
	for (size_t i = 0; i < kind_count; i++) {
		if (is_wanted("FAULTS_KIND", kinds[i].name))
			try_kind(scene, &kinds[i], counts[kinds[i].call]);
	}
	talk_free(&scene->right);
	if (stride == 1)
		printf("%s: %lu points in %ld s\n", scene->name, score_points() - points,
			(wait_now_ms() - began_ms) / 1000);
}

static void
sweep_steps(const struct step *steps, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct scene scene = {
			.name = steps[i].name,
			.play = play_request,
			.step = &steps[i],
		};

		sweep(&scene);
	}
}

static void
prepare(void)
{
	static bool is_prepared;
	const char *given = getenv("FAULTS_STRIDE");

	if (is_prepared)
		return;
	is_prepared = true;
	if (given != NULL && atol(given) > 0)
		stride = strtoul(given, NULL, 10);
	steps_prepare();
	victim_open();
}

static void
expect_no_defects(void)
{
	ck_assert(victim_stop());
	ck_assert_uint_eq(score_defects(), 0);
}

START_TEST(test_requests)
{
	prepare();
	configure("0", "", "cold");
	sweep_steps(cold_steps, cold_step_count);
	expect_no_defects();
}
END_TEST

START_TEST(test_remembered)
{
	prepare();
	configure("1h", "/recordings/", "warm");
	sweep_steps(warm_steps, warm_step_count);
	expect_no_defects();
}
END_TEST

START_TEST(test_asked_again)
{
	prepare();
	configure("300ms", "", "twice");
	sweep_steps(twice_steps, twice_step_count);
	expect_no_defects();
}
END_TEST

/* Of what happens to the process: that the next request works. */
static const struct step after_step = {
	.target = "/recording/last_agent?callerNo=0612345678&since=36500",
	.status = 200,
};

START_TEST(test_process)
{
	struct scene scenes[] = {
		{ .name = "start", .play = play_start, .starts = true },
		{ .name = "behind another timeout",
			.play = play_request,
			.prepare = change_timeout },
		{ .name = "reload", .play = play_reload },
		{ .name = "reopening the access log", .play = play_reopen },
		{ .name = "a client that leaves", .play = play_leave },
		{ .name = "lost connections", .play = play_lost, .prepare = sessions_freeze },
		{ .name = "stop", .play = play_stop },
	};

	prepare();
	configure("0", "", "process");
	for (int i = 0; i < HARNESS_COUNT(scenes); i++) {
		scenes[i].step = &after_step;
		sweep(&scenes[i]);
	}
	expect_no_defects();
}
END_TEST

START_TEST(test_late)
{
	prepare();
	configure("0", "", "late");
	ck_assert(late_is_answered());
	expect_no_defects();
}
END_TEST

/* The last: it prints the table. */
START_TEST(test_score)
{
	score_show();
}
END_TEST

static Suite *
faults_suite(void)
{
	Suite *suite = suite_create("faults");

	harness_add(suite, "requests", test_requests);
	harness_add(suite, "remembered", test_remembered);
	harness_add(suite, "asked_again", test_asked_again);
	harness_add(suite, "process", test_process);
	harness_add(suite, "late", test_late);
	harness_add(suite, "score", test_score);
	return suite;
}

HARNESS_MAIN(faults_suite)
