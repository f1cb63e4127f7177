/* SPDX-License-Identifier: GPL-3.0-or-later */
/* remarks.c - see remarks.h */
#include "live/conf/remarks.h"

#include <string.h>

/* Its value, if it is in the file and not the default; NULL: it is not. */
static const struct mark *
mark_of(const struct directive_reader *reader, const struct conf *plain,
	const char *name)
{
	for (uint32_t i = 0; i < directive_count; i++)
		if (strcmp(directives[i].name, name) == 0 &&
		    reader->marks[i].line != 0 &&
		    !directive_same(&directives[i], reader->conf, plain))
			return &reader->marks[i];
	return NULL;
}

void
remarks_make(const struct directive_reader *reader, const struct conf *plain)
{
	const struct conf *conf = reader->conf;
	const struct node_settings *node = &conf->node;
	const struct steer_settings *steer = &conf->steer;
	bool automatic = steer->store_at == STEER_STORE_AUTO;
	bool waits = automatic && steer->store_after_ns > 0;
	bool renewed_once = node->republish_ns > node->record_ttl_ns / 2;
	const struct {
		bool applies;
		const char *name, *why;
	} remarks[] = {
		{ !automatic, "openings",
		  "means nothing unless 'store-at' is auto" },
		{ !automatic, "openings-max",
		  "means nothing unless 'store-at' is auto" },
		{ waits, "openings",
		  "means nothing: with 'store-after' sessions wait until they "
		  "are established, unless 'store-at' is syn" },
		{ waits, "openings-max",
		  "means nothing: with 'store-after' sessions wait until they "
		  "are established, unless 'store-at' is syn" },
		{ steer->first_stray == STEER_WINDOW_OFF, "first-stray-window",
		  "means nothing: 'first-stray' is off" },
		{ conf->uplink_count < 2 &&
			  steer->first_stray != STEER_WINDOW_OFF,
		  "first-stray", "means nothing with one uplink" },
		{ conf->uplink_count < 2 &&
			  steer->first_stray != STEER_WINDOW_OFF,
		  "first-stray-window", "means nothing with one uplink" },
		{ node->sessions_per_prefix >= conf->sessions_max,
		  "sessions-per-prefix",
		  "means nothing: 'sessions-max' is no more" },
		{ renewed_once, "republish",
		  "lets a record die of one lost renewal: two should fit into "
		  "'record-ttl'" },
		{ renewed_once, "record-ttl",
		  "lets a record die of one lost renewal: two times "
		  "'republish' should fit into it" },
		{ steer->miss_retry_ns >= steer->miss_deadline_ns, "miss-retry",
		  "means nothing: 'miss-deadline' is no later" },
		{ steer->miss_retry_ns >= steer->miss_deadline_ns,
		  "miss-deadline",
		  "comes before the first repetition, 'miss-retry'" },
		{ conf->peers_max < conf->peer_count, "peers-max",
		  "is less than the peers that are named here" },
	};

	for (size_t i = 0; i < sizeof(remarks) / sizeof(remarks[0]); i++) {
		const struct mark *mark =
			mark_of(reader, plain, remarks[i].name);

		if (remarks[i].applies && mark != NULL)
			fprintf(reader->talk, "%s:%u:%u: note: '%s' %s\n",
				reader->path, mark->line, mark->column,
				remarks[i].name, remarks[i].why);
	}
}
