/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * testimony.h - what happened to a session that was broken, in a sentence
 *
 *	client1:40123 of server2, opened 0.412 s: reset 3.612 s by server5,
 *	whose kernel has no socket; strayed 3.412 s, 3 strays; 2 hold its record
 *
 * Times count from the scenario's zero, as the scenario's own do.
 */
#ifndef SIM_JUDGE_TESTIMONY_H
#define SIM_JUDGE_TESTIMONY_H

#include "sim/judge/judge.h"

struct session;

#define TESTIMONY_BYTES 200

/* cause: what it is accused of; NONE: it is late. Of a session that is not over
 * the end is now. */
void testimony(const struct judge_parts *, struct instant zero,
	       struct instant now, const struct session *, enum cause,
	       char text[TESTIMONY_BYTES]);

#endif
