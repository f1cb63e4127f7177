/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * keepers_test.c - all who keep an owner's records are gone, or begin anew
 */
#include "core/dht/keepers.h"

#include "core/test/mesh.h"

#define NODES 30
#define KEYS  40
#define OWNER 0

enum happening {
	NOTHING,
	DEATH,
	BOOT,
	LEAVE,
};

static const struct row {
	const char *sentence;
	enum happening happening;
	uint32_t replicas;
	bool everybody; /* all but the owner; else one who keeps something */
	bool watch;
	bool found; /* every record is held by who should, 8 s later */
} rows[] = {
	{ "nothing happens", NOTHING, 1, false, true, true },
	{ "the one replica dies", DEATH, 1, false, true, true },
	{ "and its owner does not watch", DEATH, 1, false, false, false },
	{ "the one replica boots", BOOT, 1, false, true, true },
	{ "and its owner does not care", BOOT, 1, false, false, false },
	{ "the one replica leaves without a word to its heirs", LEAVE, 1, false,
	  true, true },
	{ "all boot, each the one replica of some", BOOT, 1, true, true, true },
	{ "all boot, with all three replicas", BOOT, 3, true, true, true },
	{ "and its owner does not care", BOOT, 3, true, false, false },
};

static void
boot(struct mesh *mesh, uint32_t i)
{
	struct node_limits limits = { .contacts = MESH_CONTACTS };
	struct endpoint self = mesh_endpoint_number(i);
	uint32_t seed = OWNER;

	node_forget(mesh->nodes[i]);
	node_init(mesh->nodes[i], &limits, &mesh->settings, &mesh->parts, i,
		  77 + i);
	node_booted(mesh->nodes[OWNER], mesh->now, &self, &mesh->outbox);
	mesh_collect(mesh, OWNER);
	node_join(mesh->nodes[i], mesh->now, &seed, 1, &mesh->outbox);
	mesh_collect(mesh, i);
}

static void
happen(struct mesh *mesh, enum happening happening, uint32_t i)
{
	switch (happening) {
	case NOTHING:
		break;
	case BOOT:
		boot(mesh, i);
		break;
	case LEAVE:
		node_leave(mesh->nodes[i], mesh->now, &mesh->outbox);
		mesh_collect(mesh, i);
		/* fallthrough */
	case DEATH:
		node_forget(mesh->nodes[i]);
		mesh->dead[i] = true;
		break;
	}
}

/* How many of the r closest living nodes do not hold one of our records. */
static uint32_t
lacking_one(struct mesh *mesh, uint32_t number)
{
	const struct endpoints *endpoints = mesh->parts.endpoints;
	struct session_key key = mesh_key_number(number);
	uint64_t target =
		position_of_session(endpoints_placement(endpoints), &key);
	uint32_t lack = 0;

	for (uint32_t i = 0; i < NODES; i++) {
		struct record records[RECORDS_PER_KEY];
		uint64_t ours = position_distance(
			target, endpoints_position(endpoints, i));
		uint32_t closer = 0;

		for (uint32_t j = 0; j < NODES; j++)
			closer += !mesh->dead[j] &&
				  position_distance(
					  target, endpoints_position(endpoints,
								     j)) < ours;
		if (mesh->dead[i] || closer >= mesh->settings.replicas)
			continue;
		lack += store_peek(mesh->parts.store, mesh->now, i, &key,
				   records) != 1;
	}
	return lack;
}

static uint32_t
lacking(struct mesh *mesh)
{
	uint32_t lack = 0;

	for (uint32_t number = 0; number < KEYS; number++)
		lack += lacking_one(mesh, number);
	return lack;
}

/* Somebody who keeps a record. */
static uint32_t
keeper(const struct mesh *mesh)
{
	uint32_t i = NODES - 1;

	while (i > OWNER + 1 && !store_holds(mesh->parts.store, i))
		i--;
	return i;
}

static void
play(const struct row *row)
{
	struct node_settings settings;
	struct mesh mesh;

	node_settings_default(&settings);
	settings.replicas = row->replicas;
	if (!row->watch)
		settings.watch_ns = 0;
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	for (uint32_t i = 0; i < KEYS; i++)
		mesh_set(&mesh, OWNER, i, 5);
	mesh_pass(&mesh, 10 * NS_PER_S);
	CHECK_ROW(lacking(&mesh) == 0, row->sentence);
	if (row->everybody)
		for (uint32_t i = OWNER + 1; i < NODES; i++)
			happen(&mesh, row->happening, i);
	else
		happen(&mesh, row->happening, keeper(&mesh));
	CHECK_ROW((lacking(&mesh) == 0) == (row->happening == NOTHING),
		  row->sentence);
	mesh_pass(&mesh, 8 * NS_PER_S);
	fprintf(stderr, "%s: %u lack it\n", row->sentence, lacking(&mesh));
	CHECK_ROW((lacking(&mesh) == 0) == row->found, row->sentence);
	if (row->happening == NOTHING)
		CHECK_ROW(node_counters(mesh.nodes[OWNER])->republished == 0,
			  row->sentence);
	mesh_close(&mesh);
}

/* All who hold one session's record die at once, and its owner knows only some
 * of them. */
static const struct loss {
	const char *sentence;
	uint32_t replicas, k;
	bool replaced; /* others are there for the dead contacts' places */
} losses[] = {
	{ "all contacts", 3, 20, false },
	{ "some strangers", 3, 6, false },
	{ "some strangers, and contacts that give way", 3, 6, true },
	{ "the only one, often a stranger", 1, 6, false },
	{ "the only one, nearly always a stranger", 1, 3, false },
};

/* Every other node asks the owner something. */
static void
ask_owner(struct mesh *mesh)
{
	struct endpoint owner = mesh_endpoint_number(OWNER);

	for (uint32_t i = OWNER + 1; i < NODES; i++) {
		if (mesh->dead[i])
			continue;
		node_ping(mesh->nodes[i], &owner, &mesh->outbox);
		mesh_collect(mesh, i);
	}
}

/* Kill who holds key `number`; how many of them the owner knows. */
static uint32_t
lose(struct mesh *mesh, uint32_t number)
{
	struct session_key key = mesh_key_number(number);
	struct record records[RECORDS_PER_KEY];
	uint32_t known = 0;

	for (uint32_t i = OWNER + 1; i < NODES; i++) {
		if (store_peek(mesh->parts.store, mesh->now, i, &key,
			       records) == 0)
			continue;
		known += table_find(mesh->nodes[OWNER]->table, i) != NULL;
		happen(mesh, DEATH, i);
	}
	return known;
}

static void
play_loss(const struct loss *loss)
{
	struct node_settings settings;
	uint32_t strangers = 0;

	node_settings_default(&settings);
	settings.k = loss->k;
	settings.alpha = 1;
	settings.replicas = loss->replicas;
	for (uint32_t number = 0; number < KEYS; number++) {
		struct mesh mesh;

		mesh_open(&mesh, NODES, &settings, 5);
		mesh_make_ideal(&mesh);
		mesh_set(&mesh, OWNER, number, 5);
		mesh_pass(&mesh, 6 * NS_PER_S);
		if (loss->replaced)
			ask_owner(&mesh);
		mesh_pass(&mesh, NS_PER_S);
		uint32_t known = lose(&mesh, number);
		strangers += known < settings.replicas;
		mesh_pass(&mesh, 8 * NS_PER_S);
		/* Of whom it knows none it cannot miss any, unless that is
		 * the only one. */
		if (known > 0 || loss->replicas == 1)
			CHECK_ROW(lacking_one(&mesh, number) == 0,
				  loss->sentence);
		mesh_close(&mesh);
	}
	fprintf(stderr, "%s: of %u sessions %u with strangers\n",
		loss->sentence, KEYS, strangers);
	CHECK_ROW((strangers > 0) == (loss->k < NODES / 2), loss->sentence);
}

/* All who hold one session's record die at once, and its owner knows none of
 * them. */
static const struct slide {
	const char *sentence;
	uint32_t others; /* who keep others of its records die as well */
	bool found;
} slides[] = {
	{ "and nobody else", 0, false },
	{ "and one whom it watches", 1, false },
	{ "and four whom it watches", 4, true },
};

static bool
knows_a_holder(struct mesh *mesh, uint32_t number)
{
	struct session_key key = mesh_key_number(number);
	struct record records[RECORDS_PER_KEY];

	for (uint32_t i = 0; i < NODES; i++)
		if (store_peek(mesh->parts.store, mesh->now, i, &key,
			       records) != 0 &&
		    (i == OWNER ||
		     table_find(mesh->nodes[OWNER]->table, i) != NULL))
			return true;
	return false;
}

static bool
play_slide(const struct slide *slide, uint32_t number)
{
	struct node_settings settings;
	struct mesh mesh;

	node_settings_default(&settings);
	settings.k = 3;
	mesh_open(&mesh, NODES, &settings, 5);
	mesh_make_ideal(&mesh);
	for (uint32_t i = 0; i < KEYS; i++)
		mesh_set(&mesh, OWNER, i, 5);
	mesh_pass(&mesh, 6 * NS_PER_S);
	bool known = knows_a_holder(&mesh, number);
	if (!known) {
		const struct table *table = mesh.nodes[OWNER]->table;
		uint32_t others = slide->others;

		(void)lose(&mesh, number);
		for (uint32_t i = 0; i < table->count && others > 0; i++) {
			if (!table->contacts[i].keeps)
				continue;
			happen(&mesh, DEATH, table->contacts[i].peer);
			others--;
		}
		CHECK_ROW(others == 0, slide->sentence);
		mesh_pass(&mesh, 14 * NS_PER_S);
		CHECK_ROW((lacking_one(&mesh, number) == 0) == slide->found,
			  slide->sentence);
	}
	mesh_close(&mesh);
	return !known;
}

int
main(void)
{
	for (size_t i = 0; i < sizeof(slides) / sizeof(slides[0]); i++) {
		uint32_t played = 0;

		for (uint32_t number = 0; number < KEYS; number++)
			played += play_slide(&slides[i], number);
		fprintf(stderr, "%s: %u sessions of strangers\n",
			slides[i].sentence, played);
		CHECK_ROW(played > 2, slides[i].sentence);
	}
	for (size_t i = 0; i < sizeof(losses) / sizeof(losses[0]); i++)
		play_loss(&losses[i]);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		play(&rows[i]);
	return check_done();
}
