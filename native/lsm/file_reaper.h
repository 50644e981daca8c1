// FileReaper: the files of tables that the manifest names no more, from when their last reader lets go until they are deleted.
//
// The last reader may be any thread, also one that must not wait for a disk: it only leaves a note here. Reap, called from the
// background, does the rest. A file that could not be deleted is left to the next opening, which deletes what the manifest
// does not name.
//
// Blobs: a table names the blob files that its values refer to. Once no table that exists names a blob any more, Reap reports
// it. Blobs that never reached a table (a flush found them superseded) are held back until the memtable with their references
// is gone.
//
// Thread safety: any thread.

#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "env/sync.h"

namespace sochdb {

class FileReaper {
 public:
  FileReaper(Env* env, std::string dir) : env_(env), dir_(std::move(dir)), mutex_(env) {}

  // A table came to be, or its manifest entry went: what it names, and how large it is.
  void Born(const std::vector<uint64_t>& blobs);
  void Condemned(uint64_t bytes);
  // Its last reader is gone. `obsolete`: its file is to be deleted; else it was never installed, or the store is being closed.
  void Gone(uint64_t number, uint64_t bytes, const std::vector<uint64_t>& blobs, bool obsolete);
  // Blobs whose references lie in that memory alone, and that no reader needs once it is gone.
  void DroppedWith(std::weak_ptr<const void> memory, std::vector<uint64_t> blobs);

  using BlobsGone = std::function<void(std::span<const uint64_t>)>;
  void Reap(const BlobsGone& blob_gone);

  [[nodiscard]] std::vector<uint64_t> LiveBlobs() const;  // ascending
  struct Waiting {
    uint64_t files = 0;
    uint64_t bytes = 0;
  };
  [[nodiscard]] Waiting waiting() const;  // condemned and not yet deleted

 private:
  struct File {
    uint64_t number = 0;
    uint64_t bytes = 0;
    std::vector<uint64_t> blobs;
  };
  struct Dropped {
    std::weak_ptr<const void> memory;
    std::vector<uint64_t> blobs;
  };
  void Release(const std::vector<uint64_t>& blobs, std::vector<uint64_t>* gone);

  Env* const env_;
  const std::string dir_;
  mutable Mutex mutex_;  // guards all below
  std::vector<File> doomed_;
  std::vector<Dropped> dropped_;
  std::unordered_map<uint64_t, uint64_t> blob_references_;  // by blob: tables that name it
  Waiting waiting_;
};

}  // namespace sochdb
