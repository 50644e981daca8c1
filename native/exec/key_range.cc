#include "exec/key_range.h"

namespace sochdb {
namespace {

// NULLs are the first values of an ascending column and the last ones of a descending one; no bound reaches them.
constexpr char kAboveNull = static_cast<char>(kKeyNullByte + 1);
constexpr char kInvertedNull = static_cast<char>(~kKeyNullByte);

// lo and hi hold the equality prefix and become the range within it. `from` and `to` are the bounds in key order, which for a
// descending column are hi and lo.
struct Bound {
  const Expr* expr;
  bool inclusive;
};

Status AppendBound(const AccessReader& reader, size_t part, const Bound& bound, Evaluator* evaluator, KeyBuffer* out,
                   bool* null) {
  Value value;
  SOCHDB_TRY(evaluator->EvalConstant(*bound.expr, &value));
  *null = value.is_null();
  return *null ? Status() : reader.AppendKey(part, value, out);
}

}  // namespace

void PrefixRange(KeyRange* range) {
  range->hi.assign(range->lo.view());
  MakePrefixSuccessor(&range->hi);
}

Status BuildKeyRange(const ScanNode& scan, const AccessReader& reader, Evaluator* evaluator, KeyRange* out) {
  out->empty = false;
  out->lo.clear();
  reader.AppendPrefix(&out->lo);
  for (size_t i = 0; i < scan.equals.size(); ++i) {
    Value value;
    SOCHDB_TRY(evaluator->EvalConstant(*scan.equals[i], &value));
    if (value.is_null()) {
      out->empty = true;
      return {};
    }
    SOCHDB_TRY(reader.AppendKey(i, value, &out->lo));
  }
  out->point = scan.access.IsUnique(scan.equals.size());
  if (out->point) return {};
  const size_t part = scan.equals.size();
  if (scan.lo == nullptr && scan.hi == nullptr) {
    PrefixRange(out);
    return {};
  }
  const bool descending = scan.access.key()[part].descending;
  Bound from{scan.lo, scan.lo_inclusive};
  Bound to{scan.hi, scan.hi_inclusive};
  if (descending) std::swap(from, to);

  out->hi.assign(out->lo.view());
  bool null = false;
  if (from.expr != nullptr) {
    SOCHDB_TRY(AppendBound(reader, part, from, evaluator, &out->lo, &null));
    if (!from.inclusive) MakePrefixSuccessor(&out->lo);
    out->empty |= null;
  } else if (!descending) {
    out->lo.push_back(kAboveNull);
  }
  if (to.expr != nullptr) {
    SOCHDB_TRY(AppendBound(reader, part, to, evaluator, &out->hi, &null));
    if (to.inclusive) MakePrefixSuccessor(&out->hi);
    out->empty |= null;
  } else if (descending) {
    out->hi.push_back(kInvertedNull);
  } else {
    MakePrefixSuccessor(&out->hi);
  }
  out->empty |= !out->hi.view().empty() && out->hi.view() <= out->lo.view();
  return {};
}

}  // namespace sochdb
