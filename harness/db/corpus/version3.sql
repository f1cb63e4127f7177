-- SPDX-License-Identifier: GPL-3.0-or-later
-- version3.sql - a database of version 3, as .dump prints it: what e465e40 wrote, made
-- small; its live runs are simulated ones with other times. Tests read it.
PRAGMA application_id = 1215262053;
PRAGMA user_version = 3;
PRAGMA foreign_keys=OFF;
BEGIN TRANSACTION;
CREATE TABLE run(
  id INTEGER PRIMARY KEY,
  scenario TEXT NOT NULL,
  world TEXT NOT NULL,
  seed INTEGER NOT NULL,
  servers INTEGER NOT NULL,
  point TEXT NOT NULL CHECK (json_valid(point)),
  started_at TEXT NOT NULL,
  status TEXT NOT NULL CHECK (status IN ('ok', 'failed')),
  wall_s REAL,
  cpu_s REAL,
  peak_rss_bytes INTEGER,
  events INTEGER,
  state_hash TEXT,
  commit_id TEXT,
  host TEXT,
  kernel TEXT,
  versions TEXT CHECK (json_valid(versions)),
  resolved TEXT NOT NULL
) STRICT;
INSERT INTO run VALUES(1,'gate','sim',1,16,'{"fabric.servers":16,"measure.settings":5}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,168,'cb55488d74be3482','e465e40','somewhere','Linux 6.1','{}',replace('title: What CI compares - rounds, messages and L of a small sweep\nseed: 1\nfabric:\n  kind: uniform\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 100\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 8\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: ideal\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 0\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0\n  direction: download\n  size_mb: 10\n  pace_mbps: 0\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 5\n  settings: 100\n  lookups: 5\n  interval_ms: 5\n  samples: 1\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nsweep:\n  fabric.servers: [16, 32, 64]\n  measure.settings: [5]\nexpect:\n- lookup_failed_max: 0\n  setting_failed_max: 0\n','\n',char(10)));
INSERT INTO run VALUES(2,'gate','sim',1,32,'{"fabric.servers":32,"measure.settings":5}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,163,'0ab8870157f3406f','e465e40','somewhere','Linux 6.1','{}',replace('title: What CI compares - rounds, messages and L of a small sweep\nseed: 1\nfabric:\n  kind: uniform\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 100\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 8\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: ideal\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 0\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0\n  direction: download\n  size_mb: 10\n  pace_mbps: 0\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 5\n  settings: 100\n  lookups: 5\n  interval_ms: 5\n  samples: 1\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nsweep:\n  fabric.servers: [16, 32, 64]\n  measure.settings: [5]\nexpect:\n- lookup_failed_max: 0\n  setting_failed_max: 0\n','\n',char(10)));
INSERT INTO run VALUES(3,'gate','sim',1,64,'{"fabric.servers":64,"measure.settings":5}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,174,'9c5031d375bce14b','e465e40','somewhere','Linux 6.1','{}',replace('title: What CI compares - rounds, messages and L of a small sweep\nseed: 1\nfabric:\n  kind: uniform\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 100\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 8\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: ideal\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 0\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0\n  direction: download\n  size_mb: 10\n  pace_mbps: 0\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 5\n  settings: 100\n  lookups: 5\n  interval_ms: 5\n  samples: 1\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nsweep:\n  fabric.servers: [16, 32, 64]\n  measure.settings: [5]\nexpect:\n- lookup_failed_max: 0\n  setting_failed_max: 0\n','\n',char(10)));
INSERT INTO run VALUES(4,'paper','sim',1,4,'{}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,210738,'cdec0c9aaf0f7607','e465e40','somewhere','Linux 6.1','{}',replace('title: Does a download survive when the link that carries it is cut?\nseed: 1\nfabric:\n  kind: spine_leaf\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 25\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 20\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: joined\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 1\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0.5\n  direction: download\n  size_mb: 30\n  pace_mbps: 20\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 40\n  settings: 0\n  lookups: 0\n  interval_ms: 10\n  samples: 0\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nevents:\n- {at_s: 2, kind: link_down, target: path, retry_after_ms: 1000}\nsweep:\n  repeat: 3\nexpect:\n- where: {service.homeward: on}\n  strayed_min: 1\n  detections_min: 1\n  outcome_all: [kept]\n- where: {service.homeward: off}\n  strayed_min: 1\n  reset_min: 1\nplots: [setting, detection, lookup, throughput]\n','\n',char(10)));
INSERT INTO run VALUES(5,'paper','sim',2,4,'{}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,210751,'c0ef3ff50c97067f','e465e40','somewhere','Linux 6.1','{}',replace('title: Does a download survive when the link that carries it is cut?\nseed: 1\nfabric:\n  kind: spine_leaf\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 25\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 20\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: joined\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 1\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0.5\n  direction: download\n  size_mb: 30\n  pace_mbps: 20\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 40\n  settings: 0\n  lookups: 0\n  interval_ms: 10\n  samples: 0\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nevents:\n- {at_s: 2, kind: link_down, target: path, retry_after_ms: 1000}\nsweep:\n  repeat: 3\nexpect:\n- where: {service.homeward: on}\n  strayed_min: 1\n  detections_min: 1\n  outcome_all: [kept]\n- where: {service.homeward: off}\n  strayed_min: 1\n  reset_min: 1\nplots: [setting, detection, lookup, throughput]\n','\n',char(10)));
INSERT INTO run VALUES(6,'paper','sim',3,4,'{}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,210746,'c8d1770179b22c71','e465e40','somewhere','Linux 6.1','{}',replace('title: Does a download survive when the link that carries it is cut?\nseed: 1\nfabric:\n  kind: spine_leaf\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 25\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 20\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: joined\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 1\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0.5\n  direction: download\n  size_mb: 30\n  pace_mbps: 20\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 40\n  settings: 0\n  lookups: 0\n  interval_ms: 10\n  samples: 0\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nevents:\n- {at_s: 2, kind: link_down, target: path, retry_after_ms: 1000}\nsweep:\n  repeat: 3\nexpect:\n- where: {service.homeward: on}\n  strayed_min: 1\n  detections_min: 1\n  outcome_all: [kept]\n- where: {service.homeward: off}\n  strayed_min: 1\n  reset_min: 1\nplots: [setting, detection, lookup, throughput]\n','\n',char(10)));
INSERT INTO run VALUES(104,'paper','live',1,4,'{}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,210738,'cdec0c9aaf0f7607','e465e40','somewhere','Linux 6.1','{}',replace('title: Does a download survive when the link that carries it is cut?\nseed: 1\nfabric:\n  kind: spine_leaf\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 25\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 20\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: joined\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 1\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0.5\n  direction: download\n  size_mb: 30\n  pace_mbps: 20\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 40\n  settings: 0\n  lookups: 0\n  interval_ms: 10\n  samples: 0\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nevents:\n- {at_s: 2, kind: link_down, target: path, retry_after_ms: 1000}\nsweep:\n  repeat: 3\nexpect:\n- where: {service.homeward: on}\n  strayed_min: 1\n  detections_min: 1\n  outcome_all: [kept]\n- where: {service.homeward: off}\n  strayed_min: 1\n  reset_min: 1\nplots: [setting, detection, lookup, throughput]\n','\n',char(10)));
INSERT INTO run VALUES(105,'paper','live',2,4,'{}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,210751,'c0ef3ff50c97067f','e465e40','somewhere','Linux 6.1','{}',replace('title: Does a download survive when the link that carries it is cut?\nseed: 1\nfabric:\n  kind: spine_leaf\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 25\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 20\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: joined\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 1\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0.5\n  direction: download\n  size_mb: 30\n  pace_mbps: 20\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 40\n  settings: 0\n  lookups: 0\n  interval_ms: 10\n  samples: 0\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nevents:\n- {at_s: 2, kind: link_down, target: path, retry_after_ms: 1000}\nsweep:\n  repeat: 3\nexpect:\n- where: {service.homeward: on}\n  strayed_min: 1\n  detections_min: 1\n  outcome_all: [kept]\n- where: {service.homeward: off}\n  strayed_min: 1\n  reset_min: 1\nplots: [setting, detection, lookup, throughput]\n','\n',char(10)));
INSERT INTO run VALUES(106,'paper','live',3,4,'{}','2026-11-01T00:00:00.000Z','ok',0.5,0.5,10000000,210746,'c8d1770179b22c71','e465e40','somewhere','Linux 6.1','{}',replace('title: Does a download survive when the link that carries it is cut?\nseed: 1\nfabric:\n  kind: spine_leaf\n  fidelity: packet\n  exits: 2\n  spines: 2\n  leaves: 4\n  pods: 1\n  servers: 4\n  uplinks: 2\n  clients: 1\n  client_link:\n    rate_gbps: 1\n    delay_us: 1000\n    mtu_bytes: 1500\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  edge_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  fabric_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  server_link:\n    rate_gbps: 10\n    delay_us: 5\n    mtu_bytes: 1600\n    queue_kb: 1048.576\n    loss_percent: 0\n    duplicate_percent: 0\n    reorder_percent: 0\n  uniform_delay_us: 25\nrouting:\n  ecmp: hash_threshold\n  resilient_buckets: 128\n  detection: bfd\n  reroute_ms: [0.8, 2.1]\n  local_ms: [77, 82]\n  hop_ms: [49, 52]\n  bfd_ms: [167, 212]\n  hold_ms: [2650, 2670]\n  restore_ms: [900, 1100]\ndht:\n  k: 20\n  alpha: 3\n  replicas: 3\n  lookup_deadline_ms: 250\n  timeout_initial_ms: 50\n  timeout_floor_ms: 1\n  timeout_cap_ms: 50\n  record_ttl_s: 600\n  republish_s: 200\n  tombstone_s: 120\n  refresh_s: 3600\n  tables: joined\n  join_interval_ms: 20\n  placement: 686f6d657761726420706c616365732e\nservice:\n  homeward: on\n  family: 4\n  port: 80\n  store_after_ms: 0\n  clock_skew_ms: 0\n  wakeup_ms: [0, 0]\n  processing_ms: [0, 0]\n  outer_fragment: on\n  miss_deadline_ms: 1000\n  miss_retry_ms: 20\n  gone_after_ms: 3000\n  owner_idle_s: 60\n  negative_ms: 1000\n  fragment_ms: 1000\n  first_stray_window_ms: 300\n  first_stray: other\n  hold_packets: 64\n  hold_kb: 8388.608\n  misses_per_s_prefix: 200\n  misses_per_s: 2000\nclients:\n  sessions: 1\n  arrival: fixed\n  interval_ms: 0\n  start_s: 0.5\n  direction: download\n  size_mb: 30\n  pace_mbps: 20\n  pace_chunk_kb: 0\n  reuse_ports: off\nmeasure:\n  duration_s: 40\n  settings: 0\n  lookups: 0\n  interval_ms: 10\n  samples: 0\n  rpcs: 0\n  rpc_request_bytes: 100\n  rpc_answer_bytes: 500\n  rpc_transport: udp\nevents:\n- {at_s: 2, kind: link_down, target: path, retry_after_ms: 1000}\nsweep:\n  repeat: 3\nexpect:\n- where: {service.homeward: on}\n  strayed_min: 1\n  detections_min: 1\n  outcome_all: [kept]\n- where: {service.homeward: off}\n  strayed_min: 1\n  reset_min: 1\nplots: [setting, detection, lookup, throughput]\n','\n',char(10)));
CREATE TABLE measurement(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  metric TEXT NOT NULL,
  at_ns INTEGER NOT NULL,
  value_ns INTEGER NOT NULL,
  node INTEGER,
  flow INTEGER,
  hops INTEGER,
  local INTEGER NOT NULL CHECK (local IN (0, 1)),
  ok INTEGER NOT NULL CHECK (ok IN (0, 1))
) STRICT;
INSERT INTO measurement VALUES(1,'setting_first',7552989,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_all',7552989,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_first',17009842,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_all',17009842,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_first',17501782,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_all',17501782,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_first',25429430,600000,12,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_all',25429430,600000,12,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_first',32909514,600000,6,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'setting_all',32909514,600000,6,NULL,2,0,1);
INSERT INTO measurement VALUES(1,'lookup',1037054536,200000,12,NULL,1,0,1);
INSERT INTO measurement VALUES(1,'lookup',1045753629,200000,3,NULL,1,0,1);
INSERT INTO measurement VALUES(1,'lookup',1047885038,200000,7,NULL,1,0,1);
INSERT INTO measurement VALUES(1,'lookup',1056668871,200000,11,NULL,1,0,1);
INSERT INTO measurement VALUES(1,'lookup',1058503562,200000,9,NULL,1,0,1);
INSERT INTO measurement VALUES(2,'setting_first',7552989,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_all',7552989,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_first',17009842,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_all',17009842,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_first',17501782,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_all',17501782,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_first',25429430,600000,25,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_all',25429430,600000,25,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_first',32909514,600000,12,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'setting_all',32909514,600000,12,NULL,2,0,1);
INSERT INTO measurement VALUES(2,'lookup',1037054536,200000,25,NULL,1,0,1);
INSERT INTO measurement VALUES(2,'lookup',1045753629,200000,6,NULL,1,0,1);
INSERT INTO measurement VALUES(2,'lookup',1047885038,200000,14,NULL,1,0,1);
INSERT INTO measurement VALUES(2,'lookup',1056668871,0,1,NULL,0,1,1);
INSERT INTO measurement VALUES(2,'lookup',1073142078,200000,22,NULL,1,0,1);
INSERT INTO measurement VALUES(3,'setting_first',7552989,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(3,'setting_all',7552989,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(3,'setting_first',17009842,600000,1,NULL,2,0,1);
INSERT INTO measurement VALUES(3,'setting_all',17009842,600000,1,NULL,2,0,1);
INSERT INTO measurement VALUES(3,'setting_first',17501782,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(3,'setting_all',17501782,600000,0,NULL,2,0,1);
INSERT INTO measurement VALUES(3,'setting_first',25429430,800000,50,NULL,3,0,1);
INSERT INTO measurement VALUES(3,'setting_all',25429430,800000,50,NULL,3,0,1);
INSERT INTO measurement VALUES(3,'setting_first',32909514,800000,25,NULL,3,0,1);
INSERT INTO measurement VALUES(3,'setting_all',32909514,800000,25,NULL,3,0,1);
INSERT INTO measurement VALUES(3,'lookup',1037054536,200000,51,NULL,1,0,1);
INSERT INTO measurement VALUES(3,'lookup',1045753629,0,12,NULL,0,1,1);
INSERT INTO measurement VALUES(3,'lookup',1047885038,200000,29,NULL,1,0,1);
INSERT INTO measurement VALUES(3,'lookup',1056668871,200000,3,NULL,1,0,1);
INSERT INTO measurement VALUES(3,'lookup',1073142078,400000,44,NULL,2,0,1);
INSERT INTO measurement VALUES(4,'setting_first',2583061976,61297,0,0,1,0,1);
INSERT INTO measurement VALUES(4,'setting_all',2583061976,81681,0,0,1,0,1);
INSERT INTO measurement VALUES(4,'detection',4080000000,2495224,3,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'lookup',4082495224,0,3,0,0,1,1);
INSERT INTO measurement VALUES(4,'stall',4080000000,584000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'stall_before',4080000000,584000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'setting_first',2583061976,61297,2,0,1,0,1);
INSERT INTO measurement VALUES(5,'setting_all',2583061976,81681,2,0,1,0,1);
INSERT INTO measurement VALUES(5,'detection',4080000000,1327224,1,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'lookup',4081327224,0,1,0,0,1,1);
INSERT INTO measurement VALUES(5,'stall',4080000000,584000,2,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'stall_before',4080000000,584000,2,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'setting_first',2583061976,61297,0,0,1,0,1);
INSERT INTO measurement VALUES(6,'setting_all',2583061976,81681,0,0,1,0,1);
INSERT INTO measurement VALUES(6,'detection',4080000000,1327224,3,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'lookup',4081327224,0,3,0,0,1,1);
INSERT INTO measurement VALUES(6,'stall',4080000000,584000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'stall_before',4080000000,584000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'detection',4080000000,2495924,3,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'lookup',4082495224,700,3,0,0,1,1);
INSERT INTO measurement VALUES(4,'setting_all',2583061976,82381,0,0,1,0,1);
INSERT INTO measurement VALUES(4,'setting_first',2583061976,61997,0,0,1,0,1);
INSERT INTO measurement VALUES(4,'stall',4080000000,584700,0,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'stall_before',4080000000,584700,0,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'detection',4080000000,1327924,1,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'lookup',4081327224,700,1,0,0,1,1);
INSERT INTO measurement VALUES(5,'setting_all',2583061976,82381,2,0,1,0,1);
INSERT INTO measurement VALUES(5,'setting_first',2583061976,61997,2,0,1,0,1);
INSERT INTO measurement VALUES(5,'stall',4080000000,584700,2,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'stall_before',4080000000,584700,2,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'detection',4080000000,1327924,3,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'lookup',4081327224,700,3,0,0,1,1);
INSERT INTO measurement VALUES(6,'setting_all',2583061976,82381,0,0,1,0,1);
INSERT INTO measurement VALUES(6,'setting_first',2583061976,61997,0,0,1,0,1);
INSERT INTO measurement VALUES(6,'stall',4080000000,584700,0,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'stall_before',4080000000,584700,0,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'detection',4080000000,2496624,3,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'lookup',4082495224,1400,3,0,0,1,1);
INSERT INTO measurement VALUES(4,'setting_all',2583061976,83081,0,0,1,0,1);
INSERT INTO measurement VALUES(4,'setting_first',2583061976,62697,0,0,1,0,1);
INSERT INTO measurement VALUES(4,'stall',4080000000,585400,0,0,NULL,0,1);
INSERT INTO measurement VALUES(4,'stall_before',4080000000,585400,0,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'detection',4080000000,1328624,1,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'lookup',4081327224,1400,1,0,0,1,1);
INSERT INTO measurement VALUES(5,'setting_all',2583061976,83081,2,0,1,0,1);
INSERT INTO measurement VALUES(5,'setting_first',2583061976,62697,2,0,1,0,1);
INSERT INTO measurement VALUES(5,'stall',4080000000,585400,2,0,NULL,0,1);
INSERT INTO measurement VALUES(5,'stall_before',4080000000,585400,2,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'detection',4080000000,1328624,3,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'lookup',4081327224,1400,3,0,0,1,1);
INSERT INTO measurement VALUES(6,'setting_all',2583061976,83081,0,0,1,0,1);
INSERT INTO measurement VALUES(6,'setting_first',2583061976,62697,0,0,1,0,1);
INSERT INTO measurement VALUES(6,'stall',4080000000,585400,0,0,NULL,0,1);
INSERT INTO measurement VALUES(6,'stall_before',4080000000,585400,0,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'setting_first',2583061976,183891,0,0,1,0,1);
INSERT INTO measurement VALUES(104,'setting_all',2583061976,245043,0,0,1,0,1);
INSERT INTO measurement VALUES(104,'detection',4080000000,7485672,3,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'lookup',4082495224,0,3,0,0,1,1);
INSERT INTO measurement VALUES(104,'stall',4080000000,1752000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'stall_before',4080000000,1752000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'setting_first',2583061976,183891,2,0,1,0,1);
INSERT INTO measurement VALUES(105,'setting_all',2583061976,245043,2,0,1,0,1);
INSERT INTO measurement VALUES(105,'detection',4080000000,3981672,1,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'lookup',4081327224,0,1,0,0,1,1);
INSERT INTO measurement VALUES(105,'stall',4080000000,1752000,2,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'stall_before',4080000000,1752000,2,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'setting_first',2583061976,183891,0,0,1,0,1);
INSERT INTO measurement VALUES(106,'setting_all',2583061976,245043,0,0,1,0,1);
INSERT INTO measurement VALUES(106,'detection',4080000000,3981672,3,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'lookup',4081327224,0,3,0,0,1,1);
INSERT INTO measurement VALUES(106,'stall',4080000000,1752000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'stall_before',4080000000,1752000,0,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'detection',4080000000,7487772,3,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'lookup',4082495224,2100,3,0,0,1,1);
INSERT INTO measurement VALUES(104,'setting_all',2583061976,247143,0,0,1,0,1);
INSERT INTO measurement VALUES(104,'setting_first',2583061976,185991,0,0,1,0,1);
INSERT INTO measurement VALUES(104,'stall',4080000000,1754100,0,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'stall_before',4080000000,1754100,0,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'detection',4080000000,3983772,1,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'lookup',4081327224,2100,1,0,0,1,1);
INSERT INTO measurement VALUES(105,'setting_all',2583061976,247143,2,0,1,0,1);
INSERT INTO measurement VALUES(105,'setting_first',2583061976,185991,2,0,1,0,1);
INSERT INTO measurement VALUES(105,'stall',4080000000,1754100,2,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'stall_before',4080000000,1754100,2,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'detection',4080000000,3983772,3,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'lookup',4081327224,2100,3,0,0,1,1);
INSERT INTO measurement VALUES(106,'setting_all',2583061976,247143,0,0,1,0,1);
INSERT INTO measurement VALUES(106,'setting_first',2583061976,185991,0,0,1,0,1);
INSERT INTO measurement VALUES(106,'stall',4080000000,1754100,0,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'stall_before',4080000000,1754100,0,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'detection',4080000000,7489872,3,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'lookup',4082495224,4200,3,0,0,1,1);
INSERT INTO measurement VALUES(104,'setting_all',2583061976,249243,0,0,1,0,1);
INSERT INTO measurement VALUES(104,'setting_first',2583061976,188091,0,0,1,0,1);
INSERT INTO measurement VALUES(104,'stall',4080000000,1756200,0,0,NULL,0,1);
INSERT INTO measurement VALUES(104,'stall_before',4080000000,1756200,0,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'detection',4080000000,3985872,1,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'lookup',4081327224,4200,1,0,0,1,1);
INSERT INTO measurement VALUES(105,'setting_all',2583061976,249243,2,0,1,0,1);
INSERT INTO measurement VALUES(105,'setting_first',2583061976,188091,2,0,1,0,1);
INSERT INTO measurement VALUES(105,'stall',4080000000,1756200,2,0,NULL,0,1);
INSERT INTO measurement VALUES(105,'stall_before',4080000000,1756200,2,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'detection',4080000000,3985872,3,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'lookup',4081327224,4200,3,0,0,1,1);
INSERT INTO measurement VALUES(106,'setting_all',2583061976,249243,0,0,1,0,1);
INSERT INTO measurement VALUES(106,'setting_first',2583061976,188091,0,0,1,0,1);
INSERT INTO measurement VALUES(106,'stall',4080000000,1756200,0,0,NULL,0,1);
INSERT INTO measurement VALUES(106,'stall_before',4080000000,1756200,0,0,NULL,0,1);
CREATE TABLE session(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  flow INTEGER NOT NULL,
  owner INTEGER,
  opened_ns INTEGER,
  closed_ns INTEGER,
  bytes INTEGER NOT NULL,
  strays INTEGER NOT NULL,
  stall_ns INTEGER,
  outcome TEXT NOT NULL CHECK (outcome IN
    ('kept', 'reset', 'timeout', 'closed', 'corrupt'))
) STRICT;
INSERT INTO session VALUES(4,0,0,2580000000,14584097880,30000000,8992,584000,'kept');
INSERT INTO session VALUES(5,0,2,2580000000,14584097880,30000000,8993,584000,'kept');
INSERT INTO session VALUES(6,0,0,2580000000,14584097880,30000000,8993,584000,'kept');
INSERT INTO session VALUES(104,0,0,2580000000,14584097880,30000000,8992,584000,'kept');
INSERT INTO session VALUES(105,0,2,2580000000,14584097880,30000000,8993,584000,'kept');
INSERT INTO session VALUES(106,0,0,2580000000,14584097880,30000000,8993,584000,'kept');
CREATE TABLE fault(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  at_ns INTEGER NOT NULL,
  kind TEXT NOT NULL,
  target TEXT NOT NULL
) STRICT;
INSERT INTO fault VALUES(4,4080000000,'link_down','exit2-spine2');
INSERT INTO fault VALUES(5,4080000000,'link_down','exit1-spine2');
INSERT INTO fault VALUES(6,4080000000,'link_down','exit2-spine2');
INSERT INTO fault VALUES(104,4080000000,'link_down','exit2-spine2');
INSERT INTO fault VALUES(105,4080000000,'link_down','exit1-spine2');
INSERT INTO fault VALUES(106,4080000000,'link_down','exit2-spine2');
CREATE TABLE counter(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  node TEXT NOT NULL,
  name TEXT NOT NULL,
  value INTEGER NOT NULL
) STRICT;
INSERT INTO counter VALUES(1,'server1','node_sent',35);
INSERT INTO counter VALUES(1,'server1','node_sent_bytes',962);
INSERT INTO counter VALUES(1,'server2','node_sent',3);
INSERT INTO counter VALUES(1,'server2','node_sent_bytes',102);
INSERT INTO counter VALUES(1,'server3','node_sent',5);
INSERT INTO counter VALUES(1,'server3','node_sent_bytes',245);
INSERT INTO counter VALUES(1,'server4','node_sent',8);
INSERT INTO counter VALUES(1,'server4','node_sent_bytes',311);
INSERT INTO counter VALUES(1,'','zero_ns',0);
INSERT INTO counter VALUES(2,'server1','node_sent',35);
INSERT INTO counter VALUES(2,'server1','node_sent_bytes',962);
INSERT INTO counter VALUES(2,'server2','node_sent',2);
INSERT INTO counter VALUES(2,'server2','node_sent_bytes',68);
INSERT INTO counter VALUES(2,'server3','node_sent',3);
INSERT INTO counter VALUES(2,'server3','node_sent_bytes',127);
INSERT INTO counter VALUES(2,'server4','node_sent',3);
INSERT INTO counter VALUES(2,'server4','node_sent_bytes',127);
INSERT INTO counter VALUES(2,'','zero_ns',0);
INSERT INTO counter VALUES(3,'server1','node_sent',24);
INSERT INTO counter VALUES(3,'server1','node_sent_bytes',664);
INSERT INTO counter VALUES(3,'server2','node_sent',10);
INSERT INTO counter VALUES(3,'server2','node_sent_bytes',252);
INSERT INTO counter VALUES(3,'server3','node_sent',4);
INSERT INTO counter VALUES(3,'server3','node_sent_bytes',186);
INSERT INTO counter VALUES(3,'server4','node_sent',6);
INSERT INTO counter VALUES(3,'server4','node_sent_bytes',243);
INSERT INTO counter VALUES(3,'','zero_ns',0);
INSERT INTO counter VALUES(4,'server1','node_sent',8);
INSERT INTO counter VALUES(4,'server1','node_sent_bytes',275);
INSERT INTO counter VALUES(4,'server2','node_sent',5);
INSERT INTO counter VALUES(4,'server2','node_sent_bytes',116);
INSERT INTO counter VALUES(4,'server3','node_sent',4);
INSERT INTO counter VALUES(4,'server3','node_sent_bytes',134);
INSERT INTO counter VALUES(4,'server4','node_sent',5);
INSERT INTO counter VALUES(4,'server4','node_sent_bytes',164);
INSERT INTO counter VALUES(4,'','zero_ns',2080000000);
INSERT INTO counter VALUES(5,'server1','node_sent',4);
INSERT INTO counter VALUES(5,'server1','node_sent_bytes',74);
INSERT INTO counter VALUES(5,'server2','node_sent',5);
INSERT INTO counter VALUES(5,'server2','node_sent_bytes',116);
INSERT INTO counter VALUES(5,'server3','node_sent',8);
INSERT INTO counter VALUES(5,'server3','node_sent_bytes',335);
INSERT INTO counter VALUES(5,'server4','node_sent',5);
INSERT INTO counter VALUES(5,'server4','node_sent_bytes',164);
INSERT INTO counter VALUES(5,'','zero_ns',2080000000);
INSERT INTO counter VALUES(6,'server1','node_sent',8);
INSERT INTO counter VALUES(6,'server1','node_sent_bytes',275);
INSERT INTO counter VALUES(6,'server2','node_sent',5);
INSERT INTO counter VALUES(6,'server2','node_sent_bytes',116);
INSERT INTO counter VALUES(6,'server3','node_sent',4);
INSERT INTO counter VALUES(6,'server3','node_sent_bytes',134);
INSERT INTO counter VALUES(6,'server4','node_sent',5);
INSERT INTO counter VALUES(6,'server4','node_sent_bytes',164);
INSERT INTO counter VALUES(6,'','zero_ns',2080000000);
CREATE TABLE sample(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  flow INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  bytes INTEGER NOT NULL
) STRICT;
CREATE TABLE cut(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  flow INTEGER NOT NULL,
  at_ns INTEGER NOT NULL,
  lower INTEGER NOT NULL CHECK (lower IN (0, 1)),
  back INTEGER NOT NULL CHECK (back IN (0, 1)),
  resent INTEGER,
  repeated INTEGER
) STRICT;
INSERT INTO cut VALUES(104,0,4080000000,0,1,1,1);
INSERT INTO cut VALUES(105,0,4080000000,0,1,1,1);
INSERT INTO cut VALUES(106,0,4080000000,0,1,1,1);
CREATE TABLE setting(
  run_id INTEGER NOT NULL REFERENCES run(id) ON DELETE CASCADE,
  key TEXT NOT NULL,
  value TEXT NOT NULL,
  PRIMARY KEY (run_id, key)
) STRICT, WITHOUT ROWID;
INSERT INTO setting VALUES(1,'clients.direction','download');
INSERT INTO setting VALUES(1,'dht.alpha','3');
INSERT INTO setting VALUES(1,'dht.k','8');
INSERT INTO setting VALUES(1,'dht.replicas','3');
INSERT INTO setting VALUES(1,'dht.tables','ideal');
INSERT INTO setting VALUES(1,'measure.settings','5');
INSERT INTO setting VALUES(1,'service.homeward','on');
INSERT INTO setting VALUES(2,'clients.direction','download');
INSERT INTO setting VALUES(2,'dht.alpha','3');
INSERT INTO setting VALUES(2,'dht.k','8');
INSERT INTO setting VALUES(2,'dht.replicas','3');
INSERT INTO setting VALUES(2,'dht.tables','ideal');
INSERT INTO setting VALUES(2,'measure.settings','5');
INSERT INTO setting VALUES(2,'service.homeward','on');
INSERT INTO setting VALUES(3,'clients.direction','download');
INSERT INTO setting VALUES(3,'dht.alpha','3');
INSERT INTO setting VALUES(3,'dht.k','8');
INSERT INTO setting VALUES(3,'dht.replicas','3');
INSERT INTO setting VALUES(3,'dht.tables','ideal');
INSERT INTO setting VALUES(3,'measure.settings','5');
INSERT INTO setting VALUES(3,'service.homeward','on');
INSERT INTO setting VALUES(4,'clients.direction','download');
INSERT INTO setting VALUES(4,'dht.alpha','3');
INSERT INTO setting VALUES(4,'dht.k','20');
INSERT INTO setting VALUES(4,'dht.replicas','3');
INSERT INTO setting VALUES(4,'dht.tables','joined');
INSERT INTO setting VALUES(4,'measure.settings','0');
INSERT INTO setting VALUES(4,'service.homeward','on');
INSERT INTO setting VALUES(5,'clients.direction','download');
INSERT INTO setting VALUES(5,'dht.alpha','3');
INSERT INTO setting VALUES(5,'dht.k','20');
INSERT INTO setting VALUES(5,'dht.replicas','3');
INSERT INTO setting VALUES(5,'dht.tables','joined');
INSERT INTO setting VALUES(5,'measure.settings','0');
INSERT INTO setting VALUES(5,'service.homeward','on');
INSERT INTO setting VALUES(6,'clients.direction','download');
INSERT INTO setting VALUES(6,'dht.alpha','3');
INSERT INTO setting VALUES(6,'dht.k','20');
INSERT INTO setting VALUES(6,'dht.replicas','3');
INSERT INTO setting VALUES(6,'dht.tables','joined');
INSERT INTO setting VALUES(6,'measure.settings','0');
INSERT INTO setting VALUES(6,'service.homeward','on');
INSERT INTO setting VALUES(104,'clients.direction','download');
INSERT INTO setting VALUES(104,'dht.alpha','3');
INSERT INTO setting VALUES(104,'dht.k','20');
INSERT INTO setting VALUES(104,'dht.replicas','3');
INSERT INTO setting VALUES(104,'dht.tables','joined');
INSERT INTO setting VALUES(104,'measure.settings','0');
INSERT INTO setting VALUES(104,'service.homeward','on');
INSERT INTO setting VALUES(105,'clients.direction','download');
INSERT INTO setting VALUES(105,'dht.alpha','3');
INSERT INTO setting VALUES(105,'dht.k','20');
INSERT INTO setting VALUES(105,'dht.replicas','3');
INSERT INTO setting VALUES(105,'dht.tables','joined');
INSERT INTO setting VALUES(105,'measure.settings','0');
INSERT INTO setting VALUES(105,'service.homeward','on');
INSERT INTO setting VALUES(106,'clients.direction','download');
INSERT INTO setting VALUES(106,'dht.alpha','3');
INSERT INTO setting VALUES(106,'dht.k','20');
INSERT INTO setting VALUES(106,'dht.replicas','3');
INSERT INTO setting VALUES(106,'dht.tables','joined');
INSERT INTO setting VALUES(106,'measure.settings','0');
INSERT INTO setting VALUES(106,'service.homeward','on');
CREATE INDEX measurement_run ON measurement(run_id, metric);
CREATE INDEX session_run ON session(run_id, outcome);
CREATE INDEX fault_run ON fault(run_id);
CREATE INDEX counter_run ON counter(run_id, name);
CREATE INDEX sample_run ON sample(run_id, flow);
CREATE INDEX cut_run ON cut(run_id, flow);
CREATE VIEW metric AS SELECT
  r.id AS run_id, r.scenario, r.world, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k') AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha') AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas') AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables') AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward') AS homeward,
  m.metric, m.at_ns / 1e9 AS at_s, m.value_ns / 1e6 AS value_ms,
  m.at_ns, m.value_ns, m.node, m.flow, m.hops, m.local, m.ok
  FROM measurement m JOIN run r ON r.id = m.run_id;
CREATE VIEW hops AS SELECT
  r.id AS run_id, r.scenario, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k') AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha') AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas') AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables') AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward') AS homeward,
  m.hops, count(*) AS lookups
  FROM measurement m JOIN run r ON r.id = m.run_id
  WHERE m.metric = 'lookup' AND m.ok AND m.hops IS NOT NULL
  GROUP BY r.id, m.hops;
CREATE VIEW outcome AS SELECT
  r.id AS run_id, r.scenario, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k') AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha') AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas') AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables') AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward') AS homeward,
  s.outcome, count(*) AS sessions, sum(s.strays) AS strays,
  sum(s.bytes) AS bytes, max(s.stall_ns) AS longest_stall_ns
  FROM session s JOIN run r ON r.id = s.run_id
  GROUP BY r.id, s.outcome;
CREATE VIEW lost AS SELECT
  run_id, substr(name, 6) AS reason, sum(value) AS packets
  FROM counter WHERE name GLOB 'drop_*' GROUP BY run_id, name;
CREATE VIEW operation AS WITH ranked AS (SELECT run_id, metric,
    value_ns, hops, local,
    row_number() OVER (PARTITION BY run_id, metric
                       ORDER BY value_ns) AS place,
    count(*) OVER (PARTITION BY run_id, metric) AS n
    FROM measurement WHERE ok)
  SELECT r.id AS run_id, r.scenario, r.seed, r.servers, r.point,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.k') AS INTEGER) AS k,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.alpha') AS INTEGER) AS alpha,
  CAST((SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.replicas') AS INTEGER) AS replicas,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'dht.tables') AS tables,
  (SELECT value FROM setting WHERE run_id = r.id AND key = 'service.homeward') AS homeward,
  o.metric, count(*) AS n, avg(o.value_ns) AS mean_ns,
  min(o.value_ns) AS min_ns,
  min(CASE WHEN o.place * 2 >= o.n THEN o.value_ns END)
    AS median_ns,
  min(CASE WHEN o.place * 100 >= o.n * 99 THEN o.value_ns END)
    AS p99_ns,
  max(o.value_ns) AS max_ns, avg(o.hops) AS mean_hops,
  sum(o.local) AS local,
  (SELECT count(*) FROM measurement f WHERE f.run_id = r.id
    AND f.metric = o.metric AND NOT f.ok) AS failed
  FROM ranked o JOIN run r ON r.id = o.run_id
  GROUP BY r.id, o.metric;
COMMIT;
