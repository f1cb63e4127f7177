/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_target_test.c - names, patterns and lists against the paper's fabric
 */
#include "sim/model/fault_target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/test/check.h"

#define LIST 8

struct row {
	const char *sentence;
	enum fault_kind kind;
	const char *target; /* with blanks between: a list */
	/* Names in their order; or of an error the one to blame. */
	const char *wanted;
	enum fault_target_error error;
};

static const struct row rows[] = {
	{ "a server", FAULT_DRAIN, "server2", "server2", 0 },
	{ "all servers", FAULT_DRAIN, "server*",
	  "server1 server2 server3 server4", 0 },
	{ "one character", FAULT_DRAIN, "?erver1", "server1", 0 },
	{ "a star may be nothing", FAULT_DRAIN, "server1*", "server1", 0 },
	{ "two stars, and what is between", FAULT_DRAIN, "s*e*3", "server3",
	  0 },
	{ "the fabric's order, not the alphabet's", FAULT_ROUTER_DOWN, "*1",
	  "edge1 exit1 spine1 leaf1", 0 },
	{ "every router", FAULT_ROUTER_UP, "*",
	  "edge1 exit1 exit2 spine1 spine2 leaf1 leaf2 leaf3 leaf4", 0 },
	{ "a list, in its order, each once", FAULT_DRAIN,
	  "server3 server? server1", "server3 server1 server2 server4", 0 },
	{ "a list of one", FAULT_DRAIN, "server3 server3", "server3", 0 },
	{ "a link", FAULT_LINK_DOWN, "exit1-spine2", "exit1-spine2", 0 },
	{ "its other name", FAULT_LINK_DOWN, "spine2-exit1", "exit1-spine2",
	  0 },
	{ "links of a leaf, up and down", FAULT_LINK_DOWN, "leaf3-*",
	  "spine1-leaf3 spine2-leaf3 leaf3-server3 leaf3-server4", 0 },
	{ "between two tiers", FAULT_LINK_DEGRADE, "spine?-exit*",
	  "exit1-spine1 exit1-spine2 exit2-spine1 exit2-spine2", 0 },
	{ "a client's", FAULT_LINK_UP, "client*", "client1-edge1", 0 },
	{ "a tier is no set", FAULT_LINK_DOWN, "spine-leaf", "", 0 },
	{ "no target", FAULT_PARTITION, "", "", 0 },
	{ "a server that is not there", FAULT_DRAIN, "server5", "server5",
	  FAULT_TARGET_ABSENT },
	{ "nor of that pattern", FAULT_DRAIN, "server?*?", "server?*?",
	  FAULT_TARGET_ABSENT },
	{ "a pattern of what the kind does not act on", FAULT_DRAIN, "spine*",
	  "spine*", FAULT_TARGET_ABSENT },
	{ "one of a list", FAULT_DRAIN, "server1 serverx server2", "serverx",
	  FAULT_TARGET_ABSENT },
	{ "another kind of device", FAULT_DRAIN, "spine1", "spine1",
	  FAULT_TARGET_OTHER },
	{ "a client", FAULT_ROUTER_DOWN, "client1", "client1",
	  FAULT_TARGET_OTHER },
	{ "a link", FAULT_DRAIN, "leaf1-server1", "leaf1-server1",
	  FAULT_TARGET_OTHER },
	{ "a tier", FAULT_DRAIN, "leaf-server", "leaf-server",
	  FAULT_TARGET_OTHER },
	{ "a device", FAULT_LINK_DOWN, "leaf1", "leaf1", FAULT_TARGET_OTHER },
	{ "two that no link joins", FAULT_LINK_DOWN, "edge1-leaf1",
	  "edge1-leaf1", FAULT_TARGET_ABSENT },
	{ "a path among others", FAULT_LINK_DOWN, "leaf1-* path", "path",
	  FAULT_TARGET_TIER },
};

static char targets[LIST][FAULT_TARGET_BYTES];

static void
target_write(const char *text, struct fault_settings *fault)
{
	int size;

	if (strchr(text, ' ') == NULL) {
		(void)snprintf(fault->target, sizeof(fault->target), "%s",
			       text);
		return;
	}
	while (sscanf(text, "%47s%n", targets[fault->list_count], &size) == 1) {
		fault->list_count++;
		text += size;
	}
}

static void
names_write(const struct fabric *fabric, const struct fault_settings *fault,
	    const struct fault_set *set, char *text, size_t size)
{
	enum fault_target wanted = fault_kind_trait(fault->kind)->target;
	char name[FAULT_NAME_BYTES];
	size_t used = 0;

	text[0] = '\0';
	for (uint32_t i = 0; i < set->count; i++) {
		uint32_t member = set->members[i];

		if (wanted == FAULT_TARGET_LINK)
			fault_target_name(fabric, wanted, member, name);
		else
			(void)snprintf(name, sizeof(name), "%s",
				       fabric->names[member]);
		used += (size_t)snprintf(text + used, size - used, "%s%s",
					 used > 0 ? " " : "", name);
	}
}

static void
row_test(const struct row *row, struct settings *settings,
	 const struct fabric *fabric)
{
	struct fault_settings fault = { .kind = row->kind };
	const char *wrong = "";
	struct fault_set set;
	char text[400];

	settings->faults = &fault;
	settings->fault_count = 1;
	settings->fault_targets = (const char(*)[FAULT_TARGET_BYTES])targets;
	target_write(row->target, &fault);
	CHECK_ROW(fault_target_find(fabric, settings, 0, &set, &wrong) ==
			  row->error,
		  row->sentence);
	if (row->error != FAULT_TARGET_GOOD) {
		CHECK_ROW(set.count == 0 && strcmp(wrong, row->wanted) == 0,
			  row->sentence);
		return;
	}
	names_write(fabric, &fault, &set, text, sizeof(text));
	CHECK_ROW(strcmp(text, row->wanted) == 0, row->sentence);
	if (strcmp(text, row->wanted) != 0)
		fprintf(stderr, "got %s\n", text);
	free(set.members);
}

/* What is reported of a set; long lists are cut short. */
static void
text_test(struct settings *settings)
{
	struct fault_settings fault = { .kind = FAULT_LINK_DOWN };
	char text[FAULT_TARGET_BYTES];

	target_write("exit1-spine1 spine1-leaf*", &fault);
	fault_target_text(settings, &fault, text);
	CHECK_ROW(strcmp(text, "exit1-spine1, spine1-leaf*") == 0, text);
	fault.list_count = 0;
	target_write("exit1-spine1 spine1-leaf1 spine2-leaf1 spine2-leaf2",
		     &fault);
	fault_target_text(settings, &fault, text);
	CHECK_ROW(strcmp(text,
			 "exit1-spine1, spine1-leaf1, spine2-leaf1, ...") == 0,
		  text);
}

int
main(void)
{
	struct settings settings;
	struct fabric *fabric;
	char error[200];

	settings_default(&settings);
	CHECK(fabric_create(&fabric, &settings.fabric, error, sizeof(error)) ==
	      0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		row_test(&rows[i], &settings, fabric);
	text_test(&settings);
	fabric_destroy(fabric);
	return check_done();
}
