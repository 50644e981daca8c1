// Epochs: nothing is freed under a reader, and everything is freed in the end.

#include "base/epoch.h"

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "test/harness.h"

namespace sochdb::epoch_test {
namespace {

TEST("what is retired is freed at once when nobody reads") {
  bool freed = false;
  RetireInEpoch([&] { freed = true; });
  EXPECT(freed);
}

TEST("what is retired under a guard is freed after it, nested guards included") {
  bool freed = false;
  {
    const EpochGuard outer;
    {
      const EpochGuard inner;
      RetireInEpoch([&] { freed = true; });
    }
    EXPECT(CollectRetired() > 0);
    EXPECT(!freed);
    EXPECT(EpochGuard::HeldByThisThread());
  }
  EXPECT(!EpochGuard::HeldByThisThread());
  EXPECT(!freed);
  EXPECT_EQ(CollectRetired(), 0u);
  EXPECT(freed);
}

TEST("retiring for later frees nothing until someone collects") {
  bool freed = false;
  RetireInEpochLater([&] { freed = true; });
  EXPECT(!freed);
  EXPECT_EQ(CollectRetired(), 0u);
  EXPECT(freed);
}

TEST("a guard that is taken later does not keep what was retired before it") {
  bool first_freed = false;
  bool second_freed = false;
  std::atomic<int> stage{0};
  std::thread reader([&] {
    const EpochGuard guard;
    stage = 1;
    while (stage != 2) std::this_thread::yield();
  });
  while (stage != 1) std::this_thread::yield();
  RetireInEpoch([&] { first_freed = true; });
  EXPECT(!first_freed);
  stage = 2;
  reader.join();
  const EpochGuard later;
  RetireInEpoch([&] { second_freed = true; });
  EXPECT(first_freed);
  EXPECT(!second_freed);
}

TEST("freeing may retire further objects") {
  (void)CollectRetired();
  int freed = 0;
  RetireInEpoch([&] {
    ++freed;
    RetireInEpoch([&] { ++freed; });
  });
  EXPECT_EQ(CollectRetired(), 0u);
  EXPECT_EQ(freed, 2);
}

TEST("threads beyond the slots are kept from, too, and slots are used again") {
  (void)CollectRetired();
  constexpr int kThreads = EpochGuard::kMaxThreads + 20;
  for (int round = 0; round < 2; ++round) {
    std::atomic<int> inside{0};
    std::atomic<bool> leave{false};
    std::vector<std::thread> threads;
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&] {
        const EpochGuard guard;
        inside.fetch_add(1);
        while (!leave) std::this_thread::yield();
      });
    }
    while (inside != kThreads) std::this_thread::yield();
    bool freed = false;
    RetireInEpoch([&] { freed = true; });
    EXPECT(!freed);
    leave = true;
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(CollectRetired(), 0u);
    EXPECT(freed);
  }
}

struct Node {
  explicit Node(uint64_t n) : value(n), twice(2 * n) {}
  ~Node() { value = twice = 1; }
  uint64_t value;
  uint64_t twice;
};

TEST("readers of a pointer that is replaced all the time never see what was freed") {
  constexpr int kReaders = 3;
  const uint64_t replacements = test::kSanitizer != test::Sanitizer::kNone ? 20000 : 50000;
  std::atomic<Node*> current{new Node(1)};
  std::atomic<bool> stop{false};
  std::atomic<uint64_t> wrong{0};
  std::atomic<uint64_t> freed{0};
  std::vector<std::thread> readers;
  for (int i = 0; i < kReaders; ++i) {
    readers.emplace_back([&] {
      while (!stop) {
        const EpochGuard guard;
        const Node* const node = current.load();
        const EpochGuard nested;
        if (node->twice != 2 * node->value) wrong.fetch_add(1);
      }
    });
  }
  std::thread second_writer([&] {
    for (uint64_t i = 0; i < replacements; ++i) {
      Node* const old = current.exchange(new Node(i));
      RetireInEpoch([old, &freed] {
        delete old;
        freed.fetch_add(1);
      });
    }
  });
  for (uint64_t i = 0; i < replacements; ++i) {
    Node* const old = current.exchange(new Node(i));
    RetireInEpochLater([old, &freed] {
      delete old;
      freed.fetch_add(1);
    });
  }
  second_writer.join();
  stop = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(CollectRetired(), 0u);
  EXPECT_EQ(freed.load(), 2 * replacements);
  EXPECT_EQ(wrong.load(), 0u);
  delete current.load();
}

}  // namespace
}  // namespace sochdb::epoch_test
