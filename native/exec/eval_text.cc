// Text: ||, LIKE, substrings, case, length.

#include "codec/utf8.h"
#include "exec/eval.h"
#include "exec/like.h"

namespace sochdb {
namespace {

// Calls f(row) for the selected rows where `out` is not NULL, until it fails.
template <typename F>
Status ForEachValue(const Selection& selection, const ColumnVector& out, F&& f) {
  for (uint32_t i = 0; i < selection.count; ++i) {
    const uint32_t r = selection[i];
    if (out.nulls()[r] == 0) SOCHDB_TRY(f(r));
  }
  return {};
}

Status Concat(const Operands& in, const Selection& selection, BatchArena* arena, ColumnVector* out) {
  return ForEachValue(selection, *out, [&](uint32_t r) -> Status {
    const std::string_view a = in.a->bytes(r);
    const std::string_view b = in.b->bytes(r);
    const size_t n = a.size() + b.size();
    if (n > kMaxValueBytes)
      return {Code::kLimit, "A text of more than 512 MiB cannot be built.", {{"limit", "kMaxValueBytes"}}};
    char* to = arena->Allocate(n);
    if (to == nullptr) return arena->memory()->LimitError();
    if (!a.empty()) std::memcpy(to, a.data(), a.size());
    if (!b.empty()) std::memcpy(to + a.size(), b.data(), b.size());
    out->data<std::string_view>()[r] = {to, n};
    return {};
  });
}

Status ChangeCase(ExprOp op, const Operands& in, const Selection& selection, BatchArena* arena, ColumnVector* out) {
  std::string changed;
  return ForEachValue(selection, *out, [&](uint32_t r) -> Status {
    changed.clear();
    op == ExprOp::kLower ? AppendLower(in.a->bytes(r), &changed) : AppendUpper(in.a->bytes(r), &changed);
    return arena->Copy(changed, &out->data<std::string_view>()[r]) ? Status() : arena->memory()->LimitError();
  });
}

Status Search(ExprOp op, const Operands& in, const Selection& selection, ColumnVector* out) {
  uint8_t* truth = out->data<uint8_t>();
  return ForEachValue(selection, *out, [&](uint32_t r) -> Status {
    const std::string_view text = in.a->bytes(r);
    const std::string_view part = in.b->bytes(r);
    bool found = false;
    if (op == ExprOp::kStartsWith) found = text.starts_with(part);
    else if (op == ExprOp::kEndsWith) found = text.ends_with(part);
    else found = text.find(part) != std::string_view::npos;
    truth[r] = found ? 1 : 0;
    return {};
  });
}

Status Likeness(const Operands& in, const Selection& selection, bool fold, ExecContext* context, ColumnVector* out) {
  uint8_t* truth = out->data<uint8_t>();
  const auto escape = [&](uint32_t r) { return in.c != nullptr ? in.c->bytes(r) : std::string_view(); };
  if (in.b->constant() && (in.c == nullptr || in.c->constant())) {
    LikePattern pattern(in.b->bytes(0), escape(0), fold);
    return ForEachValue(selection, *out, [&](uint32_t r) -> Status {
      bool matches = false;
      SOCHDB_TRY(pattern.Matches(in.a->bytes(r), context, &matches));
      truth[r] = matches ? 1 : 0;
      return {};
    });
  }
  return ForEachValue(selection, *out, [&](uint32_t r) -> Status {
    bool matches = false;
    SOCHDB_TRY(Like(in.a->bytes(r), in.b->bytes(r), escape(r), fold, context, &matches));
    truth[r] = matches ? 1 : 0;
    return {};
  });
}

}  // namespace

Status EvalText(const Expr& expr, const Operands& in, const Selection& selection, ExecContext* context, BatchArena* arena,
                ColumnVector* out) {
  PropagateNulls(*in.a, in.b, selection, out);
  switch (expr.op) {
    case ExprOp::kConcat:
      return Concat(in, selection, arena, out);
    case ExprOp::kLower:
    case ExprOp::kUpper:
      return ChangeCase(expr.op, in, selection, arena, out);
    case ExprOp::kLength:
      return ForEachValue(selection, *out, [&](uint32_t r) -> Status {
        const std::string_view text = in.a->bytes(r);
        const bool blob = in.a->type() == ColumnType::kBlob;
        out->data<int64_t>()[r] = static_cast<int64_t>(blob ? text.size() : CodePointCount(text));
        return {};
      });
    case ExprOp::kContains:
    case ExprOp::kStartsWith:
    case ExprOp::kEndsWith:
      return Search(expr.op, in, selection, out);
    case ExprOp::kLike:
      if (in.c != nullptr && in.c->may_have_nulls()) {
        selection.ForEach([&](uint32_t r) {
          if (in.c->IsNull(r)) out->SetNull(r);
        });
      }
      return Likeness(in, selection, (expr.number & kLikeCaseInsensitive) != 0, context, out);
    default:
      return {Code::kInternal, "An expression has no evaluation."};
  }
}

}  // namespace sochdb
