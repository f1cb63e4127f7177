/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * gnuplot.h - gnuplot in a child process, and whether it wrote the figure
 *
 *	gnuplot -e "name='value'; ..." FIGURE.gp
 *
 * gnuplot's exit code says nothing about a full disk, so what it wrote is
 * looked at.
 */
#ifndef HARNESS_ANALYSE_GNUPLOT_H
#define HARNESS_ANALYSE_GNUPLOT_H

#include <stdbool.h>
#include <stddef.h>

#define VARIABLES 4096
/* What gnuplot is told with -e. */
struct variables {
	char text[VARIABLES];
	size_t length;
};

/* Add name = 'value'. What does not fit is cut off. */
void variable_add(struct variables *, const char *name, const char *value);
/* The same for a place where gnuplot reads markup: as plain text. */
void variable_add_plain(struct variables *, const char *name,
			const char *value);

/* Run a script; its talk goes to standard error. 0 or EXIT_RUNTIME, said. */
int gnuplot_run(const struct variables *, const char *script);

/* Does a drawn file end as its format (PNG or else SVG) does? What does not is
 * removed. */
bool file_whole(const char *path, bool png);

#endif
