#include "test/commit_script.h"

#include <string_view>

#include "test/harness.h"
#include "test/tables.h"

namespace sochdb::test {
namespace {

constexpr TreeId kTrees[] = {TreeId::kKeys, TreeId::kRows, TreeId::kPostings, TreeId::kSequences};
const std::string& Big() {
  static const std::string big(kBlobThresholdBytes + 1, 'b');
  return big;
}

std::string Printable(std::string_view value) {
  std::string out;
  for (const char c : value.substr(0, 20)) out += c < ' ' ? "\\" + std::to_string(c) : std::string(1, c);
  return out;
}

}  // namespace

// The file of the first one is not named by the commit.
Status PutBlobTwice(Transaction* txn) {
  SOCHDB_TRY(txn->Put(TreeId::kRows, "blob of txn", std::string(Big().size(), 'a')));
  return txn->Put(TreeId::kRows, "blob of txn", Big());
}

Status ReadSome(Transaction* txn) {
  ReadValue value;
  bool found = false;
  SOCHDB_TRY(txn->Get(TreeId::kKeys, "last", &value, &found));
  SOCHDB_ASSIGN(cursor, txn->NewCursor(TreeId::kKeys, "k", "l", {}));
  do SOCHDB_TRY(cursor->Next(&found));
  while (found);
  return {};
}

EngineOptions SmallOptions(SyncMode mode, bool wal_enabled) {
  EngineOptions options;
  options.sync_mode = mode;
  options.wal_enabled = wal_enabled;
  options.wal.segment_bytes = 8 * 1024;
  options.wal.max_record_bytes = 512;
  options.wal.buffer_bytes = 2048;
  options.memtable_bytes = kMinMemtableBytes;
  options.block_cache_bytes = 16 * 1024;
  options.target_file_bytes = 4 * 1024;
  return options;
}

std::string StateOf(Reader* reader, bool read_blobs) {
  std::string out;
  for (const TreeId tree : kTrees) {
    ScanOptions options;
    options.keys_only = !read_blobs;
    Result<std::unique_ptr<Cursor>> cursor = reader->NewCursor(tree, "", "", options);
    if (!cursor.ok()) return "!" + cursor.status().message();
    for (;;) {
      bool found = false;
      const Status status = cursor.value()->Next(&found);
      if (!status.ok()) return "!" + status.message();
      if (!found) break;
      const std::string_view key = cursor.value()->key();
      out += std::to_string(static_cast<int>(tree)) + ":" + std::string(key) + "=";
      const bool blob = key.starts_with("blob");
      if (blob && read_blobs && cursor.value()->value() != Big()) out += "damaged";
      if (!blob) out += Printable(cursor.value()->value());
      out += " ";
    }
  }
  return out;
}

std::string StateOf(Engine* engine, bool read_blobs) {
  Result<std::unique_ptr<Snapshot>> snapshot = engine->NewSnapshot();
  return snapshot.ok() ? StateOf(snapshot.value().get(), read_blobs) : "!" + snapshot.status().message();
}

Status OneCommit(Engine* engine, int i) {
  const std::string number = std::to_string(i);
  switch (i % 6) {
    case 0:
      return engine->Put(TreeId::kKeys, "last", number, kNeverExpires).status();
    case 4:
      return engine->Put(TreeId::kRows, "blob" + number, Big(), kNeverExpires).status();
    default:
      break;
  }
  TransactionOptions options;
  options.take_writer = i % 6 == 5;
  Result<std::unique_ptr<Transaction>> begun = engine->Begin(options);
  if (!begun.ok()) return begun.status();
  Transaction* const txn = begun.value().get();
  SOCHDB_TRY(txn->Put(TreeId::kKeys, "k" + number, number));
  SOCHDB_TRY(txn->Put(TreeId::kRows, "r", number));
  if (i == 2) SOCHDB_TRY(PutBlobTwice(txn));
  if (i % 6 == 3) SOCHDB_TRY(ReadSome(txn));
  if (i % 6 == 1) SOCHDB_TRY(txn->Delete(TreeId::kKeys, "last"));
  SOCHDB_TRY(txn->Merge(TreeId::kPostings, "sum", "1"));
  SOCHDB_TRY(txn->PutAssigned(TreeId::kKeys, "numbered", "v12345678", 1, "seq"));
  if (i % 6 == 5) SOCHDB_TRY(txn->Put(TreeId::kRows, "long", std::string(3000, static_cast<char>('a' + i % 20))));
  return txn->Commit().status();
}

void ScriptModel::Apply(int i) {
  const std::string number = std::to_string(i);
  if (i % 6 == 0) {
    entries_["0:last"] = number;
    return;
  }
  if (i % 6 == 4) {
    entries_["2:blob" + number] = "";
    return;
  }
  entries_["0:k" + number] = number;
  entries_["2:r"] = number;
  if (i == 2) entries_["2:blob of txn"] = "";
  if (i % 6 == 1) entries_.erase("0:last");
  if (i % 6 == 5) entries_["2:long"] = std::string(20, static_cast<char>('a' + i % 20));
  const std::string count = std::to_string(++counted_);
  entries_["4:sum"] = count;
  entries_["0:numbered"] = "v\\" + count + "\\0\\0\\0\\0\\0\\0\\0";
  entries_["11:seq"] = "\\" + count + "\\0\\0\\0\\0\\0\\0\\0";
}

std::string ScriptModel::Show() const {
  std::string out;
  for (const std::string_view tree : {"0:", "2:", "4:", "11:"}) {
    for (const auto& [key, value] : entries_) {
      if (key.starts_with(tree)) out += key + "=" + value + " ";
    }
  }
  return out;
}

// What follows a commit in every script: now and then everything goes into tables, or the tables are compacted.
bool CommitScript::HasUpkeepAfter(int commit) const { return commit % 5 == 1 || commit % 5 == 4 || commit == sync_after_; }

Status CommitScript::Upkeep(Engine* engine, int commit) const {
  if (commit == sync_after_) return engine->Sync();
  return commit % 5 == 1 ? FlushTables(engine) : CompactTables(engine);
}

CommitScript::CommitScript(const EngineOptions& options, int commits, int sync_after, Commit commit)
    : options_(options), commits_(commits), sync_after_(sync_after), commit_(commit) {
  SimEnv env(1);
  std::unique_ptr<Engine> engine = Open(&env).value();
  states_.push_back(StateOf(engine.get()));
  for (int i = 0; i < commits_; ++i) {
    EXPECT_OK(commit_(engine.get(), i));
    states_.push_back(StateOf(engine.get()));
    if (HasUpkeepAfter(i)) EXPECT_OK(Upkeep(engine.get(), i));
  }
  EXPECT_OK(engine->Close());
  io_count_ = env.io_count();
  for (size_t i = 0; i < states_.size(); ++i) EXPECT_EQ(CommitsIn(states_[i]), static_cast<int>(i));  // each is another
  if (commit_ != OneCommit) return;
  ScriptModel model;
  for (int i = 0; i < commits_; ++i) {
    model.Apply(i);
    EXPECT_EQ(states_[static_cast<size_t>(i) + 1], model.Show());
  }
}

Result<std::unique_ptr<Engine>> CommitScript::Open(Env* env) {
  Result<std::unique_ptr<Engine>> engine = Engine::Open(env, "/db", options_);
  if (engine.ok()) engine.value()->SetMergeOperator(TreeId::kPostings, &sum_);
  return engine;
}

CommitScript::Outcome CommitScript::RunUntilFailure(Env* env) {
  Outcome outcome;
  Result<std::unique_ptr<Engine>> engine = Open(env);
  if (!engine.ok()) return outcome;
  for (int i = 0; i < commits_; ++i) {
    outcome.attempted = i + 1;
    if (!commit_(engine.value().get(), i).ok()) return outcome;
    outcome.acknowledged = i + 1;
    if (options_.sync_mode == SyncMode::kFull && options_.wal_enabled) outcome.durable = i + 1;
    if (!HasUpkeepAfter(i)) continue;
    if (!Upkeep(engine.value().get(), i).ok()) return outcome;
    if (i == sync_after_) outcome.durable = i + 1;
  }
  outcome.closed = engine.value()->Close().ok();
  if (outcome.closed) outcome.durable = outcome.acknowledged;
  return outcome;
}

int CommitScript::CommitsIn(const std::string& state) const {
  for (size_t i = 0; i < states_.size(); ++i) {
    if (states_[i] == state) return static_cast<int>(i);
  }
  return -1;
}

void CommitScript::CheckAfterRestart(SimEnv* env, int low, int high, const std::string& what) {
  Result<std::unique_ptr<Engine>> engine = Open(env);
  if (!engine.ok()) return Fail(__FILE__, __LINE__, what + ": " + engine.status().message());
  const std::string state = StateOf(engine.value().get());
  const int found = CommitsIn(state);
  if (found < low || found > high) {
    return Fail(__FILE__, __LINE__,
                what + ": state of commit " + std::to_string(found) + ", wanted " + std::to_string(low) + ".." +
                    std::to_string(high) + ": " + state);
  }
  EXPECT_OK(engine.value()->Put(TreeId::kKeys, "after", "restart", kNeverExpires).status());
  EXPECT_OK(engine.value()->Close());
  engine = Open(env);
  if (!engine.ok()) return Fail(__FILE__, __LINE__, what + ": opening again: " + engine.status().message());
  EXPECT(engine.value()->recovery_report().was_clean);
  EXPECT_EQ(GetOr(engine.value().get(), "after"), "restart");
}

std::string Named(const char* what, SyncMode mode, uint64_t at) {
  return std::string(what) + " at operation " + std::to_string(at) + ", mode " + std::to_string(static_cast<int>(mode));
}

}  // namespace sochdb::test
