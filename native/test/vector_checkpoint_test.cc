// Checkpoints of vector indexes: opening from one is opening from the rows, whatever happened to either meanwhile.

#include "index/vector/vector_checkpoint.h"

#include <stdlib.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "engine/repair.h"
#include "env/posix_env.h"
#include "index/document/row_scan.h"
#include "test/sim_env.h"
#include "test/vector_fixture.h"

namespace sochdb::vector_checkpoint_test {
namespace {

using test::ClusteredVectors;
using test::Vectors;
using test::VectorStore;

constexpr const char* kFile = "/db/derived/7-3.vectors";
constexpr const char* kRecord = "/db/derived/collections.record";
constexpr size_t kDocuments = 2200;  // more than are scanned without a graph

CollectionConfig Config(uint32_t dimension = 4) {
  CollectionConfig config;
  config.id = {7, 3};
  config.dimension = dimension;
  config.metric = Metric::kEuclidean;
  config.m = 8;
  config.ef_construction = 40;
  return config;
}

const Vectors& Source() {
  static const Vectors source = ClusteredVectors(kDocuments, 4, 20, 5);
  return source;
}

// A store on a simulated disk.
struct SimStore {
  explicit SimStore(CollectionConfig config = Config(), bool checkpoints = true)
      : store(std::move(config), 1, std::make_unique<SimEnv>(1), checkpoints) {}
  SimEnv* env() { return static_cast<SimEnv*>(store.env.get()); }
  [[nodiscard]] VectorIndexStats stats() const { return store.collection->index().stats(); }
  void Fill() {
    store.PutAll(Source(), "d", 200);
    store.WaitUntilLinked();
  }
  // As when the process ends without a word.
  void CrashAndReopen(uint64_t seed) {
    env()->CrashNow();
    Drop();
    env()->Restart(seed);
    store.Reopen();
  }
  void Drop() {
    store.collection.reset();
    store.registry.reset();
    store.engine.reset();
  }
  VectorStore store;
};

// Every document, with its place, is what the rows say.
void ExpectAsRows(VectorStore* store) {
  const auto snapshot = store->NewSnapshot();
  for (const size_t i : {size_t{0}, size_t{7}, size_t{1999}}) {
    const SearchRequest request{.vector = Source()[i], .k = kDocuments, .exact = true};
    std::vector<float> prepared(PaddedDimension(store->config.dimension));
    PrepareVector(store->config.metric, request.vector.data(), store->config.dimension, prepared.data());
    std::vector<SearchResult> rows;
    EXPECT_OK(SearchRows(store->config, snapshot.get(), request, prepared, &rows));
    EXPECT(VectorStore::IdsOf(store->Search(snapshot.get(), request)) == VectorStore::IdsOf(rows));
  }
  EXPECT(store->collection->index().Covers(snapshot->read_ts()));
  Result<uint64_t> count = store->collection->Count(snapshot.get(), nullptr, nullptr);
  EXPECT(count.ok() && *count == store->Ids({.vector = Source()[0], .k = kDocuments, .exact = true}).size());
}

std::vector<std::string> GraphAnswers(VectorStore* store) {
  std::vector<std::string> answers;
  for (size_t i = 0; i < 40; ++i) {
    for (std::string& id : store->Ids({.vector = Source()[i * 50], .k = 10, .ef = 20})) answers.push_back(std::move(id));
  }
  return answers;
}

// Some of everything that changes a collection.
void Change(VectorStore* store) {
  store->Put("new", {1, 2, 3, 4});
  store->Put("d5", Source()[6]);
  store->Put("d6", Source()[6], "{\"a\":1}");  // its vector stays
  EXPECT(store->Delete("d7"));
  EXPECT(store->Delete("d1999"));
}

TEST("an index opened from its checkpoint links nothing again and answers as it did, with any codes") {
  for (const Quantization quantization :
       {Quantization::kNone, Quantization::kScalar, Quantization::kProduct, Quantization::kBinary}) {
    CollectionConfig config = Config();
    config.quantization = quantization;
    config.pq_centroids = 16;
    SimStore sim(config);
    sim.Fill();
    Change(&sim.store);
    sim.store.WaitUntilLinked();
    const std::vector<std::string> before = GraphAnswers(&sim.store);
    const VectorIndexStats was = sim.stats();
    sim.store.Reopen();
    const VectorIndexStats is = sim.stats();
    EXPECT(is.checkpoint_ts != 0 && !is.checkpoint_refused);
    EXPECT_EQ(is.slots, was.slots);
    EXPECT_EQ(is.linked, was.slots);
    EXPECT_EQ(is.live, was.live);
    EXPECT_EQ(is.coded, was.coded);
    EXPECT(GraphAnswers(&sim.store) == before);
    ExpectAsRows(&sim.store);
  }
}

TEST("what is written after opening from a checkpoint is found, and is in the next one") {
  SimStore sim;
  sim.Fill();
  for (int round = 0; round < 3; ++round) {
    sim.store.Reopen();
    EXPECT(sim.stats().checkpoint_ts != 0);
    const std::string id = "later" + std::to_string(round);
    sim.store.Put(id, {9, 9, 9, static_cast<float>(round)});
    EXPECT(sim.store.Delete("d" + std::to_string(round)));
    EXPECT_EQ(sim.store.Ids({.vector = std::vector<float>{9, 9, 9, static_cast<float>(round)}, .k = 1}).front(), id);
    ExpectAsRows(&sim.store);
  }
  sim.store.Reopen();
  ExpectAsRows(&sim.store);
}

TEST("a checkpoint older than the rows is brought up to date, whether its record is there or not") {
  SimStore sim;
  sim.Fill();
  sim.store.Close();
  const std::string old_file = sim.env()->Contents(kFile);
  const std::string old_record = sim.env()->Contents(kRecord);
  sim.store.Reopen();
  Change(&sim.store);
  sim.store.Close();
  const SimDisk disk = sim.env()->CloneDisk();
  for (const bool with_record : {false, true}) {
    sim.env()->UseDisk(disk.Clone());
    sim.env()->Cut(kFile, 0);
    sim.env()->Overwrite(kFile, 0, old_file);
    sim.env()->Vanish(kRecord);
    if (with_record) EXPECT_OK(WriteFileAtomically(sim.env(), "/db/derived", "collections.record", old_record));
    sim.store.Reopen();
    EXPECT(sim.stats().checkpoint_ts != 0 && !sim.stats().checkpoint_refused);
    EXPECT(sim.stats().linked >= kDocuments);
    ExpectAsRows(&sim.store);
    sim.store.Close();
  }
}

TEST("a checkpoint that knows of commits which the rows have not is refused, or brought back to them") {
  SimStore sim;
  sim.Fill();
  sim.store.Close();
  const SimDisk before = sim.env()->CloneDisk();
  sim.store.Reopen();
  Change(&sim.store);
  sim.store.Close();
  const std::string later = sim.env()->Contents(kFile);
  for (const bool went_on : {false, true}) {
    sim.env()->UseDisk(before.Clone());
    if (went_on) {
      sim.store.options.checkpoints = false;
      sim.store.Reopen();
      sim.store.Put("other", {3, 3, 3, 3});
      EXPECT(sim.store.Delete("d8"));
      sim.store.Close();
      sim.store.options.checkpoints = true;
    }
    sim.env()->Cut(kFile, 0);
    sim.env()->Overwrite(kFile, 0, later);
    sim.env()->Vanish(kRecord);
    sim.store.Reopen();
    EXPECT_EQ(sim.stats().checkpoint_refused, !went_on);
    EXPECT_EQ(sim.stats().live, kDocuments);
    ExpectAsRows(&sim.store);
    sim.store.Close();
  }
}

TEST("a checkpoint that is damaged, cut or of another configuration is found out, reported, and not needed") {
  SimStore sim;
  sim.Fill();
  sim.store.Close();
  const SimDisk sound = sim.env()->CloneDisk();
  const uint64_t size = sim.env()->Contents(kFile).size();
  for (int i = 0; i < 8; ++i) {
    sim.env()->UseDisk(sound.Clone());
    if (i < 6) sim.env()->FlipBits(kFile, size * static_cast<uint64_t>(i) / 6 + 17, 4);
    else sim.env()->Cut(kFile, i == 6 ? size - 1 : size / 3);
    sim.store.Reopen();
    EXPECT(sim.stats().checkpoint_refused && sim.stats().checkpoint_ts == 0);
    Result<VerifyReport> report = sim.store.engine->Verify(nullptr, {});
    EXPECT(report.ok() && report->faults.size() == 1);
    if (report.ok() && !report->sound()) EXPECT_EQ(report->faults[0].part, "derived");
    ExpectAsRows(&sim.store);
    sim.store.Close();
  }
  sim.env()->UseDisk(sound.Clone());
  RepairReport repaired;
  EXPECT_OK(RepairStore(sim.env(), "/db", nullptr, {}, &repaired));
  EXPECT(!sim.env()->FileExists(kFile));
  sim.env()->UseDisk(sound.Clone());
  sim.store.config.ef_construction = 41;
  sim.store.Reopen();
  EXPECT(sim.stats().checkpoint_refused);
  ExpectAsRows(&sim.store);
}

TEST("a crash at any step of writing a checkpoint leaves the old one, the new one or none: all give what the rows say") {
  SimStore sim;
  sim.store.PutAll(Source(), "d", 550);
  sim.store.Close();
  const SimDisk first = sim.env()->CloneDisk();
  sim.store.Reopen();
  Change(&sim.store);
  sim.store.options.checkpoints = false;
  sim.store.Close();  // a newer log beside the older checkpoint
  const SimDisk second = sim.env()->CloneDisk();
  sim.store.options.checkpoints = true;
  for (const bool again : {false, true}) {
    for (uint64_t at = 1;; at += again ? 3 : 2) {
      sim.env()->UseDisk(again ? second.Clone() : first.Clone());
      if (!again) sim.env()->Vanish(kFile);
      sim.store.Reopen();
      if (again) sim.store.Put("one more", {5, 5, 5, 5});
      else Change(&sim.store);
      const uint64_t before = sim.env()->io_count();
      sim.env()->CrashAt(before + at);
      sim.store.collection.reset();
      sim.store.registry.reset();
      const bool crashed = sim.env()->io_count() >= before + at;
      sim.env()->CrashAt(0);
      sim.CrashAndReopen(at);
      ExpectAsRows(&sim.store);
      sim.store.options.checkpoints = false;
      sim.store.Close();
      sim.store.options.checkpoints = true;
      if (!crashed) break;
    }
  }
}

TEST("a crash at any step of a checkpoint that is written beside the work leaves what gives the rows' answers") {
  SimStore sim;
  sim.store.options.checkpoint_after = 600;
  sim.store.PutAll(Source(), "d", 550);
  sim.store.Close();
  const SimDisk disk = sim.env()->CloneDisk();
  bool written = false;
  for (uint64_t at = 1; !written; at += static_cast<uint64_t>(test::Stride(1))) {
    sim.env()->UseDisk(disk.Clone());
    sim.store.Reopen();
    const Timestamp before = sim.stats().checkpoint_ts;
    EXPECT(before != 0);
    // Slots are used again, some of them for documents in chunks.
    sim.store.PutAll(Vectors(Source().begin() + 9, Source().begin() + 409), "d", 400);
    sim.store.registry->Reclaim(sim.store.config.id);
    sim.store.WaitUntilLinked();
    auto transaction = sim.store.Begin();
    for (size_t i = 0; i < 350; ++i) {
      const std::vector<float> two = {Source()[i][0], Source()[i][1], Source()[i][2], Source()[i][3], 1, 2, 3, 4};
      const std::vector<std::string> texts = {"a", "b"};
      const std::string id = "d" + std::to_string(1000 + i);
      EXPECT_OK(sim.store.collection->Put(transaction.get(), id, {.vectors = two, .metadata = "{}", .texts = texts}));
    }
    sim.env()->CrashAt(sim.env()->io_count() + at);
    if (transaction->Commit().ok()) sim.store.WaitUntilLinked();
    transaction.reset();
    written = sim.stats().checkpoint_ts != before;
    sim.env()->CrashAt(0);
    sim.CrashAndReopen(at);
    ExpectAsRows(&sim.store);
    EXPECT(!written || sim.stats().checkpoint_ts > before);
    sim.store.options.checkpoints = false;
    sim.store.Close();
    sim.store.options.checkpoints = true;
  }
}

TEST("an index of which many slots are dead is made again of its rows") {
  SimStore sim;
  sim.Fill();
  auto held = sim.store.NewSnapshot();  // nothing is reclaimed
  for (size_t i = 0; i < kDocuments; i += 200) {
    const auto transaction = sim.store.Begin();
    for (size_t j = i; j < i + 80; ++j) {
      EXPECT_OK(sim.store.collection->Put(transaction.get(), "d" + std::to_string(j), Source()[(j + 1) % kDocuments], "{}"));
    }
    EXPECT_OK(transaction->Commit().status());
  }
  EXPECT_EQ(sim.stats().dead, 880u);
  held.reset();
  sim.store.Reopen();
  EXPECT_EQ(sim.stats().slots, kDocuments);
  EXPECT(!sim.stats().checkpoint_refused);
  ExpectAsRows(&sim.store);
}

TEST("files of collections that are gone are deleted, and backups have none") {
  SimStore sim;
  sim.Fill();
  sim.store.Reopen();
  EXPECT(sim.env()->FileExists(kFile));
  EXPECT_OK(sim.store.engine->Backup("/copy", nullptr, {}).status());
  EXPECT(!sim.env()->FileExists("/copy/derived"));
  sim.store.collection.reset();
  sim.store.registry->Close({7, 3});
  EXPECT(!sim.env()->FileExists(kFile));
  sim.store.Reopen();
  sim.store.Close();
  EXPECT_OK(sim.env()->RenameFile(kFile, "/db/derived/7-4.vectors"));  // of a collection without a row
  sim.store.Reopen();
  sim.store.Close();
  EXPECT(!sim.env()->FileExists("/db/derived/7-4.vectors"));
}

TEST("a mapped checkpoint serves searches and takes changes, and the file does not see them") {
  std::string dir = "/tmp/sochdb-checkpoint-XXXXXX";
  SOCHDB_CHECK(mkdtemp(dir.data()) != nullptr);
  class OnDisk final : public PosixEnv {};
  {
    VectorStore store(Config(), 1, std::make_unique<OnDisk>(), true, dir + "/db");
    store.PutAll(Source());
    store.WaitUntilLinked();
    store.Reopen();
    EXPECT(store.collection->index().stats().mapped_bytes > 0);
    std::string before;
    EXPECT_OK(ReadWholeFile(store.env.get(), dir + kFile, &before));
    Change(&store);
    ExpectAsRows(&store);
    std::string after;
    EXPECT_OK(ReadWholeFile(store.env.get(), dir + kFile, &after));
    EXPECT(before == after);
    store.Reopen();
    EXPECT(store.collection->index().stats().checkpoint_ts != 0);
    ExpectAsRows(&store);
  }
  EXPECT_EQ(system(("rm -rf " + dir).c_str()), 0);
}

}  // namespace
}  // namespace sochdb::vector_checkpoint_test
