#include "sst/table_cursor.h"

namespace sochdb {

bool TableCursor::Ready() {
  status_ = core_->Ready();
  if (status_.ok()) return true;
  cursor_.Clear();
  block_ = kNoBlock;
  return false;
}

bool TableCursor::Load(uint32_t i) {
  if (i == block_) return true;
  cursor_.Clear();
  block_ = kNoBlock;
  std::string_view bytes;
  status_ = fetcher_.Fetch(i, &bytes);
  if (!status_.ok()) return false;
  cursor_.Reset(DataBlock(bytes));
  block_ = i;
  return true;
}

void TableCursor::EnterForward(uint32_t i) {
  while (i < core_->meta().index.size() && Hidden(i)) {
    ++gaps_;
    ++i;
  }
  if (i == core_->meta().index.size()) {
    cursor_.Clear();
    block_ = kNoBlock;
  } else if (Load(i)) {
    cursor_.SeekToFirst();
  }
}

void TableCursor::EnterBackward(uint32_t i) {
  while (i != kNoBlock && Hidden(i)) {
    ++gaps_;
    i = i == 0 ? kNoBlock : i - 1;
  }
  if (i == kNoBlock) {
    cursor_.Clear();
    block_ = kNoBlock;
  } else if (Load(i)) {
    cursor_.SeekToLast();
  }
}

void TableCursor::NextBlock() { EnterForward(block_ + 1); }

void TableCursor::PrevBlock() { EnterBackward(block_ == 0 ? kNoBlock : block_ - 1); }

void TableCursor::SeekToFirst() {
  if (Ready()) EnterForward(0);
}

void TableCursor::SeekToLast() {
  if (Ready()) EnterBackward(core_->meta().index.size() - 1);
}

void TableCursor::Seek(std::string_view target) {
  if (!Ready()) return;
  const uint32_t i = core_->meta().index.Seek(target);
  if (i == core_->meta().index.size() || Hidden(i)) return EnterForward(i);
  if (!Load(i)) return;
  cursor_.Seek(target, read_ts_);
  if (!cursor_.Valid()) NextBlock();
}

void TableCursor::SeekForPrev(std::string_view target) {
  if (!Ready()) return;
  const uint32_t i = core_->meta().index.Seek(target);
  if (i == core_->meta().index.size()) return EnterBackward(i - 1);
  if (Hidden(i)) return EnterBackward(i == 0 ? kNoBlock : i - 1);
  if (!Load(i)) return;
  cursor_.SeekForPrev(target);
  if (!cursor_.Valid()) PrevBlock();
}

namespace {

class TableStream final : public VersionStream {
 public:
  TableStream(const TableCore* core, bool fill_cache) : cursor_(core, kMaxTimestamp, fill_cache, true) {}

  bool Valid() const override { return cursor_.Valid(); }
  void SeekToFirst() override {
    cursor_.SeekToFirst();
    Show();
  }
  void Seek(std::string_view target) override {
    cursor_.Seek(target);
    Show();
  }
  void Next() override {
    SOCHDB_DCHECK(Valid());
    cursor_.Next();
    Show();
  }
  std::string_view key() const override { return cursor_.at().key(); }
  const VersionView& version() const override { return version_; }
  Status status() const override { return cursor_.status(); }

 private:
  void Show() {
    if (cursor_.Valid()) cursor_.at().entry().FillView(&version_);
  }

  TableCursor cursor_;
  VersionView version_;
};

}  // namespace

std::unique_ptr<VersionStream> NewTableStream(const TableCore* core, bool fill_cache) {
  return std::make_unique<TableStream>(core, fill_cache);
}

}  // namespace sochdb
