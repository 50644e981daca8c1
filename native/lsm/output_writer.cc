#include "lsm/output_writer.h"

#include "env/path.h"

namespace sochdb {
namespace {

constexpr uint64_t kStepsBetweenChecks = 256;
constexpr uint64_t kPayBytes = 64 * 1024;
constexpr uint64_t kContainerShare = 4;  // of the target size, from which on a table ends with its container

}  // namespace

size_t ContainerPrefixBytes(TreeId tree) {
  switch (tree) {
    case TreeId::kKeys:
    case TreeId::kCatalog:
      return 4;
    default:
      return 8;
  }
}

OutputWriter::~OutputWriter() {
  builder_.reset();
  if (keep_) return;
  for (const OutputFile& file : files_) (void)options_.env->DeleteFile(file.path);
}

uint64_t OutputWriter::bytes() const {
  uint64_t sum = 0;
  for (const OutputFile& file : files_) sum += file.properties.file_bytes;
  return sum;
}

Status OutputWriter::WriteAll(VersionStream* input, const std::function<void()>& progress) {
  SOCHDB_TRY(Write(input, progress));
  if (builder_ != nullptr) SOCHDB_TRY(Finish());
  if (files_.empty()) return {};
  return options_.env->SyncDir(options_.dir);
}

Status OutputWriter::Write(VersionStream* input, const std::function<void()>& progress) {
  uint64_t steps = 0;
  for (input->SeekToFirst(); input->Valid(); input->Next()) {
    const std::string_view key = input->key();
    if (builder_ != nullptr && key != last_key_ && EndsBefore(key)) SOCHDB_TRY(Finish());
    if (builder_ == nullptr) SOCHDB_TRY(Open());
    SOCHDB_TRY(builder_->Add(key, input->version()));
    last_key_.assign(key);
    if (++steps % kStepsBetweenChecks == 0) SOCHDB_TRY(Breathe(progress));
  }
  return input->status();
}

bool OutputWriter::EndsBefore(std::string_view key) {
  bool cut = false;
  for (; next_cut_ < options_.cuts.size() && options_.cuts[next_cut_] <= key; ++next_cut_) {
    cut = cut || options_.cuts[next_cut_] > last_key_;
  }
  const uint64_t bytes = builder_->file_bytes();
  if (cut || bytes >= options_.target_file_bytes) return true;
  const size_t prefix = ContainerPrefixBytes(options_.tree);
  return bytes >= options_.target_file_bytes / kContainerShare &&
         key.substr(0, prefix) != std::string_view(last_key_).substr(0, prefix);
}

Status OutputWriter::Breathe(const std::function<void()>& progress) {
  if (options_.cancel != nullptr) SOCHDB_TRY(options_.cancel->Check());
  const uint64_t bytes = builder_->file_bytes();
  if (bytes < paid_bytes_ + kPayBytes) return {};
  if (options_.limiter != nullptr) SOCHDB_TRY(options_.limiter->Pay(bytes - paid_bytes_, options_.cancel));
  paid_bytes_ = bytes;
  if (progress) progress();
  return {};
}

Status OutputWriter::Open() {
  OutputFile output;
  output.number = options_.new_file_number();
  output.path = JoinPath(options_.dir, NumberedFileName(output.number, "sst"));
  SOCHDB_ASSIGN(file, options_.env->OpenFile(output.path, OpenMode::kCreateExclusive));
  files_.push_back(output);
  builder_ = std::make_unique<TableBuilder>(std::move(file), output.path, output.number, options_.table,
                                            options_.help ? options_.env : nullptr);
  paid_bytes_ = 0;
  return {};
}

Status OutputWriter::Finish() {
  SOCHDB_TRY(builder_->Finish(&files_.back().properties));
  builder_.reset();
  if (options_.kept != nullptr) {
    // The filter is one key ahead, which is near enough.
    files_.back().pinned_bytes = options_.kept->pinned_bytes - pinned_before_;
    pinned_before_ = options_.kept->pinned_bytes;
  }
  const uint64_t bytes = files_.back().properties.file_bytes;
  if (options_.limiter == nullptr || bytes <= paid_bytes_) return {};
  return options_.limiter->Pay(bytes - paid_bytes_, options_.cancel);
}

}  // namespace sochdb
