// Points in time as the date functions read and change them: SQLite's spellings and modifiers, in UTC.
//
// Thread safety: value types and functions of their arguments.

#pragma once

#include <cstdint>
#include <string_view>

#include "codec/value.h"

namespace sochdb {

inline constexpr int64_t kMsPerDay = 86400000;
inline constexpr int64_t kJulianEpochMs = 210866760000000;  // the Julian day of 1970-01-01, in milliseconds
inline constexpr int64_t kTimestampMax = 8640000000000000;  // of a Date

struct Moment {
  int64_t ms = 0;         // since the epoch
  double raw = 0;         // the number it was given as
  bool number = false;    // raw says something: a Julian day unless a modifier says otherwise
  bool fraction = false;  // 'subsec': written with milliseconds
  int floor = 0;          // days that the last modifier went beyond the end of a month
};

struct Civil {
  int64_t year = 0;
  int64_t month = 0;  // 1 to 12
  int64_t day = 0;
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  int64_t ms = 0;
  int64_t days = 0;         // since the epoch
  int64_t weekday = 0;      // 0 is Sunday
  int64_t day_of_year = 0;  // from 0
};

int64_t NowMs();
Civil CivilOf(int64_t ms);
int64_t MsOf(const Civil& civil);
// The week of ISO 8601 and the year it belongs to.
void IsoWeek(const Civil& civil, int64_t* year, int64_t* week);
// Months later, the day cut off at the end of the month, or running over into the next.
int64_t AddMonths(int64_t ms, int64_t months, bool cut_off, int* floor);

// A timestamp, text in one of SQLite's forms ('now' too), or a Julian day. False when it is none of these.
bool ReadMoment(const Value& value, Moment* out);
// '+1 month', 'start of day', 'weekday 1', 'unixepoch', …. `first`: nothing was changed yet. False for what is no modifier.
bool Modify(std::string_view modifier, bool first, Moment* moment);
// Whether it is in the years -4713 to 9999.
bool IsValid(const Moment& moment);

// '1 day 2 hours', '1 year -2 mons', '01:30:00', 'P1DT2H', with 'ago' behind it. False when the text is none.
struct Interval {
  int64_t months = 0;
  int64_t ms = 0;
};
bool ParseInterval(std::string_view text, Interval* out);

}  // namespace sochdb
