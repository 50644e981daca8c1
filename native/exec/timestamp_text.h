// Timestamps as ISO 8601 text. Milliseconds since the epoch, proleptic Gregorian calendar, years 0000 to 9999.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace sochdb {

// 2026-01-31T12:00:00.000Z; years outside 0000 to 9999 as JavaScript writes them (+012026-…).
void AppendTimestamp(int64_t ms, std::string* out);

// YYYY-MM-DD, optionally followed by T or a space, HH:MM[:SS[.fraction]] and Z, ±HH:MM, ±HHMM or ±HH; UTC where no zone is
// said. *exact is false when a fraction finer than milliseconds was cut off. False for anything else.
bool ParseTimestamp(std::string_view text, int64_t* ms, bool* exact);

// Days since the epoch of a date of the proleptic Gregorian calendar, and back. A month of 1 to 12; a day beyond the month's
// end is one of the next month.
int64_t DaysOfDate(int64_t year, int64_t month, int64_t day);
void DateOfDays(int64_t days, int64_t* year, int64_t* month, int64_t* day);

}  // namespace sochdb
