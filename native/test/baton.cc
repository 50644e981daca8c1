#include "test/baton.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "test/oom.h"

namespace sochdb {

struct Baton::Participant {
  std::string name;
  uint64_t id = 0;
  uint64_t priority = 0;
  bool done = false;
  bool blocked = false;
  bool timed_out = false;
  const void* on = nullptr;
  uint64_t deadline_micros = UINT64_MAX;
  std::condition_variable turn;
};

namespace {
// Which participant of which Baton this thread is; a thread may take part in several (a test with two worlds).
struct Membership {
  const Baton* baton;
  void* participant;
};
thread_local std::vector<Membership> t_memberships;
}  // namespace

class Baton::BatonThread final : public Thread {
 public:
  BatonThread(Baton* baton, Participant* participant, std::thread thread)
      : baton_(baton), participant_(participant), thread_(std::move(thread)) {}
  ~BatonThread() override { SOCHDB_CHECK(!thread_.joinable()); }
  BatonThread(const BatonThread&) = delete;
  BatonThread& operator=(const BatonThread&) = delete;
  void Join() override {
    baton_->Yield();
    while (!participant_->done) baton_->Block(participant_);
    thread_.join();
  }

 private:
  Baton* const baton_;
  Participant* const participant_;
  std::thread thread_;
};

Baton::Baton(uint64_t seed) : random_(seed), by_priority_(random_.OneIn(2)) {
  participants_.push_back(std::make_unique<Participant>());
  Participant* self = participants_.back().get();
  self->name = "main";
  self->priority = random_.Below(lowest_priority_);
  running_ = self;
  t_memberships.push_back({this, self});
}

Baton::~Baton() {
  for (size_t i = 1; i < participants_.size(); ++i) SOCHDB_CHECK(participants_[i]->done);
  std::erase_if(t_memberships, [this](const Membership& m) { return m.baton == this; });
}

Baton::Participant* Baton::Self() const {
  for (const Membership& m : t_memberships) {
    if (m.baton == this) return static_cast<Participant*>(m.participant);
  }
  CheckFailed(__FILE__, __LINE__, "a simulated world is used by a thread that it did not start");
}

// Who runs next: one of those that can, the caller among them unless it is blocked or done.
Baton::Participant* Baton::Pick(Participant* self) {
  for (;;) {
    std::vector<Participant*> ready;
    Participant* earliest = nullptr;
    for (const auto& p : participants_) {
      if (p->done) continue;
      if (p->blocked && p->deadline_micros <= now_micros_) {
        p->blocked = false;
        p->timed_out = true;
      }
      if (!p->blocked) ready.push_back(p.get());
      else if (p->deadline_micros != UINT64_MAX && (earliest == nullptr || p->deadline_micros < earliest->deadline_micros))
        earliest = p.get();
    }
    if (ready.size() == 1) return ready.front();
    if (!ready.empty()) {
      if (!by_priority_) return ready[random_.Below(ready.size())];
      if (random_.OneIn(32)) self->priority = ++lowest_priority_;
      return *std::min_element(ready.begin(), ready.end(),
                               [](const Participant* a, const Participant* b) { return a->priority < b->priority; });
    }
    if (earliest == nullptr) Deadlock();
    now_micros_ = earliest->deadline_micros;
  }
}

void Baton::Deadlock() const {
  std::fprintf(stderr, "deadlock: every thread waits, and none for a time\n");
  for (const auto& p : participants_) {
    if (!p->done) std::fprintf(stderr, "  %s waits for %p\n", p->name.c_str(), p->on);
  }
  CheckFailed(__FILE__, __LINE__, "some thread can run");
}

void Baton::Pass(std::unique_lock<std::mutex>* lock, Participant* self, Participant* next) {
  running_ = next;
  next->turn.notify_one();
  if (!self->done) self->turn.wait(*lock, [this, self] { return running_ == self; });
}

void Baton::HandOn(Participant* self) {
  const test::OomPause pause;
  Participant* next = Pick(self);
  if (next == self) return;
  ++switches_;
  Note(next->id + 1);
  std::unique_lock<std::mutex> lock(mutex_);
  SOCHDB_CHECK(running_ == self);
  Pass(&lock, self, next);
}

void Baton::Yield() { HandOn(Self()); }

void Baton::Block(const void* on) {
  Participant* self = Self();
  self->blocked = true;
  self->on = on;
  HandOn(self);
}

bool Baton::BlockFor(const void* on, uint64_t micros) {
  Participant* self = Self();
  self->blocked = true;
  self->timed_out = false;
  self->on = on;
  self->deadline_micros = now_micros_ + std::min(micros, UINT64_MAX / 2);
  HandOn(self);
  self->deadline_micros = UINT64_MAX;
  return !self->timed_out;
}

// Wakes one of those that wait, by the seed, or all. They run when they are picked: the caller goes on.
void Baton::Wake(const void* on, bool all) {
  const test::OomPause pause;
  std::vector<Participant*> waiting;
  for (const auto& p : participants_) {
    if (!p->done && p->blocked && p->on == on) waiting.push_back(p.get());
  }
  if (waiting.empty()) return;
  if (!all) waiting = {waiting[random_.Below(waiting.size())]};
  for (Participant* p : waiting) p->blocked = false;
}

std::unique_ptr<Thread> Baton::StartThread(const char* name, std::function<void()> body) {
  const test::OomPause pause;
  participants_.push_back(std::make_unique<Participant>());
  Participant* child = participants_.back().get();
  child->name = name;
  child->id = participants_.size() - 1;
  child->priority = random_.Below(uint64_t{1} << 32);
  std::thread thread([this, child, run = std::move(body)] {
    t_memberships.push_back({this, child});
    {
      std::unique_lock<std::mutex> lock(mutex_);
      child->turn.wait(lock, [this, child] { return running_ == child; });
    }
    run();
    Finish(child);
  });
  auto handle = std::make_unique<BatonThread>(this, child, std::move(thread));
  Yield();
  return handle;
}

void Baton::Finish(Participant* self) {
  self->done = true;
  Wake(self, true);
  Participant* next = Pick(self);
  Note(next->id + 1);
  std::unique_lock<std::mutex> lock(mutex_);
  Pass(&lock, self, next);
}

}  // namespace sochdb
