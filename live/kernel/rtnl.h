/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * rtnl.h - one question to rtnetlink(7), and its answers
 *
 * A socket a question: they are asked at start and end only.
 */
#ifndef LIVE_KERNEL_RTNL_H
#define LIVE_KERNEL_RTNL_H

#include <libmnl/libmnl.h>

/* Room for any request made here. */
#define RTNL_REQUEST 1024

/* Send the request, which the caller has built at the start of RTNL_REQUEST
 * bytes, and hand every answer to each() (NULL: there are none but the
 * acknowledgement). The request asks for an acknowledgement or a dump. 0 or
 * -errno: the kernel's, or of the way there. */
int rtnl_ask(struct nlmsghdr *request, mnl_cb_t each, void *context);

#endif
