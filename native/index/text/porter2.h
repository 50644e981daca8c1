// Porter2: the stem of an English word, by Martin Porter's second algorithm (snowballstem.org, "english").
//
//   "connection" "connected" "connecting" -> "connect"
//
// Thread safety: functions of their arguments.

#pragma once

#include <string>

namespace sochdb {

// Replaces a word by its stem. Words of other characters than lower-case ASCII letters and ' are left as they are.
void StemEnglish(std::string* word);

}  // namespace sochdb
