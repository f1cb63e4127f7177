/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * hook.h - our two places in an interface's traffic control (tc-bpf(8))
 *
 *	qdisc clsact -+- ingress -- priority 18551, handle 1: homeward_in
 *		      `- egress --- priority 18551, handle 1: homeward_out
 *
 * Priority and handle are fixed, so that a new daemon's program replaces a
 * dead one's in one atomic step of the kernel, without pinning anything in a
 * file system. What is ours is known by the program's name, which begins with
 * HOOK_PREFIX; another's filter in our place is left alone and is an error.
 * The priority is high as numbers go: others come first.
 *
 * clsact filters rather than TCX links: they outlive their maker, and Linux
 * 6.1 has them.
 */
#ifndef LIVE_KERNEL_HOOK_H
#define LIVE_KERNEL_HOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HOOK_PREFIX   "homeward_"
#define HOOK_PRIORITY 18551 /* 0x4877, "Hw" */
#define HOOK_HANDLE   1

enum hook_side {
	HOOK_INGRESS,
	HOOK_EGRESS,
	HOOK_SIDES
};

struct hook {
	uint32_t ifindex; /* 0: not in use */
	uint32_t programs[HOOK_SIDES]; /* kernel's ids; 0: none attached */
	bool qdisc_ours; /* made by us or a dead predecessor */
};

/* Attach a program, replacing a predecessor's. The qdisc is made if it is not
 * there. *hook starts as { .ifindex = it }. 0; -errno: -EEXIST: a stranger's
 * filter has our place. */
int hook_attach(struct hook *, enum hook_side, int program_fd);
/* Detach what hook_attach() attached, unless a successor has replaced it
 * already, and the qdisc if it is ours and empty. Needs CAP_NET_ADMIN. */
void hook_detach(struct hook *);
/* Detach whoever's programs that bear our prefix, and the qdisc if it is then
 * empty. How many; -errno. */
int hook_clean(uint32_t ifindex);

#endif
