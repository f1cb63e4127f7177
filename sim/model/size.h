/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * size.h - how many bytes a session has
 *
 *	size_cdf: [[100, 50], [300, 100]]	half of them 1 to 100 bytes,
 *						half 100 to 300, evenly
 *
 * Drawn by inverse transform, linear between the points of the cumulative
 * distribution, from 0 bytes on; in integers, so that a seed's sizes are the
 * same on every machine. A session has one byte at least.
 */
#ifndef SIM_MODEL_SIZE_H
#define SIM_MODEL_SIZE_H

#include <stdint.h>

#include "core/rng.h"
#include "sim/model/settings.h"

/* The next one. Without a CDF all have size_bytes, and nothing is drawn. */
uint64_t size_draw(const struct client_settings *, struct rng *);

#endif
