// Dead containers: which keys may be discarded.

#include <string>

#include "engine/dead_containers.h"
#include "test/harness.h"

namespace sochdb::engine_dead_containers_test {
namespace {

using namespace std::string_literals;

uint64_t Bit(TreeId tree) { return uint64_t{1} << static_cast<unsigned>(tree); }

TEST("keys of a container are dead from the moment that it was dropped, in its trees alone") {
  DeadRangeList list(Env::Posix());
  EXPECT(list.DeadBy(kMaxTimestamp) == nullptr);
  list.Add({Bit(TreeId::kKeys) | Bit(TreeId::kRows), "\0\0\0\7"s, 100});
  EXPECT(list.DeadBy(99) == nullptr);
  const DeadContainers::Test dead = list.DeadBy(100);
  EXPECT(dead(TreeId::kKeys, "\0\0\0\7"s));
  EXPECT(dead(TreeId::kRows, "\0\0\0\7key"s));
  EXPECT(!dead(TreeId::kVectors, "\0\0\0\7key"s));
  EXPECT(!dead(TreeId::kKeys, "\0\0\0\6\xff"s));
  EXPECT(!dead(TreeId::kKeys, "\0\0\0\10"s));
  EXPECT(!dead(TreeId::kKeys, "\0\0\0"s));
}

TEST("of containers within containers and beside each other each key is told right") {
  DeadRangeList list(Env::Posix());
  list.Set({{Bit(TreeId::kKeys), "b", 1}, {Bit(TreeId::kKeys), "bc", 1}, {Bit(TreeId::kKeys), "a1", 1}, {~0ull, "", 1}});
  EXPECT_EQ(list.size(), 4u);
  const DeadContainers::Test dead = list.DeadBy(5);
  EXPECT(dead(TreeId::kKeys, "bd") && dead(TreeId::kKeys, "bc") && dead(TreeId::kKeys, "a12"));
  EXPECT(!dead(TreeId::kKeys, "a2") && !dead(TreeId::kKeys, "c") && !dead(TreeId::kKeys, "") && !dead(TreeId::kKeys, "a"));
  EXPECT(!dead(TreeId::kRows, "b"));
}

}  // namespace
}  // namespace sochdb::engine_dead_containers_test
