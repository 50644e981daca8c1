// to_char() of points in time, field by field as PostgreSQL has it, in UTC.

#include <algorithm>
#include <array>
#include <cstdlib>

#include "exec/functions/moment.h"
#include "exec/functions/to_char.h"

namespace sochdb {
namespace moment_picture {

enum class Field : uint8_t {
  kYearComma,
  kYear4,
  kYear3,
  kYear2,
  kYear1,
  kIsoYear4,
  kIsoYear3,
  kIsoYear2,
  kIsoYear1,
  kMonthName,
  kMonthShort,
  kMonth,
  kDayName,
  kDayShort,
  kDayOfYear,
  kIsoDayOfYear,
  kDay,
  kIsoWeekday,
  kWeekday,
  kIsoWeek,
  kWeekOfYear,
  kWeekOfMonth,
  kCentury,
  kJulian,
  kQuarter,
  kHour24,
  kHour12,
  kMinute,
  kSecondsOfDay,
  kSecond,
  kMillis,
  kMicros,
  kHalf,
  kHalfPoints,
  kEra,
  kEraPoints,
  kZone,
  kZoneHours,
  kZoneMinutes,
  kOffset,
};

struct Word {
  std::string_view text;
  Field field;
};

// Longer words stand before those they begin with.
constexpr Word kWords[] = {{"Y,YYY", Field::kYearComma},
                           {"YYYY", Field::kYear4},
                           {"YYY", Field::kYear3},
                           {"YY", Field::kYear2},
                           {"Y", Field::kYear1},
                           {"IYYY", Field::kIsoYear4},
                           {"IYY", Field::kIsoYear3},
                           {"IY", Field::kIsoYear2},
                           {"IDDD", Field::kIsoDayOfYear},
                           {"ID", Field::kIsoWeekday},
                           {"IW", Field::kIsoWeek},
                           {"I", Field::kIsoYear1},
                           {"MONTH", Field::kMonthName},
                           {"MON", Field::kMonthShort},
                           {"MM", Field::kMonth},
                           {"MI", Field::kMinute},
                           {"MS", Field::kMillis},
                           {"DAY", Field::kDayName},
                           {"DY", Field::kDayShort},
                           {"DDD", Field::kDayOfYear},
                           {"DD", Field::kDay},
                           {"D", Field::kWeekday},
                           {"WW", Field::kWeekOfYear},
                           {"W", Field::kWeekOfMonth},
                           {"CC", Field::kCentury},
                           {"J", Field::kJulian},
                           {"Q", Field::kQuarter},
                           {"HH24", Field::kHour24},
                           {"HH12", Field::kHour12},
                           {"HH", Field::kHour12},
                           {"SSSSS", Field::kSecondsOfDay},
                           {"SSSS", Field::kSecondsOfDay},
                           {"SS", Field::kSecond},
                           {"US", Field::kMicros},
                           {"AM", Field::kHalf},
                           {"PM", Field::kHalf},
                           {"A.M.", Field::kHalfPoints},
                           {"P.M.", Field::kHalfPoints},
                           {"AD", Field::kEra},
                           {"BC", Field::kEra},
                           {"A.D.", Field::kEraPoints},
                           {"B.C.", Field::kEraPoints},
                           {"TZH", Field::kZoneHours},
                           {"TZM", Field::kZoneMinutes},
                           {"TZ", Field::kZone},
                           {"OF", Field::kOffset}};

constexpr std::string_view kMonths[] = {"January", "February", "March",     "April",   "May",      "June",
                                        "July",    "August",   "September", "October", "November", "December"};
constexpr std::string_view kDays[] = {"Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"};

constexpr size_t kNameWidth = 9;

bool IsUpper(char c) { return c >= 'A' && c <= 'Z'; }
bool IsLower(char c) { return c >= 'a' && c <= 'z'; }
char Upper(char c) { return IsLower(c) ? static_cast<char>(c - 32) : c; }
char Lower(char c) { return IsUpper(c) ? static_cast<char>(c + 32) : c; }

bool StartsWith(std::string_view rest, std::string_view word) {
  return rest.size() >= word.size() &&
         std::equal(word.begin(), word.end(), rest.begin(), [](char w, char c) { return w == Upper(c); });
}

enum class Case : uint8_t { kUpper, kFirst, kLower };

// As the word is written in the picture: MONTH, Month or month.
Case CaseOf(std::string_view word) {
  if (IsLower(word[0])) return Case::kLower;
  return word.size() > 1 && IsLower(word[1]) ? Case::kFirst : Case::kUpper;
}

std::string Cased(std::string_view text, Case wanted) {
  std::string out(text);
  for (size_t i = 0; i < out.size(); ++i) {
    if (wanted == Case::kUpper) out[i] = Upper(out[i]);
    else if (wanted == Case::kLower || i > 0) out[i] = Lower(out[i]);
  }
  return out;
}

std::string Name(std::string_view name, Case wanted, bool fill) {
  std::string out = Cased(name, wanted);
  if (!fill && out.size() < kNameWidth) out.resize(kNameWidth, ' ');
  return out;
}

// With zeros in front, unless FM wants none.
std::string Digits(int64_t value, size_t width, bool fill) {
  std::string digits = std::to_string(std::llabs(value));
  if (!fill && digits.size() < width) digits.insert(0, width - digits.size(), '0');
  return value < 0 ? "-" + digits : digits;
}

// There is no year 0: what comes before the year 1 is 1 BC.
int64_t Counted(int64_t year) { return year <= 0 ? 1 - year : year; }

int64_t CenturyOf(int64_t year) { return year > 0 ? (year - 1) / 100 + 1 : year / 100 - 1; }

class Painter {
 public:
  explicit Painter(int64_t ms) : civil_(CivilOf(ms)) { IsoWeek(civil_, &iso_year_, &iso_week_); }

  [[nodiscard]] std::string Paint(const Word& word, std::string_view written, bool fill) const {
    const Case wanted = CaseOf(written);
    if (word.field <= Field::kIsoYear1) return Year(word.field, fill);
    switch (word.field) {
      case Field::kMonthName:
        return Name(kMonths[civil_.month - 1], wanted, fill);
      case Field::kMonthShort:
        return Cased(kMonths[civil_.month - 1].substr(0, 3), wanted);
      case Field::kDayName:
        return Name(kDays[civil_.weekday], wanted, fill);
      case Field::kDayShort:
        return Cased(kDays[civil_.weekday].substr(0, 3), wanted);
      case Field::kHalf:
        return Cased(civil_.hour >= 12 ? "PM" : "AM", wanted);
      case Field::kHalfPoints:
        return Cased(civil_.hour >= 12 ? "P.M." : "A.M.", wanted);
      case Field::kEra:
        return Cased(civil_.year <= 0 ? "BC" : "AD", wanted);
      case Field::kEraPoints:
        return Cased(civil_.year <= 0 ? "B.C." : "A.D.", wanted);
      case Field::kZone:
        return Cased("UTC", wanted);
      case Field::kOffset:
      case Field::kZoneHours:
        return "+00";
      case Field::kZoneMinutes:
        return "00";
      default:
        return Number(word.field, fill);
    }
  }

 private:
  [[nodiscard]] std::string Year(Field field, bool fill) const {
    const bool iso = field >= Field::kIsoYear4;
    const int64_t year = Counted(iso ? iso_year_ : civil_.year);
    switch (field) {
      case Field::kYearComma:
        return std::to_string(year / 1000) + "," + Digits(year % 1000, 3, false);
      case Field::kYear4:
      case Field::kIsoYear4:
        return Digits(year, 4, fill);
      case Field::kYear3:
      case Field::kIsoYear3:
        return Digits(year % 1000, 3, fill);
      case Field::kYear2:
      case Field::kIsoYear2:
        return Digits(year % 100, 2, fill);
      default:
        return Digits(year % 10, 1, fill);
    }
  }

  [[nodiscard]] std::string Number(Field field, bool fill) const {
    const int64_t monday_first = (civil_.weekday + 6) % 7;
    const int64_t second_of_day = (civil_.hour * 60 + civil_.minute) * 60 + civil_.second;
    switch (field) {
      case Field::kMonth:
        return Digits(civil_.month, 2, fill);
      case Field::kDay:
        return Digits(civil_.day, 2, fill);
      case Field::kDayOfYear:
        return Digits(civil_.day_of_year + 1, 3, fill);
      case Field::kIsoDayOfYear:
        return Digits((iso_week_ - 1) * 7 + monday_first + 1, 3, fill);
      case Field::kWeekday:
        return Digits(civil_.weekday + 1, 1, fill);
      case Field::kIsoWeekday:
        return Digits(monday_first + 1, 1, fill);
      case Field::kIsoWeek:
        return Digits(iso_week_, 2, fill);
      case Field::kWeekOfYear:
        return Digits(civil_.day_of_year / 7 + 1, 2, fill);
      case Field::kWeekOfMonth:
        return Digits((civil_.day - 1) / 7 + 1, 1, fill);
      case Field::kCentury:
        return Digits(CenturyOf(civil_.year), 2, fill);
      case Field::kJulian:
        return Digits(civil_.days + (kJulianEpochMs + kMsPerDay / 2) / kMsPerDay, 1, fill);
      case Field::kQuarter:
        return Digits((civil_.month - 1) / 3 + 1, 1, fill);
      case Field::kHour24:
        return Digits(civil_.hour, 2, fill);
      case Field::kHour12:
        return Digits(civil_.hour % 12 == 0 ? 12 : civil_.hour % 12, 2, fill);
      case Field::kMinute:
        return Digits(civil_.minute, 2, fill);
      case Field::kSecondsOfDay:
        return Digits(second_of_day, 1, fill);
      case Field::kSecond:
        return Digits(civil_.second, 2, fill);
      case Field::kMillis:
        return Digits(civil_.ms, 3, false);
      default:  // kMicros
        return Digits(civil_.ms * 1000, 6, false);
    }
  }

  Civil civil_;
  int64_t iso_year_ = 0;
  int64_t iso_week_ = 0;
};

// "st", "nd", "rd" or "th" of a number.
std::string_view OrdinalOf(std::string_view digits) {
  const char last = digits.back();
  const bool teen = digits.size() > 1 && digits[digits.size() - 2] == '1';
  if (teen || last < '1' || last > '3') return "th";
  return last == '1' ? "st" : last == '2' ? "nd" : "rd";
}

bool EndsInDigit(std::string_view text) { return !text.empty() && text.back() >= '0' && text.back() <= '9'; }

const Word* FindWord(std::string_view rest) {
  for (const Word& word : kWords)
    if (StartsWith(rest, word.text)) return &word;
  return nullptr;
}

}  // namespace moment_picture

std::string NoSuchField(std::string_view rest) {
  using moment_picture::Upper;
  size_t n = 0;
  while (n < rest.size() && n < 20 && Upper(rest[n]) >= 'A' && Upper(rest[n]) <= 'Z') ++n;
  return "the picture has an unknown field: '" + std::string(rest.substr(0, std::max<size_t>(n, 1))) +
         "'; write letters that are none in quotation marks";
}

bool PictureMoment(int64_t ms, std::string_view picture, std::string* out, std::string* why) {
  const moment_picture::Painter painter(ms);
  bool fill = false;
  for (size_t i = 0; i < picture.size();) {
    const std::string_view rest = picture.substr(i);
    if (rest[0] == '"') {
      const size_t end = picture.find('"', i + 1);
      if (end == std::string_view::npos) return *why = "a quotation mark of the picture is not closed", false;
      out->append(picture.substr(i + 1, end - i - 1));
      i = end + 1;
      continue;
    }
    if (moment_picture::StartsWith(rest, "FM")) {
      fill = true;
      i += 2;
      continue;
    }
    const char letter = moment_picture::Upper(rest[0]);
    const moment_picture::Word* word = moment_picture::FindWord(rest);
    if (word == nullptr && letter >= 'A' && letter <= 'Z') return *why = NoSuchField(rest), false;
    if (word == nullptr) {
      *out += rest[0];
      ++i;
      continue;
    }
    const std::string text = painter.Paint(*word, rest.substr(0, word->text.size()), fill);
    out->append(text);
    fill = false;
    i += word->text.size();
    if (moment_picture::StartsWith(picture.substr(i), "TH") && moment_picture::EndsInDigit(text)) {
      const std::string_view ordinal = moment_picture::OrdinalOf(text);
      for (const char c : ordinal) *out += moment_picture::IsUpper(picture[i]) ? moment_picture::Upper(c) : c;
      i += 2;
    }
  }
  return true;
}

}  // namespace sochdb
