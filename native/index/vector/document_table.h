// DocumentTable: the documents an index has ever seen, numbered from 0, found by id, each with its newest slot.
//
// Numbers are private to an index in memory (filters are bitmaps over them); what is durable is the ordinal in the
// row. A document keeps its number through updates, deletion and reinsertion.
//
// Thread safety: one writer; any number of lock-free readers. The hash table is replaced when it fills; the old one stays for
// readers that are still in it.
// Ownership: ids are copied into an arena and live as long as the table.
// Limits: 2^31 documents. Add throws std::bad_alloc and leaves everything as it was.

#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/hash.h"
#include "index/vector/paged_rows.h"

namespace sochdb {

class DocumentTable {
 public:
  // hash_seed: random, so that chosen ids cannot collide on purpose.
  explicit DocumentTable(uint64_t hash_seed) : hash_seed_(hash_seed), documents_(1) { ReplaceTable(kFirstTableSize); }

  [[nodiscard]] std::optional<uint32_t> Find(std::string_view id) const { return FindHashed(id, Hash64(id, hash_seed_)); }
  // REQUIRES: the writer.
  uint32_t FindOrAdd(std::string_view id);

  // Takes documents 0 … n - 1: their ids lie one after the other in memory that outlives this, of these lengths; their hash
  // table is what Hashes gave with this seed. REQUIRES: there are none yet, and nobody reads.
  void Adopt(uint64_t hash_seed, std::span<const uint16_t> lengths, const char* ids, std::span<const uint64_t> hashes);
  // The hash table of the documents below `count` alone.
  [[nodiscard]] std::vector<uint64_t> Hashes(uint32_t count) const;
  [[nodiscard]] uint64_t hash_seed() const { return hash_seed_; }

  // REQUIRES for the rest: a number that Find gave, or of a published slot.
  [[nodiscard]] std::string_view id(uint32_t document) const {
    const Document* found = documents_.view()[document];
    return {found->id, found->id_bytes};
  }
  [[nodiscard]] uint32_t newest_slot(uint32_t document) const {
    return documents_.view()[document]->newest_slot.load(std::memory_order_acquire);
  }
  void Prefetch(uint32_t document) const { __builtin_prefetch(documents_.view()[document]); }
  // REQUIRES: the writer; the slot is published.
  void set_newest_slot(uint32_t document, uint32_t slot) {
    documents_.view()[document]->newest_slot.store(slot, std::memory_order_release);
  }

  [[nodiscard]] uint32_t count() const { return count_.load(std::memory_order_acquire); }
  [[nodiscard]] uint64_t memory_bytes() const {
    return documents_.memory_bytes() + ids_.memory_bytes() + table_bytes_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr uint32_t kFirstTableSize = 256;

  struct Document {
    const char* id;
    uint32_t id_bytes;
    std::atomic<uint32_t> newest_slot;
  };
  // Open addressing. An entry is half of the hash and the document's number + 1; 0 is free.
  struct Table {
    explicit Table(uint32_t size) : mask(size - 1), entries(new std::atomic<uint64_t>[size]()) {}
    const uint32_t mask;
    const std::unique_ptr<std::atomic<uint64_t>[]> entries;
  };

  [[nodiscard]] std::optional<uint32_t> FindHashed(std::string_view id, uint64_t hash) const;
  static void Insert(Table* table, uint64_t hash, uint32_t document);
  void ReplaceTable(uint32_t size);

  uint64_t hash_seed_;
  PagedRows<Document> documents_;
  Arena ids_{16 * 1024};
  std::atomic<uint32_t> count_{0};
  std::atomic<Table*> table_{nullptr};
  std::vector<std::unique_ptr<Table>> tables_;  // the last one is current
  std::atomic<uint64_t> table_bytes_{0};
};

}  // namespace sochdb
