/* SPDX-License-Identifier: GPL-3.0-or-later */
/* fault_action.c - which action a kind of fault is */
#include "sim/model/fault_action.h"

#include <stdlib.h>

fault_action *
fault_action_of(const struct fault_actions *actions, enum fault_kind kind)
{
	switch (kind) {
	case FAULT_LINK_DOWN:
	case FAULT_PARTITION:
		return actions->link_down;
	case FAULT_LINK_UP:
	case FAULT_MERGE:
		return actions->link_up;
	case FAULT_LINK_SILENT:
		return actions->link_silent;
	case FAULT_ROUTER_DOWN:
		return actions->router_down;
	case FAULT_ROUTER_UP:
		return actions->router_up;
	case FAULT_SERVER_CRASH:
	case FAULT_CHURN:
		return actions->server_crash;
	case FAULT_SERVER_UP:
	case FAULT_JOIN:
		return actions->server_up;
	case FAULT_DRAIN:
		return actions->drain;
	case FAULT_UNDRAIN:
		return actions->undrain;
	case FAULT_LEAVE:
		return actions->leave;
	case FAULT_DAEMON_KILL:
	case FAULT_DAEMON_RESTART:
		return actions->daemon_kill;
	case FAULT_DAEMON_START:
		return actions->daemon_start;
	case FAULT_LINK_DEGRADE:
	case FAULT_LINK_RESTORE:
		return actions->link_settings;
	case FAULT_FLOOD:
	case FAULT_FORGED_SYN:
		return actions->attack_begin;
	case FAULT_CALM:
		return actions->attack_end;
	case FAULT_SEQUENCE: /* unrolled */
	case FAULT_KINDS:
		break;
	}
	abort();
}
