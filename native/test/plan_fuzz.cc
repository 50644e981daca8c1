// libFuzzer target: the words and constants of a plan. It is refused with the number of a word, or it is a plan.
//
//   2  number of words, the words (4 each), then the constants

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "exec/prepared_plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sochdb;
  ByteReader input({reinterpret_cast<const char*>(data), size});
  uint16_t count = 0;
  if (!input.ReadFixed16(&count)) return 0;
  std::vector<int32_t> words;
  for (uint32_t word = 0; words.size() < count && input.ReadFixed32(&word);) words.push_back(static_cast<int32_t>(word));
  const auto parsed = PreparedPlan::Parse(words, input.rest());
  if (!parsed.ok() && parsed.status().code() != Code::kInvalidArgument) std::abort();
  if (!parsed.ok() && !parsed.status().message().starts_with("Word ")) std::abort();
  return 0;
}
