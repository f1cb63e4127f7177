/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * pattern.h - payload that is computed, not stored
 *
 * Byte i of a stream is a pure function of (seed, i): the sender makes it when
 * a segment is built, again when it is sent again, and the receiver checks
 * every byte it gets. So a simulated gigabyte needs no buffer, and bytes of
 * another session, another offset or another run are noticed at once.
 *
 *	offset	0 ....... 7	8 ...... 15	16 ..
 *	word	mix(seed, 0)	mix(seed, 1)	mix(seed, 2)	little-endian
 */
#ifndef SIM_MODEL_PATTERN_H
#define SIM_MODEL_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void pattern_fill(uint64_t seed, uint64_t offset, uint8_t *bytes, size_t size);
bool pattern_matches(uint64_t seed, uint64_t offset, const uint8_t *bytes,
		     size_t size);

#endif
