// The real world: files, locks, directories, clocks and threads of the system the tests run on; and files in memory,
// which must behave the same.

#include "env/posix_env.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>

#include "env/mem_env.h"
#include "env/path.h"
#include "env/sync.h"
#include "test/harness.h"

namespace sochdb::posix_env_test {
namespace {

// A directory that is gone when the test is over.
class TempDir {
 public:
  TempDir() {
    const char* base = std::getenv("TMPDIR");
    path_ = JoinPath(base != nullptr ? base : "/tmp", "sochdb-test-XXXXXX");
    EXPECT(mkdtemp(path_.data()) != nullptr);
  }
  ~TempDir() { Remove(path_); }
  TempDir(const TempDir&) = delete;
  TempDir& operator=(const TempDir&) = delete;
  std::string operator/(const std::string& name) const { return JoinPath(path_, name); }
  const std::string& path() const { return path_; }

 private:
  static void Remove(const std::string& path) {
    const auto names = Env::Posix()->ListDir(path);
    if (names.ok()) {
      for (const std::string& name : names.value()) Remove(JoinPath(path, name));
      rmdir(path.c_str());
    } else {
      unlink(path.c_str());
    }
  }
  std::string path_;
};

std::string Detail(const Status& status, const std::string& name) {
  for (const auto& [key, value] : status.details()) {
    if (key == name) return value;
  }
  return "";
}

// What every Env promises of files.
void CheckFiles(Env* env, const std::string& dir) {
  const std::string path = JoinPath(dir, "a");
  EXPECT(env->OpenFile(path, OpenMode::kReadOnly).status().code() == Code::kNotFound);
  EXPECT(env->OpenFile(path, OpenMode::kReadWrite).status().code() == Code::kNotFound);
  EXPECT(!env->FileExists(path));
  auto opened = env->OpenFile(path, OpenMode::kCreateExclusive);
  EXPECT_OK(opened.status());
  File& file = *opened.value();
  EXPECT(env->OpenFile(path, OpenMode::kCreateExclusive).status().code() == Code::kIoError);
  EXPECT(env->FileExists(path));

  EXPECT_OK(file.Write(5, "world"));
  EXPECT_OK(file.Write(0, "hello"));
  EXPECT_OK(file.Allocate(0, 1024 * 1024));
  EXPECT_EQ(file.Size().value(), 10u);
  char buffer[32];
  size_t got = 0;
  EXPECT_OK(file.Read(3, sizeof(buffer), buffer, &got));
  EXPECT_EQ(std::string(buffer, got), "loworld");
  EXPECT_OK(file.Read(100, sizeof(buffer), buffer, &got));
  EXPECT_EQ(got, 0u);
  EXPECT_OK(file.Truncate(3));
  EXPECT_OK(file.Truncate(6));
  EXPECT_OK(file.Read(0, sizeof(buffer), buffer, &got));
  EXPECT_EQ(std::string(buffer, got), std::string("hel\0\0\0", 6));
  const std::string large(1'000'000, 'x');
  EXPECT_OK(file.Write(1'000'000, large));
  EXPECT_EQ(file.Size().value(), 2'000'000u);
  EXPECT_OK(file.Sync());
  std::string whole;
  EXPECT_OK(ReadWholeFile(env, path, &whole));
  EXPECT_EQ(whole.substr(1'000'000), large);
  EXPECT_EQ(whole.find_first_not_of('\0', 6), 1'000'000u);

  auto read_only = env->OpenFile(path, OpenMode::kReadOnly);
  const Status refused = read_only.value()->Write(0, "x");
  EXPECT(refused.code() == Code::kIoError);
  EXPECT_EQ(Detail(refused, "file"), path);
  EXPECT_EQ(Detail(refused, "operation"), "write");
  EXPECT(!Detail(refused, "errno").empty());

  const std::string other = JoinPath(dir, "b");
  EXPECT_OK(env->RenameFile(path, other));
  EXPECT_OK(WriteFileAtomically(env, dir, "c", "first"));
  EXPECT_OK(WriteFileAtomically(env, dir, "c", "second"));
  EXPECT_OK(ReadWholeFile(env, JoinPath(dir, "c"), &whole));
  EXPECT_EQ(whole, "second");
  EXPECT_OK(env->SyncDir(dir));
  EXPECT(env->ListDir(dir).value() == (std::vector<std::string>{"b", "c"}));
  EXPECT_OK(env->DeleteFile(other));
  EXPECT(env->DeleteFile(other).code() == Code::kNotFound);
  EXPECT(env->RenameFile(other, path).code() == Code::kNotFound);
  EXPECT_OK(file.Read(0, 3, buffer, &got));  // a deleted file can still be read through its handle
  EXPECT_EQ(std::string(buffer, got), "hel");

  const std::string deep = JoinPath(dir, "x/y/z");
  EXPECT_OK(env->CreateDir(deep));
  EXPECT_OK(env->CreateDir(deep));
  EXPECT(env->ListDir(deep).value().empty());
  EXPECT(env->ListDir(JoinPath(dir, "absent")).status().code() == Code::kNotFound);
}

TEST("files do what is promised on disk") {
  TempDir dir;
  CheckFiles(Env::Posix(), dir.path());
}

TEST("files do what is promised in memory") {
  MemEnv env;
  EXPECT_OK(env.CreateDir("/m"));
  CheckFiles(&env, "/m");
}

TEST("what a shrunken file in memory held does not come back when it grows") {
  MemEnv env;
  auto file = std::move(env.OpenFile("/f", OpenMode::kCreate)).value();
  EXPECT_OK(file->Write(0, std::string(700'000, 'x')));
  EXPECT_OK(file->Truncate(300'000));
  EXPECT_OK(file->Truncate(700'000));
  std::string whole;
  EXPECT_OK(ReadWholeFile(&env, "/f", &whole));
  EXPECT_EQ(whole, std::string(300'000, 'x') + std::string(400'000, '\0'));
}

void CheckLock(Env* env, const std::string& path) {
  auto held = env->LockFile(path);
  EXPECT_OK(held.status());
  const Status refused = env->LockFile(path).status();
  EXPECT(refused.code() == Code::kLocked);
  EXPECT_EQ(Detail(refused, "pid"), std::to_string(getpid()));
  EXPECT_EQ(Detail(refused, "file"), path);
  held.value().reset();
  EXPECT_OK(env->LockFile(path).status());
}

TEST("a lock is refused to a second opening in this process, and free once released") {
  TempDir dir;
  CheckLock(Env::Posix(), dir / "LOCK");
  MemEnv env;
  CheckLock(&env, "/LOCK");
}

TEST("a lock held by another process names its pid, and dies with it") {
  TempDir dir;
  const std::string path = dir / "LOCK";
  int ready[2];
  int finish[2];
  EXPECT(pipe(ready) == 0 && pipe(finish) == 0);
  const pid_t child = fork();
  if (child == 0) {
    const auto held = Env::Posix()->LockFile(path);
    const char byte = held.ok() ? 'y' : 'n';
    char wait = 0;
    if (write(ready[1], &byte, 1) != 1 || read(finish[0], &wait, 1) != 1) _exit(1);
    _exit(0);  // without releasing
  }
  char byte = 0;
  EXPECT(read(ready[0], &byte, 1) == 1 && byte == 'y');
  const Status refused = Env::Posix()->LockFile(path).status();
  EXPECT(refused.code() == Code::kLocked);
  EXPECT_EQ(Detail(refused, "pid"), std::to_string(child));
  EXPECT(write(finish[1], &byte, 1) == 1);
  int status = 0;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
  EXPECT_OK(Env::Posix()->LockFile(path).status());
  for (const int fd : {ready[0], ready[1], finish[0], finish[1]}) close(fd);
}

TEST("two spellings of a path have one real path") {
  TempDir dir;
  Env* env = Env::Posix();
  EXPECT_OK(env->CreateDir(dir / "store"));
  const auto plain = env->RealPath(dir / "store");
  const auto winding = env->RealPath(dir / "store/../store/.");
  EXPECT(plain.ok() && winding.ok());
  EXPECT_EQ(plain.value(), winding.value());
  EXPECT(env->RealPath(dir / "absent").status().code() == Code::kNotFound);
}

TEST("clocks run, random numbers differ, threads run and are joined") {
  Env* env = Env::Posix();
  EXPECT(env->NowMillis() > 1'600'000'000'000);
  const uint64_t before = env->MonotonicMicros();
  env->SleepMicros(1);
  EXPECT(env->MonotonicMicros() >= before);
  EXPECT(env->Random64() != env->Random64());
  EXPECT(env->scheduler() == nullptr);
  Mutex mutex(env);
  CondVar changed(env);
  bool done = false;
  auto thread = env->StartThread("a-name-longer-than-the-kernel-takes", [&] {
    const MutexLock lock(&mutex);
    done = true;
    changed.SignalAll();
  });
  {
    const MutexLock lock(&mutex);
    while (!done) changed.Wait(&mutex);
  }
  thread->Join();
}

TEST("paths are joined, split and numbered") {
  EXPECT_EQ(JoinPath("a", "b"), "a/b");
  EXPECT_EQ(JoinPath("a/", "b"), "a/b");
  EXPECT_EQ(JoinPath("/", "b"), "/b");
  EXPECT_EQ(JoinPath("", "b"), "b");
  EXPECT_EQ(ParentPath("a/b"), "a");
  EXPECT_EQ(ParentPath("a/b/"), "a");
  EXPECT_EQ(ParentPath("/a"), "/");
  EXPECT_EQ(ParentPath("/"), "/");
  EXPECT_EQ(ParentPath("a"), ".");
  EXPECT_EQ(BaseName("/x/y"), "y");
  EXPECT_EQ(NumberedFileName(7, "wal"), "0000000007.wal");
  EXPECT_EQ(ParseNumberedFileName("0000000007.wal", "wal").value_or(0), 7u);
  for (const char* name : {"7.wal", "0000000007.blob", "000000000x.wal", "0000000007.wal.tmp", ""}) {
    EXPECT(!ParseNumberedFileName(name, "wal").has_value());
  }
}

}  // namespace
}  // namespace sochdb::posix_env_test
