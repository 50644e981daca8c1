// kScanKeys: the entries under many key prefixes, each prefix once, in key order.

#include <algorithm>
#include <array>

#include "exec/key_range.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

class ScanKeys : public Operator {
 public:
  ScanKeys(const ScanKeysNode& node, ExecContext* context)
      : node_(node),
        context_(context),
        evaluator_(context),
        reader_(context, &node.access),
        storage_(&context->memory),
        key_bytes_(&context->memory) {
    storage_.Init(node.columns);
  }

  Status Open() override {
    cursor_.reset();
    next_ = 0;
    evaluator_.Restart();
    key_bytes_.Reset();
    keys_.clear();
    KeyBuffer key;
    for (size_t i = 0; i < node_.keys.size(); i += node_.width) {
      SOCHDB_TRY(context_->Tick());
      bool null = false;
      SOCHDB_TRY(BuildKey(i, &key, &null));
      if (null) continue;
      if (!key_bytes_.Copy(key.view(), &keys_.emplace_back())) return context_->memory.LimitError();
    }
    std::sort(keys_.begin(), keys_.end());
    keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());
    return {};
  }

  Status Next(uint32_t want, Batch* out) override {
    SOCHDB_TRY(storage_.Reset(want));
    const bool points = node_.access.IsUnique(node_.width);
    uint32_t rows = 0;
    while (rows < want && (cursor_ != nullptr || next_ < keys_.size())) {
      if (points) {
        SOCHDB_TRY(NextPoints(want, &rows));
        continue;
      }
      SOCHDB_TRY(context_->Tick());
      bool found = false;
      SOCHDB_TRY(NextOfPrefix(rows, &found));
      rows += found ? 1 : 0;
    }
    SOCHDB_TRY(reader_.Finish(&storage_));
    storage_.Expose(rows, out);
    return {};
  }

 private:
  Status BuildKey(size_t first, KeyBuffer* key, bool* null) {
    key->clear();
    reader_.AppendPrefix(key);
    for (size_t k = 0; k < node_.width; ++k) {
      Value value;
      SOCHDB_TRY(evaluator_.EvalConstant(*node_.keys[first + k], &value));
      *null = value.is_null();
      if (*null) return {};
      SOCHDB_TRY(reader_.AppendKey(k, value, key));
    }
    return {};
  }

  Status NextPoints(uint32_t want, uint32_t* rows) {
    std::array<uint32_t, AccessReader::kPointsAtOnce> places;
    const size_t count = std::min({places.size(), keys_.size() - next_, size_t{want - *rows}});
    SOCHDB_TRY(context_->Tick(static_cast<uint32_t>(count)));
    SOCHDB_TRY(reader_.LoadPoints(std::span(keys_).subspan(next_, count), *rows, &storage_, places.data()));
    next_ += count;
    *rows += static_cast<uint32_t>(count) - static_cast<uint32_t>(std::count(places.begin(), places.begin() + count, kNoRow));
    return {};
  }

  Status NextOfPrefix(uint32_t row, bool* found) {
    if (cursor_ == nullptr) {
      range_.lo.assign(keys_[next_++]);
      PrefixRange(&range_);
      SOCHDB_ASSIGN(cursor, context_->reader->NewCursor(reader_.tree(), range_.lo.view(), range_.hi.view(), {}));
      cursor_ = std::move(cursor);
    }
    SOCHDB_TRY(cursor_->Next(found));
    if (*found) return reader_.AddEntry(cursor_->key(), cursor_->value(), row, &storage_);
    cursor_.reset();
    return {};
  }

  const ScanKeysNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  AccessReader reader_;
  BatchStorage storage_;
  BatchArena key_bytes_;
  std::vector<std::string_view> keys_;
  size_t next_ = 0;
  KeyRange range_;
  std::unique_ptr<Cursor> cursor_;
};

}  // namespace

OperatorPtr MakeScanKeys(const ScanKeysNode& node, ExecContext* context) { return std::make_unique<ScanKeys>(node, context); }

}  // namespace sochdb
