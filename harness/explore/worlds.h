/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * worlds.h - which worlds are explored, numbered from 0
 *
 *	seeds	 generator.h makes each when it is asked for
 *	files	 scenario files, each point of a sweep a world
 *
 * A world is refused when its file is not valid: that, too, is an answer of it.
 */
#ifndef HARNESS_EXPLORE_WORLDS_H
#define HARNESS_EXPLORE_WORLDS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "sim/model/settings.h"

#define WORLDS_NAME 640

struct worlds;

/* Aborts when out of memory, as all here. */
struct worlds *worlds_of_seeds(uint64_t first, uint32_t count);
/* Paths are borrowed. NULL: one cannot be read, said. */
struct worlds *worlds_of_files(char *const *paths, int count);
void worlds_destroy(struct worlds *); /* NULL: nothing */
uint32_t worlds_count(const struct worlds *);
bool worlds_are_seeds(const struct worlds *);
uint64_t worlds_seed(const struct worlds *, uint32_t index); /* of seeds */

/* Borrowed until the next call. NULL: refused, and *reason, to be freed, says
 * why. */
const struct settings *worlds_settings(struct worlds *, uint32_t index,
				       char **reason);
/* The scenario file, to be freed; of seeds. */
char *worlds_text(const struct worlds *, uint32_t index);
/* "seed 4"; "half.yaml (fabric.servers 16, seed 2)". WORLDS_NAME bytes, as of
 * the others; returned. */
const char *worlds_name(struct worlds *, uint32_t index, char *name);
/* What its files are called: "explore-4". */
const char *worlds_stem(struct worlds *, uint32_t index, char *name);
/* The arguments of `homeward explore` that mean `count` worlds from that one
 * on; of files all points of that file. */
void worlds_arguments(const struct worlds *, uint32_t index, uint32_t count,
		      FILE *);
/* All of them in words that are the same on every rank, to be freed. */
char *worlds_agreed(struct worlds *);

#endif
