/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_kind.c - a row a kind
 *
 * A lab has no servers that are not there at the start, nothing that picks
 * victims by chance, and nobody outside who attacks.
 */
#include "sim/model/fault_kind.h"

#include <assert.h>

#define NONE   FAULT_TARGET_NONE
#define LINK   FAULT_TARGET_LINK
#define ROUTER FAULT_TARGET_ROUTER
#define SERVER FAULT_TARGET_SERVER

#define KEY(name) ((uint32_t)FAULT_KEY_##name)
/* One of a set of targets, some or all; again and again. */
#define OF_SET (KEY(TARGET) | KEY(EACH) | KEY(COUNT))
/* What something undoes. */
#define STAYS (KEY(UNTIL) | KEY(FOR) | KEY(PERIOD))
#define DEGREE                                                                 \
	(KEY(LOSS) | KEY(DUPLICATE) | KEY(REORDER) | KEY(DELAY) | KEY(RATE))

/* Lives and times away, by law and mean. */
#define RENEWAL                                                                \
	(KEY(TURNOVER) | KEY(DOWN) | KEY(LAW) | KEY(SHAPE) | KEY(CRASH) |      \
	 KEY(NEW))

/* How much of an attack. */
#define ATTACK (KEY(PPS) | KEY(REPEAT))

/* name, undo, target, harms, detects, simulated, live, keys */
static const struct fault_kind_trait traits[] = {
	[FAULT_LINK_DOWN] = { "link_down", FAULT_LINK_UP, LINK, true, true,
			      true, true,
			      OF_SET | STAYS | KEY(SIDE) | KEY(RETRY) },
	[FAULT_LINK_UP] = { "link_up", FAULT_LINK_UP, LINK, false, false, true,
			    true, OF_SET },
	[FAULT_LINK_SILENT] = { "link_silent", FAULT_LINK_UP, LINK, true, true,
				true, true,
				OF_SET | STAYS | KEY(WAY) | KEY(RETRY) },
	[FAULT_ROUTER_DOWN] = { "router_down", FAULT_ROUTER_UP, ROUTER, true,
				true, true, true, OF_SET | STAYS },
	[FAULT_ROUTER_UP] = { "router_up", FAULT_ROUTER_UP, ROUTER, false,
			      false, true, true, OF_SET },
	[FAULT_SERVER_CRASH] = { "server_crash", FAULT_SERVER_UP, SERVER, true,
				 false, true, true, OF_SET | STAYS },
	[FAULT_SERVER_UP] = { "server_up", FAULT_SERVER_UP, SERVER, false,
			      false, true, true, OF_SET },
	[FAULT_DRAIN] = { "drain", FAULT_UNDRAIN, SERVER, true, false, true,
			  true, OF_SET | STAYS },
	[FAULT_UNDRAIN] = { "undrain", FAULT_UNDRAIN, SERVER, false, false,
			    true, true, OF_SET },
	[FAULT_JOIN] = { "join", FAULT_JOIN, NONE, false, false, true, false,
			 KEY(COUNT) },
	[FAULT_LEAVE] = { "leave", FAULT_LEAVE, SERVER, true, false, true,
			  false, OF_SET },
	[FAULT_CHURN] = { "churn", FAULT_CHURN, NONE, false, false, true, false,
			  KEY(UNTIL) | KEY(PERIOD) | KEY(COUNT) | RENEWAL },
	[FAULT_PARTITION] = { "partition", FAULT_MERGE, NONE, true, false, true,
			      false, STAYS | KEY(EACH) },
	[FAULT_MERGE] = { "merge", FAULT_MERGE, NONE, false, false, true, false,
			  0 },
	[FAULT_DAEMON_KILL] = { "daemon_kill", FAULT_DAEMON_START, SERVER, true,
				false, true, true, OF_SET | STAYS },
	[FAULT_DAEMON_START] = { "daemon_start", FAULT_DAEMON_START, SERVER,
				 false, false, true, true, OF_SET },
	[FAULT_DAEMON_RESTART] = { "daemon_restart", FAULT_DAEMON_START, SERVER,
				   true, false, true, true, OF_SET | STAYS },
	[FAULT_LINK_DEGRADE] = { "link_degrade", FAULT_LINK_RESTORE, LINK, true,
				 false, true, true, OF_SET | STAYS | DEGREE },
	[FAULT_LINK_RESTORE] = { "link_restore", FAULT_LINK_RESTORE, LINK,
				 false, false, true, true, OF_SET },
	[FAULT_FLOOD] = { "flood", FAULT_CALM, NONE, true, false, true, false,
			  STAYS | KEY(EACH) | ATTACK | KEY(PACKETS) |
				  KEY(SOURCES) },
	[FAULT_FORGED_SYN] = { "forged_syn", FAULT_CALM, NONE, true, false,
			       true, false, STAYS | KEY(EACH) | ATTACK },
	[FAULT_CALM] = { "calm", FAULT_CALM, NONE, false, false, true, false,
			 0 },
	[FAULT_SEQUENCE] = { "sequence", FAULT_SEQUENCE, NONE, true, false,
			     true, false, KEY(COUNT) | KEY(EACH) | KEY(FOR) },
};
_Static_assert(sizeof(traits) / sizeof(traits[0]) == FAULT_KINDS,
	       "every kind of fault has a row");

const struct fault_kind_trait *
fault_kind_trait(enum fault_kind kind)
{
	assert((unsigned)kind < FAULT_KINDS);
	return &traits[kind];
}

const char *
fault_name(enum fault_kind kind)
{
	return fault_kind_trait(kind)->name;
}

static const struct {
	uint32_t key;
	const char *name;
} key_names[] = {
	{ KEY(TARGET), "target" },
	{ KEY(SIDE), "side" },
	{ KEY(WAY), "way" },
	{ KEY(UNTIL), "until_s" },
	{ KEY(FOR), "for_s" },
	{ KEY(EACH), "each_s" },
	{ KEY(PERIOD), "period_s" },
	{ KEY(RETRY), "retry_after_ms" },
	{ KEY(COUNT), "count" },
	{ KEY(LOSS), "loss_percent" },
	{ KEY(DUPLICATE), "duplicate_percent" },
	{ KEY(REORDER), "reorder_percent" },
	{ KEY(DELAY), "delay_us" },
	{ KEY(RATE), "rate_gbps" },
	{ KEY(TURNOVER), "rate_percent_min" },
	{ KEY(DOWN), "down_s" },
	{ KEY(LAW), "law" },
	{ KEY(SHAPE), "shape" },
	{ KEY(CRASH), "crash_percent" },
	{ KEY(NEW), "new_percent" },
	{ KEY(PPS), "rate_pps" },
	{ KEY(PACKETS), "packets" },
	{ KEY(SOURCES), "sources" },
	{ KEY(REPEAT), "repeat" },
};

const char *
fault_key_name(uint32_t key)
{
	for (size_t i = 0; i < sizeof(key_names) / sizeof(key_names[0]); i++)
		if (key_names[i].key == key)
			return key_names[i].name;
	return NULL;
}

uint32_t
fault_keys(const struct fault_settings *fault)
{
	const struct {
		uint32_t key;
		bool there;
	} members[] = {
		{ KEY(TARGET),
		  fault->target[0] != '\0' || fault->list_count > 0 },
		{ KEY(SIDE), fault->side != FAULT_SIDE_ANY },
		{ KEY(WAY), fault->way != FAULT_WAY_BOTH },
		{ KEY(UNTIL), fault->until_ns != 0 },
		{ KEY(FOR), fault->for_ns != 0 },
		{ KEY(EACH), fault->each_ns != 0 },
		{ KEY(PERIOD), fault->period_ns != 0 },
		{ KEY(RETRY), fault->retry_after_ns != 0 },
		{ KEY(COUNT), fault->count != 0 },
		{ KEY(LOSS), fault->link.loss_ppm != 0 },
		{ KEY(DUPLICATE), fault->link.duplicate_ppm != 0 },
		{ KEY(REORDER), fault->link.reorder_ppm != 0 },
		{ KEY(DELAY), fault->link.delay_ns != 0 },
		{ KEY(RATE), fault->link.rate_bps != 0 },
		{ KEY(TURNOVER), fault->rate_ppm_min != 0 },
		{ KEY(DOWN), fault->down_ns != 0 },
		{ KEY(LAW), fault->law != LIFETIME_EXPONENTIAL },
		{ KEY(SHAPE), fault->shape_milli != 0 },
		{ KEY(NEW), fault->new_ppm != 0 },
		{ KEY(PACKETS), fault->packets != FAULT_PACKETS_ACK },
		{ KEY(SOURCES), fault->sources != FAULT_SOURCES_RANDOM },
	};
	uint32_t keys = fault->given;

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++)
		if (members[i].there)
			keys |= members[i].key;
	return keys;
}

uint32_t
fault_key_unused(const struct fault_settings *fault)
{
	uint32_t taken = fault_kind_trait(fault->kind)->keys;

	if ((taken & KEY(EACH)) != 0 && fault->each_ns > 0 &&
	    fault->kind != FAULT_SEQUENCE)
		taken |= KEY(UNTIL);
	uint32_t unused = fault_keys(fault) & ~taken;
	return unused & ~(unused - 1);
}

bool
fault_stays(const struct fault_settings *fault)
{
	return fault->kind != FAULT_DAEMON_RESTART || fault->for_ns > 0 ||
	       (fault->until_ns > 0 && fault->each_ns == 0);
}

bool
fault_is_attack(enum fault_kind kind)
{
	return kind == FAULT_FLOOD || kind == FAULT_FORGED_SYN;
}

int64_t
fault_ends_ns(const struct fault_settings *fault)
{
	if (fault->until_ns > fault->at_ns)
		return fault->until_ns;
	return fault->each_ns == 0 && fault->for_ns > 0
		       ? fault->at_ns + fault->for_ns
		       : 0;
}

uint32_t
fault_kind_impossible(const struct settings *settings, bool live)
{
	for (uint32_t i = 0; i < settings->fault_count; i++) {
		const struct fault_kind_trait *trait =
			fault_kind_trait(settings->faults[i].kind);
		if (!(live ? trait->live : trait->simulated))
			return i;
	}
	return settings->fault_count;
}
