/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * due.h - when the next byte of a session can be at its receiver
 *
 * A program with a pace (pace.h) writes in steps: until the next step is due
 * nobody waits for a byte. One without writes all at once, and its next byte is
 * due as soon as the one before has come.
 */
#ifndef SIM_MODEL_DUE_H
#define SIM_MODEL_DUE_H

#include <stdint.h>

#include "core/instant.h"
#include "sim/model/settings.h"

struct session;

/* step_bytes: pace_step_bytes(). When the program may have written its first
 * byte: not before its SYN was answered. */
struct instant due_first(const struct settings *, uint64_t step_bytes,
			 const struct session *);
/* When the byte after these can be at the receiver; NEVER: there is none. The
 * sender's pace says when it is written, counted from its first byte; when that
 * was, the receiver knows from the arrival that was least late. */
struct instant due_next(const struct settings *, uint64_t step_bytes,
			struct instant now, struct session *);

#endif
