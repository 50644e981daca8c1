// Random numbers for statements: of the system, in blocks.
//
// Thread safety: any thread.

#pragma once

#include <cstddef>
#include <cstdint>

namespace sochdb {

uint64_t RandomNumber();
void RandomBytes(char* out, size_t n);

}  // namespace sochdb
