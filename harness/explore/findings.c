/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * findings.c - sums, and the first few
 */
#include "harness/explore/findings.h"

#include <stdlib.h>
#include <string.h>

#include "core/siphash.h"

static uint64_t
hash_join(uint64_t hash, uint64_t next)
{
	static const struct siphash_key key;
	const uint64_t both[] = { hash, next };

	return siphash(&key, both, sizeof(both));
}

static void
kind_add(struct finding *finding, uint32_t index, uint64_t count,
	 const char *sentence)
{
	finding->worlds++;
	finding->count += count;
	if (finding->kept == FINDINGS_KEPT)
		return;
	finding->first[finding->kept].index = index;
	finding->first[finding->kept].sentence = strdup(sentence);
	if (finding->first[finding->kept].sentence == NULL)
		abort();
	finding->kept++;
}

void
findings_add(struct findings *findings, uint32_t index,
	     const struct trial *trial)
{
	findings->worlds++;
	findings->events += trial->events;
	findings->simulated_s += (double)trial->simulated_ns * 1e-9;
	findings->state_hash =
		hash_join(findings->state_hash, trial->state_hash);
	floors_merge(&findings->floors, &trial->floors);
	excuse_merge(&findings->excuse, &trial->excuse);
	for (unsigned i = 0; i < VIOLATIONS; i++)
		if (trial->shown[i].count > 0)
			kind_add(&findings->kinds[i], index,
				 trial->shown[i].count,
				 trial->shown[i].sentence != NULL
					 ? trial->shown[i].sentence
					 : "");
}

void
findings_finish(struct findings *findings)
{
	char sentence[256];

	if (excuse_beyond(&findings->excuse, sentence, sizeof(sentence)))
		kind_add(&findings->kinds[VIOLATION_EXCUSED],
			 findings->worlds - 1, 1, sentence);
}

void
findings_release(struct findings *findings)
{
	for (unsigned i = 0; i < VIOLATIONS; i++)
		for (uint32_t k = 0; k < findings->kinds[i].kept; k++)
			free(findings->kinds[i].first[k].sentence);
	*findings = (struct findings){ 0 };
}
