/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "harness/difference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"

/* One more kind than data have, and before them: what is there or is not. */
#define PRESENCE 0
#define KINDS	 (BASELINE_KINDS + 1)

static const char *const kind_names[KINDS] = {
	[PRESENCE] = "points",
	[1 + BASELINE_STATE] = "state hashes",
	[1 + BASELINE_EVENTS] = "numbers of events",
	[1 + BASELINE_OUTCOMES] = "outcomes",
	[1 + BASELINE_SUMS] = "sums",
	[1 + BASELINE_ROUNDS] = "numbers of rounds",
	[1 + BASELINE_COUNTERS] = "counters",
	[1 + BASELINE_LINES] = "fitted lines",
};

struct difference {
	const char *name;
	size_t length; /* of the name: the whole, a scenario or a point */
	const struct baseline_datum *old, *now; /* NULL: it has none */
	unsigned int kind;
};

struct differences {
	struct difference *list; /* at most one a datum of both */
	size_t count;
};

static int
datum_order(const void *a, const void *b)
{
	const struct baseline_datum *const *left = a, *const *right = b;

	return strcmp((*left)->name, (*right)->name);
}

/* The data by name, to be freed; they stay where they are. */
static const struct baseline_datum **
data_sort(const struct baseline *data)
{
	const struct baseline_datum **sorted =
		calloc(data->count + 1, sizeof(const struct baseline_datum *));

	if (sorted == NULL)
		return NULL;
	for (size_t i = 0; i < data->count; i++)
		sorted[i] = &data->datum[i];
	qsort(sorted, data->count, sizeof(const struct baseline_datum *),
	      datum_order);
	return sorted;
}

/* The datum of that name; NULL: there is none. */
static const struct baseline_datum *
datum_find(const struct baseline_datum *const *sorted, size_t count,
	   const struct baseline_datum *like)
{
	const struct baseline_datum *const *found =
		bsearch(&like, sorted, count,
			sizeof(const struct baseline_datum *), datum_order);

	return found != NULL ? *found : NULL;
}

static bool
datum_agrees(const struct baseline_datum *old, const struct baseline_datum *now)
{
	double slack;

	if (old->form != now->form)
		return false;
	if (old->form == BASELINE_COUNT)
		return old->count == now->count;
	if (old->form == BASELINE_HASH)
		return old->hash == now->hash;
	/* The file has six digits; an exact line has an interval of none. */
	slack = 1e-5 * fmax(fabs(old->low), fabs(old->high));
	return now->value >= old->low - slack &&
	       now->value <= old->high + slack;
}

/* Bytes of the name that `data` knows nothing of: the scenario, the point, or
 * the whole name. */
static size_t
missing_length(const struct baseline *data, const char *name)
{
	size_t scenario = baseline_scenario(name);
	size_t point = baseline_point(name);

	if (!baseline_has(data, name, scenario))
		return scenario;
	return point > scenario && !baseline_has(data, name, point)
		       ? point
		       : strlen(name);
}

static void
difference_add(struct differences *all, const struct baseline_datum *old,
	       const struct baseline_datum *now, size_t length)
{
	const char *name = old != NULL ? old->name : now->name;
	struct difference *last =
		all->count > 0 ? &all->list[all->count - 1] : NULL;
	bool whole = name[length] == '\0';

	if (!whole && last != NULL && last->length == length &&
	    strncmp(last->name, name, length) == 0)
		return;
	all->list[all->count++] = (struct difference){
		.name = name,
		.length = length,
		.old = old,
		.now = now,
		.kind = whole ? 1 + (unsigned int)baseline_kind(name)
			      : PRESENCE,
	};
}

static bool
differences_find(const struct baseline *old, const struct baseline *now,
		 struct differences *all)
{
	const struct baseline_datum **olds = data_sort(old);
	const struct baseline_datum **nows = data_sort(now);
	bool good = olds != NULL && nows != NULL;

	all->list = calloc(old->count + now->count + 1, sizeof(*all->list));
	good = good && all->list != NULL;
	for (size_t i = 0; good && i < old->count; i++) {
		const struct baseline_datum *datum = &old->datum[i];
		const struct baseline_datum *found =
			datum_find(nows, now->count, datum);

		if (found == NULL)
			difference_add(all, datum, NULL,
				       missing_length(now, datum->name));
		else if (!datum_agrees(datum, found))
			difference_add(all, datum, found, strlen(datum->name));
	}
	for (size_t i = 0; good && i < now->count; i++) {
		const struct baseline_datum *datum = &now->datum[i];

		if (datum_find(olds, old->count, datum) == NULL)
			difference_add(all, NULL, datum,
				       missing_length(old, datum->name));
	}
	free(olds);
	free(nows);
	return good;
}

/* What one side has, in words. */
static const char *
side_text(const struct difference *difference,
	  const struct baseline_datum *datum, char text[BASELINE_TEXT])
{
	if (datum == NULL)
		return "-";
	if (difference->kind == PRESENCE)
		return "there";
	baseline_text(datum, text);
	/* The interval of now is not what it is judged by. */
	if (datum == difference->now && datum->form == BASELINE_INTERVAL)
		snprintf(text, BASELINE_TEXT, "%.6g", datum->value);
	return text;
}

static void
json_print(const struct differences *all)
{
	struct json json = json_begin(stdout, JSON_SPACED);

	json_array(&json, NULL);
	for (size_t i = 0; i < all->count; i++) {
		const struct difference *one = &all->list[i];
		char name[BASELINE_LINE], was[BASELINE_TEXT], is[BASELINE_TEXT];

		snprintf(name, sizeof(name), "%.*s", (int)one->length,
			 one->name);
		json_line(&json, 1);
		json_object(&json, NULL);
		json_text(&json, "name", name);
		json_text(&json, "old", side_text(one, one->old, was));
		json_text(&json, "new", side_text(one, one->now, is));
		json_end(&json);
	}
	if (all->count > 0)
		json_line(&json, 0);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
}

/* "and 17 more sums: storm 9, drain 8"; differences of a scenario need not be
 * neighbours, as those of `now` alone come last. */
static void
rest_print(const struct difference **rest, size_t count, unsigned int kind)
{
	const char *between = ": ";

	printf("and %zu more %s", count, kind_names[kind]);
	while (count > 0) {
		const char *name = rest[0]->name;
		size_t length = baseline_scenario(name), same = 0, kept = 0;

		for (size_t i = 0; i < count; i++)
			if (baseline_scenario(rest[i]->name) == length &&
			    strncmp(rest[i]->name, name, length) == 0)
				same++;
			else
				rest[kept++] = rest[i];
		printf("%s%.*s %zu", between, (int)length, name, same);
		between = ", ";
		count = kept;
	}
	putchar('\n');
}

static bool
text_print(const struct differences *all)
{
	const struct difference **rest = calloc(all->count + 1, sizeof(*rest));

	if (rest == NULL)
		return false;
	for (unsigned int kind = 0; kind < KINDS; kind++) {
		size_t seen = 0;

		for (size_t i = 0; i < all->count; i++) {
			const struct difference *one = &all->list[i];
			char was[BASELINE_TEXT], is[BASELINE_TEXT];

			if (one->kind != kind)
				continue;
			if (seen++ >= DIFFERENCE_FEW)
				rest[seen - DIFFERENCE_FEW - 1] = one;
			else
				printf("%.*s: was %s, is %s\n",
				       (int)one->length, one->name,
				       side_text(one, one->old, was),
				       side_text(one, one->now, is));
		}
		if (seen > DIFFERENCE_FEW)
			rest_print(rest, seen - DIFFERENCE_FEW, kind);
	}
	free(rest);
	return true;
}

bool
difference_print(const struct baseline *old, const struct baseline *now,
		 bool json, size_t *count)
{
	struct differences all = { 0 };
	bool good = differences_find(old, now, &all);

	if (good && json)
		json_print(&all);
	else if (good)
		good = text_print(&all);
	if (!good)
		fprintf(stderr, "homeward: out of memory\n");
	*count = all.count;
	free(all.list);
	return good;
}
