/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * trace.h - captures of simulated links, as ns-3 names and frames them
 *
 *	FOLDER/PREFIX-DEVICE-PORT.pcap		storm-spine1-3.pcap
 *
 * Point-to-point links have link type PPP (9) and each packet two bytes of
 * PPP protocol before it: 0x0021 IPv4, 0x0057 IPv6 (RFC 1661, RFC 5072).
 * Time is simulated time from 0, in microseconds, as ns-3's default has it;
 * the snapshot length is 65,535 bytes. tcpdump, Wireshark and ns-3's own
 * PcapFile read them.
 *
 * A device's port that sees no packet gets no file. Each file has a buffer of
 * TRACE_BUFFER bytes, and as many are open at a time as the system allows us
 * to ask for, up to TRACE_OPEN; beyond that the one longest unused is closed
 * and later continued.
 *
 * A trace also keeps a hash over everything that each file would hold; without
 * a folder it does only that, so that two runs can be compared without the
 * disk.
 */
#ifndef HARNESS_DB_TRACE_H
#define HARNESS_DB_TRACE_H

#include <stdint.h>

#include "core/instant.h"

#define TRACE_OPEN     16384
#define TRACE_BUFFER   16384
#define TRACE_SNAPSHOT 65535

struct trace;

/* folder NULL: hashes only; else it is made when it is not there. NULL:
 * said. */
struct trace *trace_create(const char *folder, const char *prefix);
/* A watch's packet(): context is the trace. After an error it does nothing. */
void trace_packet(void *context, const char *device, uint32_t port,
		  struct instant at, const uint8_t *bytes, uint32_t size);
/* Called for each port in the order of its first packet; name is
 * "DEVICE-PORT". */
typedef void trace_each(void *context, const char *name, uint64_t packets,
			uint64_t hash);
/* Finish all files. 0, or EXIT_RUNTIME when anything could not be written;
 * said. each may be NULL. */
int trace_close(struct trace *, trace_each *each, void *context);

#endif
