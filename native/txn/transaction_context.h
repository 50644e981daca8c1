// TransactionContext: what transactions and snapshots of one store share. The engine owns all of it, and outlives them.
//
// Thread safety: any thread.

#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/hlc.h"
#include "env/env.h"
#include "txn/commit_pipeline.h"
#include "txn/latency.h"
#include "txn/snapshot_list.h"
#include "txn/trees.h"
#include "txn/version_reader.h"
#include "wal/blob_store.h"

namespace sochdb {

// A counter that many threads raise without meeting each other.
class StripedCounter {
 public:
  void Add(uint64_t n) { stripes_[Stripe()].value.fetch_add(n, std::memory_order_relaxed); }
  [[nodiscard]] uint64_t value() const {
    uint64_t sum = 0;
    for (const Padded& stripe : stripes_) sum += stripe.value.load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr size_t kStripes = 16;
  struct alignas(64) Padded {
    std::atomic<uint64_t> value{0};
  };
  static size_t Stripe() {
    static std::atomic<size_t> next{0};
    static thread_local const size_t mine = next.fetch_add(1, std::memory_order_relaxed) % kStripes;
    return mine;
  }
  std::array<Padded, kStripes> stripes_;
};

struct TransactionStats {
  std::atomic<uint64_t> active{0};
  std::atomic<uint64_t> committed{0};
  std::atomic<uint64_t> aborted{0};
  std::atomic<uint64_t> conflicts{0};
  std::atomic<uint64_t> next_id{1};
  StripedCounter reads;
  StripedCounter bytes_read;  // keys and values handed out
  StripedCounter writes;

  void CountBytes(std::span<const std::string_view> keys, const ReadValues& values) {
    uint64_t bytes = 0;
    for (size_t i = 0; i < keys.size(); ++i) {
      if (values.items[i].found) bytes += keys[i].size() + values.items[i].data.size();
    }
    bytes_read.Add(bytes);
  }
  // A read that ended with this: one that gave up, so as not to wait for the disk, is made again, and counts then.
  Status EndRead(Status status) {
    if (status.code() == Code::kWouldBlock) reads.Add(uint64_t{0} - 1);
    return status;
  }
};

struct TransactionLimits {
  uint64_t max_transaction_bytes = kDefaultMaxTransactionBytes;
  uint64_t transaction_timeout_ms = 0;
  uint64_t writer_timeout_ms = 5000;
};

struct TransactionContext {
  Env* env;
  const Trees* trees;
  Hlc* hlc;
  SnapshotList* snapshots;
  const VersionReader* reader;
  BlobStore* blobs;
  CommitPipeline* pipeline;
  TransactionStats* stats;
  TransactionLimits limits;
  Latencies* latencies = nullptr;  // null: nothing is measured

  // The time of one operation, if it is among those that are measured.
  template <Histogram Latencies::*kWhich>
  [[nodiscard]] Histogram* Sampled() const {
    return latencies == nullptr ? nullptr : latencies->Sampled<kWhich>();
  }
};

// The newest published state, registered until it is released.
inline ReadPoint AcquireReadPoint(const TransactionContext& context) {
  const SnapshotList::Held held =
      context.snapshots->Acquire([&] { return context.pipeline->visible_ts(); }, [&] { return context.hlc->NowMillis(); });
  return {held.ts, held.since_ms};
}

// The newest state, published or not. REQUIRES: the caller holds the writer, so that nobody commits beside it.
inline ReadPoint AcquireAppliedPoint(const TransactionContext& context) {
  const SnapshotList::Held held =
      context.snapshots->Acquire([&] { return context.pipeline->applied_ts(); }, [&] { return context.hlc->NowMillis(); });
  return {held.ts, held.since_ms};
}

// kInvalidArgument for a tree that does not exist, or a key that is too long.
Status CheckKey(TreeId tree, std::string_view key);
// As CheckKey, and for a value that is too long.
Status CheckEntry(TreeId tree, std::string_view key, std::string_view value);

}  // namespace sochdb
