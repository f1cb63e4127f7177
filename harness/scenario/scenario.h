/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * scenario.h - an experiment, read from one YAML file
 *
 *	title: what is asked				(text)
 *	seed: 1						\
 *	fabric: ... routing: ... dht: ...		 > keys of key.h
 *	service: ... clients: ... measure: ...		/
 *	events:  - { at_s: 2, kind: link_down, target: path }
 *	sweep:	 { dht.k: [8, 20], fabric.servers: { doublings: 16..4096 },
 *		   repeat: 5 }
 *	expect:	 see expect.h
 *	plots:	 [lookup, hops]
 *
 * Reading has four steps: the file, then --set in the order given, then what
 * follows from other keys (a uniform fabric has no sessions unless asked for),
 * then the search for contradictions at every point of the sweep. Any
 * complaint stops everything before something is written.
 *
 * A --set of a swept key takes it out of the sweep; a list puts it in.
 *
 * scenario_dump.h writes all of it back, defaults included, as YAML that parses
 * to itself: this is what the database keeps with each run.
 */
#ifndef HARNESS_SCENARIO_SCENARIO_H
#define HARNESS_SCENARIO_SCENARIO_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "harness/scenario/expect.h"
#include "harness/scenario/key.h"
#include "harness/scenario/reader.h"
#include "sim/model/settings.h"

#define SCENARIO_BYTES	(1 << 24) /* a larger file is no scenario */
#define SCENARIO_KEYS	128 /* at least as many as the table has */
#define SCENARIO_FAULTS FAULT_EVENTS_MAX
#define SCENARIO_SIZES	1024 /* points of a size distribution */
#define SCENARIO_AXES	16
#define SCENARIO_VALUES 4096 /* of all axes together */
#define SCENARIO_REPEAT 100000
#define SCENARIO_POINTS 100000 /* of the whole sweep */
#define SCENARIO_PLOTS	16
#define SCENARIO_NAME	64
#define SCENARIO_TITLE	160

/* One swept key and its values. */
struct scenario_axis {
	struct key_place place;
	uint32_t first, count; /* in values[] */
	struct reader_mark mark;
};

/* Where a key's value comes from, to point there. */
struct scenario_origin {
	struct reader_mark mark; /* line 0: the default */
	uint32_t option; /* from this --set, from 1; 0: from the file */
	const struct key_alias *alias; /* the spelling; NULL: today's */
};

/* Where an event's key was written. */
struct scenario_event_origin {
	uint32_t fault; /* from 1 */
	const struct key *key;
	struct reader_mark mark;
	uint32_t option; /* as of scenario_origin */
};

/* Several hundred kilobytes: allocate it, all zero; settings point into it. */
struct scenario {
	char path[256]; /* as given */
	char name[SCENARIO_NAME]; /* the file's, without folder and .yaml */
	char title[SCENARIO_TITLE];
	struct settings settings; /* before the sweep's values */
	struct fault_settings *faults; /* room for fault_capacity */
	uint32_t fault_capacity;
	char (*targets)[FAULT_TARGET_BYTES]; /* of all events' lists */
	uint32_t target_count, target_capacity;
	struct cdf_point sizes[SCENARIO_SIZES];
	uint32_t repeat; /* seeds: seed, seed + 1 ... */
	uint32_t axis_count, value_count;
	struct scenario_axis axes[SCENARIO_AXES];
	char values[SCENARIO_VALUES][KEY_TEXT];
	struct expect expect;
	uint32_t plot_count;
	char plots[SCENARIO_PLOTS][KEY_TEXT];

	struct scenario_origin origins[SCENARIO_KEYS];
	struct reader_mark *fault_marks; /* fault_capacity */
	struct reader_mark *target_marks; /* target_capacity */
	struct scenario_event_origin *event_origins; /* the youngest is last */
	uint32_t event_origin_count, event_origin_capacity;
	struct reader_mark repeat_mark;
};

/* Parse bytes as the file of that name, with `set_count` options
 * "KEY=VALUE". 0, or -1 after complaining on talk. Reads no file. What it held
 * before is given back; all zero is nothing. Aborts when out of memory. */
int scenario_parse(struct scenario *, const char *path, const void *bytes,
		   size_t size, const char *const *sets, uint32_t set_count,
		   FILE *talk);
/* The same from the file itself. 0; EXIT_USAGE after complaining. */
int scenario_load(struct scenario *, const char *path, const char *const *sets,
		  uint32_t set_count);
/* What it reads: a scenario file, to be freed; NULL after complaining. */
char *scenario_read(const char *path, size_t *size);
/* Gives back what it holds, also after a complaint; the struct is the
 * caller's. */
void scenario_release(struct scenario *);
/* "dht.k", or "events.2.at_s"; an old spelling finds today's key; false: there
 * is none. */
bool scenario_find(const struct scenario *, const char *path,
		   struct key_place *);
/* The opposite; KEY_TEXT bytes. */
void scenario_path(const struct key_place *, char *text);
/* The struct that the key's member is in. */
void *scenario_structure(const struct key_place *, const struct settings *);
/* While reading: a word that is no key of the table, in the section of that
 * prefix ("": none). */
void scenario_unknown(struct reader *, const yaml_node_t *,
		      const struct key_table *, const char *prefix,
		      const char *word);
/* A key's value into the structure; false: complained. */
bool scenario_value(struct reader *, const struct key_place *, void *structure,
		    yaml_node_t *);
/* "; did you mean 'X'?" for a whole path that is unknown, or "". */
void scenario_hint(const char *path, char *text, size_t size);

#endif
