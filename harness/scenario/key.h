/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * key.h - every key of a scenario file, once
 *
 * One table drives the parser, --set, the checks, `describe`, the resolved
 * printout and the manual: a key has its path, its unit, its range, its help
 * and its place in struct settings (an event's keys: in struct
 * fault_settings). Its default is what settings_default() leaves there, so
 * there is no second list of defaults to go stale.
 *
 * Text is the currency: key_set() parses what stood in the file, key_format()
 * prints the shortest text that parses to the same value. Sweeps keep their
 * values as such text.
 *
 * A key that got a better name keeps the old one as an alias (key_aliases()).
 * Spellings that contradict each other in one file, or among the --set, are an
 * error.
 *
 * Units end the key's last word and there is one for each key: delay_us is
 * in microseconds wherever it stands. Decimals are exact (units.h).
 */
#ifndef HARNESS_SCENARIO_KEY_H
#define HARNESS_SCENARIO_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum key_type {
	KEY_SWITCH, /* on or off; also true, false, yes, no */
	KEY_CHOICE, /* one of the names */
	KEY_COUNT, /* a whole number */
	KEY_AMOUNT, /* a decimal of the unit */
	KEY_SPAN, /* [low, high] or one amount for both; struct span */
	KEY_SECRET, /* 32 hexadecimal digits; struct siphash_key */
	KEY_SIZES, /* a list of [bytes, percent]; scenario.c reads it */
	KEY_TARGET, /* the name of a device or link, or a pattern; char[] */
};

/* The name of a choice's value, NULL past the last. */
typedef const char *key_name(unsigned value);

/* Which world takes a key. A key of one world says nothing about what both
 * measure: runs of the two are compared although they differ in it. */
enum key_world {
	KEY_BOTH,
	KEY_SIMULATED, /* of the model: a lab has its own */
	KEY_LIVE,
};

struct key {
	const char *path; /* "fabric.servers"; an event's: "at_s" */
	enum key_type type;
	const char *unit; /* "microseconds", KEY_NUMBER; NULL: a count */
	uint64_t scale; /* base units in one unit; a power of ten */
	size_t offset, width; /* of the member, bytes */
	uint64_t low, high; /* allowed, in base units */
	key_name *name; /* CHOICE */
	const char *help; /* half a sentence */
	enum key_world world;
	const char *lab; /* the one value that a lab takes; NULL: any */
	uint32_t given; /* an event's: its bit in fault_settings.given */
	/* AMOUNT in 64 bits: a word that it takes beside its range, all bits of
	 * the member then; NULL: none. */
	const char *word;
};

/* A value's word before and today's. */
struct key_word {
	const char *before, *now;
};

/* A spelling that a key had before. It is read wherever a key is named (file,
 * --set, sweep, where, --pool, databases). It is written in two places, for
 * readers that know its name: points of a sweep over it, and table `setting`,
 * where it has a row beside the key's own. */
struct key_alias {
	const char *path; /* as it was */
	const char *now; /* the key's path */
	const struct key_word
		*words; /* all that the old spelling takes, ends
			   with before NULL; NULL: the key's own */
};

/* A key of the settings (fault 0), or of the fault-th event from 1. */
struct key_place {
	const struct key *key;
	uint32_t fault;
	const struct key_alias *alias; /* how it was written; NULL: as it is */
};

struct key_table {
	const struct key *keys;
	size_t count;
};

/* The unit of what has none, but may have decimals. */
#define KEY_NUMBER "a number"
#define KEY_TEXT   64 /* bytes that any key's text fits in, SIZES apart */
#define KEY_ERROR  256 /* bytes that any sentence of ours fits in */

/* Keys of struct settings, in the order of the file's sections. */
const struct key_table *key_settings(void);
/* Keys of one item of `events`, in struct fault_settings. */
const struct key_table *key_faults(void);
/* What a kind of event does, half a sentence, and on what target. */
struct fault_help {
	const char *target, *help;
};
/* By enum fault_kind. */
const struct fault_help *key_fault_help(unsigned kind);
/* The keys that a kind takes besides its target: "side, until_s"; "" when there
 * are none. KEY_ERROR bytes. */
void key_fault_keys(unsigned kind, char *text);
/* NULL: there is none of that path. */
const struct key *key_find(const struct key_table *, const char *path);
/* Old spellings of settings' keys; ends with path NULL. */
const struct key_alias *key_aliases(void);
/* NULL: no key was called so. */
const struct key_alias *key_alias_find(const char *path);
/* By today's path or an older one; key NULL: there is none. */
struct key_place key_named(const char *path);
/* What a value of the old spelling is called today; NULL: it never took that.
 * Without words of its own the value itself. */
const char *key_alias_value(const struct key_alias *, const char *text);
/* The other way: today's value in the old spelling's first word for it; NULL:
 * it has none. */
const char *key_alias_before(const struct key_alias *, const char *text);

/* Parse text into the struct that the table is about. 0, or -1 with a
 * sentence in error (KEY_ERROR bytes) that names the key. */
int key_set(const struct key *, void *structure, const char *text, char *error);
/* The same of a value as it stands after that spelling of the key. */
int key_place_set(const struct key_place *, void *structure, const char *text,
		  char *error);
/* Is the key's member the same, byte by byte, in two such structs? Not of what
 * it points to (KEY_SIZES). */
bool key_same(const struct key *, const void *one, const void *other);
/* KEY_TEXT bytes. */
void key_format(const struct key *, const void *structure, char *text);
/* The range in the key's own unit: "1..65535"; KEY_TEXT bytes. */
void key_range(const struct key *, char *text);
/* "on or off", "a whole number", "microseconds" ...; KEY_ERROR bytes. */
void key_kind(const struct key *, char *text);
/* "simulated", "live" or "both". */
const char *key_world_name(enum key_world);
/* The key of settings that a lab refuses for its value; NULL: none. Sentence
 * in error (KEY_ERROR bytes). */
const struct key *key_lab_refuses(const void *settings, char *error);
/* May runs that are compared, one of each world, differ in this line of a
 * flattened scenario ("routing.hop_ms.1", "events.2.side")? */
bool key_is_of_one_world(const char *path);
/* The key's last word: "servers". */
const char *key_leaf(const struct key *);

#endif
