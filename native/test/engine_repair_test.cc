// Repair: what is sound is kept, what is lost is named, originals stay, and the store opens again.

#include <set>
#include <string>
#include <vector>

#include "engine/repair.h"
#include "engine/store_format.h"
#include "env/path.h"
#include "test/engine_lsm_fixture.h"

namespace sochdb::engine_repair_test {
namespace {

using test::AsInt;
using test::CodeOf;
using test::ExpectMany;
using test::GetOr;
using test::KeyOf;
using test::OpenAt;
using test::PutMany;
using test::TinyOptions;
using test::ValueOf;

constexpr TreeId kTree = TreeId::kKeys;

EngineOptions Options() {
  EngineOptions options = TinyOptions();
  options.memtable_bytes = 128 * 1024;  // a close leaves a log that is no longer
  options.wal_limit_bytes = 64 * 1024 * 1024;
  return options;
}

// 1000 keys in tables, and 100 more in the log alone.
void MakeStore(SimEnv* env) {
  auto engine = OpenAt(env, "/db", Options());
  PutMany(engine.get(), 0, 1000);
  EXPECT_OK(engine->Put(kTree, "big", std::string(kBlobThresholdBytes + 1, 'b'), kNeverExpires).status());
  EXPECT_OK(engine->Flush(nullptr));
  PutMany(engine.get(), 1000, 1100);
  EXPECT_OK(engine->Close());
}

std::vector<std::string> FilesOf(SimEnv* env, const std::string& dir, const std::string& part) {
  std::vector<std::string> files;
  for (const std::string& name : test::ListOf(env, dir)) {
    if (name.find(part) != std::string::npos) files.push_back(JoinPath(dir, name));
  }
  return files;
}

RepairReport Repair(SimEnv* env) {
  RepairReport report;
  EXPECT_OK(RepairStore(env, "/db", nullptr, nullptr, &report));
  return report;
}

// Opens and compares: what is missing must lie in a range that the report names; how much is missing.
int MissingAfter(SimEnv* env, const RepairReport& report) {
  auto engine = OpenAt(env, "/db", Options());
  int missing = 0;
  for (int i = 0; i < 1100; ++i) {
    const std::string got = GetOr(engine.get(), KeyOf(i));
    if (got == ValueOf(i)) continue;
    EXPECT_EQ(got, "-");
    ++missing;
    bool named = false;
    for (const RepairReport::Loss& loss : report.losses) {
      named |=
          loss.part == "log" || loss.part == "manifest" ||
          (loss.part == "table" && (loss.through_key.empty() || (loss.from_key <= KeyOf(i) && KeyOf(i) <= loss.through_key)));
    }
    EXPECT(named);
  }
  EXPECT(engine->Verify(nullptr, nullptr).value().sound());
  test::PutOne(engine.get(), "after", "repair");
  EXPECT_OK(engine->Close());
  engine = OpenAt(env, "/db", Options());
  EXPECT(engine->recovery_report().was_clean);
  EXPECT_EQ(GetOr(engine.get(), "after"), "repair");
  EXPECT_OK(engine->Close());
  return missing;
}

TEST("a sound store is not changed by a repair, and an inspection says that it opens") {
  SimEnv env(test::Seed());
  MakeStore(&env);
  StoreInspection inspection;
  EXPECT_OK(InspectStore(&env, "/db", &inspection));
  EXPECT(inspection.is_store && inspection.was_clean && !inspection.locked && inspection.refusal.empty());
  EXPECT(inspection.tables > 0 && inspection.wal.entries >= 100);
  EXPECT_EQ(inspection.format_version, kStoreFormatVersion);
  const RepairReport report = Repair(&env);
  EXPECT(!report.changed && report.losses.empty() && report.moved.empty());
  EXPECT(report.tables_kept == inspection.tables);
  EXPECT(!env.FileExists("/db/lost"));
  auto engine = OpenAt(&env, "/db", Options());
  EXPECT(engine->recovery_report().was_clean);
  ExpectMany(engine.get(), 0, 1100);
  EXPECT_OK(InspectStore(&env, "/db", &inspection));
  EXPECT(inspection.locked);
  RepairReport refused;
  EXPECT_EQ(CodeOf(RepairStore(&env, "/db", nullptr, nullptr, &refused)), AsInt(Code::kLocked));
}

TEST("of a damaged table all sound blocks are kept, and the report names the keys of the others") {
  SimEnv env(test::Seed());
  MakeStore(&env);
  const std::string file = FilesOf(&env, "/db/tables", ".sst").front();
  const std::string original = env.Contents(file);
  env.FlipBits(file, 200, 0x01);
  const RepairReport report = Repair(&env);
  EXPECT(report.changed);
  EXPECT_EQ(report.tables_rewritten + report.tables_lost, 1u);
  EXPECT_EQ(report.losses.size(), 1u);
  EXPECT(report.losses[0].entries > 0);
  EXPECT_EQ(report.moved.size(), 1u);
  EXPECT_EQ(env.Contents(report.moved[0]).size(), original.size());
  const int missing = MissingAfter(&env, report);
  EXPECT(missing > 0 && missing <= static_cast<int>(report.losses[0].entries));
}

TEST("a table that is gone, or has lost its end, is given up whole, and only it") {
  for (const bool gone : {true, false}) {
    SimEnv env(test::Seed());
    MakeStore(&env);
    const std::string file = FilesOf(&env, "/db/tables", ".sst")[1];
    if (gone) env.Vanish(file);
    else env.Cut(file, env.Contents(file).size() / 2);
    EXPECT_EQ(CodeOf(Engine::Open(&env, "/db", Options()).status()), AsInt(Code::kCorruption));
    StoreInspection inspection;
    EXPECT_OK(InspectStore(&env, "/db", &inspection));
    EXPECT(!inspection.refusal.empty());
    const RepairReport report = Repair(&env);
    EXPECT_EQ(report.tables_lost, 1u);
    const int missing = MissingAfter(&env, report);
    EXPECT(missing > 0 && missing < 500);
  }
}

TEST("of a damaged log every sound transaction is kept, before and behind the damage") {
  SimEnv env(test::Seed());
  MakeStore(&env);
  const std::string file = FilesOf(&env, "/db/wal", ".wal").back();
  env.FlipBits(file, env.Contents(file).size() / 2, 0x01);
  EXPECT_EQ(CodeOf(Engine::Open(&env, "/db", Options()).status()), AsInt(Code::kCorruption));
  const RepairReport report = Repair(&env);
  EXPECT(report.changed && !report.losses.empty() && report.losses[0].part == "log");
  EXPECT(report.log_entries_kept >= 90);
  const int missing = MissingAfter(&env, report);
  EXPECT(missing >= 1 && missing <= 2);
}

TEST("without a sound manifest the tables that its readable part names are kept") {
  SimEnv env(test::Seed());
  MakeStore(&env);
  const std::string manifest = FilesOf(&env, "/db/tables", "MANIFEST").front();
  env.FlipBits(manifest, env.Contents(manifest).size() * 3 / 4, 0x01);
  EXPECT_EQ(CodeOf(Engine::Open(&env, "/db", Options()).status()), AsInt(Code::kCorruption));
  const RepairReport report = Repair(&env);
  EXPECT(report.changed);
  EXPECT(MissingAfter(&env, report) < 1000);
}

TEST("a damaged FORMAT or CLEAN file is made anew; a sound one of a newer version is left alone") {
  SimEnv env(test::Seed());
  MakeStore(&env);
  env.FlipBits("/db/FORMAT", 20, 0x01);
  env.FlipBits("/db/CLEAN", 20, 0x01);
  EXPECT(!Engine::Open(&env, "/db", Options()).ok());
  const RepairReport report = Repair(&env);
  EXPECT_EQ(report.moved.size(), 2u);
  EXPECT_EQ(MissingAfter(&env, report), 0);
  StoreFormat format;
  EXPECT_OK(DecodeStoreFormat("FORMAT", env.Contents("/db/FORMAT"), &format));
  ++format.version;
  EXPECT_OK(WriteFileAtomically(&env, "/db", kFormatFileName, EncodeStoreFormat(format)));
  RepairReport newer;
  EXPECT_EQ(CodeOf(RepairStore(&env, "/db", nullptr, nullptr, &newer)), AsInt(Code::kFormatVersion));
  EXPECT(!newer.changed);
}

TEST("a damaged large value is reported and stays an error, and a store that never was is not made") {
  SimEnv env(test::Seed());
  MakeStore(&env);
  env.FlipBits(FilesOf(&env, "/db/blobs", ".blob").front(), 5000, 0x01);
  const RepairReport report = Repair(&env);
  EXPECT_EQ(report.losses.size(), 1u);
  EXPECT_EQ(report.losses[0].part, "blob");
  auto engine = OpenAt(&env, "/db", Options());
  EXPECT_EQ(GetOr(engine.get(), "big")[0], '!');
  ExpectMany(engine.get(), 0, 1100);
  RepairReport none;
  EXPECT_EQ(CodeOf(RepairStore(&env, "/none", nullptr, nullptr, &none)), AsInt(Code::kNotFound));
  StoreInspection inspection;
  EXPECT_EQ(CodeOf(InspectStore(&env, "/none", &inspection)), AsInt(Code::kNotFound));
  EXPECT(!env.FileExists("/none"));
}

TEST("a repair that crashes anywhere can be done again, and keeps what an undisturbed one keeps") {
  const auto damage = [](SimEnv* env) {
    MakeStore(env);
    env->FlipBits(FilesOf(env, "/db/tables", ".sst").front(), 200, 0x01);
    const std::string log = FilesOf(env, "/db/wal", ".wal").back();
    env->FlipBits(log, env->Contents(log).size() / 2, 0x01);
  };
  SimEnv calm(1);
  damage(&calm);
  const uint64_t before = calm.io_count();
  const int wanted = MissingAfter(&calm, Repair(&calm));
  const uint64_t operations = calm.io_count() - before;
  const uint64_t stride = test::SeedCount() >= 100 ? 1 : static_cast<uint64_t>(23 * test::Stride(2));
  for (uint64_t at = 1 + test::Seed() % stride; at < operations; at += stride) {
    SimEnv env(1);
    damage(&env);
    env.CrashAt(env.io_count() + at);
    RepairReport first;
    (void)RepairStore(&env, "/db", nullptr, nullptr, &first);
    env.CrashAt(0);
    env.CrashNow();
    env.Restart(test::Seed() + at);
    RepairReport report = Repair(&env);
    report.losses.insert(report.losses.end(), first.losses.begin(), first.losses.end());
    const int missing = MissingAfter(&env, report);
    if (missing != wanted) {
      test::Fail(__FILE__, __LINE__,
                 "crash at " + std::to_string(at) + ": " + std::to_string(missing) + " keys are missing, not " +
                     std::to_string(wanted));
    }
  }
}

// The power fails: of what is not durable, all or nothing is left.
void LosePower(SimEnv* env, SimDisk::Fate fate = SimDisk::Fate::kLost) {
  env->CrashAt(0);
  env->CrashNow();
  env->Restart(std::vector<SimDisk::Fate>(env->ListUndecided().size(), fate));
}

// A store of which everything is durable.
void MakeDurableStore(SimEnv* env) {
  MakeStore(env);
  LosePower(env, SimDisk::Fate::kKept);
}

struct Damage {
  const char* what;
  std::string (*apply)(SimEnv*);  // returns the file that it is done to
};

std::string FlipIn(SimEnv* env, const std::string& file, uint64_t offset) {
  env->FlipBits(file, offset, 0x01);
  return file;
}

constexpr Damage kDamages[] = {
    {"table", [](SimEnv* env) { return FlipIn(env, FilesOf(env, "/db/tables", ".sst").front(), 200); }},
    {"log",
     [](SimEnv* env) {
       const std::string file = FilesOf(env, "/db/wal", ".wal").back();
       return FlipIn(env, file, env->Contents(file).size() / 2);
     }},
    {"manifest",
     [](SimEnv* env) {
       const std::string file = FilesOf(env, "/db/tables", "MANIFEST").front();
       return FlipIn(env, file, env->Contents(file).size() * 3 / 4);
     }},
    {"format", [](SimEnv* env) { return FlipIn(env, "/db/FORMAT", 20); }},
    {"clean marker", [](SimEnv* env) { return FlipIn(env, "/db/CLEAN", 20); }},
};

// In its place or in lost/.
bool Kept(SimEnv* env, const std::string& file, const std::string& bytes) {
  if (env->FileExists(file) && env->Contents(file) == bytes) return true;
  for (int i = 1; env->FileExists("/db/lost/" + std::to_string(i)); ++i) {
    const std::string copy = "/db/lost/" + std::to_string(i) + "/" + std::string(BaseName(file));
    if (env->FileExists(copy) && env->Contents(copy) == bytes) return true;
  }
  return false;
}

TEST("no loss of power during a repair takes an original, and none after it takes what it did") {
  for (const Damage& damage : kDamages) {
    uint64_t operations = 0;
    int wanted = 0;
    {
      SimEnv env(1);
      MakeDurableStore(&env);
      const std::string file = damage.apply(&env);
      const std::string bytes = env.Contents(file);
      EXPECT_OK(env.CreateDir("/db/derived"));
      EXPECT_OK(WriteFileAtomically(&env, "/db/derived", "old", "made of what is damaged now"));
      EXPECT_OK(env.SyncDir("/db"));
      const uint64_t before = env.io_count();
      EXPECT(Repair(&env).changed);
      operations = env.io_count() - before;
      LosePower(&env);
      EXPECT(!env.FileExists("/db/derived/old"));
      if (!Kept(&env, file, bytes)) test::Fail(__FILE__, __LINE__, std::string("lost after the repair: ") + damage.what);
      const RepairReport again = Repair(&env);
      if (again.changed) test::Fail(__FILE__, __LINE__, std::string("repaired twice: ") + damage.what);
      RepairReport named = again;
      named.losses.push_back({"log", file, 0, 0, {}, {}, "whatever the first one named"});
      wanted = MissingAfter(&env, named);
    }
    const uint64_t stride = test::SeedCount() >= 100 ? 1 : static_cast<uint64_t>(11 * test::Stride(2));
    for (uint64_t at = 1 + test::Seed() % stride; at < operations; at += stride) {
      SimEnv env(1);
      MakeDurableStore(&env);
      const std::string file = damage.apply(&env);
      const std::string bytes = env.Contents(file);
      env.CrashAt(env.io_count() + at);
      RepairReport first;
      (void)RepairStore(&env, "/db", nullptr, nullptr, &first);
      LosePower(&env);
      if (!Kept(&env, file, bytes)) {
        test::Fail(__FILE__, __LINE__, std::string(damage.what) + " lost by a crash at " + std::to_string(at));
      }
      RepairReport report = Repair(&env);
      report.losses.push_back({"log", file, 0, 0, {}, {}, "whatever the first one named"});
      const int missing = MissingAfter(&env, report);
      if (missing != wanted) {
        test::Fail(__FILE__, __LINE__,
                   std::string(damage.what) + ", crash at " + std::to_string(at) + ": " + std::to_string(missing) +
                       " keys are missing, not " + std::to_string(wanted));
      }
    }
  }
}

TEST("without its folder of tables, a store keeps what its damaged log holds, whatever power takes, and when") {
  SimEnv made(test::Seed());
  MakeDurableStore(&made);
  for (const std::string& name : test::ListOf(&made, "/db/tables")) made.Vanish("/db/tables/" + name);
  EXPECT_OK(made.DeleteDir("/db/tables"));
  EXPECT_OK(made.SyncDir("/db"));
  const std::string log = FilesOf(&made, "/db/wal", ".wal").back();
  FlipIn(&made, log, made.Contents(log).size() / 2);
  FlipIn(&made, "/db/FORMAT", 20);  // lost/ is there before tables/ is
  SimEnv calm(1);
  calm.UseDisk(made.CloneDisk());
  const uint64_t before = calm.io_count();
  const RepairReport whole = Repair(&calm);
  EXPECT(whole.changed && whole.log_entries_kept >= 90);
  const uint64_t operations = calm.io_count() - before;
  const int wanted = MissingAfter(&calm, whole);
  const uint64_t stride = test::SeedCount() >= 100 ? 1 : static_cast<uint64_t>(2 * test::Stride(2));
  for (uint64_t at = operations + 1; at > 0; at -= std::min(at, stride)) {
    SimEnv env(1);
    env.UseDisk(made.CloneDisk());
    env.CrashAt(env.io_count() + at);
    RepairReport first;
    (void)RepairStore(&env, "/db", nullptr, nullptr, &first);
    LosePower(&env);
    RepairReport report = Repair(&env);
    report.losses.push_back({"log", log, 0, 0, {}, {}, "whatever the first one named"});
    const int missing = MissingAfter(&env, report);
    if (missing != wanted) {
      test::Fail(__FILE__, __LINE__,
                 "crash at " + std::to_string(at) + ": " + std::to_string(missing) + " keys are missing, not " +
                     std::to_string(wanted));
    }
  }
}

}  // namespace
}  // namespace sochdb::engine_repair_test
