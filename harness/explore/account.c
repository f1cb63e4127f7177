/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * account.c - lines, and JSON
 */
#include "harness/explore/account.h"

#include <inttypes.h>
#include <stdlib.h>

#include "harness/base/json.h"
#include "harness/base/shell_word.h"

#define YEAR_S	 (365.25 * 86400)
#define MINUTE_S 60
#define DRAW_S	 0.1

uint64_t
account_violations(const struct account *account, bool known)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < VIOLATIONS; i++)
		if (account->known->kinds[i] == known)
			sum += account->findings->kinds[i].worlds;
	return sum;
}

void
account_known_option(const struct account *account, FILE *file)
{
	if (account->known_given == NULL)
		return;
	fputs(" --known ", file);
	shell_word_print(account->known_given, file);
}

/* No world shows it alone (excuse.h). */
static bool
is_of_all(enum violation kind)
{
	return kind == VIOLATION_EXCUSED;
}

static void
command_print(const struct account *account, enum violation kind,
	      uint32_t index, FILE *file)
{
	bool all = is_of_all(kind);

	fputs("homeward explore", file);
	account_known_option(account, file);
	fputc(' ', file);
	worlds_arguments(account->worlds, all ? 0 : index,
			 all ? account->findings->worlds : 1, file);
}

static void
violation_print(const struct account *account, enum violation kind,
		uint32_t index, const char *sentence)
{
	char name[WORLDS_NAME];

	printf("%s: %s: %s; repeat with: ",
	       is_of_all(kind) ? "all worlds"
			       : worlds_name(account->worlds, index, name),
	       violation_name(kind), sentence);
	command_print(account, kind, index, stdout);
	putchar('\n');
	fflush(stdout);
}

/* ---- on the way ---- */

/* The line that changes, if there is one. */
static void
tick_clear(const struct account *account)
{
	if (account->drawn)
		fputs("\r\033[K", stderr);
}

void
account_world(const struct account *account, uint32_t index,
	      const struct trial *trial)
{
	for (unsigned i = 0; i < VIOLATIONS && !account->json; i++) {
		if (trial->shown[i].count == 0 || account->known->kinds[i] ||
		    account->findings->kinds[i].worlds > FINDINGS_KEPT)
			continue;
		tick_clear(account);
		violation_print(account, (enum violation)i, index,
				trial->shown[i].sentence);
	}
}

static double
worlds_an_hour(const struct account *account, double elapsed_s)
{
	return elapsed_s > 0 ? account->findings->worlds * 3600.0 / elapsed_s
			     : 0;
}

static void
counts_print(const struct account *account, double elapsed_s)
{
	uint64_t found = account_violations(account, false);
	uint64_t known = account_violations(account, true);

	fprintf(stderr, "%" PRIu64 " violation%s", found,
		found == 1 ? "" : "s");
	if (known > 0)
		fprintf(stderr, " and %" PRIu64 " known", known);
	fprintf(stderr,
		"; %" PRIu64 " events, %.4g simulated years, %.0f worlds an "
		"hour",
		account->findings->events,
		account->findings->simulated_s / YEAR_S,
		worlds_an_hour(account, elapsed_s));
}

static void
worlds_print(const struct account *account)
{
	uint32_t worlds = account->findings->worlds;

	if (account->endless)
		fprintf(stderr, "explore: %u world%s", worlds,
			worlds == 1 ? "" : "s");
	else
		fprintf(stderr, "explore: %u of %u worlds", worlds,
			worlds_count(account->worlds));
}

void
account_tick(struct account *account, double elapsed_s, bool terminal)
{
	if (elapsed_s - account->drawn_s < (terminal ? DRAW_S : MINUTE_S))
		return;
	account->drawn_s = elapsed_s;
	account->drawn = terminal;
	tick_clear(account);
	worlds_print(account);
	fputs(", ", stderr);
	counts_print(account, elapsed_s);
	if (!terminal)
		fputc('\n', stderr);
	fflush(stderr);
}

/* ---- at the end ---- */

static void
kind_print(const struct account *account, enum violation kind)
{
	const struct finding *finding = &account->findings->kinds[kind];
	bool known = account->known->kinds[kind];
	char name[WORLDS_NAME];

	if (finding->worlds == 0 && !known)
		return;
	if (is_of_all(kind)) {
		printf("%s: %s %s %u worlds\n", known ? "known" : "found",
		       violation_name(kind),
		       finding->worlds > 0 ? "in all" : "in none of",
		       account->findings->worlds);
		return;
	}
	printf("%s: %s in %" PRIu64 " of %u worlds", known ? "known" : "found",
	       violation_name(kind), finding->worlds,
	       account->findings->worlds);
	if (finding->worlds > 0)
		printf(", first %s, %" PRIu64 " time%s",
		       worlds_name(account->worlds, finding->first[0].index,
				   name),
		       finding->count, finding->count == 1 ? "" : "s");
	putchar('\n');
}

/* Its name; of a seed the number, too. */
static void
world_json(const struct account *account, struct json *json,
	   enum violation kind, uint32_t index)
{
	char name[WORLDS_NAME];
	bool all = is_of_all(kind);

	json_text(json, "world",
		  all ? "all worlds"
		      : worlds_name(account->worlds, index, name));
	if (!all && worlds_are_seeds(account->worlds))
		json_uint(json, "seed", worlds_seed(account->worlds, index));
	else
		json_null(json, "seed");
}

static void
violation_json(const struct account *account, struct json *json,
	       enum violation kind, uint32_t kept)
{
	const struct finding *finding = &account->findings->kinds[kind];
	char *command = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&command, &size);

	if (file == NULL)
		abort();
	command_print(account, kind, finding->first[kept].index, file);
	if (fclose(file) != 0)
		abort();
	json_object(json, NULL);
	world_json(account, json, kind, finding->first[kept].index);
	json_text(json, "kind", violation_name(kind));
	json_text(json, "reason", finding->first[kept].sentence);
	json_text(json, "repeat", command);
	json_end(json);
	free(command);
}

/* Of each kind the first worlds; known: of the known kinds, or of the others.
 */
static void
violations_json(const struct account *account, struct json *json, bool known)
{
	json_array(json, known ? "known_violations" : "violations");
	for (unsigned i = 0; i < VIOLATIONS; i++)
		for (uint32_t k = 0; k < account->findings->kinds[i].kept &&
				     account->known->kinds[i] == known;
		     k++)
			violation_json(account, json, (enum violation)i, k);
	json_end(json);
}

static void
kinds_json(const struct account *account, struct json *json)
{
	json_array(json, "kinds");
	for (unsigned i = 0; i < VIOLATIONS; i++) {
		const struct finding *finding = &account->findings->kinds[i];

		if (finding->worlds == 0 && !account->known->kinds[i])
			continue;
		json_object(json, NULL);
		json_text(json, "kind", violation_name((enum violation)i));
		json_bool(json, "known", account->known->kinds[i]);
		json_uint(json, "worlds", finding->worlds);
		json_uint(json, "count", finding->count);
		json_end(json);
	}
	json_end(json);
}

/* Worlds that were made small. */
static void
shrunk_json(const struct account *account, struct json *json)
{
	json_array(json, "shrunk");
	for (unsigned i = 0; i < VIOLATIONS; i++) {
		const struct shrink_result *small = &account->shrunk[i];

		if (!small->shown)
			continue;
		json_object(json, NULL);
		json_text(json, "kind", violation_name((enum violation)i));
		json_text(json, "path", small->path);
		json_text(json, "reason", small->sentence);
		json_uint(json, "events", small->after.events);
		json_uint(json, "servers", small->after.servers);
		json_uint(json, "sessions", small->after.sessions);
		json_uint(json, "runs", small->runs);
		json_bool(json, "interrupted", small->interrupted);
		json_end(json);
	}
	json_end(json);
}

static const char *
ended_name(enum hunt_end end)
{
	switch (end) {
	case HUNT_OVER:
		return "over";
	case HUNT_LATE:
		return "time";
	case HUNT_ENOUGH:
		return "stopped";
	case HUNT_INTERRUPTED:
		return "interrupted";
	case HUNT_FAILED:
		break;
	}
	return "failed";
}

static void
account_json(const struct account *account, const struct hunt_result *result)
{
	struct json json = json_begin(stdout, JSON_COMPACT);
	char hash[19];

	(void)snprintf(hash, sizeof(hash), "0x%016" PRIx64,
		       account->findings->state_hash);
	json_object(&json, NULL);
	if (worlds_are_seeds(account->worlds))
		json_uint(&json, "seed", worlds_seed(account->worlds, 0));
	else
		json_null(&json, "seed");
	json_uint(&json, "seeds", worlds_count(account->worlds));
	json_uint(&json, "worlds", account->findings->worlds);
	json_text(&json, "ended", ended_name(result->end));
	if (worlds_are_seeds(account->worlds))
		json_uint(&json, "next",
			  worlds_seed(account->worlds, result->next));
	else
		json_uint(&json, "next", result->next);
	json_uint(&json, "events", account->findings->events);
	json_text(&json, "state_hash", hash);
	json_fixed(&json, "simulated_s", account->findings->simulated_s, 3);
	json_fixed(&json, "elapsed_s", result->elapsed_s, 3);
	json_fixed(&json, "worlds_h",
		   worlds_an_hour(account, result->elapsed_s), 0);
	if (account->known->path != NULL)
		json_text(&json, "known", account->known->path);
	else
		json_null(&json, "known");
	kinds_json(account, &json);
	violations_json(account, &json, false);
	violations_json(account, &json, true);
	shrunk_json(account, &json);
	floors_json(&account->findings->floors, &json);
	json_end(&json);
	json_newline(&json);
	json_finish(&json);
}

/* What nobody could tell before the end. */
static void
of_all_print(const struct account *account)
{
	for (unsigned i = 0; i < VIOLATIONS; i++) {
		const struct finding *finding = &account->findings->kinds[i];

		if (is_of_all((enum violation)i) && finding->worlds > 0 &&
		    !account->known->kinds[i])
			violation_print(account, (enum violation)i, 0,
					finding->first[0].sentence);
	}
}

void
account_print(const struct account *account, const struct hunt_result *result)
{
	tick_clear(account);
	if (account->json)
		account_json(account, result);
	else
		of_all_print(account);
	for (unsigned i = 0; i < VIOLATIONS && !account->json; i++)
		kind_print(account, (enum violation)i);
	/* One world is what it is. */
	if (!account->json && worlds_are_seeds(account->worlds) &&
	    account->findings->worlds > 1)
		floors_print(&account->findings->floors, stdout);
	fflush(stdout);
	worlds_print(account);
	fputs(", each run twice, ", stderr);
	counts_print(account, result->elapsed_s);
	fprintf(stderr, ", state %016" PRIx64 "\n",
		account->findings->state_hash);
}
