// Baton: runs real threads one at a time, in an order that a seed decides.
//
// Whoever holds the baton runs. It is handed on at every Yield (each Env call and each lock), Block and end of a thread, to a
// thread that the seed picks among those that could run: evenly, or by random priorities that change at random points (by seed,
// one or the other; priorities find bugs that need one thread to stall for long). Since nothing else decides, the same seed
// gives the same run, which trace_hash() shows.
//
// Time is simulated: it moves by Advance, and when every thread waits, it leaps to the earliest deadline. When all wait and
// none has a deadline, that is a deadlock: the process ends and names the threads.
//
// Thread safety: the thread that makes a Baton takes part in it; others are made by StartThread. No one else may call.
// Ownership: threads must be joined before the Baton is destroyed.

#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "env/env.h"
#include "test/sim_random.h"

namespace sochdb {

class Baton final : public Scheduler {
 public:
  explicit Baton(uint64_t seed);
  ~Baton() override;
  Baton(const Baton&) = delete;
  Baton& operator=(const Baton&) = delete;

  void Yield() override;
  void Block(const void* on) override;
  bool BlockFor(const void* on, uint64_t micros) override;
  void Wake(const void* on, bool all) override;

  std::unique_ptr<Thread> StartThread(const char* name, std::function<void()> body);

  [[nodiscard]] uint64_t now_micros() const { return now_micros_; }
  void Advance(uint64_t micros) { now_micros_ += micros; }

  // Takes something that happened into the trace.
  void Note(uint64_t what) { trace_ = HashNumber(trace_ ^ what); }
  [[nodiscard]] uint64_t trace_hash() const { return trace_; }
  [[nodiscard]] uint64_t switches() const { return switches_; }

 private:
  struct Participant;
  class BatonThread;

  Participant* Self() const;
  Participant* Pick(Participant* self);
  void HandOn(Participant* self);
  void Pass(std::unique_lock<std::mutex>* lock, Participant* self, Participant* next);
  void Finish(Participant* self);
  [[noreturn]] void Deadlock() const;

  std::mutex mutex_;  // guards running_; the rest belongs to whoever holds the baton
  Participant* running_ = nullptr;
  std::vector<std::unique_ptr<Participant>> participants_;
  SimRandom random_;
  const bool by_priority_;
  uint64_t lowest_priority_ = uint64_t{1} << 32;
  uint64_t now_micros_ = 0;
  uint64_t trace_ = 0;
  uint64_t switches_ = 0;
};

}  // namespace sochdb
