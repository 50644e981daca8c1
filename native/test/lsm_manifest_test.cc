// The manifest: what was acknowledged is there, whatever happens to the machine or to the file.

#include "env/path.h"
#include "lsm/level_state.h"
#include "lsm/manifest.h"
#include "lsm/manifest_format.h"
#include "test/harness.h"
#include "test/sim_env.h"
#include "test/sim_random.h"

namespace sochdb::lsm_manifest_test {
namespace {

constexpr const char* kDir = "/db/tables";

std::string Encoded(const ManifestState& state) { return EncodeManifestState({1, 1}, state); }

FileEntry RandomFile(SimRandom* random, uint64_t number) {
  FileEntry file;
  file.tree = static_cast<TreeId>(random->Below(kTreeCount));
  file.level = static_cast<uint8_t>(random->Below(kLevels));
  file.run_id = random->Below(100);
  file.number = number;
  file.properties.entries = random->Next();
  file.properties.smallest_key = std::string(random->Below(30), 'a');
  file.properties.largest_key = std::string(random->Below(30), 'z');
  for (uint64_t i = random->Below(3), blob = 0; i > 0; --i) file.properties.blobs.push_back(blob += 1 + random->Below(9));
  return file;
}

// An edit that fits.
ManifestEdit RandomEdit(SimRandom* random, const ManifestState& state) {
  ManifestEdit edit;
  uint64_t number = state.next_file_number;
  for (uint64_t i = random->Below(3); i > 0; --i) edit.added.push_back(RandomFile(random, number++));
  edit.next_file_number = number;
  for (const FileEntry& file : state.files) {
    if (!random->OneIn(4)) continue;
    edit.removed.emplace_back(file.tree, file.number);
    if (random->OneIn(2)) continue;
    edit.added.push_back(file);  // moved
    edit.added.back().level = static_cast<uint8_t>(random->Below(kLevels));
  }
  const auto tree = static_cast<TreeId>(random->Below(kTreeCount));
  if (random->OneIn(2)) edit.flushed.emplace_back(tree, random->Next());
  if (random->OneIn(2)) edit.last_writes.emplace_back(tree, random->Next());
  if (random->OneIn(3)) edit.policies.emplace_back(tree, static_cast<IndexPolicy>(random->Below(kIndexPolicyCount)));
  if (random->OneIn(2)) edit.next_run_id = state.next_run_id + random->Below(5);
  if (random->OneIn(2)) edit.last_ts = random->Next();
  if (random->OneIn(2)) edit.history_floor = random->Next();
  if (random->OneIn(2)) edit.checkpoint_lsn = random->Next();
  return edit;
}

struct Opened {
  Status status;
  std::unique_ptr<Manifest> manifest;
  ManifestState state;
  Manifest::OpenReport report;
};

Opened Open(SimEnv* env, bool read_only = false) {
  Opened opened;
  opened.status = env->CreateDir("/db");
  if (opened.status.ok()) opened.status = env->SyncDir("/");
  if (!opened.status.ok()) return opened;
  auto manifest = Manifest::Open(env, kDir, read_only, &opened.state, &opened.report);
  opened.status = manifest.status();
  if (manifest.ok()) opened.manifest = std::move(manifest).value();
  return opened;
}

// The states that a run passes through: [0] is the empty one. `acknowledged` is the last that was, `attempted` the last tried.
struct Passage {
  std::vector<std::string> states;
  size_t acknowledged = 0;
  size_t attempted = 0;
  bool opened = false;
  bool closed = false;
};

Passage RunEdits(SimEnv* env, int count, uint64_t seed) {
  Passage passage;
  Opened opened = Open(env);
  passage.states.push_back(Encoded({}));
  if (!opened.status.ok()) return passage;
  passage.opened = true;
  SimRandom random(seed);
  ManifestState state = opened.state;
  for (int i = 0; i < count; ++i) {
    const ManifestEdit edit = RandomEdit(&random, state);
    EXPECT_OK(state.Apply(edit));
    passage.states.push_back(Encoded(state));
    ++passage.attempted;
    if (!opened.manifest->Append(edit, state).ok()) return passage;
    ++passage.acknowledged;
  }
  passage.closed = opened.manifest->Close().ok();
  return passage;
}

TEST("an edit is read as it was written, and a damaged one is refused or means something") {
  SimRandom random(test::Seed());
  ManifestState state;
  for (int i = 0; i < 300; ++i) {
    const ManifestEdit edit = RandomEdit(&random, state);
    std::string body;
    edit.EncodeTo(&body);
    ManifestEdit read;
    EXPECT_OK(ManifestEdit::Decode(body, &read));
    std::string again;
    read.EncodeTo(&again);
    EXPECT_EQ(again, body);
    EXPECT_OK(state.Apply(edit));
    std::string damaged = body.substr(0, random.Below(body.size() + 1));
    if (!damaged.empty()) damaged[random.Below(damaged.size())] ^= static_cast<char>(1 + random.Below(255));
    (void)ManifestEdit::Decode(damaged, &read);
  }
}

TEST("an edit that does not fit is refused and changes nothing") {
  SimRandom random(3);
  ManifestState state;
  ManifestEdit edit;
  edit.added = {RandomFile(&random, 1), RandomFile(&random, 2)};
  EXPECT_OK(state.Apply(edit));
  const std::string before = Encoded(state);
  const auto refused = [&](const ManifestEdit& wrong) {
    EXPECT(state.Apply(wrong).code() == Code::kCorruption);
    EXPECT_EQ(Encoded(state), before);
  };
  refused(edit);  // both are there already
  ManifestEdit wrong;
  wrong.removed = {{state.files[0].tree, 7}};
  refused(wrong);
  wrong.removed = {{static_cast<TreeId>(static_cast<int>(state.files[0].tree) ^ 1), 1}};
  refused(wrong);
  wrong.removed = {{state.files[0].tree, 1}, {state.files[0].tree, 1}};
  refused(wrong);
  wrong.removed = {};
  wrong.added = {RandomFile(&random, 5), RandomFile(&random, 5)};
  refused(wrong);
}

TEST("after a power loss at any operation the manifest holds a prefix with every acknowledged edit") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) / 4 + 2; ++seed) {
    SimEnv dry(seed);
    (void)RunEdits(&dry, 12, seed);
    const uint64_t operations = dry.io_count();
    for (uint64_t op = 1; op <= operations + 1; ++op) {
      SimEnv env(seed);
      env.CrashAt(op);
      const Passage passage = RunEdits(&env, 12, seed);
      env.Restart(seed * 1000 + op);
      for (int life = 0; life < 2; ++life) {
        Opened opened = Open(&env);
        EXPECT_OK(opened.status);
        if (!opened.status.ok()) break;
        const std::string found = Encoded(opened.state);
        const bool acknowledged = found == passage.states[passage.acknowledged];
        EXPECT(acknowledged || found == passage.states[passage.attempted]);
        if (passage.closed) EXPECT_EQ(opened.report.torn_bytes, 0u);
        opened.manifest.reset();
        env.Restart(op);  // without a close
      }
    }
  }
}

TEST("crash upon crash, every opening finds what the one before found or wrote") {
  for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) * 4; ++seed) {
    SimEnv env(seed);
    SimRandom random(seed);
    std::vector<std::string> possible = {Encoded({})};
    for (int life = 0; life < 10; ++life) {
      env.CrashAt(env.io_count() + 1 + random.Below(40));
      Opened opened = Open(&env);
      if (opened.status.ok()) {
        const std::string found = Encoded(opened.state);
        EXPECT(std::find(possible.begin(), possible.end(), found) != possible.end());
        possible = {found};
        for (int i = 0; i < 10; ++i) {
          const ManifestEdit edit = RandomEdit(&random, opened.state);
          EXPECT_OK(opened.state.Apply(edit));
          const bool appended = opened.manifest->Append(edit, opened.state).ok();
          if (appended) possible.clear();
          possible.push_back(Encoded(opened.state));
          if (!appended) break;
        }
        if (random.OneIn(3)) (void)opened.manifest->Close();
      } else {
        EXPECT(opened.status.code() == Code::kIoError || opened.status.code() == Code::kReadOnly);
      }
      opened.manifest.reset();
      env.Restart(random.Next());
    }
  }
}

TEST("what an opening found outlives a power loss, when a process died before it synced that and the disk is full") {
  SimEnv dry(3);
  (void)RunEdits(&dry, 6, 3);
  const uint64_t operations = dry.io_count();
  for (uint64_t op = 1; op <= operations; ++op) {
    SimEnv env(3);
    env.CrashAt(op);
    (void)RunEdits(&env, 6, 3);
    env.RestartProcess();
    env.LimitDisk(env.used_bytes());  // no room for another file
    Opened opened = Open(&env);
    if (!opened.status.ok()) continue;  // nor for the first
    const std::string found = Encoded(opened.state);
    opened.manifest.reset();
    env.LimitDisk(0);
    env.Restart(op * 7);
    const Opened again = Open(&env);
    EXPECT_OK(again.status);
    EXPECT_EQ(Encoded(again.state), found);
  }
}

TEST("a full disk leaves no trace and may be tried again; any other failure is final") {
  SimEnv dry(9);
  (void)RunEdits(&dry, 8, 9);
  const uint64_t operations = dry.io_count();
  for (const auto fault : {SimEnv::Fault::kIoError, SimEnv::Fault::kNoSpace}) {
    for (uint64_t op = 1; op <= operations; ++op) {
      SimEnv env(9);
      SimRandom random(9);
      env.FailAt(op, fault);
      std::string acknowledged = Encoded({});
      std::string attempted;
      Opened opened = Open(&env);
      if (!opened.status.ok()) {
        opened = Open(&env);
        EXPECT_OK(opened.status);
      }
      bool final = false;
      for (int i = 0; i < 8 && !final; ++i) {
        const ManifestEdit edit = RandomEdit(&random, opened.state);
        EXPECT_OK(opened.state.Apply(edit));
        Status appended = opened.manifest->Append(edit, opened.state);
        if (appended.code() == Code::kDiskFull) {
          env.Restart(op * 31);  // nothing of the refused edit may come to light
          Opened again = Open(&env);
          EXPECT_EQ(Encoded(again.state), acknowledged);
          opened.manifest = std::move(again.manifest);
          appended = opened.manifest->Append(edit, opened.state);
          EXPECT_OK(appended);
        }
        final = !appended.ok();
        if (!final) acknowledged = Encoded(opened.state);
        if (final) {
          attempted = Encoded(opened.state);
          EXPECT(appended.code() == Code::kReadOnly);
          EXPECT_EQ(opened.manifest->Append(edit, opened.state).message(), appended.message());
        }
      }
      opened.manifest.reset();
      env.Restart(op);
      const Opened again = Open(&env);
      EXPECT_OK(again.status);
      const std::string found = Encoded(again.state);
      EXPECT(found == acknowledged || (final && found == attempted));
    }
  }
}

TEST("after a close every flipped bit of every file is found, or was of no account") {
  SimEnv env(4);
  const Passage passage = RunEdits(&env, 6, 4);
  EXPECT(passage.closed);
  const std::vector<std::string> names = env.ListDir(kDir).value();
  EXPECT_EQ(names.size(), 2u);
  for (const std::string& name : names) {
    const std::string path = JoinPath(kDir, name);
    const std::string contents = env.Contents(path);
    for (uint64_t offset = 0; offset < contents.size(); ++offset) {
      for (int bit = 0; bit < 8; bit += test::kSanitizer == test::Sanitizer::kNone ? 1 : 7) {
        env.FlipBits(path, offset, static_cast<uint8_t>(1 << bit));
        const Opened opened = Open(&env, true);
        if (opened.status.ok()) {  // only the record that says that it was closed
          EXPECT_EQ(Encoded(opened.state), passage.states.back());
          EXPECT_EQ(opened.report.torn_bytes, kManifestRecordHeaderBytes);
        } else {
          EXPECT(opened.status.code() == Code::kCorruption || opened.status.code() == Code::kFormatVersion);
          bool named = false;
          for (const auto& [key, value] : opened.status.details()) named = named || (key == "file" && value == path);
          EXPECT(named || name == "CURRENT");
        }
        env.FlipBits(path, offset, static_cast<uint8_t>(1 << bit));
      }
    }
  }
  EXPECT_OK(Open(&env).status);
}

TEST("damage to the last edit is damage, not a torn end, once its seal has arrived") {
  SimEnv env(4);
  {
    Opened opened = Open(&env);
    SimRandom random(1);
    const ManifestEdit edit = RandomEdit(&random, opened.state);
    EXPECT_OK(opened.state.Apply(edit));
    EXPECT_OK(opened.manifest->Append(edit, opened.state));
  }
  env.RestartProcess();
  const std::string path = JoinPath(kDir, ManifestFileName(1));
  env.FlipBits(path, env.Contents(path).size() - kManifestRecordHeaderBytes - 3, 4);
  EXPECT(Open(&env).status.code() == Code::kCorruption);
}

TEST("a manifest that has outgrown its state is replaced, and the old one deleted") {
  SimEnv env(2);
  ManifestState state;
  {
    Opened opened = Open(&env);
    SimRandom random(1);
    for (int i = 0; i < 2000; ++i) {
      const ManifestEdit edit = RandomEdit(&random, opened.state);
      EXPECT_OK(opened.state.Apply(edit));
      EXPECT_OK(opened.manifest->Append(edit, opened.state));
    }
    EXPECT(opened.manifest->file_number() > 2);
    EXPECT(opened.manifest->file_bytes() < 100'000);
    EXPECT_OK(opened.manifest->Verify([](uint64_t, std::string, std::string) { test::Fail(__FILE__, __LINE__, "damage"); }));
    state = opened.state;
  }
  EXPECT_EQ(env.ListDir(kDir).value().size(), 2u);
  env.Restart(1);
  EXPECT_EQ(Encoded(Open(&env).state), Encoded(state));
}

TEST("a store whose CURRENT is gone is not taken for a new one") {
  SimEnv env(2);
  EXPECT(RunEdits(&env, 3, 1).closed);
  env.Vanish(JoinPath(kDir, "CURRENT"));
  const Opened opened = Open(&env);
  EXPECT(opened.status.code() == Code::kCorruption);
}

TEST("a store whose manifests are all gone is not taken for a new one while it has tables") {
  SimEnv env(2);
  EXPECT_OK(env.CreateDir(kDir));
  EXPECT_OK(WriteFileAtomically(&env, kDir, NumberedFileName(7, "sst"), "a table"));
  EXPECT(Open(&env).status.code() == Code::kCorruption);
  env.Vanish(JoinPath(kDir, NumberedFileName(7, "sst")));
  EXPECT_OK(Open(&env).status);
}

TEST("a manifest written for a checkpoint opens as the state it was given") {
  SimEnv env(2);
  SimRandom random(8);
  ManifestState state;
  for (int i = 0; i < 30; ++i) EXPECT_OK(state.Apply(RandomEdit(&random, state)));
  EXPECT_OK(env.CreateDir(kDir));
  EXPECT_OK(env.SyncDir("/db"));
  EXPECT_OK(env.SyncDir("/"));
  EXPECT_OK(Manifest::WriteTo(&env, kDir, state));
  env.Restart(5);
  EXPECT_EQ(Encoded(Open(&env).state), Encoded(state));
  EXPECT(Open(&env, true).status.ok());
}

}  // namespace
}  // namespace sochdb::lsm_manifest_test
