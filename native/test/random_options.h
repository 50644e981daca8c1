// Options by seed: what a store is opened with must not change what it answers.
//
// Everything is small, so that a short history fills buffers, segments, memtables and tables several times.
//
// Thread safety: none.

#pragma once

#include "engine/engine.h"
#include "test/sim_random.h"

namespace sochdb::test {

// `durable`: only options under which what is acknowledged survives the death of the process.
inline EngineOptions RandomOptions(SimRandom* random, bool durable = false) {
  EngineOptions options;
  options.sync_mode = static_cast<SyncMode>(durable ? 1 + random->Below(2) : random->Below(3));
  options.wal_enabled = durable || !random->OneIn(6);
  options.group_commit = !random->OneIn(4);
  options.wal.segment_bytes = 8 * 1024ull << random->Below(5);
  options.wal.max_record_bytes = 256ull << random->Below(6);
  options.wal.buffer_bytes = 512ull << random->Below(8);
  options.memtable_bytes = kMinMemtableBytes << random->Below(4);
  options.block_cache_bytes = random->OneIn(3) ? 0 : 4096ull << random->Below(6);
  options.compression = static_cast<CompressionType>(random->Below(2));
  options.target_file_bytes = random->OneIn(2) ? 0 : 2048ull << random->Below(4);
  options.base_level_bytes = random->OneIn(2) ? 0 : 8192ull << random->Below(4);
  options.background = !random->OneIn(3);
  if (random->OneIn(2)) options.index_policy = static_cast<IndexPolicy>(random->Below(kIndexPolicyCount));
  return options;
}

}  // namespace sochdb::test
