/* SPDX-License-Identifier: GPL-3.0-or-later */
/* privilege.c - see privilege.h */
#include "live/kernel/privilege.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <unistd.h>

static const cap_value_t kept[] = { CAP_NET_ADMIN, CAP_NET_RAW, CAP_BPF };

#define KEPT_COUNT (sizeof(kept) / sizeof(kept[0]))

static int
failure(char *error, size_t error_size, const char *what)
{
	int reason = errno;

	snprintf(error, error_size, "%s: %s", what, strerror(reason));
	return -reason;
}

/* While we may still: CAP_SETPCAP goes with the rest. */
static int
bounding_drop(char *error, size_t error_size)
{
	for (cap_value_t value = 0; value < cap_max_bits(); value++) {
		if (cap_get_bound(value) == 1 && cap_drop_bound(value) != 0)
			return failure(error, error_size,
				       "cannot drop the bounding set");
	}
	return 0;
}

static int
identity_take(const char *user, char *error, size_t error_size)
{
	errno = 0;
	const struct passwd *entry = getpwnam(user);

	if (entry == NULL) {
		int reason = errno != 0 ? errno : ENOENT;
		snprintf(error, error_size, "there is no user %s", user);
		return -reason;
	}
	uid_t uid = entry->pw_uid;
	gid_t gid = entry->pw_gid;
	if (setgroups(0, NULL) != 0 || setresgid(gid, gid, gid) != 0 ||
	    setresuid(uid, uid, uid) != 0) {
		int reason = errno;
		snprintf(error, error_size, "cannot become user %s: %s", user,
			 strerror(reason));
		return -reason;
	}
	return 0;
}

/* What is kept, as far as we have it, and nothing else. */
static int
capabilities_keep(char *error, size_t error_size)
{
	cap_t old = cap_get_proc();
	cap_t new = cap_init();
	int result = old != NULL && new != NULL ? 0 : -1;

	for (size_t i = 0; result == 0 && i < KEPT_COUNT; i++) {
		cap_flag_value_t had = CAP_CLEAR;
		result = cap_get_flag(old, kept[i], CAP_PERMITTED, &had);
		if (result != 0 || had == CAP_CLEAR)
			continue;
		if (cap_set_flag(new, CAP_PERMITTED, 1, &kept[i], CAP_SET) !=
			    0 ||
		    cap_set_flag(new, CAP_EFFECTIVE, 1, &kept[i], CAP_SET) != 0)
			result = -1;
	}
	if (result == 0 && cap_set_proc(new) != 0)
		result = -1;
	if (result != 0)
		result = failure(error, error_size, "cannot drop capabilities");
	if (old != NULL)
		cap_free(old);
	if (new != NULL)
		cap_free(new);
	return result;
}

int
privilege_drop(const char *user, char *error, size_t error_size)
{
	int result = bounding_drop(error, error_size);

	if (result != 0)
		return result;
	if (prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) != 0)
		return failure(error, error_size, "PR_SET_KEEPCAPS");
	if (user[0] != '\0')
		result = identity_take(user, error, error_size);
	if (result != 0)
		return result;
	result = capabilities_keep(error, error_size);
	if (result != 0)
		return result;
	if (cap_reset_ambient() != 0)
		return failure(error, error_size,
			       "cannot drop the ambient set");
	if (prctl(PR_SET_KEEPCAPS, 0L, 0L, 0L, 0L) != 0 ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0)
		return failure(error, error_size, "PR_SET_NO_NEW_PRIVS");
	return 0;
}
