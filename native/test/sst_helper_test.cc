// Tables whose blocks a second thread compresses and writes: the same bytes, the same failures.

#include <string>

#include "sst/table_builder.h"
#include "test/sim_env.h"
#include "test/sst_fixture.h"

namespace sochdb::sst_helper_test {
namespace {

using test::Model;
using test::ModelShape;
using test::Random;

// Larger than what is written before the helper begins.
Model LargeModel(uint64_t seed) {
  Random random(seed);
  ModelShape shape;
  shape.keys = 500;
  shape.max_value = 5000;
  return test::RandomModel(&random, shape);
}

Status Write(Env* env, const std::string& path, const TableOptions& options, const Model& model, bool helped,
             TableProperties* properties) {
  SOCHDB_ASSIGN(file, env->OpenFile(path, OpenMode::kCreateExclusive));
  TableBuilder builder(std::move(file), "t.sst", 7, options, helped ? env : nullptr);
  for (const auto& [key, versions] : model) {
    for (const auto& [ts, version] : versions) SOCHDB_TRY(builder.Add(key, test::ViewOf(ts, version)));
  }
  return builder.Finish(properties);
}

TEST("a table that a second thread compresses is the same, byte for byte") {
  for (const CompressionType compression : {CompressionType::kNone, CompressionType::kLz4}) {
    for (uint64_t seed = 1; seed <= static_cast<uint64_t>(test::SeedCount()) / 4 + 3; ++seed) {
      const Model model = LargeModel(seed);
      TableOptions options;
      options.compression = compression;
      options.block_bytes = seed % 2 == 0 ? 64 * 1024 : 4 * 1024;
      SimEnv env(seed);
      TableProperties alone;
      TableProperties helped;
      const uint64_t before = env.switches();
      EXPECT_OK(Write(&env, "alone.sst", options, model, false, &alone));
      EXPECT_EQ(env.switches(), before);
      EXPECT_OK(Write(&env, "helped.sst", options, model, true, &helped));
      EXPECT(env.switches() > before);
      EXPECT(alone.raw_bytes > 1024 * 1024);
      EXPECT(env.Contents("alone.sst") == env.Contents("helped.sst"));
      EXPECT_EQ(alone.file_bytes, helped.file_bytes);
      EXPECT_EQ(alone.blocks, helped.blocks);
    }
  }
}

TEST("the same with threads that the system schedules") {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const Model model = LargeModel(seed);
    MemEnv env;
    TableProperties alone;
    TableProperties helped;
    EXPECT_OK(Write(&env, "alone.sst", {}, model, false, &alone));
    EXPECT_OK(Write(&env, "helped.sst", {}, model, true, &helped));
    EXPECT_EQ(alone.file_bytes, helped.file_bytes);
    EXPECT_OK(Table::Open(&env, "helped.sst", 7, {.check_all = true}).status());
  }
}

TEST("what fails in the second thread is told by the one that builds, and nothing is written behind it") {
  const Model model = LargeModel(1);
  TableProperties properties;
  uint64_t operations = 0;
  {
    SimEnv env(1);
    EXPECT_OK(Write(&env, "t.sst", {}, model, true, &properties));
    operations = env.io_count();
  }
  EXPECT(operations > 5);
  for (uint64_t op = 1; op <= operations; ++op) {
    for (const SimEnv::Fault fault : {SimEnv::Fault::kIoError, SimEnv::Fault::kNoSpace}) {
      SimEnv env(op);
      env.FailAt(op, fault);
      const Status status = Write(&env, "t.sst", {}, model, true, &properties);
      EXPECT(!status.ok());
      EXPECT_EQ(env.io_count(), op);
    }
  }
}

TEST("a table may be given up while a second thread writes it") {
  const Model model = LargeModel(2);
  for (size_t added = 1; added < 500; added += 37) {
    SimEnv env(added);
    TableBuilder builder(env.OpenFile("t.sst", OpenMode::kCreateExclusive).value(), "t.sst", 7, {}, &env);
    size_t at = 0;
    for (const auto& [key, versions] : model) {
      for (const auto& [ts, version] : versions) EXPECT_OK(builder.Add(key, test::ViewOf(ts, version)));
      if (++at == added) break;
    }
  }
}

}  // namespace
}  // namespace sochdb::sst_helper_test
