/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * fault_actions.h - what the script of faults (sim/model/fault.h) does in a lab
 *
 * An action is an order to kernels and processes: it blocks, so the worker's
 * thread carries orders out, one after the other, while the loop goes on. The
 * script reports a fault when it is ordered, so that no stray comes before its
 * fault; detection is timed from the kernel's link event (link_events.h).
 *
 * A link is cut by taking one end down (fault_settings.side); the other loses
 * its carrier. A router or server goes down with all its ends. What dies with
 * a server: its daemon and its sockets (SOCK_DESTROY, by ss(8)), without a
 * RST, since its links are down by then.
 */
#ifndef HARNESS_EMULATE_FAULT_ACTIONS_H
#define HARNESS_EMULATE_FAULT_ACTIONS_H

#include <stddef.h>

struct event;
struct emulation;
struct emulation_faults;

/* 0; -EINVAL with a sentence: a target that is not there. */
int emulation_faults_create(struct emulation *, char *error, size_t error_size);
void emulation_faults_destroy(struct emulation_faults *); /* NULL: nothing */
void emulation_faults_start(struct emulation *);
void emulation_faults_event(struct emulation *, const struct event *);
/* The run is over: cuts whose proof is due later are judged now. */
void emulation_faults_finish(struct emulation *);

#endif
