// The pictures of PostgreSQL's to_char().
//
// What is not known of them is an error, where PostgreSQL copies it to the text: FM, TH, the fields of dates and times, digits,
// signs and separators are known; letters that belong to no field stand in quotation marks.

#pragma once

#include <string>
#include <string_view>

#include "codec/value.h"

namespace sochdb {

// Appends a number (INTEGER, REAL or DECIMAL) as '999,990.99' and the like picture it. False: *why says what is wrong.
bool PictureNumber(const Value& number, std::string_view picture, std::string* out, std::string* why);

// Appends a point in time, in milliseconds since the epoch, as 'YYYY-MM-DD HH24:MI:SS' and the like picture it.
bool PictureMoment(int64_t ms, std::string_view picture, std::string* out, std::string* why);

// "the picture ends in a quotation mark", "there is no field 'XY'".
std::string NoSuchField(std::string_view rest);

}  // namespace sochdb
