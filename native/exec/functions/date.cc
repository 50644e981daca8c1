// Functions of dates and times, all in UTC. What is no point in time gives NULL, as in SQLite.

#include <cmath>
#include <cstdio>
#include <string>

#include "codec/utf8.h"
#include "exec/functions/function.h"
#include "exec/functions/moment.h"

namespace sochdb {
namespace date_functions {

// The first argument, changed by all that follow. False: NULL.
bool Resolve(std::span<const Value> args, Moment* out) {
  if (args.empty()) {
    out->ms = NowMs();
    return true;
  }
  if (args[0].is_null() || !ReadMoment(args[0], out)) return false;
  for (size_t i = 1; i < args.size(); ++i) {
    if (args[i].is_null() || !Modify(args[i].bytes, i == 1, out)) return false;
  }
  return IsValid(*out);
}

template <typename... Args>
void Append(std::string* out, const char* format, Args... args) {
  char text[64];
  const int n = std::snprintf(text, sizeof text, format, args...);
  out->append(text, static_cast<size_t>(n));
}

using Long = long long;

void AppendDate(const Civil& c, std::string* out) {
  if (c.year < 0) *out += '-';
  Append(out, "%04lld-%02lld-%02lld", static_cast<Long>(std::llabs(c.year)), static_cast<Long>(c.month),
         static_cast<Long>(c.day));
}

void AppendTime(const Civil& c, bool fraction, std::string* out) {
  Append(out, "%02lld:%02lld:%02lld", static_cast<Long>(c.hour), static_cast<Long>(c.minute), static_cast<Long>(c.second));
  if (fraction) Append(out, ".%03lld", static_cast<Long>(c.ms));
}

Status Date(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (!Resolve(args, &moment)) return {};
  std::string text;
  AppendDate(CivilOf(moment.ms), &text);
  return call->KeepText(text, out);
}

Status Time(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (!Resolve(args, &moment)) return {};
  std::string text;
  AppendTime(CivilOf(moment.ms), moment.fraction, &text);
  return call->KeepText(text, out);
}

Status DateTime(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (!Resolve(args, &moment)) return {};
  std::string text;
  AppendDate(CivilOf(moment.ms), &text);
  text += ' ';
  AppendTime(CivilOf(moment.ms), moment.fraction, &text);
  return call->KeepText(text, out);
}

double JulianOf(int64_t ms) { return static_cast<double>(ms + kJulianEpochMs) / 86400000.0; }
int64_t SecondsOf(int64_t ms) { return ms >= 0 ? ms / 1000 : -((999 - ms) / 1000); }

Status JulianDay(FunctionCall*, std::span<const Value> args, Value* out) {
  Moment moment;
  if (Resolve(args, &moment)) *out = Value::Real(JulianOf(moment.ms));
  return {};
}

Status UnixEpoch(FunctionCall*, std::span<const Value> args, Value* out) {
  Moment moment;
  if (Resolve(args, &moment)) *out = Value::Integer(SecondsOf(moment.ms));
  return {};
}

constexpr const char* kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                   "July",    "August",   "September", "October", "November", "December"};
constexpr const char* kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

// One field of strftime; false when there is none of that letter.
bool AppendField(char letter, int64_t ms, std::string* out) {
  const Civil c = CivilOf(ms);
  const auto two = [&](int64_t n) { Append(out, "%02lld", static_cast<Long>(n)); };
  const auto wide = [&](int64_t n) { Append(out, "%2lld", static_cast<Long>(n)); };
  const int64_t half = c.hour % 12 == 0 ? 12 : c.hour % 12;
  int64_t iso_year = 0;
  int64_t iso_week = 0;
  IsoWeek(c, &iso_year, &iso_week);
  switch (letter) {
    case 'd':
      two(c.day);
      return true;
    case 'e':
      wide(c.day);
      return true;
    case 'f':
      Append(out, "%06.3f", static_cast<double>(c.second) + static_cast<double>(c.ms) / 1000);
      return true;
    case 'F':
      AppendDate(c, out);
      return true;
    case 'G':
      Append(out, "%04lld", static_cast<Long>(iso_year));
      return true;
    case 'g':
      two(iso_year % 100);
      return true;
    case 'V':
      two(iso_week);
      return true;
    case 'H':
      two(c.hour);
      return true;
    case 'k':
      wide(c.hour);
      return true;
    case 'I':
      two(half);
      return true;
    case 'l':
      wide(half);
      return true;
    case 'j':
      Append(out, "%03lld", static_cast<Long>(c.day_of_year + 1));
      return true;
    case 'J':
      Append(out, "%.16g", JulianOf(ms));
      return true;
    case 'm':
      two(c.month);
      return true;
    case 'M':
      two(c.minute);
      return true;
    case 'p':
      *out += c.hour < 12 ? "AM" : "PM";
      return true;
    case 'P':
      *out += c.hour < 12 ? "am" : "pm";
      return true;
    case 'R':
      Append(out, "%02lld:%02lld", static_cast<Long>(c.hour), static_cast<Long>(c.minute));
      return true;
    case 's':
      Append(out, "%lld", static_cast<Long>(SecondsOf(ms)));
      return true;
    case 'S':
      two(c.second);
      return true;
    case 'T':
      AppendTime(c, false, out);
      return true;
    case 'u':
      Append(out, "%lld", static_cast<Long>(c.weekday == 0 ? 7 : c.weekday));
      return true;
    case 'w':
      Append(out, "%lld", static_cast<Long>(c.weekday));
      return true;
    case 'U':
      two((c.day_of_year + 7 - c.weekday) / 7);
      return true;
    case 'W':
      two((c.day_of_year + 7 - (c.weekday + 6) % 7) / 7);
      return true;
    case 'Y':
      Append(out, "%04lld", static_cast<Long>(c.year));
      return true;
    case '%':
      *out += '%';
      return true;
    default:
      return false;
  }
}

Status StrFTime(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (args[0].is_null() || !Resolve(args.subspan(1), &moment)) return {};
  std::string text;
  const std::string_view format = args[0].bytes;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%') text += format[i];
    else if (++i >= format.size() || !AppendField(format[i], moment.ms, &text)) return {};
  }
  return call->KeepText(text, out);
}

// MySQL's letters, where they mean something else than strftime's.
bool AppendMysqlField(char letter, int64_t ms, std::string* out) {
  const Civil c = CivilOf(ms);
  const auto number = [&](int64_t n) { Append(out, "%lld", static_cast<Long>(n)); };
  switch (letter) {
    case 'i':
      return AppendField('M', ms, out);
    case 's':
      return AppendField('S', ms, out);
    case 'h':
      return AppendField('I', ms, out);
    case 'M':
      *out += kMonths[c.month - 1];
      return true;
    case 'b':
      out->append(kMonths[c.month - 1], 3);
      return true;
    case 'W':
      *out += kDays[c.weekday];
      return true;
    case 'a':
      out->append(kDays[c.weekday], 3);
      return true;
    case 'c':
      number(c.month);
      return true;
    case 'e':
      number(c.day);
      return true;
    case 'y':
      Append(out, "%02lld", static_cast<Long>(c.year % 100));
      return true;
    case 'f':
      Append(out, "%06lld", static_cast<Long>(c.ms * 1000));
      return true;
    case 'r':
      AppendField('I', ms, out);
      Append(out, ":%02lld:%02lld ", static_cast<Long>(c.minute), static_cast<Long>(c.second));
      return AppendField('p', ms, out);
    default:
      if (std::string_view("dHIjkpSTwUYV%").find(letter) != std::string_view::npos) return AppendField(letter, ms, out);
      *out += letter;
      return true;
  }
}

Status DateFormat(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (!Resolve(args.first(1), &moment)) return {};
  std::string text;
  const std::string_view format = args[1].bytes;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) text += format[i];
    else AppendMysqlField(format[++i], moment.ms, &text);
  }
  return call->KeepText(text, out);
}

std::string FieldName(std::string_view text) {
  std::string name;
  AppendLower(text, &name);
  if (name.size() > 1 && name.back() == 's' && name != "milliseconds" && name != "microseconds") name.pop_back();
  return name;
}

int64_t FloorDivide(int64_t a, int64_t b) { return a >= 0 ? a / b : -((b - 1 - a) / b); }

// extract(field from x)
Status DatePart(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (!Resolve(args.subspan(1, 1), &moment)) return {};
  const std::string field = FieldName(args[0].bytes);
  const Civil c = CivilOf(moment.ms);
  int64_t iso_year = 0;
  int64_t iso_week = 0;
  IsoWeek(c, &iso_year, &iso_week);
  const double seconds = static_cast<double>(c.second) + static_cast<double>(c.ms) / 1000;
  const auto is = [&](std::initializer_list<const char*> names) {
    for (const char* name : names)
      if (field == name) return true;
    return false;
  };
  double value = 0;
  if (is({"year"})) value = static_cast<double>(c.year);
  else if (is({"month"})) value = static_cast<double>(c.month);
  else if (is({"day"})) value = static_cast<double>(c.day);
  else if (is({"hour"})) value = static_cast<double>(c.hour);
  else if (is({"minute"})) value = static_cast<double>(c.minute);
  else if (is({"second"})) value = seconds;
  else if (is({"millisecond", "milliseconds"})) value = seconds * 1000;
  else if (is({"microsecond", "microseconds"})) value = seconds * 1e6;
  else if (is({"epoch"})) value = static_cast<double>(moment.ms) / 1000;
  else if (is({"dow", "weekday"})) value = static_cast<double>(c.weekday);
  else if (is({"isodow"})) value = static_cast<double>(c.weekday == 0 ? 7 : c.weekday);
  else if (is({"doy"})) value = static_cast<double>(c.day_of_year + 1);
  else if (is({"week"})) value = static_cast<double>(iso_week);
  else if (is({"isoyear"})) value = static_cast<double>(iso_year);
  else if (is({"quarter"})) value = static_cast<double>((c.month - 1) / 3 + 1);
  else if (is({"decade"})) value = static_cast<double>(FloorDivide(c.year, 10));
  else if (is({"century"})) value = static_cast<double>(FloorDivide(c.year - 1, 100) + 1);
  else if (is({"millennium"})) value = static_cast<double>(FloorDivide(c.year - 1, 1000) + 1);
  else if (is({"julian"})) value = JulianOf(moment.ms);
  else return call->Fail("there is no field '" + std::string(args[0].bytes) + "' of a date");
  *out = Value::Real(value);
  return {};
}

Status DateTrunc(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (!Resolve(args.subspan(1, 1), &moment)) return {};
  const std::string field = FieldName(args[0].bytes);
  Civil c = CivilOf(moment.ms);
  static constexpr const char* kFields[] = {"millisecond", "second",  "minute", "hour",   "day",     "week",
                                            "month",       "quarter", "year",   "decade", "century", "millennium"};
  size_t level = 0;
  while (level < std::size(kFields) && field != kFields[level]) ++level;
  if (level == std::size(kFields)) {
    if (field != "milliseconds" && !field.starts_with("microsecond"))
      return call->Fail("there is no field '" + std::string(args[0].bytes) + "' to cut off at");
    level = 0;
  }
  if (level >= 1) c.ms = 0;
  if (level >= 2) c.second = 0;
  if (level >= 3) c.minute = 0;
  if (level >= 4) c.hour = 0;
  if (level == 5) c.day -= (c.weekday + 6) % 7;
  if (level >= 6) c.day = 1;
  if (level == 7) c.month -= (c.month - 1) % 3;
  if (level >= 8) c.month = 1;
  if (level == 9) c.year = FloorDivide(c.year, 10) * 10;
  if (level == 10) c.year = FloorDivide(c.year - 1, 100) * 100 + 1;
  if (level == 11) c.year = FloorDivide(c.year - 1, 1000) * 1000 + 1;
  *out = Value::Timestamp(MsOf(c));
  return {};
}

template <int sign>
Status AddInterval(FunctionCall* call, std::span<const Value> args, Value* out) {
  Interval interval;
  if (!ParseInterval(args[1].bytes, &interval)) return call->Fail("'" + std::string(args[1].bytes) + "' is no interval");
  const int64_t start = args[0].i64;
  if (start < -kTimestampMax || start > kTimestampMax) return call->Fail("the timestamp is out of range");
  if (interval.months < -12000000 || interval.months > 12000000) return call->Fail("the interval is out of range");
  int64_t ms = interval.months == 0 ? start : AddMonths(start, sign * interval.months, true, nullptr);
  ms += sign * interval.ms;
  if (ms < -kTimestampMax || ms > kTimestampMax) return call->Fail("the result is out of range");
  *out = Value::Timestamp(ms);
  return {};
}

// Days between the dates of two points in time; with their times, and so with a fraction.
Status DateDiff(FunctionCall*, std::span<const Value> args, Value* out) {
  Moment a;
  Moment b;
  if (Resolve(args.first(1), &a) && Resolve(args.subspan(1, 1), &b))
    *out = Value::Integer(CivilOf(a.ms).days - CivilOf(b.ms).days);
  return {};
}
Status Age(FunctionCall*, std::span<const Value> args, Value* out) {
  Moment a;
  Moment b;
  if (Resolve(args.first(1), &a) && Resolve(args.subspan(1, 1), &b))
    *out = Value::Real(static_cast<double>(a.ms - b.ms) / 86400000.0);
  return {};
}

Status ToTimestamp(FunctionCall* call, std::span<const Value> args, Value* out) {
  const double ms = std::round(args[0].f64 * 1000);
  if (!(std::fabs(ms) <= static_cast<double>(kTimestampMax))) return call->Fail("the seconds are out of range");
  *out = Value::Timestamp(static_cast<int64_t>(ms));
  return {};
}

Status MakeTimestamp(FunctionCall* call, std::span<const Value> args, Value* out) {
  const double second = args.size() > 5 ? args[5].f64 : 0;
  const auto in = [&](size_t i, int64_t low, int64_t high) { return args[i].i64 >= low && args[i].i64 <= high; };
  if (!in(0, -9999, 9999) || !in(1, 1, 12) || !in(2, 1, 31) || !in(3, 0, 24) || !in(4, 0, 59) || !(second >= 0 && second < 61))
    return call->Fail("a part is out of range");
  Civil civil;
  civil.year = args[0].i64;
  civil.month = args[1].i64;
  civil.day = args[2].i64;
  const int64_t ms = MsOf(civil) + (args[3].i64 * 60 + args[4].i64) * 60000 + std::llround(second * 1000);
  if (CivilOf(MsOf(civil)).month != civil.month) return call->Fail("the month has no such day");
  *out = Value::Timestamp(ms);
  return {};
}

Status LastDay(FunctionCall* call, std::span<const Value> args, Value* out) {
  Moment moment;
  if (!Resolve(args.first(1), &moment)) return {};
  Civil civil = CivilOf(moment.ms);
  civil.day = 1;
  const int64_t next = AddMonths(MsOf(civil), 1, true, nullptr);
  std::string text;
  AppendDate(CivilOf(next - kMsPerDay), &text);
  return call->KeepText(text, out);
}

constexpr Function kTable[] = {
    {250, "date", "MT*:T", 0, &Date},
    {251, "time", "MT*:T", 0, &Time},
    {252, "datetime", "MT*:T", 0, &DateTime},
    {253, "julianday", "MT*:R", 0, &JulianDay},
    {254, "unixepoch", "MT*:I", 0, &UnixEpoch},
    {255, "strftime", "TMT*:T", 0, &StrFTime},
    {256, "date_part", "TM:R", kStrict, &DatePart},
    {257, "date_trunc", "TM:D", kStrict, &DateTrunc},
    {258, "add_interval", "DT:D", kStrict, &AddInterval<1>},
    {259, "subtract_interval", "DT:D", kStrict, &AddInterval<-1>},
    {260, "datediff", "MM:I", kStrict, &DateDiff},
    {261, "age", "MM:R", kStrict, &Age},
    {262, "to_timestamp", "R:D", kStrict, &ToTimestamp},
    {263, "make_timestamp", "IIIIIR:D", kStrict, &MakeTimestamp},
    {264, "date_format", "MT:T", kStrict, &DateFormat},
    {265, "last_day", "M:T", kStrict, &LastDay},
};

}  // namespace date_functions

std::span<const Function> DateFunctions() { return date_functions::kTable; }

}  // namespace sochdb
