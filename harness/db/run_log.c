/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * run_log.c - records of words, so that no padding byte is ever compared
 */
#include "harness/db/run_log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define RUN_LOG_WORDS 64
#define RUN_LOG_TEXT  256

enum run_log_kind {
	RUN_LOG_MEASUREMENT = 1,
	RUN_LOG_SESSION,
	RUN_LOG_FAULT,
	RUN_LOG_COUNTER,
	RUN_LOG_SAMPLE,
	RUN_LOG_PROBE,
	RUN_LOG_CAPTURE,
	RUN_LOG_REMARK,
	RUN_LOG_VIOLATION,
	RUN_LOG_FACTS,
	RUN_LOG_END,
	RUN_LOG_KINDS
};

static const struct {
	const char *name;
	const char *fields; /* one word each */
	unsigned words;
} kinds[RUN_LOG_KINDS] = {
	[RUN_LOG_MEASUREMENT] = { "measurement",
				  "metric at_ns value_ns node flow hops local "
				  "ok asked conclusive found owned age_ns",
				  13 },
	[RUN_LOG_SESSION] = { "session",
			      "flow owner opened_ns closed_ns bytes strays "
			      "stall_ns outcome cause",
			      9 },
	[RUN_LOG_FAULT] = { "fault", "at_ns", 1 },
	[RUN_LOG_COUNTER] = { "counter", "value", 1 },
	[RUN_LOG_SAMPLE] = { "sample", "flow at_ns bytes", 3 },
	[RUN_LOG_PROBE] = { "cut", "at_ns flow lower back resent repeated", 6 },
	[RUN_LOG_CAPTURE] = { "capture", "packets hash", 2 },
	[RUN_LOG_REMARK] = { "remark", "kind event", 2 },
	[RUN_LOG_VIOLATION] = { "violation", "kind at_ns node flow", 4 },
	[RUN_LOG_FACTS] = { "facts", "words", JUDGE_FACTS_WORDS },
	[RUN_LOG_END] = { "end",
			  "events state_hash zero_ns end_ns stopped stuck", 6 },
};

_Static_assert(JUDGE_FACTS_WORDS <= RUN_LOG_WORDS, "a record holds the facts");

struct item {
	uint64_t kind, size;
	uint64_t words[RUN_LOG_WORDS];
	char text[RUN_LOG_TEXT]; /* strings, each with its NUL */
};

FILE *
run_log_create(void)
{
	const char *folder = getenv("TMPDIR");
	char path[512];
	FILE *file;
	int fd;

	if (folder == NULL || folder[0] == '\0')
		folder = "/tmp";
	snprintf(path, sizeof(path), "%s/homeward-XXXXXX", folder);
	fd = mkstemp(path);
	if (fd < 0) {
		fprintf(stderr, "homeward: %s: %s\n", folder, strerror(errno));
		return NULL;
	}
	unlink(path);
	file = fdopen(fd, "w+b");
	if (file == NULL) {
		fprintf(stderr, "homeward: %s: %s\n", folder, strerror(errno));
		close(fd);
	}
	return file;
}

/* ---- writing; errors stay in the stream until run_log_end() ---- */

static void
item_write(FILE *file, enum run_log_kind kind, const uint64_t *words,
	   const char *first, const char *second)
{
	uint64_t head[2] = { (uint64_t)kind, 0 };

	if (first != NULL)
		head[1] += strlen(first) + 1;
	if (second != NULL)
		head[1] += strlen(second) + 1;
	fwrite(head, sizeof(head), 1, file);
	fwrite(words, sizeof(*words), kinds[kind].words, file);
	if (first != NULL)
		fwrite(first, 1, strlen(first) + 1, file);
	if (second != NULL)
		fwrite(second, 1, strlen(second) + 1, file);
}

static void
measurement_write(void *context, const struct watch_measurement *m)
{
	const uint64_t words[] = { (uint64_t)m->metric,
				   (uint64_t)m->at.ns,
				   (uint64_t)m->value_ns,
				   m->node,
				   m->flow,
				   m->hops,
				   m->local,
				   m->ok,
				   (uint64_t)m->asked,
				   (uint64_t)m->conclusive,
				   (uint64_t)m->found,
				   (uint64_t)m->owned,
				   (uint64_t)m->age_ns };

	item_write(context, RUN_LOG_MEASUREMENT, words, NULL, NULL);
}

static void
session_write(void *context, const struct watch_session *s)
{
	const uint64_t words[] = { s->flow,
				   s->owner,
				   (uint64_t)s->opened.ns,
				   (uint64_t)s->closed.ns,
				   s->bytes,
				   s->strays,
				   (uint64_t)s->stall_ns,
				   (uint64_t)s->outcome,
				   (uint64_t)s->cause };

	item_write(context, RUN_LOG_SESSION, words, NULL, NULL);
}

static void
fault_write(void *context, struct instant at, const char *kind,
	    const char *target)
{
	const uint64_t words[] = { (uint64_t)at.ns };

	item_write(context, RUN_LOG_FAULT, words, kind, target);
}

static void
counter_write(void *context, const char *node, const char *name, uint64_t value)
{
	item_write(context, RUN_LOG_COUNTER, &value, node, name);
}

static void
sample_write(void *context, uint32_t flow, struct instant at, uint64_t bytes)
{
	const uint64_t words[] = { flow, (uint64_t)at.ns, bytes };

	item_write(context, RUN_LOG_SAMPLE, words, NULL, NULL);
}

static void
probe_write(void *context, const struct watch_probe *c)
{
	const uint64_t words[] = { (uint64_t)c->at.ns, c->flow,
				   c->lower,	       c->back,
				   c->resent,	       c->repeated };

	item_write(context, RUN_LOG_PROBE, words, NULL, NULL);
}

static void
remark_write(void *context, const struct watch_remark *remark)
{
	const uint64_t words[] = { (uint64_t)remark->kind, remark->event };

	item_write(context, RUN_LOG_REMARK, words, remark->sentence, NULL);
}

static void
violation_write(void *context, const struct watch_violation *violation)
{
	const uint64_t words[] = { (uint64_t)violation->kind,
				   (uint64_t)violation->at.ns, violation->node,
				   violation->flow };

	item_write(context, RUN_LOG_VIOLATION, words, violation->sentence,
		   NULL);
}

struct watch
run_log_watch(FILE *file)
{
	return (struct watch){
		.context = file,
		.measurement = measurement_write,
		.session = session_write,
		.fault = fault_write,
		.counter = counter_write,
		.sample = sample_write,
		.probe = probe_write,
		.remark = remark_write,
		.violation = violation_write,
	};
}

void
run_log_capture(FILE *file, const char *name, uint64_t packets, uint64_t hash)
{
	const uint64_t words[] = { packets, hash };

	item_write(file, RUN_LOG_CAPTURE, words, name, NULL);
}

int
run_log_end(FILE *file, const struct world_result *result)
{
	const uint64_t words[] = { result->events,
				   result->state_hash,
				   (uint64_t)result->zero.ns,
				   (uint64_t)result->end.ns,
				   result->stopped,
				   result->stuck };

	if (result->judged) {
		uint64_t facts[JUDGE_FACTS_WORDS];

		memcpy(facts, &result->facts, sizeof(facts));
		item_write(file, RUN_LOG_FACTS, facts, NULL, NULL);
	}
	item_write(file, RUN_LOG_END, words, NULL, NULL);
	return fflush(file) != 0 || ferror(file) ? -1 : 0;
}

/* ---- reading ---- */

static bool
item_read(FILE *file, struct item *item)
{
	uint64_t head[2];

	memset(item, 0, sizeof(*item));
	if (fread(head, sizeof(head), 1, file) != 1)
		return false;
	item->kind = head[0];
	item->size = head[1];
	/* Only our own child wrote here; a torn write still may end it. */
	if (item->kind == 0 || item->kind >= RUN_LOG_KINDS ||
	    item->size > sizeof(item->text) - 2)
		return false;
	return fread(item->words, sizeof(uint64_t), kinds[item->kind].words,
		     file) == kinds[item->kind].words &&
	       fread(item->text, 1, item->size, file) == item->size;
}

static const char *
second_text(const struct item *item)
{
	return item->text + strlen(item->text) + 1;
}

static void
measurement_replay(const uint64_t *w, const struct watch *watch)
{
	const struct watch_measurement m = {
		.metric = (enum metric)w[0],
		.at.ns = (int64_t)w[1],
		.value_ns = (int64_t)w[2],
		.node = (uint32_t)w[3],
		.flow = (uint32_t)w[4],
		.hops = (uint32_t)w[5],
		.local = w[6] != 0,
		.ok = w[7] != 0,
		.asked = (enum watch_asked)w[8],
		.conclusive = (enum watch_switch)w[9],
		.found = (enum watch_found)w[10],
		.owned = (enum watch_switch)w[11],
		.age_ns = (int64_t)w[12],
	};

	watch->measurement(watch->context, &m);
}

static void
session_replay(const uint64_t *w, const struct watch *watch)
{
	const struct watch_session s = {
		.flow = (uint32_t)w[0],
		.owner = (uint32_t)w[1],
		.opened.ns = (int64_t)w[2],
		.closed.ns = (int64_t)w[3],
		.bytes = w[4],
		.strays = w[5],
		.stall_ns = (int64_t)w[6],
		.outcome = (enum outcome)w[7],
		.cause = (enum cause)w[8],
	};

	watch->session(watch->context, &s);
}

static void
probe_replay(const uint64_t *w, const struct watch *watch)
{
	const struct watch_probe p = {
		.at.ns = (int64_t)w[0],
		.flow = (uint32_t)w[1],
		.lower = w[2] != 0,
		.back = w[3] != 0,
		.resent = (uint32_t)w[4],
		.repeated = (uint32_t)w[5],
	};

	watch->probe(watch->context, &p);
}

static void
item_replay(const struct item *item, const struct watch *watch)
{
	const uint64_t *w = item->words;

	switch ((enum run_log_kind)item->kind) {
	case RUN_LOG_MEASUREMENT:
		measurement_replay(w, watch);
		break;
	case RUN_LOG_SESSION:
		session_replay(w, watch);
		break;
	case RUN_LOG_FAULT:
		watch->fault(watch->context,
			     (struct instant){ .ns = (int64_t)w[0] },
			     item->text, second_text(item));
		break;
	case RUN_LOG_COUNTER:
		watch->counter(watch->context, item->text, second_text(item),
			       w[0]);
		break;
	case RUN_LOG_SAMPLE:
		watch->sample(watch->context, (uint32_t)w[0],
			      (struct instant){ .ns = (int64_t)w[1] }, w[2]);
		break;
	case RUN_LOG_PROBE:
		probe_replay(w, watch);
		break;
	case RUN_LOG_CAPTURE: /* for run_log_same() */
	case RUN_LOG_REMARK: /* for run_log_remarks() */
	case RUN_LOG_VIOLATION: /* for run_log_verdicts() */
	case RUN_LOG_FACTS:
	case RUN_LOG_END:
	case RUN_LOG_KINDS:
		break;
	}
}

bool
run_log_is_whole(FILE *file, struct world_result *result)
{
	struct item item;
	const long size =
		(long)((2 + kinds[RUN_LOG_END].words) * sizeof(uint64_t));
	bool whole = fseek(file, -size, SEEK_END) == 0 &&
		     item_read(file, &item) && item.kind == RUN_LOG_END;

	rewind(file);
	if (whole)
		*result = (struct world_result){
			.events = item.words[0],
			.state_hash = item.words[1],
			.zero.ns = (int64_t)item.words[2],
			.end.ns = (int64_t)item.words[3],
			.stopped = item.words[4] != 0,
			.stuck = item.words[5] != 0,
		};
	return whole;
}

void
run_log_read(FILE *file, const struct watch *watch)
{
	struct item item;

	rewind(file);
	while (item_read(file, &item))
		item_replay(&item, watch);
}

void
run_log_remarks(FILE *file, void (*hear)(void *, const struct watch_remark *),
		void *context)
{
	struct item item;

	rewind(file);
	while (item_read(file, &item))
		if (item.kind == RUN_LOG_REMARK)
			hear(context,
			     &(struct watch_remark){
				     .kind = (enum remark_kind)item.words[0],
				     .event = (uint32_t)item.words[1],
				     .sentence = item.text,
			     });
}

bool
run_log_verdicts(FILE *file,
		 void (*hear)(void *, const struct watch_violation *),
		 void *context, struct judge_facts *facts)
{
	struct item item;
	bool judged = false;

	rewind(file);
	while (item_read(file, &item)) {
		const uint64_t *w = item.words;

		if (item.kind == RUN_LOG_VIOLATION)
			hear(context, &(struct watch_violation){
					      .kind = (enum violation)w[0],
					      .at.ns = (int64_t)w[1],
					      .node = (uint32_t)w[2],
					      .flow = (uint32_t)w[3],
					      .sentence = item.text,
				      });
		if (item.kind == RUN_LOG_FACTS) {
			memcpy(facts, w, sizeof(*facts));
			judged = true;
		}
	}
	return judged;
}

/* "measurement metric=3 at_ns=17 ..." */
static void
item_print(const struct item *item, FILE *talk)
{
	const char *field = kinds[item->kind].fields;

	fprintf(talk, "%s", kinds[item->kind].name);
	if (item->size > 0)
		fprintf(talk, " %s", item->text);
	if (item->kind == RUN_LOG_FAULT || item->kind == RUN_LOG_COUNTER)
		fprintf(talk, " %s", second_text(item));
	for (unsigned i = 0; i < kinds[item->kind].words; i++) {
		int size = (int)strcspn(field, " ");

		bool hash =
			size >= 4 && strncmp(field + size - 4, "hash", 4) == 0;

		fprintf(talk, " %.*s=", size, field);
		if (hash)
			fprintf(talk, "%016" PRIx64, item->words[i]);
		else
			fprintf(talk, "%" PRId64, (int64_t)item->words[i]);
		field += size + (field[size] == ' ' ? 1 : 0);
	}
	fputc('\n', talk);
}

bool
run_log_same(FILE *a, FILE *b, FILE *talk)
{
	struct item first, second;

	rewind(a);
	rewind(b);
	for (uint64_t number = 1;; number++) {
		bool more = item_read(a, &first);
		bool also = item_read(b, &second);

		if (!more && !also)
			return true;
		if (more && also && memcmp(&first, &second, sizeof(first)) == 0)
			continue;
		fprintf(talk,
			"record %" PRIu64 " differs:\n  first:  ", number);
		if (more)
			item_print(&first, talk);
		else
			fputs("(none)\n", talk);
		fputs("  second: ", talk);
		if (also)
			item_print(&second, talk);
		else
			fputs("(none)\n", talk);
		return false;
	}
}
