// SimEnv: a whole world for the engine that a seed decides: files that a crash tears, faults on order, a clock that
// the test moves, and threads that run one at a time.
//
//   SimEnv env(seed);
//   env.CrashAt(n);            // the n-th I/O operation from the beginning, and every later one, fails
//   …                          // use the store until it fails; destroy it
//   env.Restart(seed);         // the power comes back: what was not made durable is kept, lost or torn, by seed
//   …                          // open again, and look
//
// Every call on files and directories is one I/O operation: it is counted, takes a little time, and is a point where another
// thread may run. (FileExists, RealPath and Size are not counted: they change nothing and cannot fail here.)
// The same seed and the same calls give the same run; trace_hash() is equal exactly then.
//
// Thread safety: the thread that makes it, and the threads it starts.
// Ownership: files, locks and threads must be gone before it is destroyed. After a restart old files and locks are dead: their
// operations fail, their destruction is harmless.

#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "test/baton.h"
#include "test/sim_disk.h"

namespace sochdb {

class SimEnv final : public Env {
 public:
  enum class Fault : uint8_t {
    kIoError,  // EIO; a write may have been done in part; a sync forgets the pages that it did not write (fsyncgate)
    kNoSpace,  // ENOSPC, likewise
  };

  explicit SimEnv(uint64_t seed);
  ~SimEnv() override;

  Result<std::unique_ptr<File>> OpenFile(const std::string& path, OpenMode mode) override;
  Status DeleteFile(const std::string& path) override;
  Status RenameFile(const std::string& from, const std::string& to) override;  // within one directory
  Status CreateDir(const std::string& path) override;
  Status DeleteDir(const std::string& path) override;
  Status SyncDir(const std::string& path) override;
  Result<std::vector<std::string>> ListDir(const std::string& path) override;
  bool FileExists(const std::string& path) override;
  Result<std::unique_ptr<FileLock>> LockFile(const std::string& path) override;
  Result<std::string> RealPath(const std::string& path) override;

  uint64_t NowMillis() override;
  uint64_t MonotonicMicros() override;
  uint64_t Random64() override;
  void SleepMicros(uint64_t micros) override;
  std::unique_ptr<Thread> StartThread(const char* name, std::function<void()> body) override;
  Scheduler* scheduler() override { return &baton_; }

  // --- faults ---
  [[nodiscard]] uint64_t io_count() const { return io_count_; }
  // Operation `number` (the first is 1) and all later ones fail. 0: never.
  void CrashAt(uint64_t number) { crash_at_ = number; }
  void CrashNow() { crashed_ = true; }
  [[nodiscard]] bool crashed() const { return crashed_; }
  // The operation fails, once; or from it on until ClearFaults.
  void FailAt(uint64_t number, Fault fault, bool and_later = false) { fail_at_ = FailPlan{number, fault, and_later}; }
  void ClearFaults();
  // Writing and allocating beyond this many bytes, over all files, is ENOSPC. 0: no limit.
  void LimitDisk(uint64_t bytes) { disk_limit_bytes_ = bytes; }
  // After a crash or without one: the power fails and comes back.
  void Restart(uint64_t seed);
  // As above, with everything that was not made durable settled by `fates` (SimDisk::ListUndecided).
  void Restart(const std::vector<SimDisk::Fate>& fates);
  [[nodiscard]] std::vector<SimDisk::Undecided> ListUndecided() const { return disk_.ListUndecided(); }
  // Only the process died: everything that was written is still there.
  void RestartProcess();

  // --- rare but allowed ---
  // From here on Buggify answers by this seed: a third of the points are live in one world, each with a rate of its own.
  void EnableBuggify(uint64_t seed) { buggify_seed_ = seed; }
  // The points that have answered yes.
  [[nodiscard]] const std::set<std::string>& buggified() const { return buggified_; }

  // --- the disk, directly ---
  [[nodiscard]] SimDisk CloneDisk() const { return disk_.Clone(); }
  // Another disk is in the machine: what was open is dead.
  void UseDisk(SimDisk disk);
  // Flips the bits of `mask` in one byte, on disk and in cache.
  void FlipBits(const std::string& path, uint64_t offset, uint8_t mask);
  void Overwrite(const std::string& path, uint64_t offset, std::string_view bytes);  // durably
  // Cuts a file short, durably.
  void Cut(const std::string& path, uint64_t size);
  void Vanish(const std::string& path);  // deletes a file, durably
  [[nodiscard]] std::string Contents(const std::string& path) const;
  [[nodiscard]] uint64_t used_bytes() const { return disk_.used_bytes(); }

  // --- the clock ---
  void AdvanceMillis(uint64_t millis) { baton_.Advance(millis * 1000); }
  void StepWallClock(int64_t millis) { wall_offset_millis_ += millis; }  // as an administrator would: back too

  [[nodiscard]] uint64_t trace_hash() const { return baton_.trace_hash(); }
  [[nodiscard]] uint64_t switches() const { return baton_.switches(); }

 private:
  bool AnswerBuggify(const char* point) override;
  friend class SimFileHandle;
  friend class SimLock;
  enum class Op : uint8_t {
    kOpen,
    kDelete,
    kRename,
    kCreateDir,
    kDeleteDir,
    kSyncDir,
    kList,
    kLock,
    kRead,
    kWrite,
    kSync,
    kTruncate,
    kAllocate
  };
  struct FailPlan {
    uint64_t number;
    Fault fault;
    bool and_later;
  };

  // Begins an operation: counts it, lets others run, and says whether it fails (errno) or may go on (0).
  int Begin(Op op, const std::string& path, uint64_t detail = 0);
  Status Fail(Op op, const std::string& path, int error) const;
  bool DiskFull(uint64_t more_bytes) const;

  Baton baton_;
  SimRandom random_;
  SimDisk disk_;
  std::set<std::string> locks_;
  uint64_t generation_ = 0;  // of the power: handles of an earlier one are dead
  uint64_t io_count_ = 0;
  uint64_t crash_at_ = 0;
  bool crashed_ = false;
  std::optional<FailPlan> fail_at_;
  uint64_t disk_limit_bytes_ = 0;
  int64_t wall_offset_millis_ = 0;
  std::optional<uint64_t> buggify_seed_;
  std::set<std::string> buggified_;
};

}  // namespace sochdb
