/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * request.h - the first 32 bytes that a client sends to a server
 *
 *	 0          4      5      8           12     16        24       32
 *	+----------+------+------+-----------+------+---------+--------+
 *	| "HOME"   | verb | zero | session   | zero | bytes   | pace   |
 *	+----------+------+------+-----------+------+---------+--------+
 *
 * GET: the server answers `bytes` bytes and closes; PUT: so many follow, and
 * the server closes when it has them. Integers are big-endian, pace is in
 * bits per second. The session's number makes the head unique, and thereby the
 * seed of all bytes after it (tcp_head_seed).
 */
#ifndef SIM_MODEL_REQUEST_H
#define SIM_MODEL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#define REQUEST_BYTES 32

struct request {
	bool upload;
	uint32_t flow;
	uint64_t bytes;
	uint64_t pace_bps; /* 0: as fast as TCP */
};

void request_encode(const struct request *, uint8_t bytes[REQUEST_BYTES]);
bool request_decode(struct request *, const uint8_t bytes[REQUEST_BYTES]);

#endif
