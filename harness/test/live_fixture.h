/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * live_fixture.h - downloads through a lab while something happens to it
 *
 *	live_fixture_begin()	a fabric as a lab, every daemon joined
 *	live_fixture_download() curl on the client, from a given port
 *	...			what the test is about
 *	live_fixture_finish()	every byte that arrived was right?
 *	live_fixture_end()	the lab is gone
 *
 * For live tests: what a run of a scenario (emulation.h) cannot do and should
 * not.
 */
#ifndef HARNESS_TEST_LIVE_FIXTURE_H
#define HARNESS_TEST_LIVE_FIXTURE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "harness/emulate/curl_client.h"
#include "harness/lab/lab.h"
#include "live/conf/secret.h"
#include "sim/model/watch.h"

#define LIVE_FIXTURE_WORDS 128

struct live_fixture_download {
	uint16_t port;
	uint64_t bytes;
	bool ended;
	enum outcome outcome; /* CLOSED: all bytes came and were right */
	char why[LIVE_FIXTURE_WORDS];
};

struct live_fixture {
	struct lab lab;
	uint8_t family;
	struct curl_client *curl;
	struct live_fixture_download downloads[CURL_CLIENT_MAX];
	uint32_t download_count;
	struct secret secret; /* the lab's */
};

#define LIVE_FIXTURE_SKIP 77 /* ctest: this machine cannot */

/* The paper's fabric, without delays; family 4 or 6. */
void live_fixture_settings(struct settings *, uint8_t family);
/* 0; LIVE_FIXTURE_SKIP or 1 after saying why. A fixture that began is ended by
 * live_fixture_end() only. */
int live_fixture_begin(struct live_fixture *, const char *name, uint8_t family);
/* The same with settings of one's own. */
int live_fixture_begin_as(struct live_fixture *, const char *name,
			  const struct settings *);
void live_fixture_end(struct live_fixture *);

/* CLOCK_MONOTONIC. */
struct instant live_fixture_now(void);
/* Begin one; pace_bps 0: as fast as TCP. 0 or -errno. */
int live_fixture_download(struct live_fixture *, uint16_t port, uint64_t bytes,
			  uint64_t pace_bps);
/* Let so much time pass. */
void live_fixture_wait(struct live_fixture *, int64_t ns);
/* Until every download has ended, at most so long. True: all are whole; else
 * what became of the others was said. */
bool live_fixture_finish(struct live_fixture *, int64_t most_ns);

uint32_t live_fixture_device(const struct live_fixture *, enum device_kind,
			     uint32_t index);
/* The server that this port's session goes to now, or FABRIC_NONE; *link: the
 * last one on its way. */
uint32_t live_fixture_server(const struct live_fixture *, uint16_t port,
			     uint32_t *link);
/* A counter of a server's daemon; 0, said, when it does not answer. And over
 * all servers. */
uint64_t live_fixture_counter(const struct live_fixture *, uint32_t server,
			      const char *name);
uint64_t live_fixture_sum(const struct live_fixture *, const char *name);

/* Record what arrives of our datagrams at a server's uplinks into
 * FOLDER/NAME.pcap, until stopped; tcpdump's pid or -1. */
pid_t live_fixture_record(const struct live_fixture *, uint32_t server,
			  char path[LAB_PATH]);
void live_fixture_record_stop(pid_t);

#endif
