#include "exec/identity.h"

#include <algorithm>

#include "base/bytes.h"
#include "base/epoch.h"
#include "codec/key_codec.h"

namespace sochdb {
namespace {

constexpr int64_t kNoNumber = INT64_MAX;

uint64_t IdOf(const ExecContext& context, const TableInfo& table) { return uint64_t{context.ns()} << 32 | table.id; }

std::string KeyOf(const ExecContext& context, const TableInfo& table) {
  KeyBuffer key;
  AppendRowPrefix(&key, context.ns(), table.id);
  key.push_back('i');
  return std::string(key.view());
}

std::string Encode(int64_t next) {
  std::string bytes(sizeof(uint64_t), '\0');
  EncodeFixed64(bytes.data(), static_cast<uint64_t>(next));
  return bytes;
}

Status Decode(std::string_view bytes, int64_t* next) {
  if (bytes.size() != sizeof(uint64_t)) return {Code::kCorruption, "The counter of a table is damaged."};
  *next = static_cast<int64_t>(DecodeFixed64(bytes.data()));
  return {};
}

Status Exhausted(const TableInfo& table) {
  return {Code::kLimit, "Table " + table.name + " has no number left for another row.", {{"table", table.name}}};
}

// Whether the transaction alone keeps the counter: nobody else knows the table as it is.
bool IsOwn(const ExecContext& context, const TableInfo& table) { return context.engine == nullptr || table.catalog_ts == 0; }

}  // namespace

Status IdentityCounters::Ready(ExecContext* context, const TableInfo& table, int64_t least, MutexHold* lock, Counter** out) {
  auto it = counters_.find(IdOf(*context, table));
  if (it == counters_.end()) {
    lock->Unlock();
    int64_t stored = 1;
    {
      const EpochGuard guard;
      ReadValue value;
      bool found = false;
      SOCHDB_TRY(context->engine->Get(TreeId::kSequences, KeyOf(*context, table), &value, &found));
      if (found) SOCHDB_TRY(Decode(value.data, &stored));
    }
    lock->Lock();
    it = counters_.try_emplace(IdOf(*context, table), Counter{stored, stored}).first;
  }
  Counter* counter = &it->second;  // stays where it is
  *out = counter;
  if (context->txn->holds_writer() || std::max(counter->next, least) < counter->reserved) return {};
  lock->Unlock();
  const MutexLock reserving(&reserve_);
  lock->Lock();
  const int64_t first = std::max(counter->next, least);
  if (first < counter->reserved) return {};
  const int64_t target = first > kNoNumber - kIdentityBlock ? kNoNumber : first + kIdentityBlock;
  lock->Unlock();
  const auto stored = context->engine->Put(TreeId::kSequences, KeyOf(*context, table), Encode(target), kNeverExpires);
  if (!stored.ok()) return stored.status();
  lock->Lock();
  counter->reserved = std::max(counter->reserved, target);
  return {};
}

Status IdentityCounters::NextOfOwn(ExecContext* context, const TableInfo& table, int64_t least, int64_t* out) {
  const std::string key = KeyOf(*context, table);
  int64_t next = 1;
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(context->txn->Get(TreeId::kSequences, key, &value, &found));
  if (found) SOCHDB_TRY(Decode(value.data, &next));
  const MutexLock lock(&mutex_);
  const auto shared = counters_.find(IdOf(*context, table));
  if (shared != counters_.end()) next = std::max(next, shared->second.next);
  next = std::max(next, least);
  if (next == kNoNumber) return Exhausted(table);
  *out = next;
  if (shared != counters_.end()) shared->second.next = next + 1;
  return context->txn->Put(TreeId::kSequences, key, Encode(next + 1));
}

Status IdentityCounters::Next(ExecContext* context, const TableInfo& table, int64_t* out) {
  if (IsOwn(*context, table)) return NextOfOwn(context, table, 1, out);
  MutexHold lock(&mutex_);
  Counter* counter = nullptr;
  SOCHDB_TRY(Ready(context, table, 1, &lock, &counter));
  if (counter->next == kNoNumber) return Exhausted(table);
  *out = counter->next++;
  context->numbered = &table;
  return {};
}

Status IdentityCounters::Note(ExecContext* context, const TableInfo& table, int64_t value) {
  if (value < 0 || value == kNoNumber) return {};
  int64_t taken = 0;
  if (IsOwn(*context, table)) return NextOfOwn(context, table, value, &taken);
  MutexHold lock(&mutex_);
  Counter* counter = nullptr;
  SOCHDB_TRY(Ready(context, table, value, &lock, &counter));
  if (value < counter->next) return {};
  counter->next = value + 1;
  context->numbered = &table;
  return {};
}

Status IdentityCounters::EndStatement(ExecContext* context) {
  const TableInfo* table = context->numbered;
  context->numbered = nullptr;
  if (table == nullptr || !context->txn->holds_writer()) return {};
  int64_t next = 0;
  {
    const MutexLock lock(&mutex_);
    Counter& counter = counters_[IdOf(*context, *table)];
    next = counter.reserved = counter.next;
  }
  return context->txn->Put(TreeId::kSequences, KeyOf(*context, *table), Encode(next));
}

}  // namespace sochdb
