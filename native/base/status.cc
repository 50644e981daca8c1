#include "base/status.h"

#include <cstdio>
#include <cstdlib>

namespace sochdb {

const std::string& Status::message() const {
  static const std::string none;
  return state_ ? state_->message : none;
}

const Status::Details& Status::details() const {
  static const Details none;
  return state_ ? state_->details : none;
}

Status& Status::With(std::string name, std::string value) {
  if (state_) state_->details.emplace_back(std::move(name), std::move(value));
  return *this;
}

void CheckFailed(const char* file, int line, const char* condition) {
  std::fprintf(stderr, "sochdb: %s:%d: an invariant does not hold: %s\n", file, line, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace sochdb
