#include "index/vector/graph_builder.h"

#include <algorithm>
#include <vector>

namespace sochdb {
namespace {

constexpr uint64_t kCancelPollMicros = 20'000;
constexpr uint64_t kWorthHelp = 1024;

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
    const bool helps = !threads_.empty();
    threads_.push_back(env_->StartThread("vector-graph", [this, helps] { Run(helps); }));
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
  place->leaving = true;
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
  work_.SignalAll();  // not all of them take it
}

bool GraphBuilder::IsWorthHelp(const Place& place) const { return waiting_ > 0 || place.index->Backlog() >= kWorthHelp; }

GraphBuilder::Place* GraphBuilder::TakeTurn(bool helps) {
  for (size_t i = 1; i <= places_.size(); ++i) {
    const size_t at = (last_served_ + i) % places_.size();
    if (!places_[at]->scheduled || (helps && !IsWorthHelp(*places_[at]))) continue;
    last_served_ = at;
    return places_[at].get();
  }
  return nullptr;
}

bool GraphBuilder::Busy() const {
  return std::any_of(places_.begin(), places_.end(), [](const auto& place) { return place->scheduled || place->working > 0; });
}

void GraphBuilder::Run(bool helps) {
  SearchScratch scratch;
  MutexLock lock(&mutex_);
  while (!stop_.load()) {
    Place* place = TakeTurn(helps);
    if (place == nullptr) {
      work_.Wait(&mutex_);
      continue;
    }
    // It stays scheduled while it has work, so that several threads can share one index.
    if (!place->index->HasWork()) {
      place->scheduled = false;
      idle_.SignalAll();
      continue;
    }
    ++place->working;
    if (!helps && threads_.size() > 1 && IsWorthHelp(*place)) work_.SignalAll();
    mutex_.Unlock();
    place->index->WorkSome(&scratch, stop_);
    mutex_.Lock();
    --place->working;
    // What only one of them can do at a time, the others have taken for nothing to do.
    if (!place->leaving && place->index->HasWork()) place->scheduled = true;
    if (place->working == 0) idle_.SignalAll();
  }
}

Status GraphBuilder::WaitUntilLinked(const CancelToken* cancel) {
  MutexLock lock(&mutex_);
  ++waiting_;
  work_.SignalAll();
  Status status;
  while (status.ok() && Busy() && !stop_.load()) {
    if (cancel != nullptr) status = cancel->Check();
    if (status.ok()) (void)idle_.WaitFor(&mutex_, kCancelPollMicros);
  }
  --waiting_;
  return status;
}

}  // namespace sochdb
