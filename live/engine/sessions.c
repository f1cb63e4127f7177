/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * sessions.c - slots in a mapped file, and an index over them in memory
 *
 * The file (in the machine's byte order: it never leaves the machine):
 *
 *	offset	bytes
 *	     0	    8	magic, with the format's version
 *	     8	   40	the kernel's boot id as text (proc(5)), padded with 0
 *	    48	   16	0
 *	    64	   64	slot 0
 *	   ...
 *
 *	slot	 0  38	session key		48   8	established, ns
 *		38   1	state			56   8	check over the rest,
 *		39   1	0				the state apart
 *		40   4	sequence
 *		44   4	0
 *
 * The order of slots means nothing and a slot never moves. Chains, the list
 * of free slots, counts and doubts are in memory only and made anew when the
 * file is opened; so nothing in the file can be out of step with itself.
 *
 * Valid is a slot whose state is open or lingering and whose check is right.
 * A writer that is killed leaves behind what it had stored so far. To fill a
 * slot is: state free, the fields, the check, then the state, in this order.
 * A session gets another version in another slot before its old slot becomes
 * free; of two slots with one key the newer version counts. So at any moment
 * the file says of a session what was true before or after the step, or (when
 * the table is full and there is no other slot) nothing; never a mixture. The
 * check is a second line: it also finds what a machine that lost power left
 * of a file that was not on /run.
 *
 * Another boot id: none of these sockets exists any more, a key that does is
 * a namesake. Then all slots are free.
 *
 * What stays: a session that ended while no daemon ran, and whose client came
 * back by the same port to this very server, has the version of its
 * predecessor. The kernel tells nothing by which to know.
 *
 * The lock is of the process (fcntl(2)), not of the descriptor, so that a
 * child that outlives a killed daemon by a moment does not keep its successor
 * out.
 */
#include "live/engine/sessions.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/siphash.h"

#define NONE	   UINT32_MAX
#define BOOT_BYTES 40

enum slot_state {
	SLOT_FREE,
	SLOT_OPEN,
	SLOT_LINGERS,
};

struct header {
	char magic[8];
	char boot[BOOT_BYTES];
	uint8_t zero[16];
};

struct slot {
	struct session_key key;
	uint8_t state;
	uint8_t zero1;
	uint32_t sequence;
	uint32_t zero4;
	int64_t established_ns;
	uint64_t check;
};
_Static_assert(sizeof(struct header) == 64, "slots begin at 64");
_Static_assert(sizeof(struct slot) == 64, "as the format says");
_Static_assert(offsetof(struct slot, state) == 38, "as the format says");
_Static_assert(offsetof(struct slot, check) == 56, "as the format says");

static const char magic[8] = { 'h', 'w', 's', 'e', 's', 's', 0, 1 };

struct sessions {
	int fd; /* -1: memory only */
	void *map;
	size_t map_bytes;
	struct slot *slots; /* in the map, behind the header */
	uint32_t slot_count;
	uint32_t capacity, used, lingering;
	uint32_t hand; /* the next that may have to make room */
	struct siphash_key hash; /* clients choose their ports */
	uint32_t mask, free;
	uint32_t *heads; /* by hash */
	uint32_t *next; /* by slot: of its chain, or of the free list */
	bool *doubted; /* by slot */
};

/*
 * A slot of the file
 */

static uint64_t
slot_check(const struct slot *slot)
{
	static const struct siphash_key key = { "sessions" };
	struct slot plain = *slot;

	plain.state = 0;
	return siphash(&key, &plain, offsetof(struct slot, check));
}

static bool
slot_valid(const struct slot *slot)
{
	return (slot->state == SLOT_OPEN || slot->state == SLOT_LINGERS) &&
	       slot->check == slot_check(slot);
}

/* The compiler keeps the order too; a killed process stops at one point of
 * it, whatever the processor had in flight. */
static void
slot_state(struct slot *slot, enum slot_state state)
{
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	__atomic_store_n(&slot->state, (uint8_t)state, __ATOMIC_RELEASE);
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
}

static void
slot_fill(struct slot *slot, const struct session_key *key,
	  struct version version)
{
	slot_state(slot, SLOT_FREE);
	slot->key = *key;
	slot->zero1 = 0;
	slot->sequence = version.sequence;
	slot->zero4 = 0;
	slot->established_ns = version.established_ns;
	slot->check = slot_check(slot);
	slot_state(slot, SLOT_OPEN);
}

static struct version
slot_version(const struct slot *slot)
{
	return (struct version){
		.established_ns = slot->established_ns,
		.sequence = slot->sequence,
	};
}

/*
 * The index
 */

static uint32_t *
head_of(const struct sessions *sessions, const struct session_key *key)
{
	return &sessions->heads[siphash(&sessions->hash, key, sizeof(*key)) &
				sessions->mask];
}

static uint32_t
slot_find(const struct sessions *sessions, const struct session_key *key)
{
	uint32_t slot = *head_of(sessions, key);

	while (slot != NONE && !session_equal(&sessions->slots[slot].key, key))
		slot = sessions->next[slot];
	return slot;
}

static void
chain_add(struct sessions *sessions, uint32_t slot)
{
	uint32_t *head = head_of(sessions, &sessions->slots[slot].key);

	sessions->next[slot] = *head;
	*head = slot;
	sessions->doubted[slot] = false;
	sessions->used++;
	sessions->lingering += sessions->slots[slot].state == SLOT_LINGERS;
}

static void
slot_free(struct sessions *sessions, uint32_t slot)
{
	uint32_t *at = head_of(sessions, &sessions->slots[slot].key);

	while (*at != slot)
		at = &sessions->next[*at];
	*at = sessions->next[slot];
	sessions->used--;
	sessions->lingering -= sessions->slots[slot].state == SLOT_LINGERS;
	slot_state(&sessions->slots[slot], SLOT_FREE);
	sessions->next[slot] = sessions->free;
	sessions->free = slot;
}

static void
slot_use(struct sessions *sessions, const struct session_key *key,
	 struct version version)
{
	uint32_t slot = sessions->free;

	assert(slot != NONE);
	sessions->free = sessions->next[slot];
	slot_fill(&sessions->slots[slot], key, version);
	chain_add(sessions, slot);
}

/* All valid slots into chains, the others into the list. */
static void
index_fill(struct sessions *sessions)
{
	memset(sessions->heads, 0xff,
	       ((size_t)sessions->mask + 1) * sizeof(*sessions->heads));
	sessions->free = NONE;
	for (uint32_t i = sessions->slot_count; i-- > 0;) {
		struct slot *slot = &sessions->slots[i];
		uint32_t twin = NONE;

		if (slot_valid(slot))
			twin = slot_find(sessions, &slot->key);
		else if (slot->state != SLOT_FREE)
			slot_state(slot, SLOT_FREE);
		if (slot->state != SLOT_FREE && twin != NONE) {
			struct version old =
				slot_version(&sessions->slots[twin]);

			if (version_compare(old, slot_version(slot)) < 0)
				slot_free(sessions, twin);
			else
				slot_state(slot, SLOT_FREE);
		}
		if (slot->state != SLOT_FREE) {
			chain_add(sessions, i);
		} else {
			sessions->next[i] = sessions->free;
			sessions->free = i;
		}
	}
}

static int
index_make(struct sessions *sessions)
{
	size_t heads = 1;

	while (heads < sessions->slot_count)
		heads *= 2;
	sessions->mask = (uint32_t)(heads - 1);
	sessions->heads = calloc(heads, sizeof(*sessions->heads));
	sessions->next = calloc(sessions->slot_count, sizeof(*sessions->next));
	sessions->doubted =
		calloc(sessions->slot_count, sizeof(*sessions->doubted));
	if (sessions->heads == NULL || sessions->next == NULL ||
	    sessions->doubted == NULL)
		return -ENOMEM;
	if (getrandom(&sessions->hash, sizeof(sessions->hash), 0) !=
	    sizeof(sessions->hash))
		return -EIO;
	index_fill(sessions);
	return 0;
}

/*
 * The file
 */

/* All zero if there is none. */
static void
boot_read(char boot[BOOT_BYTES])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");

	memset(boot, 0, BOOT_BYTES);
	if (file == NULL)
		return;
	if (fgets(boot, BOOT_BYTES, file) == NULL)
		boot[0] = '\0';
	fclose(file);
}

static int
file_lock(int fd)
{
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	if (fcntl(fd, F_SETLK, &lock) == 0)
		return 0;
	return errno == EACCES || errno == EAGAIN ? -EBUSY : -errno;
}

/* Locked, ours, and at least that large. *size: how large it is. */
static int
file_prepare(int fd, size_t needed, size_t *size)
{
	struct stat status;
	int result = file_lock(fd);

	if (result != 0)
		return result;
	if (fstat(fd, &status) == -1)
		return -errno;
	if (!S_ISREG(status.st_mode) ||
	    (status.st_uid != 0 && status.st_uid != geteuid()) ||
	    (status.st_mode & 022) != 0)
		return -EPERM;
	*size = (size_t)status.st_size;
	/* Of another format, though perhaps with our magic; or hostile. */
	if (*size % sizeof(struct slot) != 0 ||
	    *size / sizeof(struct slot) > UINT32_MAX / 2) {
		if (ftruncate(fd, 0) == -1)
			return -errno;
		*size = 0;
	}
	if (*size >= needed)
		return 0;
	*size = needed;
	/* Pages that are there cannot be refused later, with SIGBUS. */
	return -posix_fallocate(fd, 0, (off_t)needed);
}

/* Begin it anew unless it is of this format and of this boot. */
static void
file_begin(struct sessions *sessions)
{
	struct header *header = sessions->map;
	char boot[BOOT_BYTES];

	boot_read(boot);
	if (memcmp(header->magic, magic, sizeof(magic)) == 0 &&
	    memcmp(header->boot, boot, sizeof(boot)) == 0)
		return;
	memset(sessions->map, 0, sessions->map_bytes);
	memcpy(header->boot, boot, sizeof(boot));
	__atomic_signal_fence(__ATOMIC_SEQ_CST);
	memcpy(header->magic, magic, sizeof(magic));
}

static int
file_map(struct sessions *sessions, const char *path)
{
	size_t size = sizeof(struct header) +
		      ((size_t)sessions->capacity + 1) * sizeof(struct slot);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (path != NULL) {
		flags = MAP_SHARED;
		sessions->fd = open(path,
				    O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC |
					    O_NONBLOCK,
				    0600);
		if (sessions->fd == -1)
			return -errno;
		int result = file_prepare(sessions->fd, size, &size);
		if (result != 0)
			return result;
	}
	sessions->map = mmap(NULL, size, PROT_READ | PROT_WRITE, flags,
			     sessions->fd, 0);
	if (sessions->map == MAP_FAILED) {
		sessions->map = NULL;
		return -errno;
	}
	sessions->map_bytes = size;
	sessions->slots =
		(struct slot *)(void *)((struct header *)sessions->map + 1);
	sessions->slot_count = (uint32_t)((size - sizeof(struct header)) /
					  sizeof(struct slot));
	file_begin(sessions);
	return 0;
}

static const char *
reason(int error)
{
	switch (error) {
	case -EBUSY:
		return "another daemon has it";
	case -EPERM:
		return "not a regular file of ours that no other user may "
		       "write";
	default:
		return strerror(-error);
	}
}

int
sessions_open(struct sessions **result, const char *path, uint32_t capacity,
	      char *error, size_t error_size)
{
	int status = -ENOMEM;

	assert(capacity >= 1 && capacity < UINT32_MAX / 2);
	*result = calloc(1, sizeof(**result));
	if (*result != NULL) {
		(*result)->fd = -1;
		(*result)->capacity = capacity;
		status = file_map(*result, path);
	}
	if (status == 0)
		status = index_make(*result);
	if (status == 0)
		return 0;
	snprintf(error, error_size, "%s: %s", path != NULL ? path : "sessions",
		 reason(status));
	sessions_close(*result);
	*result = NULL;
	return status;
}

void
sessions_close(struct sessions *sessions)
{
	if (sessions == NULL)
		return;
	if (sessions->map != NULL)
		munmap(sessions->map, sessions->map_bytes);
	if (sessions->fd != -1)
		close(sessions->fd);
	free(sessions->heads);
	free(sessions->next);
	free(sessions->doubted);
	free(sessions);
}

/*
 * Taking stock
 */

void
sessions_doubt(struct sessions *sessions)
{
	memset(sessions->doubted, true, sessions->slot_count);
}

void
sessions_settle(struct sessions *sessions,
		void (*gone)(void *, const struct session_key *), void *context)
{
	for (uint32_t i = 0; i < sessions->slot_count; i++) {
		if (sessions->slots[i].state == SLOT_FREE ||
		    !sessions->doubted[i])
			continue;
		struct session_key key = sessions->slots[i].key;
		slot_free(sessions, i);
		gone(context, &key);
	}
}

/*
 * One session
 */

/* One that lingers makes room: it does not count, and the kernel, which
 * answers for it, is asked first anyway. The hand goes on where it stood. */
static void
forget_lingering(struct sessions *sessions)
{
	assert(sessions->lingering > 0);
	while (sessions->slots[sessions->hand].state != SLOT_LINGERS)
		sessions->hand = (sessions->hand + 1) % sessions->slot_count;
	slot_free(sessions, sessions->hand);
}

int
sessions_renew(struct sessions *sessions, const struct session_key *key,
	       struct version version)
{
	uint32_t old = slot_find(sessions, key);

	if (old == NONE) {
		if (sessions_count(sessions) >= sessions->capacity)
			return -ENOSPC;
		if (sessions->used >= sessions->capacity ||
		    sessions->free == NONE) {
			if (sessions->lingering == 0)
				return -ENOSPC;
			forget_lingering(sessions);
		}
		slot_use(sessions, key, version);
	} else if (sessions->free != NONE) {
		slot_use(sessions, key, version);
		slot_free(sessions, old);
	} else {
		slot_free(sessions, old);
		slot_use(sessions, key, version);
	}
	return 0;
}

int
sessions_put(struct sessions *sessions, const struct session_key *key,
	     struct version *version)
{
	uint32_t slot = slot_find(sessions, key);

	if (slot == NONE || sessions->slots[slot].state == SLOT_LINGERS)
		return sessions_renew(sessions, key, *version);
	sessions->doubted[slot] = false;
	*version = slot_version(&sessions->slots[slot]);
	return 0;
}

bool
sessions_linger(struct sessions *sessions, const struct session_key *key)
{
	uint32_t slot = slot_find(sessions, key);

	if (slot == NONE)
		return false;
	sessions->doubted[slot] = false;
	if (sessions->slots[slot].state == SLOT_LINGERS)
		return false;
	slot_state(&sessions->slots[slot], SLOT_LINGERS);
	sessions->lingering++;
	return true;
}

bool
sessions_remove(struct sessions *sessions, const struct session_key *key)
{
	uint32_t slot = slot_find(sessions, key);

	if (slot == NONE)
		return false;
	slot_free(sessions, slot);
	return true;
}

bool
sessions_has(const struct sessions *sessions, const struct session_key *key)
{
	return slot_find(sessions, key) != NONE;
}

bool
sessions_version(const struct sessions *sessions, const struct session_key *key,
		 struct version *version)
{
	uint32_t slot = slot_find(sessions, key);

	if (slot == NONE)
		return false;
	*version = slot_version(&sessions->slots[slot]);
	return true;
}

bool
sessions_lingers(const struct sessions *sessions, const struct session_key *key)
{
	uint32_t slot = slot_find(sessions, key);

	return slot != NONE && sessions->slots[slot].state == SLOT_LINGERS;
}

uint32_t
sessions_count(const struct sessions *sessions)
{
	return sessions->used - sessions->lingering;
}

void
sessions_each(const struct sessions *sessions,
	      void (*each)(void *, const struct session_key *, struct version),
	      void *context)
{
	for (uint32_t i = 0; i < sessions->slot_count; i++) {
		const struct slot *slot = &sessions->slots[i];

		if (slot->state != SLOT_OPEN)
			continue;
		struct session_key key = slot->key;
		each(context, &key, slot_version(slot));
	}
}
