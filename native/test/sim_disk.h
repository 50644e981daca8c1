// SimDisk: a file system of which a power loss keeps only what was made durable, and any part of the rest.
//
// A file has contents as programs see them, contents as the disk surely has them (of the last sync), and for each sector
// written since, every version it has had. A power loss settles each such sector by chance: as it was, in one of its later
// versions, zeroed, or garbage; and the size: as it was, as it became, or between. A sector that was synced is
// never touched, unless it was written again. Names behave alike: creations, renames and deletions
// that no SyncDir followed are each kept or lost.
//
// Or the caller settles it: Undecided() lists what a power loss may keep or lose, each by itself, and PowerLoss(fates) does so.
//
// Thread safety: none; the simulated world runs one thread at a time.

#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "test/sim_random.h"

namespace sochdb {

struct SimFile {
  std::string data;
  std::string durable;
  std::map<uint64_t, std::vector<std::string>> unsynced;  // sector -> its versions since the last sync, oldest first
  uint64_t allocated_bytes = 0;
};
using SimFilePtr = std::shared_ptr<SimFile>;

class SimDisk {
 public:
  static constexpr uint64_t kSectorBytes = 512;

  static void Write(SimFile* file, uint64_t offset, std::string_view data);
  static void Truncate(SimFile* file, uint64_t size);
  static void Sync(SimFile* file);
  // What a failed sync does: the disk takes any part of the changes, and nobody remembers that the rest is missing.
  void LoseDirtyPages(SimFile* file, SimRandom* random) const;

  SimFilePtr Find(const std::string& path) const;
  SimFilePtr Create(const std::string& path);  // REQUIRES: no such file
  void Delete(const std::string& path);        // REQUIRES: it exists
  void Rename(const std::string& from, const std::string& to);
  void CreateDir(const std::string& path);  // REQUIRES: its parent exists
  void DeleteDir(const std::string& path);  // REQUIRES: it exists, and is empty
  bool DirExists(const std::string& path) const { return path == "/" || path == "." || dirs_.count(path) != 0; }
  void SyncDir(const std::string& path);
  std::vector<std::string> List(const std::string& path) const;
  uint64_t used_bytes() const;
  uint64_t unsynced_sectors() const;

  void PowerLoss(SimRandom* random);

  // What a power loss decides about one undecided thing.
  enum class Fate : uint8_t { kLost, kKept, kZero, kGarbage };  // the last two: of sectors; elsewhere they mean kKept
  struct Undecided {
    bool is_sectors = false;  // otherwise a name, or the size of a file
    std::string what;         // for messages
  };
  // Names first, in the order of the operations; then the sectors and the size of each file. Sectors beyond the eighth that
  // were written together are decided together.
  std::vector<Undecided> ListUndecided() const;
  // REQUIRES: one fate for each.
  void PowerLoss(const std::vector<Fate>& fates);

  // With files of its own.
  [[nodiscard]] SimDisk Clone() const;

 private:
  enum class NameOp { kCreate, kDelete, kRename, kCreateDir, kDeleteDir };
  struct PendingName {
    NameOp op;
    std::string path;
    std::string from;  // of a rename
    SimFilePtr file;
  };
  // Sectors [from, to) of a file, or (to == 0) its size.
  struct PendingPart {
    SimFile* file;
    uint64_t from;
    uint64_t to;
    std::string what;
  };
  std::vector<PendingPart> PendingParts() const;
  void KeepOnlyDurableNames();
  void Apply(const PendingName& pending);
  std::string Settled(const SimFile& file, SimRandom* random) const;
  std::string Garbage(uint64_t sector, SimRandom* random) const;
  void RememberStale(const SimFile& file);

  std::map<std::string, SimFilePtr> names_;
  std::map<std::string, SimFilePtr> durable_names_;
  std::set<std::string> dirs_;
  std::set<std::string> durable_dirs_;
  std::vector<PendingName> pending_;
  std::map<uint64_t, std::vector<std::string>> stale_;  // sector -> what was there in some file of an earlier life
};

}  // namespace sochdb
