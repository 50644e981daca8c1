#include "exec/functions/moment.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <string>

#include "codec/utf8.h"
#include "env/env.h"
#include "exec/timestamp_text.h"

namespace sochdb {
namespace moment_text {

constexpr double kJulianMax = 5373484.5;

bool IsSpace(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

void SkipSpace(std::string_view* text) {
  while (!text->empty() && IsSpace(text->front())) text->remove_prefix(1);
}

std::string Lower(std::string_view text) {
  std::string lower;
  AppendLower(text, &lower);
  return lower;
}

bool TakeChar(std::string_view* text, char c) {
  if (text->empty() || text->front() != c) return false;
  text->remove_prefix(1);
  return true;
}

bool TakeDigits(std::string_view* text, size_t n, int64_t low, int64_t high, int64_t* out) {
  if (text->size() < n) return false;
  *out = 0;
  for (size_t i = 0; i < n; ++i) {
    if (!IsDigit((*text)[i])) return false;
    *out = *out * 10 + ((*text)[i] - '0');
  }
  text->remove_prefix(n);
  return *out >= low && *out <= high;
}

bool ReadNumber(std::string_view text, double* out) {
  while (!text.empty() && IsSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  if (!text.empty() && text.front() == '+') text.remove_prefix(1);
  if (text.empty() || (!IsDigit(text.back()) && text.back() != '.')) return false;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), *out);
  return result.ec == std::errc() && result.ptr == text.data() + text.size() && std::isfinite(*out);
}

// HH:MM[:SS[.fraction]], and where it is allowed a zone: milliseconds of the day in UTC.
bool ReadTime(std::string_view text, int64_t* ms) {
  int64_t hour = 0;
  int64_t minute = 0;
  int64_t second = 0;
  double fraction = 0;
  if (!TakeDigits(&text, 2, 0, 24, &hour) || !TakeChar(&text, ':') || !TakeDigits(&text, 2, 0, 59, &minute)) return false;
  if (TakeChar(&text, ':')) {
    if (!TakeDigits(&text, 2, 0, 59, &second)) return false;
    if (text.size() > 1 && text[0] == '.' && IsDigit(text[1])) {
      double scale = 1;
      text.remove_prefix(1);
      for (; !text.empty() && IsDigit(text[0]); text.remove_prefix(1)) fraction += (text[0] - '0') * (scale /= 10);
    }
  }
  *ms = (hour * 60 + minute) * 60000 + static_cast<int64_t>((static_cast<double>(second) + fraction) * 1000 + 0.5);
  SkipSpace(&text);
  if (!text.empty() && (text[0] == '+' || text[0] == '-')) {
    const int64_t sign = text[0] == '-' ? -1 : 1;
    int64_t zone_hour = 0;
    int64_t zone_minute = 0;
    text.remove_prefix(1);
    if (!TakeDigits(&text, 2, 0, 14, &zone_hour) || !TakeChar(&text, ':') || !TakeDigits(&text, 2, 0, 59, &zone_minute))
      return false;
    *ms -= sign * (zone_hour * 60 + zone_minute) * 60000;
  } else if (!text.empty() && (text[0] == 'Z' || text[0] == 'z')) {
    text.remove_prefix(1);
  }
  SkipSpace(&text);
  return text.empty();
}

bool ReadDate(std::string_view text, int64_t* ms) {
  const bool negative = TakeChar(&text, '-');
  int64_t year = 0;
  int64_t month = 0;
  int64_t day = 0;
  if (!TakeDigits(&text, 4, 0, 9999, &year) || !TakeChar(&text, '-') || !TakeDigits(&text, 2, 1, 12, &month) ||
      !TakeChar(&text, '-') || !TakeDigits(&text, 2, 1, 31, &day))
    return false;
  *ms = DaysOfDate(negative ? -year : year, month, day) * kMsPerDay;
  while (!text.empty() && (IsSpace(text[0]) || text[0] == 'T')) text.remove_prefix(1);
  if (text.empty()) return true;
  int64_t time = 0;
  if (!ReadTime(text, &time)) return false;
  *ms += time;
  return true;
}

void FromNumber(double number, Moment* out) {
  out->raw = number;
  out->number = true;
  const bool julian = number >= 0 && number < kJulianMax;
  // A number that is no Julian day waits for 'unixepoch' or 'auto'.
  out->ms = julian ? static_cast<int64_t>(number * 86400000.0 + 0.5) - kJulianEpochMs : INT64_MIN;
}

bool FromUnix(Moment* moment) {
  const double ms = moment->raw * 1000.0 + static_cast<double>(kJulianEpochMs);
  if (!moment->number || !(ms >= 0 && ms < 464269060800000.0)) return false;
  moment->ms = static_cast<int64_t>(ms + 0.5) - kJulianEpochMs;
  moment->number = false;
  return true;
}

struct Unit {
  std::string_view name;
  double limit;
  double seconds;
};
constexpr std::array<Unit, 6> kUnits = {{{"second", 4.6427e+14, 1},
                                         {"minute", 7.7379e+12, 60},
                                         {"hour", 1.2897e+11, 3600},
                                         {"day", 5373485, 86400},
                                         {"month", 176546, 2592000},
                                         {"year", 14713, 31536000}}};

// +NNN days and the like.
bool Add(double number, std::string_view unit, Moment* moment) {
  if (unit.size() < 3 || unit.size() > 10) return false;
  if (unit.back() == 's') unit.remove_suffix(1);
  for (const Unit& known : kUnits) {
    if (known.name != unit || !(number > -known.limit && number < known.limit)) continue;
    moment->floor = 0;
    const double rounder = number < 0 ? -0.5 : 0.5;
    if (known.name == "month" || known.name == "year") {
      const auto whole = static_cast<int64_t>(number);
      moment->ms = AddMonths(moment->ms, known.name == "year" ? whole * 12 : whole, false, &moment->floor);
      number -= static_cast<double>(whole);
    }
    moment->ms += static_cast<int64_t>(number * 1000.0 * known.seconds + rounder);
    return true;
  }
  return false;
}

// ±YYYY-MM-DD, perhaps with HH:MM[:SS] behind it.
bool AddDate(std::string_view text, Moment* moment) {
  const int64_t sign = text[0] == '-' ? -1 : 1;
  int64_t years = 0;
  int64_t months = 0;
  int64_t days = 0;
  int64_t time = 0;
  text.remove_prefix(1);
  if (!TakeDigits(&text, text.find('-'), 0, 99999, &years) || !TakeChar(&text, '-') || !TakeDigits(&text, 2, 0, 11, &months) ||
      !TakeChar(&text, '-') || !TakeDigits(&text, 2, 0, 30, &days))
    return false;
  if (!text.empty() && (!IsSpace(text[0]) || !ReadTime(text.substr(1), &time))) return false;
  moment->ms = AddMonths(moment->ms, sign * (years * 12 + months), false, &moment->floor);
  moment->ms += sign * (days * kMsPerDay + time % kMsPerDay);
  return true;
}

bool AddText(std::string_view text, Moment* moment) {
  const bool is_signed = text[0] == '+' || text[0] == '-';
  size_t n = 1;
  while (n < text.size() && text[n] != ':' && !IsSpace(text[n])) {
    const bool date = text[n] == '-' && is_signed && (n == 5 || n == 6);
    if (date && text.substr(1, n - 1).find_first_not_of("0123456789") == std::string_view::npos) return AddDate(text, moment);
    ++n;
  }
  if (n < text.size() && text[n] == ':') {
    int64_t time = 0;
    if (!ReadTime(is_signed ? text.substr(1) : text, &time)) return false;
    time %= kMsPerDay;
    moment->ms += text[0] == '-' ? -time : time;
    return true;
  }
  double number = 0;
  if (!ReadNumber(text.substr(0, n), &number)) return false;
  std::string_view unit = text.substr(n);
  SkipSpace(&unit);
  return Add(number, unit, moment);
}

bool StartOf(std::string_view what, Moment* moment) {
  Civil civil = CivilOf(moment->ms);
  civil.hour = civil.minute = civil.second = civil.ms = 0;
  if (what == "month" || what == "year") civil.day = 1;
  else if (what != "day") return false;
  if (what == "year") civil.month = 1;
  moment->ms = MsOf(civil);
  return true;
}

bool Weekday(std::string_view number, Moment* moment) {
  double wanted = 0;
  if (!ReadNumber(number, &wanted) || wanted < 0 || wanted >= 7 || wanted != std::floor(wanted)) return false;
  const int64_t today = CivilOf(moment->ms).weekday;
  const auto day = static_cast<int64_t>(wanted);
  moment->ms += ((day - today + 7) % 7) * kMsPerDay;
  return true;
}

// One number and its unit, off the front. Days and weeks may have fractions; so may all that is shorter.
bool TakePart(std::string_view* text, Interval* out) {
  size_t n = 0;
  while (n < text->size() && (IsDigit((*text)[n]) || (*text)[n] == '.' || (n == 0 && ((*text)[n] == '-' || (*text)[n] == '+'))))
    ++n;
  if (n < text->size() && (*text)[n] == ':') {
    const bool negative = (*text)[0] == '-';
    if (negative || (*text)[0] == '+') text->remove_prefix(1);
    const size_t end = std::min(text->find(' '), text->size());
    int64_t time = 0;
    if (!ReadTime(text->substr(0, end), &time)) return false;
    text->remove_prefix(end);
    out->ms += negative ? -time : time;
    return true;
  }
  double number = 0;
  if (!ReadNumber(text->substr(0, n), &number) || std::fabs(number) > 1e12) return false;
  text->remove_prefix(n);
  SkipSpace(text);
  size_t letters = 0;
  while (letters < text->size() && (*text)[letters] >= 'a' && (*text)[letters] <= 'z') ++letters;
  std::string_view unit = text->substr(0, letters);
  text->remove_prefix(letters);
  if (unit.size() > 1 && unit.back() == 's' && unit != "ms" && unit != "us") unit.remove_suffix(1);
  struct Known {
    std::string_view names;
    double months;
    double ms;
  };
  static constexpr std::array<Known, 13> kKnown = {{{" millennium millennia ", 12000, 0},
                                                    {" century centurie ", 1200, 0},
                                                    {" decade ", 120, 0},
                                                    {" year yr y ", 12, 0},
                                                    {" quarter ", 3, 0},
                                                    {" month mon ", 1, 0},
                                                    {" week w ", 0, 7 * 86400000.0},
                                                    {" day d ", 0, 86400000},
                                                    {" hour hr h ", 0, 3600000},
                                                    {" minute min m ", 0, 60000},
                                                    {" second sec s ", 0, 1000},
                                                    {" millisecond msec ms ", 0, 1},
                                                    {" microsecond usec us ", 0, 0.001}}};
  const std::string wanted = " " + std::string(unit.empty() ? "second" : unit) + " ";
  for (const Known& known : kKnown) {
    if (known.names.find(wanted) == std::string_view::npos) continue;
    const double months = number * known.months;
    if (std::fabs(months) > 12e5 || std::fabs(number * known.ms) > 1e16) return false;
    out->months += static_cast<int64_t>(months);
    // A part of a month is one of 30 days.
    out->ms += std::llround(number * known.ms + (months - std::trunc(months)) * 30 * 86400000.0);
    return true;
  }
  return false;
}

// P1Y2M3W4DT5H6M7S
bool ParseIso(std::string_view text, Interval* out) {
  text.remove_prefix(1);
  bool time = false;
  bool any = false;
  while (!text.empty()) {
    if (TakeChar(&text, 't')) {
      time = true;
      continue;
    }
    const size_t n = text.find_first_not_of("+-.0123456789");
    if (n == std::string_view::npos) return false;
    std::string part(text.substr(0, n + 1));
    if (part.back() == 'm' && !time) part += "on";
    text.remove_prefix(n + 1);
    std::string_view view = part;
    if (!TakePart(&view, out) || !view.empty()) return false;
    any = true;
  }
  return any;
}

}  // namespace moment_text

int64_t NowMs() { return static_cast<int64_t>(Env::Posix()->NowMillis()); }

Civil CivilOf(int64_t ms) {
  Civil civil;
  civil.days = ms / kMsPerDay;
  int64_t rest = ms % kMsPerDay;
  if (rest < 0) {
    rest += kMsPerDay;
    --civil.days;
  }
  DateOfDays(civil.days, &civil.year, &civil.month, &civil.day);
  civil.hour = rest / 3600000;
  civil.minute = rest / 60000 % 60;
  civil.second = rest / 1000 % 60;
  civil.ms = rest % 1000;
  civil.weekday = ((civil.days + 4) % 7 + 7) % 7;
  civil.day_of_year = civil.days - DaysOfDate(civil.year, 1, 1);
  return civil;
}

int64_t MsOf(const Civil& civil) {
  const int64_t days = DaysOfDate(civil.year, civil.month, civil.day);
  return days * kMsPerDay + ((civil.hour * 60 + civil.minute) * 60 + civil.second) * 1000 + civil.ms;
}

void IsoWeek(const Civil& civil, int64_t* year, int64_t* week) {
  // A week belongs to the year of its Thursday.
  const Civil thursday = CivilOf((civil.days - (civil.weekday + 6) % 7 + 3) * kMsPerDay);
  *year = thursday.year;
  *week = thursday.day_of_year / 7 + 1;
}

int64_t AddMonths(int64_t ms, int64_t months, bool cut_off, int* floor) {
  Civil civil = CivilOf(ms);
  const int64_t month = civil.year * 12 + civil.month - 1 + months;
  civil.year = month >= 0 ? month / 12 : (month - 11) / 12;
  civil.month = month - civil.year * 12 + 1;
  const int64_t next = DaysOfDate(civil.month == 12 ? civil.year + 1 : civil.year, civil.month % 12 + 1, 1);
  const int64_t last = next - DaysOfDate(civil.year, civil.month, 1);
  if (floor != nullptr) *floor = static_cast<int>(std::max<int64_t>(civil.day - last, 0));
  if (cut_off && civil.day > last) civil.day = last;
  return MsOf(civil);
}

bool ReadMoment(const Value& value, Moment* out) {
  using namespace moment_text;
  switch (value.tag) {
    case ValueTag::kTimestamp:
      out->ms = value.i64;
      return value.i64 >= -kTimestampMax && value.i64 <= kTimestampMax;
    case ValueTag::kInteger:
      FromNumber(static_cast<double>(value.i64), out);
      return true;
    case ValueTag::kReal:
      FromNumber(value.f64, out);
      return true;
    case ValueTag::kText: {
      if (ReadDate(value.bytes, &out->ms)) return true;
      if (ReadTime(value.bytes, &out->ms)) {
        out->ms += DaysOfDate(2000, 1, 1) * kMsPerDay;
        return true;
      }
      double number = 0;
      if (ReadNumber(value.bytes, &number)) {
        FromNumber(number, out);
        return true;
      }
      const std::string lower = Lower(value.bytes);
      out->fraction = lower == "subsec" || lower == "subsecond";
      out->ms = NowMs();
      return lower == "now" || out->fraction;
    }
    default:
      return false;
  }
}

bool Modify(std::string_view modifier, bool first, Moment* moment) {
  using namespace moment_text;
  const std::string lower = Lower(modifier);
  const std::string_view text = lower;
  if (text == "unixepoch") return first && FromUnix(moment);
  if (text == "julianday") {
    const bool is = first && moment->number && moment->ms != INT64_MIN;
    moment->number = false;
    return is;
  }
  if (text == "auto") {
    if (!first) return false;
    if (!moment->number || moment->ms != INT64_MIN) return true;
    return FromUnix(moment);
  }
  if (moment->ms == INT64_MIN) return false;
  moment->number = false;
  if (text == "localtime" || text == "utc") return true;  // all times are UTC
  if (text == "subsec" || text == "subsecond") return moment->fraction = true;
  if (text == "ceiling") return moment->floor = 0, true;
  if (text == "floor") {
    moment->ms -= moment->floor * kMsPerDay;
    moment->floor = 0;
    return true;
  }
  if (text.starts_with("weekday ")) return Weekday(text.substr(8), moment);
  if (text.starts_with("start of ")) return StartOf(text.substr(9), moment);
  if (text.empty() || (text[0] != '+' && text[0] != '-' && !IsDigit(text[0]))) return false;
  return AddText(text, moment);
}

bool IsValid(const Moment& moment) {
  return moment.ms != INT64_MIN && moment.ms >= -kJulianEpochMs && moment.ms <= 464269060799999 - kJulianEpochMs;
}

bool ParseInterval(std::string_view given, Interval* out) {
  using namespace moment_text;
  const std::string lower = Lower(given);
  std::string_view text = lower;
  SkipSpace(&text);
  while (!text.empty() && IsSpace(text.back())) text.remove_suffix(1);
  if (text.empty()) return false;
  if (text[0] == 'p') return ParseIso(text, out);
  while (!text.empty()) {
    if (text == "ago") {
      out->months = -out->months;
      out->ms = -out->ms;
      return true;
    }
    if (!TakePart(&text, out)) return false;
    SkipSpace(&text);
    TakeChar(&text, ',');
    SkipSpace(&text);
  }
  return true;
}

}  // namespace sochdb
