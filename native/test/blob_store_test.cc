// Blob files: durable before they are named, checked when they are read, swept when nothing names them.

#include "wal/blob_store.h"

#include "env/path.h"
#include "test/harness.h"
#include "test/sim_env.h"

namespace sochdb::blob_store_test {
namespace {

constexpr const char* kDir = "/db/blobs";

std::unique_ptr<BlobStore> Open(SimEnv* env) {
  EXPECT_OK(env->CreateDir("/db"));
  EXPECT_OK(env->SyncDir("/"));
  auto store = BlobStore::Open(env, kDir);
  EXPECT_OK(store.status());
  return std::move(store).value();
}

std::string FileOf(const BlobRef& ref) { return JoinPath(kDir, NumberedFileName(ref.file_number, "blob")); }

TEST("a blob that was written survives any power loss") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimEnv env(seed);
    const std::string value(5000, static_cast<char>(seed));
    const auto ref = Open(&env)->Write(value);
    EXPECT_OK(ref.status());
    env.Restart(seed);
    std::string back;
    EXPECT_OK(Open(&env)->Read(ref.value(), &back));
    EXPECT_EQ(back, value);
  }
}

TEST("a reference comes back from its bytes, and nothing else is taken for one") {
  BlobRef ref;
  ref.file_number = 7;
  ref.size = 123'456'789;
  ref.crc = 0xabcdef01;
  std::string bytes;
  ref.EncodeTo(&bytes);
  EXPECT_EQ(bytes.size(), BlobRef::kEncodedBytes);
  BlobRef back;
  EXPECT(BlobRef::Decode(bytes, &back));
  EXPECT(back == ref);
  EXPECT(!BlobRef::Decode(bytes + "x", &back));
  EXPECT(!BlobRef::Decode(std::string_view(bytes).substr(1), &back));
  bytes[15] = '\x7f';  // a size that no value has
  EXPECT(!BlobRef::Decode(bytes, &back));
}

TEST("any flipped bit, a cut and a missing file are corruption") {
  SimEnv env(1);
  auto store = Open(&env);
  const auto ref = store->Write(std::string(300, 'v')).value();
  const std::string path = FileOf(ref);
  std::string back;
  for (uint64_t offset = 0; offset < env.Contents(path).size(); ++offset) {
    env.FlipBits(path, offset, 4);
    const Status status = store->Read(ref, &back);
    EXPECT(status.code() == Code::kCorruption);
    EXPECT_EQ(status.details().size(), 4u);
    env.FlipBits(path, offset, 4);
  }
  EXPECT_OK(store->Read(ref, &back));
  env.Cut(path, env.Contents(path).size() - 1);
  EXPECT(store->Read(ref, &back).code() == Code::kCorruption);
  env.Vanish(path);
  EXPECT(store->Read(ref, &back).code() == Code::kCorruption);
}

TEST("one blob is not taken for another") {
  SimEnv env(1);
  auto store = Open(&env);
  const auto first = store->Write("first value").value();
  const auto second = store->Write("other value").value();
  EXPECT(first.file_number != second.file_number);
  std::string back;
  BlobRef mixed = first;
  mixed.file_number = second.file_number;
  EXPECT(store->Read(mixed, &back).code() == Code::kCorruption);
}

TEST("a write that fails at any operation leaves no file behind") {
  for (uint64_t op = 1; op <= 6; ++op) {
    SimEnv env(op);
    auto store = Open(&env);
    env.FailAt(env.io_count() + op, SimEnv::Fault::kNoSpace);
    const auto ref = store->Write(std::string(2000, 'x'));
    EXPECT(ref.status().code() == Code::kDiskFull);
    EXPECT(env.ListDir(kDir).value().empty());
    EXPECT_OK(store->Write("again").status());
  }
}

TEST("opening sweeps what nothing refers to, and numbers go on above") {
  SimEnv env(1);
  BlobRef kept;
  {
    auto store = Open(&env);
    (void)store->Write("dropped");
    kept = store->Write("kept").value();
    (void)store->Write("dropped too");
  }
  auto store = Open(&env);
  uint64_t deleted = 0;
  EXPECT_OK(store->DeleteUnreferenced({kept.file_number}, &deleted));
  EXPECT_EQ(deleted, 2u);
  std::string back;
  EXPECT_OK(store->Read(kept, &back));
  EXPECT_EQ(back, "kept");
  EXPECT(store->Write("new").value().file_number > kept.file_number + 1);
  EXPECT_OK(store->Delete(kept.file_number));
  EXPECT(store->Read(kept, &back).code() == Code::kCorruption);
}

TEST("what was swept stays away after any power loss") {
  for (uint64_t seed = 0; seed < 50; ++seed) {
    SimEnv env(seed);
    auto store = Open(&env);
    const auto dropped = store->Write(std::string(5000, 'd'));
    EXPECT_OK(dropped.status());
    uint64_t deleted = 0;
    EXPECT_OK(store->DeleteUnreferenced({}, &deleted));
    EXPECT_EQ(deleted, 1u);
    env.Restart(seed);
    EXPECT(env.ListDir(kDir).value().empty());
  }
}

}  // namespace
}  // namespace sochdb::blob_store_test
