/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * generator.h - a number in, a scenario file out
 *
 *	seed -> shape: fabric, load, duration	sizes that a second can run
 *	     -> keys: the table of key.h	some, by rule, or near theirs
 *	     -> events: the kinds of faults	alone, in turn, overlapping
 *	     -> YAML
 *
 * Whoever looks for what no scenario of ours asks wants worlds that nobody
 * would write. The text of a seed is the same on every machine: integers, one
 * random stream of the seed, and no order that depends on an address.
 *
 * Keys and kinds come from their tables. One that was added yesterday is
 * written today: a choice takes any of its names, a number half, once or twice
 * its default (of 0: a unit or two). A key that wants other values, or that
 * contradicts others, gets a rule (generator.c); one that the whole world
 * depends on is the shape's. A kind aims at what fault_kind.h says it acts on.
 *
 * What is written is valid. A file that is refused is a bug here, or a key
 * that needs a rule.
 */
#ifndef HARNESS_EXPLORE_GENERATOR_H
#define HARNESS_EXPLORE_GENERATOR_H

#include <stdint.h>

/* The whole file, to be freed. NULL: out of memory. */
char *generator_scenario(uint64_t seed);

#endif
