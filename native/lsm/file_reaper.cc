#include "lsm/file_reaper.h"

#include <algorithm>

#include "env/path.h"

namespace sochdb {

void FileReaper::Born(const std::vector<uint64_t>& blobs) {
  if (blobs.empty()) return;
  MutexLock lock(&mutex_);
  for (const uint64_t blob : blobs) ++blob_references_[blob];
}

void FileReaper::Condemned(uint64_t bytes) {
  MutexLock lock(&mutex_);
  ++waiting_.files;
  waiting_.bytes += bytes;
}

void FileReaper::Gone(uint64_t number, uint64_t bytes, const std::vector<uint64_t>& blobs, bool obsolete) {
  MutexLock lock(&mutex_);
  std::vector<uint64_t> not_ours;  // whoever made the table has the references still
  if (obsolete) doomed_.push_back({number, bytes, blobs});
  else Release(blobs, &not_ours);
}

void FileReaper::DroppedWith(std::weak_ptr<const void> memory, std::vector<uint64_t> blobs) {
  if (blobs.empty()) return;
  MutexLock lock(&mutex_);
  dropped_.push_back({std::move(memory), std::move(blobs)});
}

void FileReaper::Release(const std::vector<uint64_t>& blobs, std::vector<uint64_t>* gone) {
  for (const uint64_t blob : blobs) {
    const auto found = blob_references_.find(blob);
    if (found == blob_references_.end() || --found->second != 0) continue;
    blob_references_.erase(found);
    gone->push_back(blob);
  }
}

void FileReaper::Reap(const BlobsGone& blob_gone) {
  std::vector<File> doomed;
  std::vector<uint64_t> gone;
  {
    MutexLock lock(&mutex_);
    doomed.swap(doomed_);
    std::erase_if(dropped_, [&](const Dropped& dropped) {
      if (!dropped.memory.expired()) return false;
      for (const uint64_t blob : dropped.blobs) {
        if (blob_references_.count(blob) == 0) gone.push_back(blob);
      }
      return true;
    });
  }
  for (const File& file : doomed) (void)env_->DeleteFile(JoinPath(dir_, NumberedFileName(file.number, "sst")));
  {
    MutexLock lock(&mutex_);
    for (const File& file : doomed) {
      --waiting_.files;
      waiting_.bytes -= file.bytes;
      Release(file.blobs, &gone);
    }
  }
  if (gone.empty() || !blob_gone) return;
  std::sort(gone.begin(), gone.end());
  gone.erase(std::unique(gone.begin(), gone.end()), gone.end());
  blob_gone(gone);
}

std::vector<uint64_t> FileReaper::LiveBlobs() const {
  std::vector<uint64_t> live;
  {
    MutexLock lock(&mutex_);
    live.reserve(blob_references_.size());
    for (const auto& [blob, references] : blob_references_) live.push_back(blob);
  }
  std::sort(live.begin(), live.end());
  return live;
}

FileReaper::Waiting FileReaper::waiting() const {
  MutexLock lock(&mutex_);
  return waiting_;
}

}  // namespace sochdb
