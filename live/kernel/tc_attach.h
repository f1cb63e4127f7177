/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tc_attach.h - our two programs in an interface's traffic control (tc-bpf(8))
 *
 *	qdisc clsact -+- ingress -- priority 18551, handle 1: homeward_in
 *		      `- egress --- priority 18551, handle 1: homeward_out
 *
 * Priority and handle are fixed, so that a new daemon's program replaces a
 * dead one's in one atomic step of the kernel, without pinning anything in a
 * file system. What is ours is known by the program's name, which begins with
 * TC_ATTACH_PREFIX; another's filter in our slot is left alone and is an
 * error. The priority is high as numbers go: others come first.
 *
 * clsact filters rather than TCX links: they outlive their maker, and Linux
 * 6.1 has them.
 */
#ifndef LIVE_KERNEL_TC_ATTACH_H
#define LIVE_KERNEL_TC_ATTACH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TC_ATTACH_PREFIX   "homeward_"
#define TC_ATTACH_PRIORITY 18551 /* 0x4877, "Hw" */
#define TC_ATTACH_HANDLE   1

enum tc_attach_side {
	TC_ATTACH_INGRESS,
	TC_ATTACH_EGRESS,
	TC_ATTACH_SIDES
};

struct tc_attach {
	uint32_t ifindex; /* 0: not in use */
	uint32_t programs[TC_ATTACH_SIDES]; /* kernel's ids; 0: none attached */
	bool qdisc_ours; /* made by us or a dead predecessor */
};

/* Attach a program, replacing a predecessor's. The qdisc is made if it is not
 * there. The struct starts as { .ifindex = it }. 0; -errno: -EEXIST: another's
 * filter has our slot. */
int tc_attach_attach(struct tc_attach *, enum tc_attach_side, int program_fd);
/* Detach what tc_attach_attach() attached, unless a successor has replaced it
 * already, and the qdisc if it is ours and empty. Needs CAP_NET_ADMIN. */
void tc_attach_detach(struct tc_attach *);
/* Detach all programs that bear our prefix, whichever process attached them,
 * and the qdisc if it is then empty. How many; -errno. */
int tc_attach_clean(uint32_t ifindex);

#endif
