// KeyRange: the bytes between which the entries of a scan lie. It is also what the scan registers as read.
//
// Thread safety: one thread.

#pragma once

#include "exec/access.h"
#include "exec/eval.h"

namespace sochdb {

struct KeyRange {
  bool empty = false;  // no row can match: nothing is read
  bool point = false;  // `lo` is the one whole key
  KeyBuffer lo;        // inclusive
  KeyBuffer hi;        // exclusive; empty: no end
};

// Evaluates the bounds of a scan. NULLs match no equality and no bound.
Status BuildKeyRange(const ScanNode& scan, const AccessReader& reader, Evaluator* evaluator, KeyRange* out);

// Turns `prefix` into the range of all keys that begin with it.
void PrefixRange(KeyRange* range);

}  // namespace sochdb
