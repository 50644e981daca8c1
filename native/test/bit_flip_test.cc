// Flipped bits: any one bit of any file of a closed store. What is read afterwards is right, or an error that names file and
// offset; never wrong data, never the end of the process.

#include <algorithm>
#include <string>
#include <vector>

#include "base/epoch.h"
#include "env/path.h"
#include "test/commit_script.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/sim_random.h"
#include "test/tables.h"

namespace sochdb::bit_flip_test {
namespace {

using test::StateOf;

void CollectFiles(SimEnv* env, const std::string& dir, std::vector<std::string>* out) {
  const std::vector<std::string> names = env->ListDir(dir).value();
  for (const std::string& name : names) {
    const std::string path = JoinPath(dir, name);
    if (env->ListDir(path).ok()) CollectFiles(env, path, out);
    else out->push_back(path);
  }
}

bool Names(const Status& status, const char* detail) {
  for (const auto& [name, value] : status.details()) {
    if (name == detail && !value.empty()) return true;
  }
  return false;
}

class FlippedStore {
 public:
  explicit FlippedStore(const EngineOptions& options) : options_(options), env_(1) {
    Result<std::unique_ptr<Engine>> engine = Open();
    EXPECT_OK(engine.status());
    for (const int i : {0, 1, 2, 3, 5, 6, 7, 11}) EXPECT_OK(test::OneCommit(engine.value().get(), i));  // one large value
    EXPECT_OK(test::FlushTables(engine.value().get()));
    EXPECT_OK(engine.value()->Close());
    engine = Open();  // and once more, so that there is a log that was gone on with
    EXPECT_OK(engine.status());
    EXPECT_OK(test::OneCommit(engine.value().get(), 12));
    expected_ = StateOf(engine.value().get());
    EXPECT_OK(engine.value()->Close());
    engine.value().reset();
    CollectFiles(&env_, "/db", &files_);
    disk_ = env_.CloneDisk();
  }

  [[nodiscard]] const std::vector<std::string>& files() const { return files_; }
  [[nodiscard]] size_t SizeOf(const std::string& file) const { return env_.Contents(file).size(); }

  void Flip(const std::string& file, uint64_t offset, int bit) {
    env_.UseDisk(disk_.Clone());
    env_.FlipBits(file, offset, static_cast<uint8_t>(1 << bit));
    const std::string what = file + ", byte " + std::to_string(offset) + ", bit " + std::to_string(bit);
    Result<std::unique_ptr<Engine>> engine = Open();
    if (!engine.ok()) return Judge(engine.status(), what + ", opening");
    ++opened_;
    Status failed;
    const std::string state = Read(engine.value().get(), &failed);
    if (!failed.ok()) Judge(failed, what + ", reading");
    else if (state != expected_) test::Fail(__FILE__, __LINE__, what + ": read " + state + "\n   expected: " + expected_);
  }

  [[nodiscard]] int found() const { return found_; }
  [[nodiscard]] int opened() const { return opened_; }

 private:
  Result<std::unique_ptr<Engine>> Open() {
    Result<std::unique_ptr<Engine>> engine = Engine::Open(&env_, "/db", options_);
    if (engine.ok()) engine.value()->SetMergeOperator(TreeId::kPostings, &sum_);
    return engine;
  }

  // Every key by itself, and all of them by scans.
  static std::string Read(Engine* engine, Status* failed) {
    const EpochGuard guard;
    ReadValue value;
    bool found = false;
    for (const char* key : {"blob of txn", "r", "long", "none"}) {
      *failed = engine->Get(TreeId::kRows, key, &value, &found);
      if (!failed->ok()) return "";
    }
    Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
    for (const TreeId tree : {TreeId::kKeys, TreeId::kRows, TreeId::kPostings, TreeId::kSequences}) {
      Result<std::unique_ptr<Cursor>> cursor = snapshot.value()->NewCursor(tree, "", "", {});
      *failed = cursor.status();
      for (found = true; failed->ok() && found;) *failed = cursor.value()->Next(&found);
      if (!failed->ok()) return "";
    }
    return StateOf(engine);
  }

  void Judge(const Status& status, const std::string& what) {
    ++found_;
    const bool is_corruption = status.code() == Code::kCorruption && Names(status, "file") && Names(status, "offset");
    if (is_corruption) return;
    test::Fail(__FILE__, __LINE__, what + ": " + std::to_string(static_cast<int>(status.code())) + " " + status.message());
  }

  const EngineOptions options_;
  SimEnv env_;
  test::SumOperator sum_;
  SimDisk disk_;
  std::vector<std::string> files_;
  std::string expected_;
  int found_ = 0;
  int opened_ = 0;
};

// Small files bit by bit; larger ones by one bit of each byte; those of more than some KiB of some of their bytes.
void FlipAll(const EngineOptions& options) {
  FlippedStore store(options);
  EXPECT(store.files().size() > 4);
  SimRandom random(test::Seed());
  const auto stride = static_cast<uint64_t>(test::Stride(9));
  for (const std::string& file : store.files()) {
    const size_t size = store.SizeOf(file);
    if (size > 64 * 1024) {
      for (uint64_t offset = 0; offset < 48; offset += stride) store.Flip(file, offset, static_cast<int>(random.Below(8)));
      for (uint64_t i = 0; i < 90 / stride; ++i) store.Flip(file, random.Below(size), static_cast<int>(random.Below(8)));
      continue;
    }
    const uint64_t step = stride * std::max<uint64_t>(1, size / 1500);
    for (uint64_t offset = random.Below(step); offset < size; offset += step) {
      if (size > 64) store.Flip(file, offset, static_cast<int>(random.Below(8)));
      for (int bit = 0; bit < 8 && size <= 64; ++bit) store.Flip(file, offset, bit);
    }
  }
  EXPECT(store.found() > 20);
}

TEST("any flipped bit of a closed store is found, or does no harm") { FlipAll(test::SmallOptions(SyncMode::kNormal)); }

}  // namespace
}  // namespace sochdb::bit_flip_test
