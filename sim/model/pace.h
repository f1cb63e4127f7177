/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pace.h - when a paced session's program writes, and what follows from it
 *
 *	written	0      1 step     2 steps    3 steps        size
 *	time	|---------|----------|----------|---- ... ---|
 *		          interval
 *
 * A program with a pace (clients.pace_mbps) writes a step whenever so much is
 * due: clients.pace_chunk_kb, at least what one of TCP's segments carries, and
 * what is left at last. So the steps of a session come an interval apart, and
 * sessions that all begin at one instant would send their packets at the same
 * instants for ever after: a lockstep that no crowd of users has, and that
 * makes a cut hit either all of them or none. clients.jitter_ms: auto, the
 * default, spreads such openings uniformly over one interval. It draws nothing
 * where openings are apart already (clients.interval_ms), or where no pace
 * keeps packets in step.
 *
 * The step is the simulator's (transport.c writes so); a live server's program
 * has its own, of about a segment.
 */
#ifndef SIM_MODEL_PACE_H
#define SIM_MODEL_PACE_H

#include <stdint.h>

#include "sim/model/settings.h"

/* A segment's packet is no larger (sim/host/tcp.h). */
#define PACE_MTU_MAX 9216

/* What the program writes at a time. */
uint64_t pace_step_bytes(const struct settings *);
/* From the first byte until so many may have been written; 0 without a pace.
 * Saturates. */
int64_t pace_ns(const struct settings *, uint64_t bytes);
/* Sessions open up to this later, at random: clients.jitter_ms, or what `auto`
 * comes to, which never reaches beyond the end of the run. 0: none. */
int64_t pace_jitter_ns(const struct settings *);

#endif
