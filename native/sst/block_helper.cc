#include "sst/block_helper.h"

#include <new>
#include <utility>

#include "env/beside.h"

namespace sochdb {

std::unique_ptr<BlockHelper> BlockHelper::Start(Env* env, Write write) {
  std::unique_ptr<BlockHelper> helper(new BlockHelper(env, std::move(write)));
  helper->thread_ = TryStartThread(env, "sochdb-compress", [of = helper.get()] { of->Run(); });
  if (helper->thread_ == nullptr) return nullptr;
  return helper;
}

// What was given and not written yet is not missed: a table that nobody finished is none.
BlockHelper::~BlockHelper() {
  if (thread_ == nullptr) return;
  {
    MutexLock lock(&mutex_);
    ended_ = true;
    changed_.SignalAll();
  }
  thread_->Join();
}

Status BlockHelper::Failure() const {
  if (out_of_memory_) throw std::bad_alloc();
  return failed_;
}

bool BlockHelper::Behind() {
  MutexLock lock(&mutex_);
  return put_ - written_ == kBlocksAhead;
}

Status BlockHelper::Put(const FilledBlock& block) {
  {
    MutexLock lock(&mutex_);
    while (put_ - written_ == kBlocksAhead) changed_.Wait(&mutex_);
    SOCHDB_TRY(Failure());
  }
  Slot& slot = slots_[put_ % kBlocksAhead];
  slot.bytes.assign(block.compressed ? block.stored.bytes : block.payload);
  slot.last_key.assign(block.last_key);
  slot.next_key.assign(block.next_key);
  slot.block = block;
  slot.block.payload = block.compressed ? std::string_view() : std::string_view(slot.bytes);
  if (block.compressed) slot.block.stored.bytes = slot.bytes;
  slot.block.last_key = slot.last_key;
  slot.block.next_key = slot.next_key;
  MutexLock lock(&mutex_);
  ++put_;
  changed_.SignalAll();
  return {};
}

Status BlockHelper::End() {
  {
    MutexLock lock(&mutex_);
    ended_ = true;
    changed_.SignalAll();
  }
  thread_->Join();
  thread_ = nullptr;
  MutexLock lock(&mutex_);
  return Failure();
}

void BlockHelper::Run() {
  MutexLock lock(&mutex_);
  for (;;) {
    while (put_ == written_ && !ended_) changed_.Wait(&mutex_);
    if (put_ == written_) return;
    const bool failed = out_of_memory_ || !failed_.ok();
    mutex_.Unlock();
    Status status;
    bool out_of_memory = false;
    try {
      if (!failed) status = write_(slots_[written_ % kBlocksAhead].block);
    } catch (const std::bad_alloc&) {
      out_of_memory = true;
    }
    mutex_.Lock();
    out_of_memory_ |= out_of_memory;
    if (!failed && !status.ok()) failed_ = std::move(status);
    ++written_;
    changed_.SignalAll();
  }
}

}  // namespace sochdb
