/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * silence.c - an end of a link that sends nothing and keeps its carrier
 *
 * A BPF program of two instructions on tc egress of the end: drop. Egress,
 * so that it does not depend on its order among the daemon's programs, which
 * are on ingress; tc rather than a link of ours, so that it stays when the
 * runner is killed, as a silent link would. The daemon counts kernel resets
 * on egress: of two programs the one of lower priority number is first, and
 * we take the lowest.
 */
#include "harness/lab/lab.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/bpf.h>
#include <linux/pkt_cls.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "harness/lab/netns.h"
#include "harness/lab/wire.h"

#define PRIORITY 1
#define HANDLE	 0x6877

static int
program_load(void)
{
	const struct bpf_insn instructions[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K,
		  .dst_reg = BPF_REG_0,
		  .imm = TC_ACT_SHOT },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return bpf_prog_load(
		BPF_PROG_TYPE_SCHED_CLS, "silence", "GPL", instructions,
		sizeof(instructions) / sizeof(instructions[0]), NULL);
}

/* In the end's namespace. */
static int
end_silence(int interface, bool silent)
{
	struct bpf_tc_hook hook;
	struct bpf_tc_opts options;
	int program, code;

	/* libbpf looks at what is between the members, too. */
	memset(&hook, 0, sizeof(hook));
	memset(&options, 0, sizeof(options));
	hook.sz = sizeof(hook);
	hook.ifindex = interface;
	hook.attach_point = BPF_TC_EGRESS;
	options.sz = sizeof(options);
	options.handle = HANDLE;
	options.priority = PRIORITY;
	if (!silent) {
		/* libbpf would warn that there was nothing to remove. */
		libbpf_print_fn_t talk = libbpf_set_print(NULL);
		code = bpf_tc_detach(&hook, &options);
		libbpf_set_print(talk);
		return code == -ENOENT || code == -EINVAL ? 0 : code;
	}
	code = bpf_tc_hook_create(&hook);
	if (code != 0 && code != -EEXIST)
		return code;
	program = program_load();
	if (program < 0)
		return program;
	options.flags = BPF_TC_F_REPLACE;
	options.prog_fd = program;
	code = bpf_tc_attach(&hook, &options);
	close(program);
	return code;
}

int
lab_silence(const struct lab *lab, uint32_t link, uint32_t end, bool silent)
{
	uint32_t port = lab->fabric->links[link].ports[end];
	char name[LAB_NETNS_NAME];
	int before, code;

	lab_wire_space(lab, lab->fabric->ports[port].device, name);
	if ((before = lab_netns_enter(name)) < 0)
		return -errno;
	code = end_silence((int)(LAB_WIRE_INDEX + port), silent);
	lab_netns_leave(before);
	return code;
}
