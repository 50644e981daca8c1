// GraphBuilder: the threads that link new slots into the graphs of all indexes, and do what else they have to do, a few at a
// time and in turn. The first thread does whatever comes; the others help where much is to be linked, or where somebody waits:
// a little in the background is not worth a processor that others may need.
//
// Thread safety: any thread; Schedule may be called in commit order and allocates nothing.
// Ownership: indexes belong to the registry, which calls Remove before it lets go of one; its place dies then.

#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "env/env.h"
#include "env/sync.h"
#include "index/vector/vector_index.h"

namespace sochdb {

class GraphBuilder {
 public:
  // Threads start with the first index.
  GraphBuilder(Env* env, uint32_t thread_count);
  ~GraphBuilder();  // stops and joins them
  GraphBuilder(const GraphBuilder&) = delete;
  GraphBuilder& operator=(const GraphBuilder&) = delete;

  // Where an index stands in the queue.
  struct Place {
    VectorIndex* index;
    bool scheduled = false;
    uint32_t working = 0;  // threads
    bool leaving = false;
  };
  Place* Add(VectorIndex* index);
  // Waits for threads that are linking in it.
  void Remove(Place* place);
  // The index has work.
  void Schedule(Place* place) noexcept;
  // Waits until every index is linked as far as it wants to be; for tests and `optimize`.
  Status WaitUntilLinked(const CancelToken* cancel);

 private:
  void Run(bool helps);
  void StartThreads();
  // The next scheduled place after the one served last; of one that helps, the next that is worth it.
  Place* TakeTurn(bool helps);
  [[nodiscard]] bool IsWorthHelp(const Place& place) const;
  [[nodiscard]] bool Busy() const;

  Env* const env_;
  const uint32_t thread_count_;
  std::atomic<bool> stop_{false};
  Mutex mutex_;  // guards what follows
  CondVar work_;
  CondVar idle_;
  std::vector<std::unique_ptr<Place>> places_;
  size_t last_served_ = 0;
  uint32_t waiting_ = 0;  // threads in WaitUntilLinked
  std::vector<std::unique_ptr<Thread>> threads_;
};

}  // namespace sochdb
