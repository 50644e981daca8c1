// KeyView: one view for several reads. Of a database, a snapshot of this moment; of a transaction or a snapshot, itself.
//
// Thread safety: the thread that its target belongs to. Lifetime: the target's engine must outlive it.

#pragma once

#include <memory>
#include <utility>

#include "binding/target.h"

namespace sochdb::binding {

class KeyView {
 public:
  // Begins a statement in a readCommitted transaction. kNotFound when the view does not see the target's namespace.
  Status Open(const Target& target);
  [[nodiscard]] Reader* get() const { return reader_; }
  Reader* operator->() const { return reader_; }

 private:
  std::unique_ptr<Snapshot> snapshot_;
  Reader* reader_ = nullptr;
};

}  // namespace sochdb::binding
