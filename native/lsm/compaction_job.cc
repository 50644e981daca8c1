#include "lsm/compaction_job.h"

#include <algorithm>
#include <unordered_set>

#include "lsm/run_stream.h"

namespace sochdb {
namespace {

// Ends when the job is cancelled: also while the keep rule swallows everything.
class CancellableStream final : public VersionStream {
 public:
  CancellableStream(std::unique_ptr<VersionStream> input, const CancelToken* cancel)
      : input_(std::move(input)), cancel_(cancel) {}

  bool Valid() const override { return status_.ok() && input_->Valid(); }
  void SeekToFirst() override { input_->SeekToFirst(); }
  void Seek(std::string_view target) override { input_->Seek(target); }
  void Next() override {
    if (++steps_ % kStepsBetweenChecks == 0 && cancel_ != nullptr) status_ = cancel_->Check();
    if (status_.ok()) input_->Next();
  }
  std::string_view key() const override { return input_->key(); }
  const VersionView& version() const override { return input_->version(); }
  Status status() const override { return status_.ok() ? input_->status() : status_; }

 private:
  static constexpr uint64_t kStepsBetweenChecks = 256;

  const std::unique_ptr<VersionStream> input_;
  const CancelToken* const cancel_;
  uint64_t steps_ = 0;
  Status status_;
};

std::unordered_set<uint64_t> NumbersOf(const CompactionPick& pick) {
  std::unordered_set<uint64_t> numbers;
  for (const CompactionPick::Input& input : pick.inputs) {
    for (const TableFilePtr& file : input.files) numbers.insert(file->number());
  }
  return numbers;
}

// The oldest timestamp that an operand above one of the inputs may have: in memory, or in a table that is newer than some
// input.
Timestamp UnseenOperandsFrom(const CompactionPick& pick, const LevelState& levels, Timestamp in_memory_from) {
  Timestamp from = in_memory_from;
  const std::unordered_set<uint64_t> inputs = NumbersOf(pick);
  const CompactionPick::Input& oldest = pick.inputs.back();
  for (int level = 0; level <= oldest.level; ++level) {
    for (const SortedRun& run : levels.levels[static_cast<size_t>(level)]) {
      if (level == oldest.level && run.id <= oldest.run_id) continue;
      for (const TableFilePtr& file : run.files) {
        if (file->properties().merges != 0 && inputs.count(file->number()) == 0)
          from = std::min(from, file->properties().min_ts);
      }
    }
  }
  return from;
}

}  // namespace

std::vector<std::string> CutsOf(const CompactionPick& pick, const LevelState& levels) {
  std::vector<std::string> cuts;
  const std::unordered_set<uint64_t> inputs = NumbersOf(pick);
  for (const SortedRun& run : levels.levels[static_cast<size_t>(pick.output_level)]) {
    if (run.id != pick.output_run_id) continue;
    for (const TableFilePtr& file : run.files) {
      if (inputs.count(file->number()) == 0) cuts.emplace_back(file->smallest());
    }
  }
  return cuts;
}

CompactionJob::CompactionJob(const CompactionPick& pick, const KeepRule& rule, const LevelState& levels,
                             Timestamp in_memory_from, OutputOptions output)
    : pick_(pick), rule_(rule), cancel_(output.cancel), writer_(Counting(std::move(output), &kept_)) {
  rule_.bottom = pick.bottom;
  rule_.unseen_operands_from = UnseenOperandsFrom(pick, levels, in_memory_from);
  for (const CompactionPick::Input& input : pick_.inputs) {
    for (const TableFilePtr& file : input.files) {
      input_bytes_ += file->properties().file_bytes;
      input_entries_ += file->properties().entries;
    }
  }
}

Status CompactionJob::Run(const LsmStore::Progress& progress) {
  std::vector<std::unique_ptr<VersionStream>> streams;
  for (const CompactionPick::Input& input : pick_.inputs) streams.push_back(NewRunStream(input.files));
  auto merged = std::make_unique<CancellableStream>(NewMergedStream(std::move(streams)), cancel_);
  const auto kept = NewKeepFilter(std::move(merged), pick_.tree, rule_, &kept_);
  const auto report = [&] {
    if (!progress || input_entries_ == 0) return;
    const double share = static_cast<double>(kept_.read) / static_cast<double>(input_entries_);
    progress(static_cast<uint64_t>(static_cast<double>(input_bytes_) * std::min(1.0, share)), input_bytes_);
  };
  SOCHDB_TRY(writer_.WriteAll(kept.get(), report));
  if (progress) progress(input_bytes_, input_bytes_);
  return {};
}

}  // namespace sochdb
