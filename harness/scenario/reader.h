/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * reader.h - a YAML document, and where to point when something is wrong
 *
 * libyaml's document interface keeps a mark for every node, so each complaint
 * can say file:line:column. All complaints of one file are made, not only the
 * first (at most READER_PROBLEMS, then silence): a user who wrote three wrong
 * keys wants to hear of three.
 *
 * Values given on the command line (--set KEY=VALUE) are small documents of
 * their own; their complaints name the option instead of a line.
 */
#ifndef HARNESS_SCENARIO_READER_H
#define HARNESS_SCENARIO_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <yaml.h>

#define READER_PROBLEMS 20
#define READER_PAIRS	4096 /* entries of one mapping */

/* Line 0: not in the file. Both count from 1. */
struct reader_mark {
	unsigned line, column;
};

struct reader {
	const char *name; /* file, or "--set KEY=VALUE"; borrowed */
	bool option; /* no lines to point at */
	FILE *talk; /* borrowed */
	unsigned problems;
	yaml_document_t document;
	bool loaded;
};

/* Load the one document in these bytes. -1: complained. Either way
 * reader_close() is called at the end. */
int reader_open(struct reader *, const char *name, bool option,
		const void *bytes, size_t size, FILE *talk);
void reader_close(struct reader *);

/* NULL when there is none (an empty file). */
yaml_node_t *reader_root(struct reader *);
yaml_node_t *reader_node(struct reader *, yaml_node_item_t);
size_t reader_pair_count(const yaml_node_t *mapping);
size_t reader_item_count(const yaml_node_t *sequence);
struct reader_mark reader_mark_of(const yaml_node_t *);

/* The text of a scalar, or NULL after complaining that `what` must be one.
 * Borrowed from the document. */
const char *reader_text(struct reader *, const yaml_node_t *, const char *what);
/* Whether a scalar was written without quotes: only such are numbers. */
bool reader_plain(const yaml_node_t *);
/* True when the node is a mapping whose keys are distinct words. */
bool reader_is_map(struct reader *, yaml_node_t *, const char *what);

/* "file:line:column: message". */
void reader_complain(struct reader *, const yaml_node_t *, const char *format,
		     ...) __attribute__((format(printf, 3, 4)));
void reader_complain_at(struct reader *, struct reader_mark, const char *format,
			...) __attribute__((format(printf, 3, 4)));

#endif
