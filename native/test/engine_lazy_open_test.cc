// Opening a store does not read its tables. What is damaged in one is told by whatever needs it, with its place, and by verify;
// what does not need it goes on.

#include <string>
#include <vector>

#include "engine/repair.h"
#include "env/path.h"
#include "sst/sst_format.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_lazy_open_test {
namespace {

using test::AsInt;
using test::CodeOf;
using test::GetOr;
using test::KeyOf;
using test::OpenAt;
using test::PutMany;
using test::TinyOptions;

constexpr TreeId kTree = TreeId::kKeys;

std::string DetailOf(const Status& status, std::string_view name) {
  for (const auto& [key, value] : status.details()) {
    if (key == name) return value;
  }
  return {};
}

// A closed store of two tables: keys 0 to 99, and 1000 to 1099.
struct ClosedStore {
  ClosedStore() : env(test::Seed()) {
    auto engine = Open();
    PutMany(engine.get(), 0, 100);
    EXPECT_OK(engine->Flush(nullptr));
    PutMany(engine.get(), 1000, 1100);
    EXPECT_OK(engine->Flush(nullptr));
    EXPECT_OK(engine->Close());
    for (const std::string& name : test::ListOf(&env, "/db/tables")) {
      if (name.ends_with(".sst")) tables.push_back(JoinPath("/db/tables", name));
    }
    EXPECT_EQ(tables.size(), 2u);
  }
  std::unique_ptr<Engine> Open() {
    EngineOptions options = TinyOptions();
    options.memtable_bytes = 1024 * 1024;
    options.target_file_bytes = 1024 * 1024;
    return OpenAt(&env, "/db", options);
  }
  // The middle of a part of the first table.
  enum Part { kFilter, kIndex, kProperties, kFooter };
  void Damage(Part part) {
    const std::string bytes = env.Contents(tables[0]);
    TableFooter footer;
    const std::string_view end = std::string_view(bytes).substr(bytes.size() - kTableFooterBytes);
    EXPECT_OK(DecodeTableFooter({tables[0], *ParseNumberedFileName(BaseName(tables[0]), "sst")}, end, bytes.size(), &footer));
    const uint64_t sizes[] = {footer.filter_bytes, footer.index_bytes, footer.properties_bytes, kTableFooterBytes};
    at = footer.data_end;
    for (int before = kFilter; before < part; ++before) at += sizes[before];
    at += sizes[part] / 2;
    env.FlipBits(tables[0], at, 4);
  }
  void ExpectTold(const Status& status) const {
    EXPECT_EQ(CodeOf(status), AsInt(Code::kCorruption));
    EXPECT_EQ(DetailOf(status, "file"), tables[0]);
    EXPECT(!DetailOf(status, "offset").empty());
    EXPECT(std::stoull("0" + DetailOf(status, "offset")) <= at);
  }

  SimEnv env;
  std::vector<std::string> tables;
  uint64_t at = 0;
};

Status StatusOfGet(Engine* engine, int key) {
  const EpochGuard guard;
  ReadValue value;
  bool found = false;
  return engine->Get(kTree, KeyOf(key), &value, &found);
}

Status StatusOfScan(Engine* engine, bool reverse) {
  auto snapshot = engine->NewSnapshot().value();
  ScanOptions options;
  options.reverse = reverse;
  auto cursor = snapshot->NewCursor(kTree, "key", "kez", options);
  EXPECT_OK(cursor.status());
  Status status;
  for (bool found = true; status.ok() && found;) status = (*cursor)->Next(&found);
  return status;
}

TEST("an opening reads no table, however many there are; what it needs of them is counted when it is in memory") {
  ClosedStore store;
  // Every byte behind the first of each table is garbage.
  for (const std::string& path : store.tables) {
    store.env.Overwrite(path, 0, std::string(store.env.Contents(path).size(), '\xa5'));
  }
  const auto engine = store.Open();
  EXPECT_EQ(CodeOf(StatusOfGet(engine.get(), 3)), AsInt(Code::kCorruption));

  ClosedStore sound;
  const auto other = sound.Open();
  const uint64_t unread = other->stats().lsm.index_and_filter_bytes;
  EXPECT_EQ(GetOr(other.get(), KeyOf(3)), test::ValueOf(3));
  const uint64_t one = other->stats().lsm.index_and_filter_bytes;
  EXPECT_EQ(GetOr(other.get(), KeyOf(1003)), test::ValueOf(1003));
  EXPECT(unread < one && one < other->stats().lsm.index_and_filter_bytes);
}

TEST("damage of footer, properties, index or filter is told by gets, scans, compaction, verify; the other table is read") {
  using Store = ClosedStore;
  for (const Store::Part part : {Store::kFilter, Store::kIndex, Store::kProperties, Store::kFooter}) {
    Store store;
    store.Damage(part);
    auto engine = store.Open();
    store.ExpectTold(StatusOfGet(engine.get(), 3));
    store.ExpectTold(StatusOfScan(engine.get(), false));
    store.ExpectTold(StatusOfScan(engine.get(), true));
    EXPECT_EQ(GetOr(engine.get(), KeyOf(1003)), test::ValueOf(1003));
    Result<VerifyReport> report = engine->Verify(nullptr, nullptr);
    EXPECT_OK(report.status());
    EXPECT_EQ(report->faults.size(), 1u);
    if (!report->faults.empty()) {
      EXPECT_EQ(report->faults[0].file, store.tables[0]);
      EXPECT(report->faults[0].offset > 0 && report->faults[0].offset <= store.at);
    }
    store.ExpectTold(engine->Compact(nullptr, nullptr));
    EXPECT_EQ(CodeOf(engine->Backup("/copy", nullptr, nullptr).status()), AsInt(Code::kCorruption));
    (void)engine->Close();
    engine.reset();
    RepairReport repaired;
    EXPECT_OK(RepairStore(&store.env, "/db", nullptr, nullptr, &repaired));
    // A filter can be made again.
    const bool of_filter = part == Store::kFilter;
    EXPECT_EQ(repaired.tables_lost, of_filter ? 0u : 1u);
    EXPECT_EQ(repaired.tables_rewritten, of_filter ? 1u : 0u);
    engine = store.Open();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(GetOr(engine.get(), KeyOf(i)), of_filter ? test::ValueOf(i) : "-");
    for (int i = 1000; i < 1100; ++i) EXPECT_EQ(GetOr(engine.get(), KeyOf(i)), test::ValueOf(i));
  }
}

TEST("a table that is gone, cut or lengthened is told when the store is opened") {
  for (const int fault : {0, 1, 2}) {
    ClosedStore store;
    const uint64_t size = store.env.Contents(store.tables[0]).size();
    if (fault == 0) store.env.Vanish(store.tables[0]);
    if (fault == 1) store.env.Cut(store.tables[0], size - 1);
    if (fault == 2) store.env.Overwrite(store.tables[0], size, "x");
    store.at = size;
    store.ExpectTold(Engine::Open(&store.env, "/db", TinyOptions()).status());
  }
}

}  // namespace
}  // namespace sochdb::engine_lazy_open_test
