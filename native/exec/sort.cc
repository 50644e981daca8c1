// kSort: all rows, or the first of them, in the order of some expressions.
//
// Rows are spooled; each has a sort key whose bytes compare as the expressions do, so that sorting compares bytes. With a
// limit, no more than about twice the rows that can still be in the result are kept at a time. Equal rows keep their order.

#include <algorithm>
#include <numeric>

#include "exec/limit.h"
#include "exec/operator.h"
#include "exec/row_key.h"
#include "exec/spool.h"

namespace sochdb {
namespace {

constexpr uint32_t kRunRows = 16384;
constexpr uint64_t kTopRowsMax = 1 << 20;  // beyond this, keeping only the top saves too little

// A sort key: its first bytes as a number, for most comparisons, and all of them.
struct Entry {
  uint64_t head;
  std::string_view key;
  uint32_t row;  // in the spool; later rows are greater

  bool operator<(const Entry& other) const {
    if (head != other.head) return head < other.head;
    const int order = key.compare(other.key);
    return order != 0 ? order < 0 : row < other.row;
  }
};

uint64_t HeadOf(std::string_view key) {
  char bytes[8] = {};
  std::memcpy(bytes, key.data(), std::min<size_t>(key.size(), 8));
  return DecodeBigEndian64(bytes);
}

class Sort : public Operator {
 public:
  Sort(const SortNode& node, ExecContext* context, OperatorPtr child)
      : node_(node),
        context_(context),
        evaluator_(context),
        child_(std::move(child)),
        rows_(node.columns, &context->memory),
        key_bytes_(std::make_unique<BatchArena>(&context->memory)),
        output_(&context->memory) {
    output_.Init(node.columns);
  }
  ~Sort() override { context_->memory.Release(charged_); }

  Status Open() override {
    evaluator_.Restart();
    rows_.Clear();
    entries_.clear();
    key_bytes_ = std::make_unique<BatchArena>(&context_->memory);
    sorted_ = false;
    next_ = 0;
    SOCHDB_TRY(EvalLimits(node_.limit, node_.offset, &evaluator_, &limit_, &offset_));
    top_ = limit_ == kNoLimit || offset_ > kNoLimit - limit_ ? kNoLimit : limit_ + offset_;
    return limit_ == 0 ? Status() : child_->Open();
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    if (limit_ == 0) return {};
    if (!sorted_) {
      SOCHDB_TRY(ReadAll());
      SOCHDB_TRY(SortEntries());
      if (entries_.size() > top_) entries_.resize(top_);
      next_ = std::min<uint64_t>(offset_, entries_.size());
      sorted_ = true;
    }
    const auto n = static_cast<uint32_t>(std::min<uint64_t>(want, entries_.size() - next_));
    if (n == 0) return {};
    picked_.resize(n);
    for (uint32_t i = 0; i < n; ++i) picked_[i] = entries_[next_ + i].row;
    next_ += n;
    for (size_t c = 0; c < node_.columns.size(); ++c) SOCHDB_TRY(rows_.Gather(picked_, c, &output_.column(c)));
    output_.Expose(n, out);
    return {};
  }

 private:
  Status ReadAll() {
    const bool prune = top_ <= kTopRowsMax;
    const uint64_t prune_at = prune ? top_ * 2 + kBatchRows : kNoLimit;
    Batch batch;
    for (;;) {
      SOCHDB_TRY(child_->Next(kBatchRows, &batch));
      if (batch.count() == 0) return {};
      SOCHDB_TRY(context_->Tick(batch.count()));
      SOCHDB_TRY(AppendEntries(batch));
      SOCHDB_TRY(rows_.Append(batch));
      if (entries_.size() >= prune_at) SOCHDB_TRY(Prune());
    }
  }

  Status AppendEntries(const Batch& batch) {
    evaluator_.BeginBatch();
    std::vector<const ColumnVector*> columns(node_.keys.size());
    for (size_t k = 0; k < columns.size(); ++k) {
      SOCHDB_TRY(evaluator_.Eval(*node_.keys[k].expr, batch, batch.selection, &columns[k]));
    }
    SOCHDB_TRY(ReserveEntries(entries_.size() + batch.count()));
    for (uint32_t i = 0; i < batch.count(); ++i) {
      key_.clear();
      for (size_t k = 0; k < columns.size(); ++k) {
        SOCHDB_TRY(AppendSortKey(*columns[k], batch.selection[i], node_.keys[k].descending, node_.keys[k].nulls_last, &key_));
      }
      Entry entry{HeadOf(key_.view()), {}, rows_.rows() + i};
      if (!key_bytes_->Copy(key_.view(), &entry.key)) return context_->memory.LimitError();
      entries_.push_back(entry);
    }
    return {};
  }

  Status ReserveEntries(size_t n) {
    if (n <= entries_.capacity()) return {};
    const size_t capacity = std::max(n, entries_.capacity() * 2);
    const uint64_t charge = capacity * sizeof(Entry) * 2;  // merging takes as much again
    if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
    context_->memory.Release(charged_);
    charged_ = charge;
    entries_.reserve(capacity);
    return {};
  }

  // Keeps the first top_ rows of those read so far, and gives back the memory of the others.
  Status Prune() {
    std::nth_element(entries_.begin(), entries_.begin() + static_cast<ptrdiff_t>(top_), entries_.end());
    entries_.resize(top_);
    // In their old order, so that equal rows stay as they came.
    std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.row < b.row; });
    Spool kept(node_.columns, &context_->memory);
    auto kept_bytes = std::make_unique<BatchArena>(&context_->memory);
    for (size_t from = 0; from < entries_.size(); from += kBatchRows) {
      const auto n = static_cast<uint32_t>(std::min<size_t>(kBatchRows, entries_.size() - from));
      picked_.resize(n);
      for (uint32_t i = 0; i < n; ++i) {
        Entry& entry = entries_[from + i];
        picked_[i] = entry.row;
        entry.row = static_cast<uint32_t>(from + i);
        if (!kept_bytes->Copy(entry.key, &entry.key)) return context_->memory.LimitError();
      }
      for (size_t c = 0; c < node_.columns.size(); ++c) SOCHDB_TRY(rows_.Gather(picked_, c, &output_.column(c)));
      Batch batch;
      output_.Expose(n, &batch);
      SOCHDB_TRY(kept.Append(batch));
    }
    std::swap(rows_, kept);
    key_bytes_ = std::move(kept_bytes);
    return {};
  }

  // Sorts runs, then merges pairs of them, asking between whether to go on.
  Status SortEntries() {
    const size_t n = entries_.size();
    for (size_t from = 0; from < n; from += kRunRows) {
      SOCHDB_TRY(context_->Tick(kRunRows));
      std::sort(entries_.begin() + static_cast<ptrdiff_t>(from),
                entries_.begin() + static_cast<ptrdiff_t>(std::min(n, from + kRunRows)));
    }
    std::vector<Entry> merged;
    for (size_t width = kRunRows; width < n; width *= 2) {
      merged.clear();
      merged.reserve(n);
      for (size_t from = 0; from < n; from += 2 * width) {
        SOCHDB_TRY(context_->Tick(kRunRows));
        const auto at = [&](size_t i) { return entries_.begin() + static_cast<ptrdiff_t>(std::min(n, i)); };
        std::merge(at(from), at(from + width), at(from + width), at(from + 2 * width), std::back_inserter(merged));
      }
      std::swap(entries_, merged);
    }
    return {};
  }

  const SortNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  OperatorPtr child_;
  Spool rows_;
  std::unique_ptr<BatchArena> key_bytes_;
  BatchStorage output_;
  std::vector<Entry> entries_;
  std::vector<uint32_t> picked_;
  KeyBuffer key_;
  uint64_t limit_ = 0;
  uint64_t offset_ = 0;
  uint64_t top_ = 0;
  uint64_t next_ = 0;
  uint64_t charged_ = 0;
  bool sorted_ = false;
};

}  // namespace

OperatorPtr MakeSort(const SortNode& node, ExecContext* context, OperatorPtr child) {
  return std::make_unique<Sort>(node, context, std::move(child));
}

}  // namespace sochdb
