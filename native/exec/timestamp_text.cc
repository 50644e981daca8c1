#include "exec/timestamp_text.h"

#include <cstdio>

namespace sochdb {
namespace {

constexpr int64_t kDayMs = 86400000;
constexpr int64_t kDaysPerEra = 146097;  // 400 years

bool IsLeap(int year) { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int DaysInMonth(int year, int month) {
  static constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  return month == 2 && IsLeap(year) ? 29 : kDays[month - 1];
}

// Takes exactly n digits off the front.
bool TakeNumber(std::string_view* text, size_t n, int* out) {
  if (text->size() < n) return false;
  *out = 0;
  for (size_t i = 0; i < n; ++i) {
    const char c = (*text)[i];
    if (c < '0' || c > '9') return false;
    *out = *out * 10 + (c - '0');
  }
  text->remove_prefix(n);
  return true;
}

bool Take(std::string_view* text, char c) {
  if (text->empty() || (*text)[0] != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeFraction(std::string_view* text, int* ms, bool* exact) {
  size_t digits = 0;
  for (; digits < text->size() && (*text)[digits] >= '0' && (*text)[digits] <= '9'; ++digits) {
    const int digit = (*text)[digits] - '0';
    if (digits < 3) *ms += digit * (digits == 0 ? 100 : (digits == 1 ? 10 : 1));
    else if (digit != 0) *exact = false;
  }
  text->remove_prefix(digits);
  return digits > 0;
}

bool TakeZone(std::string_view* text, int64_t* minutes) {
  *minutes = 0;
  if (text->empty() || Take(text, 'Z') || Take(text, 'z')) return true;
  const bool west = (*text)[0] == '-';
  if (!Take(text, '-') && !Take(text, '+')) return false;
  int h = 0;
  int m = 0;
  if (!TakeNumber(text, 2, &h)) return false;
  if (!text->empty()) {
    Take(text, ':');
    if (!TakeNumber(text, 2, &m)) return false;
  }
  if (h > 23 || m > 59) return false;
  *minutes = (west ? -1 : 1) * (h * 60 + m);
  return true;
}

}  // namespace

// Counted in years that begin in March so that the leap day is a year's last.
int64_t DaysOfDate(int64_t year, int64_t month, int64_t day) {
  if (month <= 2) --year;
  const int64_t era = (year >= 0 ? year : year - 399) / 400;
  const int64_t year_of_era = year - era * 400;
  const int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return era * kDaysPerEra + day_of_era - 719468;
}

void DateOfDays(int64_t days, int64_t* year, int64_t* month, int64_t* day) {
  days += 719468;
  const int64_t era = (days >= 0 ? days : days - (kDaysPerEra - 1)) / kDaysPerEra;
  const int64_t day_of_era = days - era * kDaysPerEra;
  const int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int64_t shifted = (5 * day_of_year + 2) / 153;
  *day = day_of_year - (153 * shifted + 2) / 5 + 1;
  *month = shifted < 10 ? shifted + 3 : shifted - 9;
  *year = year_of_era + era * 400 + (*month <= 2 ? 1 : 0);
}

void AppendTimestamp(int64_t ms, std::string* out) {
  int64_t days = ms / kDayMs;
  int64_t rest = ms % kDayMs;
  if (rest < 0) {
    rest += kDayMs;
    --days;
  }
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  DateOfDays(days, &year, &month, &day);
  char text[64];
  const char* format = year >= 0 && year <= 9999 ? "%04lld" : (year < 0 ? "-%06lld" : "+%06lld");
  const long long shown = year < 0 ? -year : year;
  int n = std::snprintf(text, sizeof text, format, shown);
  n += std::snprintf(text + n, sizeof text - static_cast<size_t>(n), "-%02d-%02dT%02d:%02d:%02d.%03dZ", static_cast<int>(month),
                     static_cast<int>(day), static_cast<int>(rest / 3600000), static_cast<int>(rest / 60000 % 60),
                     static_cast<int>(rest / 1000 % 60), static_cast<int>(rest % 1000));
  out->append(text, static_cast<size_t>(n));
}

bool ParseTimestamp(std::string_view text, int64_t* ms, bool* exact) {
  int year = 0;
  int month = 0;
  int day = 0;
  *exact = true;
  if (!TakeNumber(&text, 4, &year) || !Take(&text, '-') || !TakeNumber(&text, 2, &month) || !Take(&text, '-') ||
      !TakeNumber(&text, 2, &day))
    return false;
  if (month < 1 || month > 12 || day < 1 || day > DaysInMonth(year, month)) return false;
  *ms = DaysOfDate(year, month, day) * kDayMs;
  if (text.empty()) return true;
  if (!Take(&text, 'T') && !Take(&text, ' ') && !Take(&text, 't')) return false;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int fraction = 0;
  int64_t zone = 0;
  if (!TakeNumber(&text, 2, &hour) || !Take(&text, ':') || !TakeNumber(&text, 2, &minute)) return false;
  if (Take(&text, ':')) {
    if (!TakeNumber(&text, 2, &second)) return false;
    if (Take(&text, '.') && !TakeFraction(&text, &fraction, exact)) return false;
  }
  if (!TakeZone(&text, &zone) || !text.empty()) return false;
  if (hour > 23 || minute > 59 || second > 59) return false;
  *ms += ((hour * 60 + minute - zone) * 60 + second) * 1000 + fraction;
  return true;
}

}  // namespace sochdb
