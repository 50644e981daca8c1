// The key-value operations, apart from how their arguments arrive and their results leave.
//
// Every `key` is one of the tree: target.prefix, then the user's bytes. What reads and then writes is atomic: on a database
// it is alone while it runs, in a transaction it is validated at commit, at every isolation level. An operation that fails
// leaves nothing, in a transaction neither.
//
// Thread safety: any thread, as far as the target allows (target.h). REQUIRES of every write: the target may write.

#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "binding/slab.h"
#include "binding/target.h"

namespace sochdb::binding {

// One key: from the newest state, a snapshot or a transaction. REQUIRES: an EpochGuard, held for as long as out->data is used.
Status GetKey(const Target& target, std::string_view key, ReadValue* out, bool* found);
Status PutKey(const Target& target, std::string_view key, std::string_view value, ExpiryMs expiry_ms);
Status DeleteKey(const Target& target, std::string_view key);

// Writes where there is none; *stored tells whether.
Status PutKeyIfAbsent(const Target& target, std::string_view key, std::string_view value, ExpiryMs expiry_ms, bool* stored);
// `unpublished`, null for a transaction's: on success the function returns before the commit is durable and visible, and the
// answer holds once Engine::AwaitPublished(*unpublished) says so; many wait together for one sync. null: it waits itself.

// Writes where the value is `expected`, or there is none when that is absent.
Status CompareAndSetKey(const Target& target, std::string_view key, std::optional<std::string_view> expected,
                        std::string_view value, ExpiryMs expiry_ms, Timestamp* unpublished, bool* stored);
// Adds to the value, a decimal number of 64 bits in ASCII; no value counts as 0. A counter that exists keeps its expiry;
// expiry_ms is for one that is made. kInvalidArgument, with the detail "reason", when the value is no such number or would
// not be one afterwards.
Status IncrementKey(const Target& target, std::string_view key, int64_t by, ExpiryMs expiry_ms, Timestamp* unpublished,
                    int64_t* result);

// Packed keys in, packed values out (slab.h), all from one snapshot. kInvalidArgument for damaged batches.
Status GetKeys(const Target& target, std::string_view packed_keys, PackedWriter* out);
// Packed puts, which expire at expiry_ms, and deletes, all or none.
//   record   u32 key length | u32 value length or kMissing: delete | key | value, padded to 4 bytes
Status WriteKeys(const Target& target, std::string_view packed, ExpiryMs expiry_ms = kNeverExpires);

// When a value that lives ttl_ms from now (more than 0, fractions allowed) expires: nothing does before its time.
ExpiryMs ExpiryIn(const Target& target, double ttl_ms);

}  // namespace sochdb::binding
