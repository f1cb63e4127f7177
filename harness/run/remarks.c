/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remarks.c - a list by event and sentence; see remarks.h */
#include "harness/run/remarks.h"

#include <stdlib.h>
#include <string.h>

#include "harness/base/json.h"
#include "harness/db/run_log.h"
#include "harness/scenario/warnings.h"

struct entry {
	uint32_t event, runs;
	char sentence[WATCH_SENTENCE];
};

struct remarks {
	uint32_t runs; /* that were heard */
	uint32_t count;
	struct entry *entries;
};

static void
hear(void *context, const struct watch_remark *remark)
{
	struct remarks *remarks = context;
	struct entry *entries;

	if (remark->kind != REMARK_WARNING)
		return;
	for (uint32_t i = 0; i < remarks->count; i++) {
		struct entry *entry = &remarks->entries[i];

		if (entry->event == remark->event &&
		    strcmp(entry->sentence, remark->sentence) == 0) {
			entry->runs++;
			return;
		}
	}
	entries = realloc(remarks->entries,
			  (remarks->count + 1) * sizeof(*entries));
	if (entries == NULL)
		abort();
	remarks->entries = entries;
	entries[remarks->count] =
		(struct entry){ .event = remark->event, .runs = 1 };
	(void)snprintf(entries[remarks->count].sentence, WATCH_SENTENCE, "%s",
		       remark->sentence);
	remarks->count++;
}

void
remarks_hear(struct remarks **remarks, FILE *run_log)
{
	if (*remarks == NULL)
		*remarks = calloc(1, sizeof(**remarks));
	if (*remarks == NULL)
		abort();
	(*remarks)->runs++;
	run_log_remarks(run_log, hear, *remarks);
}

void
remarks_say(const struct remarks *remarks, const struct scenario *scenario,
	    FILE *talk)
{
	for (uint32_t i = 0; remarks != NULL && i < remarks->count; i++) {
		const struct entry *entry = &remarks->entries[i];

		fprintf(talk, "%s:", scenario->path);
		if (entry->event > 0 &&
		    entry->event <= scenario->settings.fault_count)
			fprintf(talk, "%u:%u:",
				scenario->fault_marks[entry->event - 1].line,
				scenario->fault_marks[entry->event - 1].column);
		fprintf(talk, " warning: %s", entry->sentence);
		if (entry->runs < remarks->runs)
			fprintf(talk, " (in %u of %u runs)", entry->runs,
				remarks->runs);
		fputc('\n', talk);
	}
}

void
remarks_destroy(struct remarks *remarks)
{
	if (remarks != NULL)
		free(remarks->entries);
	free(remarks);
}

/* ---- of one run ---- */

struct list {
	struct json json;
	uint32_t count;
};

static void
warning_list(void *context, const struct warning *warning)
{
	struct list *list = context;

	list->count++;
	json_text(&list->json, NULL, warning->sentence);
}

static void
remark_list(void *context, const struct watch_remark *remark)
{
	struct list *list = context;

	if (remark->kind != REMARK_WARNING)
		return;
	list->count++;
	json_text(&list->json, NULL, remark->sentence);
}

char *
remarks_json(const struct scenario *scenario, const struct settings *settings,
	     FILE *run_log)
{
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);
	struct list list = { .json = json_begin(file, JSON_COMPACT) };

	if (file == NULL)
		return NULL;
	json_array(&list.json, NULL);
	warnings_find(scenario, settings, warning_list, &list);
	if (run_log != NULL)
		run_log_remarks(run_log, remark_list, &list);
	json_end(&list.json);
	json_finish(&list.json);
	if (fclose(file) != 0 || list.count == 0) {
		free(text);
		return NULL;
	}
	return text;
}
