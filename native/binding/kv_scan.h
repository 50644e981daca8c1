// Scans of keys in packed batches, and the children of a path; no Node-API.
//
// Thread safety: a KeyScan belongs to one thread at a time, the one that its target belongs to.
// Lifetime: before the transaction or snapshot that it reads, and before the engine.
// Limits: kMaxRowsPerBatch rows in a batch; kMaxChildren names of one path.

#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "binding/kv_view.h"
#include "binding/target.h"

namespace sochdb::binding {

// How a scan walks; JavaScript passes the bits as one number.
inline constexpr uint32_t kScanReverse = 1;
inline constexpr uint32_t kScanKeysOnly = 2;
inline constexpr uint32_t kScanPrefix = 4;  // lo is a prefix; hi is not read

inline constexpr uint32_t kMaxRowsPerBatch = 100'000;
inline constexpr size_t kMaxChildren = 1'000'000;

// The rows of a range, batch after batch.
//   row   u32 key length (without the namespace) | u32 value length | key | value, padded to 4 bytes
class KeyScan {
 public:
  struct Range {
    std::string_view lo;     // a key of the tree
    std::string_view hi;     // exclusive; no more than a prefix: to the namespace's last key
    bool is_prefix = false;  // all keys that start with lo; hi is not read
    bool reverse = false;
    bool keys_only = false;
  };

  enum class State : uint8_t { kMore = 0, kDone = 1, kNeedsRoom = 2 };
  struct Batch {
    State state = State::kMore;
    size_t bytes = 0;  // written; needed when kNeedsRoom
    uint32_t rows = 0;
  };

  // Opens the view it reads: of a database, a snapshot that the scan keeps.
  static Result<KeyScan> Open(const Target& target, const Range& range);

  // Writes at most max_rows rows, as many as fit. kNeedsRoom when not even the next one does.
  Status Next(uint32_t max_rows, std::span<char> buffer, Batch* out);

 private:
  KeyView view_;
  std::unique_ptr<Cursor> cursor_;  // after its view: destroyed before it
  bool keys_only_ = false;
  bool pending_ = false;  // the cursor stands on a row that did not fit
};

// The names directly below a directory (a key of the tree that ends in '/', or no more than the namespace's prefix), sorted
// by their bytes, each once: what stands between it and the next '/' or the key's end. A key that is the directory itself
// has no name. Found by seeking from child to child. kLimit beyond kMaxChildren. `cancel` may be null.
Status ListChildren(const Target& target, std::string_view directory, const CancelToken* cancel,
                    std::vector<std::string>* names);

// The first key after all that start with prefix; empty when there is none.
std::string PrefixEnd(std::string_view prefix);

}  // namespace sochdb::binding
