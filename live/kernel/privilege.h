/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * privilege.h - give up all that the daemon needs only while it sets up
 *
 *	CAP_NET_ADMIN	detach from the uplinks and remove the TUN at the end,
 *			choose an uplink for a packet (SO_MARK)
 *	CAP_NET_RAW	send whole packets (RST, ICMP error), bind to a device
 *	CAP_BPF		other services in the maps after a reload
 *
 * These stay permitted and effective; everything else goes from every set,
 * the bounding set included, and exec(2) can never give anything back
 * (PR_SET_NO_NEW_PRIVS). What only setup needs (CAP_PERFMON for the
 * tracepoint, CAP_DAC_OVERRIDE for files) goes too: what needs root's files or
 * commands later asks the helper.
 *
 * Call it once, in a process with one thread.
 */
#ifndef LIVE_KERNEL_PRIVILEGE_H
#define LIVE_KERNEL_PRIVILEGE_H

#include <stddef.h>

/* Become that user and its group, without supplementary groups; "": the
 * user stays, but drop capabilities all the same. 0; -errno with a sentence in
 * error[], and then the process is in between and should end. */
int privilege_drop(const char *user, char *error, size_t error_size);

#endif
