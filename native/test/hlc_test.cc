// The hybrid clock: time that never runs backwards, whatever the wall clock does.

#include "base/hlc.h"

#include "test/harness.h"
#include "test/sim_env.h"

namespace sochdb::hlc_test {
namespace {

TEST("timestamps rise strictly while the wall clock runs, stands, and steps back") {
  SimEnv env(1);
  Hlc clock(&env);
  Timestamp last = 0;
  for (int i = 0; i < 200'000; ++i) {
    if (i == 50'000) env.StepWallClock(-3'600'000);
    if (i % 1000 == 0) env.AdvanceMillis(1);
    const Timestamp next = clock.Next();
    EXPECT(next > last);
    last = next;
  }
  EXPECT_EQ(clock.last(), last);
  EXPECT(!clock.warning().leaped);
}

TEST("a timestamp carries the wall clock's milliseconds") {
  SimEnv env(1);
  Hlc clock(&env);
  EXPECT_EQ(HlcMillis(clock.Next()), env.NowMillis());
  env.AdvanceMillis(12'345);
  EXPECT_EQ(HlcMillis(clock.Next()), env.NowMillis());
}

TEST("after a restart under a clock that was set back, timestamps go on from the high-water mark") {
  SimEnv env(1);
  Timestamp mark = 0;
  {
    Hlc clock(&env);
    mark = clock.Next();
  }
  env.StepWallClock(-10'000);
  Hlc clock(&env);
  clock.RaiseTo(mark);
  EXPECT(clock.Next() > mark);
  clock.RaiseTo(mark - 5);  // an older mark changes nothing
  EXPECT(clock.Next() > mark);
  EXPECT(!clock.warning().leaped);  // ten seconds are no leap
}

TEST("a quiet day is no leap, a clock set forward a day is one, and both keep working") {
  SimEnv env(1);
  Hlc clock(&env);
  clock.Next();
  env.AdvanceMillis(86'400'000);
  clock.Next();
  EXPECT(!clock.warning().leaped);
  env.StepWallClock(86'400'000);
  const Timestamp leaped = clock.Next();
  EXPECT(clock.warning().leaped);
  EXPECT(clock.warning().by_millis >= 86'000'000 && clock.warning().by_millis <= 86'400'000);
  env.StepWallClock(-86'400'000);
  EXPECT(clock.Next() > leaped);
}

TEST("a restored mark far ahead of the clock is a leap") {
  SimEnv env(1);
  Hlc clock(&env);
  clock.RaiseTo(HlcFromMillis(env.NowMillis() + 3'600'000));
  EXPECT(clock.warning().leaped);
}

TEST("a mad wall clock does not exhaust the timestamps") {
  SimEnv env(1);
  Hlc clock(&env);
  env.StepWallClock(INT64_MAX / 4);
  const Timestamp first = clock.Next();
  EXPECT(clock.Next() == first + 1);
  EXPECT(first < kMaxTimestamp / 2);
}

TEST("now never runs backwards, and is never before the last commit") {
  SimEnv env(1);
  Hlc clock(&env);
  const uint64_t before = clock.NowMillis();
  env.StepWallClock(-60'000);
  EXPECT(clock.NowMillis() >= before);
  env.AdvanceMillis(120'000);
  const Timestamp commit = clock.Next();
  env.StepWallClock(-600'000);
  EXPECT(clock.NowMillis() >= HlcMillis(commit));
}

}  // namespace
}  // namespace sochdb::hlc_test
