/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * netns.h - the network namespaces of a lab, found by their name alone
 *
 *	/run/netns/hw-paper-leaf3	a bind mount, as `ip netns` makes it
 *		   '-------' '---'
 *		    the lab  a device's name, or "relay"
 *
 * A namespace is the lab's if its name is that prefix and a name that a
 * device can have: lab "paper" does not own hw-paper-2-leaf1, which is lab
 * "paper-2"'s. A process is the lab's if it is in such a namespace; so one
 * that forked, forgot its pid file or was left by a crash is found as well.
 */
#ifndef HARNESS_LAB_NETNS_H
#define HARNESS_LAB_NETNS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define LAB_NETNS_NAME	64
#define LAB_NETNS_RELAY "relay"

void lab_netns_name(char name[LAB_NETNS_NAME], const char *lab,
		    const char *device);
/* Descriptor of a namespace, close-on-exec; -1 with errno. */
int lab_netns_open(const char *name);
/* This thread goes there. What to give to lab_netns_leave(); -1 with errno. */
int lab_netns_enter(const char *name);
void lab_netns_leave(int before);

/* All of a lab: names to be freed with free(). Their number. */
uint32_t lab_netns_list(const char *lab, char (**names)[LAB_NETNS_NAME]);
/* Is the process in that namespace? A zombie is nowhere. */
bool lab_netns_has(const char *name, pid_t pid);
/* Ask all processes of a lab to end, wait `patience_ms`, then make them. The
 * number that there was. */
uint32_t lab_netns_empty(const char *lab, uint32_t patience_ms);
/* Forget the names; the kernel removes what no process holds. Their number. */
uint32_t lab_netns_remove(const char *lab);

#endif
