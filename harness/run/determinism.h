/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * determinism.h - were two runs of one point the same?
 *
 * Everything a run puts into the database but the clock and host columns is in
 * its run log, with a hash of every port's capture; with --trace the capture
 * files of both runs are compared as well, byte by byte.
 */
#ifndef HARNESS_RUN_DETERMINISM_H
#define HARNESS_RUN_DETERMINISM_H

#include <stdbool.h>
#include <stdio.h>

/* Compare; the first difference goes to talk. folder holds the first run's
 * captures, second the other's (it is removed); both NULL: no captures. */
bool determinism_holds(FILE *first, FILE *again, const char *folder,
		       const char *second, FILE *talk);

#endif
