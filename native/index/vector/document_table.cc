#include "index/vector/document_table.h"

#include "index/vector/hnsw_graph.h"

namespace sochdb {

std::optional<uint32_t> DocumentTable::FindHashed(std::string_view id_wanted, uint64_t hash) const {
  const Table* table = table_.load(std::memory_order_acquire);
  const auto tag = static_cast<uint32_t>(hash >> 32);
  for (uint32_t at = static_cast<uint32_t>(hash) & table->mask;; at = (at + 1) & table->mask) {
    const uint64_t entry = table->entries[at].load(std::memory_order_acquire);
    if (entry == 0) return std::nullopt;
    if (static_cast<uint32_t>(entry >> 32) != tag) continue;
    const uint32_t document = static_cast<uint32_t>(entry) - 1;
    if (id(document) == id_wanted) return document;
  }
}

void DocumentTable::Insert(Table* table, uint64_t hash, uint32_t document) {
  uint32_t at = static_cast<uint32_t>(hash) & table->mask;
  while (table->entries[at].load(std::memory_order_relaxed) != 0) at = (at + 1) & table->mask;
  table->entries[at].store((hash & 0xffffffff00000000ull) | (document + 1), std::memory_order_release);
}

void DocumentTable::ReplaceTable(uint32_t size) {
  tables_.reserve(tables_.size() + 1);
  auto table = std::make_unique<Table>(size);
  const uint32_t documents = count_.load(std::memory_order_relaxed);
  for (uint32_t document = 0; document < documents; ++document) Insert(table.get(), Hash64(id(document), hash_seed_), document);
  table_bytes_.fetch_add(size * sizeof(uint64_t), std::memory_order_relaxed);
  table_.store(table.get(), std::memory_order_release);
  tables_.push_back(std::move(table));
}

void DocumentTable::Adopt(uint64_t hash_seed, std::span<const uint16_t> lengths, const char* ids,
                          std::span<const uint64_t> hashes) {
  const auto documents = static_cast<uint32_t>(lengths.size());
  documents_.Reserve(documents);
  const PagedRows<Document>::View rows = documents_.view();
  for (uint32_t document = 0; document < documents; ++document) {
    new (rows[document]) Document{ids, lengths[document], std::atomic<uint32_t>(kNoSlot)};
    ids += lengths[document];
  }
  tables_.reserve(tables_.size() + 1);
  auto table = std::make_unique<Table>(static_cast<uint32_t>(hashes.size()));
  for (size_t i = 0; i < hashes.size(); ++i) table->entries[i].store(hashes[i], std::memory_order_relaxed);
  table_bytes_.fetch_add(hashes.size_bytes(), std::memory_order_relaxed);
  hash_seed_ = hash_seed;
  table_.store(table.get(), std::memory_order_release);
  tables_.push_back(std::move(table));
  count_.store(documents, std::memory_order_release);
}

std::vector<uint64_t> DocumentTable::Hashes(uint32_t count) const {
  uint32_t size = kFirstTableSize;
  while (count > size / 2) size *= 2;
  Table table(size);
  for (uint32_t document = 0; document < count; ++document) Insert(&table, Hash64(id(document), hash_seed_), document);
  std::vector<uint64_t> hashes(size);
  for (uint32_t i = 0; i < size; ++i) hashes[i] = table.entries[i].load(std::memory_order_relaxed);
  return hashes;
}

uint32_t DocumentTable::FindOrAdd(std::string_view id_wanted) {
  const uint64_t hash = Hash64(id_wanted, hash_seed_);
  if (const std::optional<uint32_t> found = FindHashed(id_wanted, hash)) return *found;
  const uint32_t document = count_.load(std::memory_order_relaxed);
  Table* table = tables_.back().get();
  if (document >= table->mask / 2) {
    ReplaceTable(2 * (table->mask + 1));
    table = tables_.back().get();
  }
  documents_.Reserve(document + 1);
  const std::string_view copy = ids_.Copy(id_wanted);
  new (documents_.view()[document]) Document{copy.data(), static_cast<uint32_t>(copy.size()), std::atomic<uint32_t>(kNoSlot)};
  Insert(table, hash, document);
  count_.store(document + 1, std::memory_order_release);
  return document;
}

}  // namespace sochdb
