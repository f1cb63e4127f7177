/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * relayed_test.c - which links go through the relay, and what they are told
 */
#include "harness/lab/relayed.h"

#include <stdio.h>
#include <string.h>

#include "core/test/check.h"
#include "harness/lab/lab.h"
#include "sim/model/fault_target.h"

struct row {
	const char *sentence;
	enum fault_kind kind;
	const char *target;
	int64_t client_delay_ns;
	const char *used; /* names in the fabric's order */
};

static const struct row rows[] = {
	{ "none is slow", FAULT_DRAIN, "server1", 0, "" },
	{ "a slow one", FAULT_DRAIN, "server1", NS_PER_MS, "client1-edge1" },
	{ "one that may be degraded", FAULT_LINK_DEGRADE, "exit1-spine2", 0,
	  "exit1-spine2" },
	{ "all of a pattern", FAULT_LINK_DEGRADE, "leaf2-*", 0,
	  "spine1-leaf2 spine2-leaf2 leaf2-server1 leaf2-server2" },
	{ "any of a tier", FAULT_LINK_DEGRADE, "exit-spine", 0,
	  "exit1-spine1 exit1-spine2 exit2-spine1 exit2-spine2" },
	{ "what is cut only is not", FAULT_LINK_DOWN, "exit1-spine2", 0, "" },
};

static void
names_write(const struct fabric *fabric, const struct lab_relayed *relayed,
	    char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < fabric->link_count; i++) {
		char name[FAULT_NAME_BYTES];

		if (!relayed[i].used)
			continue;
		fault_target_name(fabric, FAULT_TARGET_LINK, i, name);
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 used > 0 ? " " : "", name);
	}
}

static void
row_test(const struct row *row)
{
	struct fault_settings fault = { .kind = row->kind };
	char error[200], text[400];
	struct settings settings;
	struct fabric *fabric;

	settings_default(&settings);
	settings.fabric.client_link.delay_ns = row->client_delay_ns;
	settings.faults = &fault;
	settings.fault_count = 1;
	(void)snprintf(fault.target, sizeof(fault.target), "%s", row->target);
	CHECK(fabric_create(&fabric, &settings.fabric, error, sizeof(error)) ==
	      0);
	struct lab_relayed *relayed = lab_relayed_create(fabric, &settings);
	names_write(fabric, relayed, text, sizeof(text));
	CHECK_ROW(strcmp(text, row->used) == 0, row->sentence);
	if (strcmp(text, row->used) != 0)
		fprintf(stderr, "got %s\n", text);
	for (uint32_t i = 0; i < fabric->link_count; i++)
		CHECK_ROW(relayed[i].whole == (relayed[i].used &&
					       row->kind == FAULT_LINK_DEGRADE),
			  row->sentence);
	lab_relayed_destroy(relayed, fabric);
	fabric_destroy(fabric);
}

/* The fabric's rate is no kernel's and is not imitated; another one is. */
static void
rate_test(void)
{
	const struct link_settings usual = { .rate_bps = 5, .delay_ns = 7 };
	struct link_settings now = usual;
	struct lab_relayed relayed = { .used = true };

	lab_relayed_set(&relayed, &usual, &now);
	CHECK(relayed.rate_bps == 0 && relayed.delay_ns == 7);
	CHECK(lab_relayed_same(&usual, &now));
	now.rate_bps = 3;
	now.loss_ppm = 9;
	lab_relayed_set(&relayed, &usual, &now);
	CHECK(relayed.rate_bps == 3 && relayed.loss_ppm == 9);
	CHECK(!lab_relayed_same(&usual, &now));
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_test(&rows[i]);
	rate_test();
	return check_done();
}
