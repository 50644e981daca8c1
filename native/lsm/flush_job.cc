#include "lsm/flush_job.h"

#include <algorithm>
#include <unordered_set>

#include "wal/blob_store.h"

namespace sochdb {
namespace {

// Notes the blobs that pass by.
class BlobWatch final : public VersionStream {
 public:
  BlobWatch(std::unique_ptr<VersionStream> input, std::unordered_set<uint64_t>* blobs)
      : input_(std::move(input)), blobs_(blobs) {}

  bool Valid() const override { return input_->Valid(); }
  void SeekToFirst() override {
    input_->SeekToFirst();
    Note();
  }
  void Seek(std::string_view target) override {
    input_->Seek(target);
    Note();
  }
  void Next() override {
    input_->Next();
    Note();
  }
  std::string_view key() const override { return input_->key(); }
  const VersionView& version() const override { return input_->version(); }
  Status status() const override { return input_->status(); }

 private:
  void Note() {
    if (!input_->Valid() || input_->version().kind != ValueKind::kBlob) return;
    BlobRef ref;
    if (BlobRef::Decode(input_->version().value, &ref)) blobs_->insert(ref.file_number);
  }

  const std::unique_ptr<VersionStream> input_;
  std::unordered_set<uint64_t>* const blobs_;
};

// Whether a table may hold an older version of one of the memtable's keys.
bool MeetsTables(const Memtable& memtable, const LevelState& levels) {
  const auto keys = memtable.NewIterator(kMaxTimestamp);
  keys->SeekToFirst();
  if (!keys->Valid()) return false;
  const std::string first(keys->key());
  keys->SeekToLast();
  const std::string last(keys->key());
  for (const auto& level : levels.levels) {
    for (const SortedRun& run : level) {
      const size_t at = run.FileFor(first);
      if (at < run.files.size() && run.files[at]->smallest() <= last) return true;
    }
  }
  return false;
}

}  // namespace

FlushJob::FlushJob(const FlushUnit& unit, const KeepRule& rule, const LevelState& levels, bool oldest, OutputOptions output)
    : unit_(unit), rule_(rule), writer_(Counting(std::move(output), &kept_)) {
  rule_.bottom = oldest && !MeetsTables(*unit_.memtable, levels);
  // Whatever is written from now on, and what waits in newer memtables.
  rule_.unseen_operands_from = std::max(unit_.last_write, unit_.memtable->newest_ts()) + 1;
}

Status FlushJob::Run() {
  std::unordered_set<uint64_t> blobs;
  auto versions = std::make_unique<BlobWatch>(unit_.memtable->NewVersionStream(), &blobs);
  const auto kept = NewKeepFilter(std::move(versions), unit_.tree, rule_, &kept_);
  SOCHDB_TRY(writer_.WriteAll(kept.get(), nullptr));
  for (const OutputFile& file : files()) {
    for (const uint64_t blob : file.properties.blobs) blobs.erase(blob);
  }
  dropped_blobs_.assign(blobs.begin(), blobs.end());
  return {};
}

}  // namespace sochdb
