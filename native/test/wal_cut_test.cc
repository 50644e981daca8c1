// A log whose middle was cut short: found by the fuzzer, which waited for Verify in vain.

#include <string>

#include "test/wal_world.h"

namespace sochdb::wal_cut_test {
namespace {

using namespace test;

TEST("verifying a log with a segment that was cut short ends, and names the cut") {
  for (const uint64_t left : {uint64_t{100}, uint64_t{512}, uint64_t{513}, uint64_t{3000}, uint64_t{6000}}) {
    SimEnv env(3);
    Lsn end = 0;
    {
      Recovered opened = Recover(&env, 0);
      AppendAll(opened.wal.get(), 1, 120);
      EXPECT(opened.wal->stats().segments > 3);
      EXPECT_OK(opened.wal->Close());
      end = opened.wal->synced_lsn();
    }
    env.Cut(SegmentPath(2), left);
    const Result<WalReport> report = Wal::Verify(&env, kDir, end);
    EXPECT_OK(report.status());
    EXPECT(report.ok() && !report.value().errors.empty());
    EXPECT(report.ok() && report.value().errors.front().file == SegmentPath(2));
    EXPECT(Recover(&env, end).status.code() == Code::kCorruption);
  }
}

}  // namespace
}  // namespace sochdb::wal_cut_test
