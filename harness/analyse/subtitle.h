/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * subtitle.h - what stands under a figure's title: of which runs it is
 *
 *	subtitle_make()		"scale: k = 8, 45 simulated runs"
 *				"paper: k = 20, 15 simulated and 20 live runs"
 *	subtitle_shown()	"paper: 3 of 9 series, k = 20": a figure of
 *				some must not pass for one of all
 *	subtitle_session()	"paper, live: the longest stall of 9 sessions":
 *				one session stands for all
 *
 * After view_open() and the choice of a scenario (view.h). Each returns 0 or
 * EXIT_RUNTIME, said.
 */
#ifndef HARNESS_ANALYSE_SUBTITLE_H
#define HARNESS_ANALYSE_SUBTITLE_H

#include <sqlite3.h>

#define SUBTITLE 160 /* bytes of a subtitle */

int subtitle_make(sqlite3 *, const char *scenario, char *subtitle);
/* After it; says on standard error what is shown when that is not all. */
int subtitle_shown(sqlite3 *, const char *figure, const char *metric,
		   const char *scenario, char *subtitle);
/* In place of it. */
int subtitle_session(sqlite3 *, const char *scenario, char *subtitle);

#endif
