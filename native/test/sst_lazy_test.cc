// Tables that are opened from what the manifest states: nothing is read before it is needed, then it is read once, and whatever
// is wrong with it is the failure of every use until it is right.

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/cached_only.h"
#include "sst/sst_format.h"
#include "sst/table.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/sst_fixture.h"

namespace sochdb::sst_lazy_test {
namespace {

using test::Model;
using test::Random;

std::string Contents(Env* env, const std::string& path) {
  std::string bytes;
  EXPECT_OK(ReadWholeFile(env, path, &bytes));
  return bytes;
}

void Replace(Env* env, const std::string& path, std::string_view bytes) {
  auto file = env->OpenFile(path, OpenMode::kCreate);
  EXPECT_OK(file.status());
  EXPECT_OK((*file)->Truncate(0));
  EXPECT_OK((*file)->Write(0, bytes));
}

Model NumberedModel(std::string_view value) {
  Model model;
  for (int i = 0; i < 40; ++i) {
    model["key" + std::to_string(100 + i)][100] = {ValueKind::kValue, kNeverExpires, std::string(value)};
  }
  return model;
}

struct LazyTable {
  explicit LazyTable(Env* env, const std::string& path = "t") : model(NumberedModel("value")) {
    const TableOptions options{.block_bytes = 128, .restart_interval = 3};
    EXPECT_OK(test::WriteTable(env, path, 7, options, model, &properties));
    Result<std::unique_ptr<Table>> opened = Table::Open(env, path, 7, {.known = &properties});
    EXPECT_OK(opened.status());
    SOCHDB_CHECK(opened.ok());
    table = std::move(opened).value();
  }
  Status Get(const std::string& key = "key117") const {
    VersionView view;
    BlockRef pin;
    bool found = false;
    const Status status = table->Get(key, Table::FilterHash(key), kMaxTimestamp, &view, &pin, &found);
    if (status.ok()) EXPECT(found && view.value == "value");
    return status;
  }
  const Model model;
  TableProperties properties;
  std::unique_ptr<Table> table;
};

uint64_t Detail(const Status& status, std::string_view name) {
  for (const auto& [key, value] : status.details()) {
    if (key == name) return std::stoull(value);
  }
  return UINT64_MAX;
}

// Every way to read it, each on its own: what the first one says.
std::vector<Status> UseInEveryWay(const LazyTable& lazy) {
  const Table& table = *lazy.table;
  std::vector<Status> said = {lazy.Get()};
  bool stopped = false;
  const auto visit = [](const VersionView&) { return true; };
  said.push_back(table.VisitVersions("key117", Table::FilterHash("key117"), kMaxTimestamp, visit, &stopped));
  Timestamp newest = 0;
  said.push_back(table.NewestTimestampInRange("key117", "key118", 1, &newest));
  for (const int way : {0, 1, 2, 3}) {
    const auto iterator = table.NewIterator(kMaxTimestamp);
    if (way == 0) iterator->SeekToFirst();
    if (way == 1) iterator->SeekToLast();
    if (way == 2) iterator->Seek("key117");
    if (way == 3) iterator->SeekForPrev("key117");
    EXPECT_EQ(iterator->Valid(), iterator->status().ok());
    said.push_back(iterator->status());
  }
  const auto stream = table.NewVersionStream();
  stream->SeekToFirst();
  EXPECT_EQ(stream->Valid(), stream->status().ok());
  said.push_back(stream->status());
  return said;
}

TEST("a table that the manifest describes is read by the first who needs it, and takes its memory then") {
  MemEnv env;
  LazyTable lazy(&env);
  auto whole = Table::Open(&env, "t", 7, {});
  EXPECT_OK(whole.status());
  const uint64_t before = lazy.table->memory_bytes();
  EXPECT_EQ(lazy.table->properties().largest_key, "key139");
  EXPECT_EQ(lazy.table->ApproximateBytes("", ""), lazy.properties.data_bytes);
  EXPECT_EQ(lazy.table->ApproximateBytes("key100", "key139x"), lazy.properties.data_bytes);
  uint64_t blocks = 0;
  EXPECT_OK(lazy.table->Verify([](const Table::BadBlock&) { return true; }, &blocks));
  EXPECT_EQ(blocks, lazy.properties.blocks + 4);
  EXPECT_EQ(lazy.table->memory_bytes(), before);
  EXPECT_EQ(lazy.table->ApproximateBytes("key110", "key120"), (*whole)->ApproximateBytes("key110", "key120"));
  EXPECT_OK(lazy.Get());
  EXPECT(lazy.table->memory_bytes() > before);
  EXPECT_EQ(lazy.table->memory_bytes(), (*whole)->memory_bytes());
}

TEST("damage behind the data is the failure of every use, names its place, and is gone with the damage") {
  MemEnv env;
  const LazyTable written(&env);
  const std::string good = Contents(&env, "t");
  const size_t first = written.properties.data_bytes;
  const size_t stride = static_cast<size_t>(test::Stride(7));
  for (size_t at = first; at < good.size(); at = at + 1 < good.size() ? std::min(at + stride, good.size() - 1) : good.size()) {
    std::string bad = good;
    bad[at] = static_cast<char>(bad[at] ^ (1 << at % 8));
    const LazyTable lazy(&env, "u" + std::to_string(at));
    Replace(&env, lazy.table->path(), bad);
    for (const Status& status : UseInEveryWay(lazy)) {
      EXPECT(status.code() == Code::kCorruption);
      EXPECT(Detail(status, "offset") >= first && Detail(status, "offset") <= at);
    }
    bool told = false;
    uint64_t blocks = 0;
    const Status verified = lazy.table->Verify(
        [&](const Table::BadBlock& block) {
          told = block.offset >= first && block.offset <= at;
          return true;
        },
        &blocks);
    EXPECT(told ? verified.ok() : verified.code() == Code::kCorruption && Detail(verified, "offset") >= first);
    // A filter does not stand in the way of the rest, nor of saving it.
    if (told) EXPECT_EQ(blocks, lazy.properties.blocks + 4);
    uint64_t saved = 0;
    const Status salvaged = lazy.table->Salvage([&](std::string_view, const VersionView&) { return ++saved, Status(); },
                                                [](uint64_t, std::string_view, std::string_view) {});
    EXPECT(told ? salvaged.ok() && saved == lazy.properties.entries : salvaged.code() == Code::kCorruption && saved == 0);
    Replace(&env, lazy.table->path(), good);
    for (const Status& status : UseInEveryWay(lazy)) EXPECT_OK(status);
  }
}

TEST("a length other than the manifest's is found without reading; another table of that length, at its first use") {
  MemEnv env;
  const LazyTable written(&env);
  const std::string good = Contents(&env, "t");
  for (const std::string& bytes : {std::string(), good.substr(0, good.size() - 1), good + "x"}) {
    Replace(&env, "t", bytes);
    const Status status = Table::Open(&env, "t", 7, {.known = &written.properties}).status();
    EXPECT(status.code() == Code::kCorruption);
    EXPECT_EQ(Detail(status, "offset"), std::min(bytes.size(), good.size()));
  }
  EXPECT(Table::Open(&env, "none", 7, {.known = &written.properties}).status().code() == Code::kNotFound);
  // As large, and as many entries, but of another time.
  Model later;
  for (const auto& [key, versions] : written.model) later[key][101] = versions.begin()->second;
  TableProperties properties;
  EXPECT_OK(test::WriteTable(&env, "other", 7, {.block_bytes = 128, .restart_interval = 3}, later, &properties));
  EXPECT_EQ(properties.file_bytes, written.properties.file_bytes);
  const LazyTable lazy(&env, "replaced");
  Replace(&env, "replaced", Contents(&env, "other"));
  for (const Status& status : UseInEveryWay(lazy)) EXPECT(status.code() == Code::kCorruption);
}

TEST("a disk that fails the first use fails that use alone; who may not wait for the disk does not") {
  for (uint64_t failing = 1; failing <= 5; ++failing) {
    SimEnv env(test::Seed());
    const LazyTable lazy(&env);
    {
      const CachedOnly here;
      const uint64_t before = env.io_count();
      EXPECT(lazy.Get().code() == Code::kWouldBlock);
      EXPECT_EQ(env.io_count(), before);
    }
    env.FailAt(env.io_count() + failing, SimEnv::Fault::kIoError);
    EXPECT(lazy.Get().code() == Code::kIoError);
    EXPECT_OK(lazy.Get());
    const uint64_t before = env.io_count();
    EXPECT_OK(lazy.Get());
    EXPECT_EQ(env.io_count(), before + 1);  // a block: without a cache here
  }
}

TEST("threads that come to a table first at once read it once and all find what is in it") {
  for (int round = 0; round < 20; ++round) {
    MemEnv env;
    const LazyTable lazy(&env);
    std::atomic<int> waiting{3};
    std::atomic<int> failed{0};
    std::vector<std::unique_ptr<Thread>> threads;
    for (int i = 0; i < 3; ++i) {
      threads.push_back(env.StartThread("reader", [&, i] {
        --waiting;
        while (waiting != 0) {
        }
        const auto iterator = lazy.table->NewIterator(kMaxTimestamp);
        if (i == 0) iterator->SeekToFirst();
        else if (!lazy.Get("key1" + std::to_string(10 + i)).ok()) ++failed;
        if (i == 0 && !iterator->Valid()) ++failed;
        if (lazy.table->memory_bytes() == 0) ++failed;
      }));
    }
    for (const auto& thread : threads) thread->Join();
    EXPECT_EQ(failed.load(), 0);
  }
}

TEST("under the scheduler, a second reader waits for the first one's reading") {
  SimEnv env(test::Seed());
  const LazyTable lazy(&env);
  const uint64_t before = env.io_count();
  std::vector<std::unique_ptr<Thread>> threads;
  for (int i = 0; i < 4; ++i) threads.push_back(env.StartThread("reader", [&] { EXPECT_OK(lazy.Get()); }));
  for (const auto& thread : threads) thread->Join();
  EXPECT_EQ(env.io_count() - before, 4u + 4u);  // footer, properties, index and filter once; a block each
}

}  // namespace
}  // namespace sochdb::sst_lazy_test
