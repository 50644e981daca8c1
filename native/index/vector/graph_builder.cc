#include "index/vector/graph_builder.h"

#include <algorithm>
#include <vector>

namespace sochdb {
namespace {

constexpr uint64_t kCancelPollMicros = 20'000;

}  // namespace

GraphBuilder::GraphBuilder(Env* env, uint32_t thread_count)
    : env_(env), thread_count_(thread_count), mutex_(env), work_(env), idle_(env) {}

GraphBuilder::~GraphBuilder() {
  stop_.store(true);
  {
    MutexLock lock(&mutex_);
    work_.SignalAll();
  }
  for (const auto& thread : threads_) thread->Join();
}

void GraphBuilder::StartThreads() {
  while (threads_.size() < thread_count_) {
    threads_.push_back(env_->StartThread("vector-graph", [this] { Run(); }));
  }
}

GraphBuilder::Place* GraphBuilder::Add(VectorIndex* index) {
  MutexLock lock(&mutex_);
  places_.push_back(std::make_unique<Place>(Place{index}));
  StartThreads();
  return places_.back().get();
}

void GraphBuilder::Remove(Place* place) {
  MutexLock lock(&mutex_);
  while (place->working > 0 || place->scheduled) {
    place->scheduled = false;
    if (place->working > 0) idle_.Wait(&mutex_);
  }
  std::erase_if(places_, [place](const auto& each) { return each.get() == place; });
}

void GraphBuilder::Schedule(Place* place) noexcept {
  MutexLock lock(&mutex_);
  if (place->scheduled) return;
  place->scheduled = true;
  work_.Signal();
}

GraphBuilder::Place* GraphBuilder::TakeTurn() {
  for (size_t i = 1; i <= places_.size(); ++i) {
    const size_t at = (last_served_ + i) % places_.size();
    if (!places_[at]->scheduled) continue;
    last_served_ = at;
    return places_[at].get();
  }
  return nullptr;
}

bool GraphBuilder::Busy() const {
  return std::any_of(places_.begin(), places_.end(), [](const auto& place) { return place->scheduled || place->working > 0; });
}

void GraphBuilder::Run() {
  SearchScratch scratch;
  MutexLock lock(&mutex_);
  while (!stop_.load()) {
    Place* place = TakeTurn();
    if (place == nullptr) {
      work_.Wait(&mutex_);
      continue;
    }
    // It stays scheduled while it has work, so that several threads can share one index.
    if (!place->index->HasUnlinked()) {
      place->scheduled = false;
      idle_.SignalAll();
      continue;
    }
    ++place->working;
    mutex_.Unlock();
    place->index->LinkSome(&scratch, stop_);
    mutex_.Lock();
    --place->working;
    if (place->working == 0) idle_.SignalAll();
  }
}

Status GraphBuilder::WaitUntilLinked(const CancelToken* cancel) {
  MutexLock lock(&mutex_);
  while (Busy() && !stop_.load()) {
    if (cancel != nullptr) SOCHDB_TRY(cancel->Check());
    (void)idle_.WaitFor(&mutex_, kCancelPollMicros);
  }
  return {};
}

}  // namespace sochdb
