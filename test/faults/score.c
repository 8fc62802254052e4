#include "score.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "support/harness.h"
#include "victim.h"

/* Defects that are told in full. */
#define DEFECTS_SHOWN 40

#define ROW_FORMAT "%-34s %7lu %9lu %9lu %9lu %9lu %8lu\n"

struct tally {
	unsigned long points;
	unsigned long outcomes[OUTCOME_COUNT];
	unsigned long defects;
};

static struct {
	struct tally *tallies; /* one of each kind */
	unsigned long points;
	unsigned long defects;

	/* The point at hand. */
	const char *scene;
	const struct kind *kind;
	unsigned long at;
} score;

static struct tally *
tally(void)
{
	if (score.tallies == NULL)
		score.tallies = calloc(kind_count, sizeof *score.tallies);
	if (score.tallies == NULL)
		harness_fail("out of memory");
	return score.tallies + (score.kind - kinds);
}

void
score_begin(const char *scene, const struct kind *kind, unsigned long at)
{
	score.scene = scene;
	score.kind = kind;
	score.at = at;
}

void
score_add(enum outcome outcome)
{
	score.points++;
	tally()->points++;
	tally()->outcomes[outcome]++;
}

void
score_defect(const char *format, ...)
{
	va_list arguments;

	if (score.kind != NULL)
		tally()->defects++;
	if (++score.defects > DEFECTS_SHOWN)
		return;
	printf("DEFECT in %s, %s, call %lu: ", score.scene,
		score.kind == NULL ? "nothing failed" : score.kind->name, score.at);
	va_start(arguments, format);
	vprintf(format, arguments);
	va_end(arguments);
	printf("\n%s\n", victim_log());
}

unsigned long
score_points(void)
{
	return score.points;
}

unsigned long
score_defects(void)
{
	return score.defects;
}

static void
show_row(const char *name, const struct tally *row)
{
	printf(ROW_FORMAT, name, row->points, row->outcomes[OUTCOME_ANSWERED],
		row->outcomes[OUTCOME_REFUSED], row->outcomes[OUTCOME_CLOSED],
		row->outcomes[OUTCOME_ENDED], row->defects);
}

void
score_show(void)
{
	struct tally all = { .defects = score.defects };

	printf("%-34s %7s %9s %9s %9s %9s %8s\n", "what fails", "points", "answered", "refused",
		"closed", "ended", "defects");
	for (size_t i = 0; i < kind_count && score.tallies != NULL; i++) {
		const struct tally *row = &score.tallies[i];

		if (row->points > 0 || row->defects > 0)
			show_row(kinds[i].name, row);
		all.points += row->points;
		for (int outcome = 0; outcome < OUTCOME_COUNT; outcome++)
			all.outcomes[outcome] += row->outcomes[outcome];
	}
	show_row("all", &all);
	free(score.tallies);
	score.tallies = NULL;
}
