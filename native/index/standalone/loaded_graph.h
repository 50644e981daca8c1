// LoadedGraph: puts the slots and links of a file into StandaloneRows, and trusts none of them.
//
// First every slot with its level, vector and bottom row (Add), then the rows above (SetUpperRow), in any order, then Finish,
// which looks whether every link leads to a slot of its layer. Only then may the rows be searched.
//
// Thread safety: one thread. Throws std::bad_alloc.

#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "index/standalone/graph_access.h"
#include "index/standalone/standalone_rows.h"

namespace sochdb {

class LoadedGraph {
 public:
  // slots: how many there will be.
  LoadedGraph(Env* env, const StandaloneOptions& options, uint32_t slots);

  struct Slot {
    uint64_t id;
    bool live;
    std::span<const uint32_t> links;  // of the bottom layer
    const float* vector;              // padded and prepared already, or the dimension's values, to be prepared
    bool prepared;
  };
  // All return what is wrong, for a message; null when nothing is.
  const char* Add(const Slot& slot);
  // REQUIRES: Add for the slot. Once for a slot.
  const char* SetLevel(uint32_t slot, uint32_t level);
  const char* SetUpperRow(uint32_t slot, uint32_t level, std::span<const uint32_t> links);
  // entry: kNoSlot where there are no slots.
  const char* Finish(uint32_t entry, uint32_t entry_level);

  std::unique_ptr<StandaloneRows> Take() { return std::move(rows_); }

 private:
  const StandaloneOptions& options_;
  const uint32_t slots_;
  std::unique_ptr<StandaloneRows> rows_;
  std::vector<bool> hidden_;
  uint32_t live_ = 0;
  std::vector<float> prepared_;
};

}  // namespace sochdb
