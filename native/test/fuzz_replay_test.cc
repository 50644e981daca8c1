// The committed inputs of every fuzzer, as regression tests of the normal test program: no fuzzer is needed to run them.
//
// A target is a file test/<name>_fuzz.cc with libFuzzer's entry point; the Makefile renames the entry point to FuzzOne_<name>
// here. Its inputs lie in test/corpus/<name>/. A new target is named in kTargets.

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "test/harness.h"
#include "test/sim_random.h"

#define FUZZ_TARGETS(X) \
  X(json)               \
  X(key_codec)          \
  X(lz4)                \
  X(manifest)           \
  X(plan)               \
  X(row_codec)          \
  X(sst_block)          \
  X(sst_table)          \
  X(store_format)       \
  X(wal)                \
  X(write_batch)

// Weak: a part of the tests may be built without them.
#define DECLARE(name) extern "C" int FuzzOne_##name(const uint8_t* data, size_t size) __attribute__((weak));
FUZZ_TARGETS(DECLARE)
#undef DECLARE

namespace sochdb::fuzz_replay_test {
namespace {

namespace fs = std::filesystem;

struct Target {
  const char* name;
  int (*run)(const uint8_t* data, size_t size);
};
#define ENTRY(name) {#name, FuzzOne_##name},
constexpr Target kTargets[] = {FUZZ_TARGETS(ENTRY)};
#undef ENTRY

fs::path TestDir() { return fs::exists("test/harness.h") ? fs::path("test") : fs::path("native/test"); }

std::vector<std::string> CorpusOf(const Target& target) {
  std::vector<std::string> inputs;
  const fs::path dir = TestDir() / "corpus" / target.name;
  if (!fs::exists(dir)) return inputs;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator(dir)) paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  for (const fs::path& path : paths) {
    std::ifstream file(path, std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return inputs;
}

void RunOn(const Target& target, const std::string& input) {
  if (target.run != nullptr) (void)target.run(reinterpret_cast<const uint8_t*>(input.data()), input.size());
}

TEST("every fuzzer's inputs pass, and none of the targets is forgotten") {
  for (const Target& target : kTargets) {
    const std::vector<std::string> corpus = CorpusOf(target);
    if (corpus.empty()) test::Fail(__FILE__, __LINE__, std::string(target.name) + " has no inputs");
    for (const std::string& input : corpus) RunOn(target, input);
    RunOn(target, "");
  }
  for (const auto& entry : fs::directory_iterator(TestDir())) {
    const std::string file = entry.path().filename().string();
    if (!file.ends_with("_fuzz.cc")) continue;
    const std::string name = file.substr(0, file.size() - std::string("_fuzz.cc").size());
    const bool known = std::any_of(std::begin(kTargets), std::end(kTargets), [&](const Target& t) { return t.name == name; });
    if (!known) test::Fail(__FILE__, __LINE__, "test/" + file + " is not replayed: name it in FUZZ_TARGETS");
  }
}

// What a fuzzer does, without its guidance: a few mutations of every input.
TEST("inputs with a few bytes changed pass as well") {
  SimRandom random(test::Seed());
  const int rounds = test::kSanitizer == test::Sanitizer::kNone ? 8 : 2;
  for (const Target& target : kTargets) {
    for (const std::string& input : CorpusOf(target)) {
      for (int i = 0; i < rounds && !input.empty(); ++i) {
        std::string changed = input;
        for (uint64_t n = 1 + random.Below(4); n > 0; --n)
          changed[random.Below(changed.size())] = static_cast<char>(random.Next() & 0xff);
        if (random.OneIn(4)) changed.resize(random.Below(changed.size() + 1));
        RunOn(target, changed);
      }
    }
  }
}

}  // namespace
}  // namespace sochdb::fuzz_replay_test
