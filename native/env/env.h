// Env: the only door from the engine to the outside world (files, clocks, random numbers, threads).
//
// No other engine file may name open(2), std::thread, std::mutex or a clock; native/test/env_seam_test.cc reads the
// sources and fails on one that does. PosixEnv (posix_env.h) is the real world; SimEnv (test/sim_env.h)
// is a deterministic one with crashes, faults and a scheduler of its own; MemEnv (mem_env.h) serves ':memory:'.
//
// Thread safety: an Env may be used from any thread. A File is changed by one thread at a time; Read is safe from several
// threads at once, and Sync beside a change (it covers what was written before it began).

#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"

namespace sochdb {

enum class OpenMode : uint8_t { kReadOnly, kReadWrite, kCreate /* or open */, kCreateExclusive };

class File {
 public:
  virtual ~File() = default;
  // Reads up to n bytes at offset into out. *got < n only at the end of the file.
  virtual Status Read(uint64_t offset, size_t n, char* out, size_t* got) const = 0;
  // Writes all of data at offset, growing the file as needed. Not durable before Sync.
  virtual Status Write(uint64_t offset, std::string_view data) = 0;
  // Makes contents and size durable (fdatasync; F_FULLFSYNC on macOS). After an error the state of unsynced data is unknown:
  // never retry.
  virtual Status Sync() = 0;
  virtual Status Truncate(uint64_t size) = 0;
  // Reserves disk space without changing the size; kDiskFull when there is none.
  virtual Status Allocate(uint64_t offset, uint64_t length) = 0;
  virtual Result<uint64_t> Size() const = 0;
};

// Held until destroyed. Advisory, per process: a second Env in this process is refused too.
class FileLock {
 public:
  virtual ~FileLock() = default;
};

// Memory with a file behind it. Its contents end with it.
class Mapping {
 public:
  virtual ~Mapping() = default;
  [[nodiscard]] virtual char* data() const = 0;  // aligned to pages
  [[nodiscard]] virtual size_t size() const = 0;
};

class Thread {
 public:
  virtual ~Thread() = default;  // REQUIRES: joined
  virtual void Join() = 0;
};

// What a simulated world hooks to decide which thread runs next. Null in the real world.
class Scheduler {
 public:
  virtual ~Scheduler() = default;
  virtual void Yield() = 0;                                    // a point where another thread may run
  virtual void Block(const void* on) = 0;                      // until Wake(on)
  virtual bool BlockFor(const void* on, uint64_t micros) = 0;  // false when the time ran out
  virtual void Wake(const void* on, bool all) = 0;
};

class Env {
 public:
  virtual ~Env() = default;

  virtual Result<std::unique_ptr<File>> OpenFile(const std::string& path, OpenMode mode) = 0;
  virtual Status DeleteFile(const std::string& path) = 0;
  virtual Status RenameFile(const std::string& from, const std::string& to) = 0;
  virtual Status CreateDir(const std::string& path) = 0;  // parents too; OK when it exists
  // An empty one. An Env that cannot leaves it: kUnsupported.
  virtual Status DeleteDir(const std::string& path) {
    return {Code::kUnsupported, "Directories cannot be deleted here: " + path + "."};
  }
  virtual Status SyncDir(const std::string& path) = 0;  // makes creations, renames and deletions in it durable
  virtual Result<std::vector<std::string>> ListDir(const std::string& path) = 0;  // names, sorted
  virtual bool FileExists(const std::string& path) = 0;
  // Memory that the system may write out to a file in this directory, which has no name. An Env without such leaves it:
  // kUnsupported.
  virtual Result<std::unique_ptr<Mapping>> MapScratch(const std::string& dir, size_t bytes) {
    return Status(Code::kUnsupported, "Nothing can be mapped here: " + dir + ", " + std::to_string(bytes) + " bytes.");
  }
  // What a file holds, to be read and changed in memory; changes do not reach the file, nor does its replacement the memory.
  // REQUIRES: nobody writes to the file. An Env without such leaves it: kUnsupported.
  virtual Result<std::unique_ptr<Mapping>> MapFile(const std::string& path) {
    return Status(Code::kUnsupported, "Files cannot be mapped here: " + path + ".");
  }
  // kLocked with details {pid} when another holder is alive.
  virtual Result<std::unique_ptr<FileLock>> LockFile(const std::string& path) = 0;
  // The canonical path, by which two openings of one store are recognised.
  virtual Result<std::string> RealPath(const std::string& path) = 0;

  virtual uint64_t NowMillis() = 0;                                       // wall clock, may step
  virtual uint64_t MonotonicMicros() = 0;                                 // never steps back
  virtual uint64_t MonotonicNanos() { return MonotonicMicros() * 1000; }  // for measuring: may stand while the machine sleeps
  virtual uint64_t Random64() = 0;
  virtual void SleepMicros(uint64_t micros) = 0;

  virtual std::unique_ptr<Thread> StartThread(const char* name, std::function<void()> body) = 0;
  virtual Scheduler* scheduler() { return nullptr; }

  // Whether to do, at this point, what is allowed but rare: take the smallest buffer, flush early, be slow, choose the other
  // strategy. A simulated world answers by its seed (docs/internals/testing.md); only the tests are built with such points, so
  // that the addon has no trace of them. The point's name is "module.what", in one place only.
#ifdef SOCHDB_BUGGIFY
  bool Buggify(const char* point) { return AnswerBuggify(point); }
#else
  static constexpr bool Buggify(const char* /*point*/) { return false; }
#endif

  // The process's real world.
  static Env* Posix();

 private:
  virtual bool AnswerBuggify(const char* /*point*/) { return false; }
};

// Helpers over any Env.
Status ReadWholeFile(Env* env, const std::string& path, std::string* out);
// Write, sync, rename over `path`, sync the directory: afterwards either the old or the new contents are there.
Status WriteFileAtomically(Env* env, const std::string& dir, const std::string& name, std::string_view contents);

}  // namespace sochdb
