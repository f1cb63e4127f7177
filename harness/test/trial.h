/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trial.h - downloads through a lab while something happens to it
 *
 *	trial_begin()	a fabric as a lab, every daemon joined
 *	trial_download() curl on the client, from a given port
 *	...		whatever the test is about
 *	trial_finish()	every byte that arrived was right?
 *	trial_end()	the lab is gone
 *
 * For live tests: what a run of a scenario (stint.h) cannot do, because nobody
 * should want it in a scenario.
 */
#ifndef HARNESS_TEST_TRIAL_H
#define HARNESS_TEST_TRIAL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/emulate/fetch.h"
#include "harness/lab/lab.h"
#include "live/conf/secret.h"
#include "sim/model/watch.h"

#define TRIAL_WORDS 128

struct trial_download {
	uint16_t port;
	uint64_t bytes;
	bool ended;
	enum outcome outcome; /* CLOSED: all bytes came and were right */
	char why[TRIAL_WORDS];
};

struct trial {
	struct lab lab;
	uint8_t family;
	struct fetch *fetch;
	struct trial_download downloads[FETCH_MAX];
	uint32_t download_count;
	struct secret secret; /* the lab's */
};

#define TRIAL_SKIP 77 /* ctest: this machine cannot */

/* The paper's fabric, without delays; family 4 or 6. */
void trial_settings(struct settings *, uint8_t family);
/* 0; TRIAL_SKIP or 1 after saying why. A trial that began is ended by
 * trial_end() only. */
int trial_begin(struct trial *, const char *name, uint8_t family);
/* The same with settings of one's own. */
int trial_begin_as(struct trial *, const char *name, const struct settings *);
void trial_end(struct trial *);

/* CLOCK_MONOTONIC. */
struct instant trial_now(void);
/* Begin one; pace_bps 0: as fast as TCP. 0 or -errno. */
int trial_download(struct trial *, uint16_t port, uint64_t bytes,
		   uint64_t pace_bps);
/* Let so much time pass. */
void trial_wait(struct trial *, int64_t ns);
/* Until every download has ended, at most so long. True: all are whole; else
 * what became of the others was said. */
bool trial_finish(struct trial *, int64_t most_ns);

uint32_t trial_device(const struct trial *, enum device_kind, uint32_t index);
/* The server that this port's session goes to now, or FABRIC_NONE; *link: the
 * last one on its way. */
uint32_t trial_server(const struct trial *, uint16_t port, uint32_t *link);
/* A counter of a server's daemon; 0, said, when it does not answer. And over
 * all servers. */
uint64_t trial_counter(const struct trial *, uint32_t server, const char *name);
uint64_t trial_sum(const struct trial *, const char *name);

/* Record what arrives of our datagrams at a server's uplinks into
 * FOLDER/NAME.pcap, until stopped; tcpdump's pid or -1. */
pid_t trial_record(const struct trial *, uint32_t server, char path[LAB_PATH]);
void trial_record_stop(pid_t);

#endif
