#include "lsm/run_stream.h"

#include <algorithm>

namespace sochdb {
namespace {

class RunStream final : public VersionStream {
 public:
  explicit RunStream(std::vector<TableFilePtr> files) : files_(std::move(files)) {}

  bool Valid() const override { return stream_ != nullptr && stream_->Valid(); }
  void SeekToFirst() override {
    Open(0);
    if (stream_ != nullptr) stream_->SeekToFirst();
    Settle();
  }
  void Seek(std::string_view target) override {
    const auto found = std::lower_bound(files_.begin(), files_.end(), target,
                                        [](const TableFilePtr& file, std::string_view key) { return file->largest() < key; });
    Open(static_cast<size_t>(found - files_.begin()));
    if (stream_ != nullptr) stream_->Seek(target);
    Settle();
  }
  void Next() override {
    stream_->Next();
    Settle();
  }
  std::string_view key() const override { return stream_->key(); }
  const VersionView& version() const override { return stream_->version(); }
  Status status() const override { return stream_ == nullptr ? Status() : stream_->status(); }

 private:
  void Open(size_t position) {
    position_ = position;
    stream_ = position < files_.size() ? files_[position]->table().NewVersionStream(false) : nullptr;
  }
  // On to the next file where one has ended well.
  void Settle() {
    while (stream_ != nullptr && !stream_->Valid() && stream_->status().ok()) {
      Open(position_ + 1);
      if (stream_ != nullptr) stream_->SeekToFirst();
    }
  }

  const std::vector<TableFilePtr> files_;
  size_t position_ = 0;
  std::unique_ptr<VersionStream> stream_;
};

}  // namespace

std::unique_ptr<VersionStream> NewRunStream(std::vector<TableFilePtr> files) {
  return std::make_unique<RunStream>(std::move(files));
}

}  // namespace sochdb
