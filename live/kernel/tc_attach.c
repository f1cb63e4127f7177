/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * tc_attach.c - libbpf attaches and detaches, rtnetlink says what is there
 *
 * The kernel tells a filter's program by id and by the name that libbpf gave
 * it, "NAME:[ID]" with the program's own name; the program behind an id may be
 * opened by CAP_SYS_ADMIN only, so the name it is.
 */
#include "live/kernel/tc_attach.h"

#include <errno.h>
#include <string.h>

#include <bpf/libbpf.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>

#include "live/kernel/rtnl.h"

#define OURS_MAX 16

/* The filters of one side of an interface. */
struct stock {
	uint32_t ours_count; /* at most OURS_MAX are remembered */
	struct {
		uint32_t handle, priority, program;
	} ours[OURS_MAX];
	uint32_t others_count;
	bool slot_taken; /* another program has our priority and handle */
};

static enum bpf_tc_attach_point
attach_point(enum tc_attach_side side)
{
	return side == TC_ATTACH_INGRESS ? BPF_TC_INGRESS : BPF_TC_EGRESS;
}

static int
read_option(const struct nlattr *attribute, void *context)
{
	const struct nlattr **found = context;

	if (mnl_attr_get_type(attribute) <= TCA_BPF_MAX)
		found[mnl_attr_get_type(attribute)] = attribute;
	return MNL_CB_OK;
}

static int
read_attribute(const struct nlattr *attribute, void *context)
{
	if (mnl_attr_get_type(attribute) == TCA_OPTIONS)
		mnl_attr_parse_nested(attribute, read_option, context);
	return MNL_CB_OK;
}

static int
read_filter(const struct nlmsghdr *message, void *context)
{
	struct stock *stock = context;
	const struct tcmsg *tc = mnl_nlmsg_get_payload(message);
	uint32_t priority = TC_H_MAJ(tc->tcm_info) >> 16;
	const struct nlattr *found[TCA_BPF_MAX + 1] = { NULL };

	/* A priority's list comes before its filters, with handle 0. */
	if (message->nlmsg_type != RTM_NEWTFILTER || tc->tcm_handle == 0)
		return MNL_CB_OK;
	mnl_attr_parse(message, sizeof(*tc), read_attribute, found);
	if (found[TCA_BPF_NAME] != NULL && found[TCA_BPF_ID] != NULL &&
	    strncmp(mnl_attr_get_str(found[TCA_BPF_NAME]), TC_ATTACH_PREFIX,
		    strlen(TC_ATTACH_PREFIX)) == 0) {
		if (stock->ours_count == OURS_MAX)
			return MNL_CB_OK;
		stock->ours[stock->ours_count].handle = tc->tcm_handle;
		stock->ours[stock->ours_count].priority = priority;
		stock->ours[stock->ours_count].program =
			mnl_attr_get_u32(found[TCA_BPF_ID]);
		stock->ours_count++;
		return MNL_CB_OK;
	}
	stock->others_count++;
	if (priority == TC_ATTACH_PRIORITY)
		stock->slot_taken = true;
	return MNL_CB_OK;
}

/* What filters are there; none, if there is no qdisc. 0 or -errno. */
static int
stock_take(uint32_t ifindex, enum tc_attach_side side, struct stock *stock)
{
	_Alignas(struct nlmsghdr) char buffer[RTNL_REQUEST];
	struct nlmsghdr *request = mnl_nlmsg_put_header(buffer);

	*stock = (struct stock){ 0 };
	request->nlmsg_type = RTM_GETTFILTER;
	request->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	struct tcmsg *tc = mnl_nlmsg_put_extra_header(request, sizeof(*tc));
	tc->tcm_family = AF_UNSPEC;
	tc->tcm_ifindex = (int)ifindex;
	tc->tcm_parent = TC_H_MAKE(TC_H_CLSACT, side == TC_ATTACH_INGRESS
							? TC_H_MIN_INGRESS
							: TC_H_MIN_EGRESS);
	int result = rtnl_ask(request, read_filter, stock);
	return result == -EINVAL || result == -ENOENT ? 0 : result;
}

/* libbpf's structs start with their size and want every byte behind what they
 * name to be zero, padding too. */
static struct bpf_tc_hook *
tc_hook(struct bpf_tc_hook *attach, uint32_t ifindex,
	enum bpf_tc_attach_point point)
{
	memset(attach, 0, sizeof(*attach));
	attach->sz = sizeof(*attach);
	attach->ifindex = (int)ifindex;
	attach->attach_point = point;
	return attach;
}

static struct bpf_tc_opts *
tc_options(struct bpf_tc_opts *options, uint32_t handle, uint32_t priority)
{
	memset(options, 0, sizeof(*options));
	options->sz = sizeof(*options);
	options->handle = handle;
	options->priority = priority;
	return options;
}

/* Remove clsact if it has no filter. */
static void
qdisc_remove_if_empty(uint32_t ifindex)
{
	struct stock stock;

	for (enum tc_attach_side side = 0; side < TC_ATTACH_SIDES; side++) {
		if (stock_take(ifindex, side, &stock) != 0 ||
		    stock.ours_count + stock.others_count > 0)
			return;
	}
	struct bpf_tc_hook attach;
	(void)bpf_tc_hook_destroy(
		tc_hook(&attach, ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS));
}

int
tc_attach_attach(struct tc_attach *attach, enum tc_attach_side side,
		 int program_fd)
{
	struct stock stock;
	int result = stock_take(attach->ifindex, side, &stock);

	if (result != 0)
		return result;
	if (stock.slot_taken)
		return -EEXIST;
	struct bpf_tc_hook tc;
	result = bpf_tc_hook_create(
		tc_hook(&tc, attach->ifindex, BPF_TC_INGRESS | BPF_TC_EGRESS));
	if (result != 0 && result != -EEXIST)
		return result;
	if (result == 0 || stock.ours_count > 0)
		attach->qdisc_ours = true;
	struct bpf_tc_opts options;
	tc_options(&options, TC_ATTACH_HANDLE, TC_ATTACH_PRIORITY);
	options.prog_fd = program_fd;
	options.flags = BPF_TC_F_REPLACE;
	result = bpf_tc_attach(
		tc_hook(&tc, attach->ifindex, attach_point(side)), &options);
	if (result == 0)
		attach->programs[side] = options.prog_id;
	return result;
}

/* Detach one filter. 0 or -errno. */
static int
filter_remove(uint32_t ifindex, enum tc_attach_side side, uint32_t handle,
	      uint32_t priority)
{
	struct bpf_tc_hook tc;
	struct bpf_tc_opts options;

	return bpf_tc_detach(tc_hook(&tc, ifindex, attach_point(side)),
			     tc_options(&options, handle, priority));
}

void
tc_attach_detach(struct tc_attach *attach)
{
	struct stock stock;

	if (attach->ifindex == 0)
		return;
	for (enum tc_attach_side side = 0; side < TC_ATTACH_SIDES; side++) {
		if (attach->programs[side] == 0 ||
		    stock_take(attach->ifindex, side, &stock) != 0)
			continue;
		for (uint32_t i = 0; i < stock.ours_count; i++) {
			if (stock.ours[i].program == attach->programs[side])
				(void)filter_remove(attach->ifindex, side,
						    stock.ours[i].handle,
						    stock.ours[i].priority);
		}
		attach->programs[side] = 0;
	}
	if (attach->qdisc_ours)
		qdisc_remove_if_empty(attach->ifindex);
	attach->ifindex = 0;
}

int
tc_attach_clean(uint32_t ifindex)
{
	struct stock stock;
	int removed = 0;

	for (enum tc_attach_side side = 0; side < TC_ATTACH_SIDES; side++) {
		int result = stock_take(ifindex, side, &stock);

		for (uint32_t i = 0; result == 0 && i < stock.ours_count; i++) {
			result = filter_remove(ifindex, side,
					       stock.ours[i].handle,
					       stock.ours[i].priority);
			removed += result == 0;
		}
		if (result != 0)
			return result;
	}
	/* An empty one without us is not ours to remove. */
	if (removed > 0)
		qdisc_remove_if_empty(ifindex);
	return removed;
}
