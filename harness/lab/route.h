/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * route.h - what the kernels of a lab would do with a packet
 *
 * lab_link() of lab.h is in route.c too, lab_path() in path.c, which
 * has its file to itself. A netlink socket
 * belongs to the namespace in which it was made, so one a device, opened
 * once, serves from anywhere.
 */
#ifndef HARNESS_LAB_ROUTE_H
#define HARNESS_LAB_ROUTE_H

#include <stdbool.h>
#include <stdint.h>

#include "harness/lab/lab.h"

/* Open lab->sockets. 0, or -1 after saying why. */
int lab_route_open(struct lab *);
void lab_route_close(struct lab *);

struct nlmsghdr;

/* Send the request on such a socket and hear all that is answered; heard
 * returns MNL_CB_OK, or NULL. 0 or -errno. */
int lab_route_talk(int file, struct nlmsghdr *request,
		   int (*heard)(const struct nlmsghdr *, void *),
		   void *context);

/* Next hops towards the service at a device: those installed, and those that
 * a converged fabric has. 0 or -1. */
int lab_route_service(const struct lab *, uint32_t device, uint32_t *there,
		      uint32_t *all);
/* The same of the default route, which leaves and servers have. */
int lab_route_default(const struct lab *, uint32_t device, uint32_t *there,
		      uint32_t *all);
/* Wait until every route of every device has all its next hops. 0; -1 after
 * saying what was missing at the deadline. */
int lab_route_wait(const struct lab *, int64_t deadline_ns);

#endif
