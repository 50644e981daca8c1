// NodeLock: the spinlock of a node of HnswGraph, held for the length of one row change: no call that waits or allocates from
// the system inside.

#pragma once

#include "index/vector/hnsw_graph.h"

namespace sochdb {

class HnswGraph::NodeLock {
 public:
  explicit NodeLock(Node* node) : node_(node) {
    while (node_->locked.exchange(true, std::memory_order_acquire)) {
      while (node_->locked.load(std::memory_order_relaxed)) Pause();
    }
  }
  ~NodeLock() { node_->locked.store(false, std::memory_order_release); }
  NodeLock(const NodeLock&) = delete;
  NodeLock& operator=(const NodeLock&) = delete;

 private:
  static void Pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
  }

  Node* node_;
};

}  // namespace sochdb
