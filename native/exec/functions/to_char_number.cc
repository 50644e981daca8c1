// to_char() of numbers, rule by rule as PostgreSQL has it: the number is cut to the digits of the picture first, and then its
// digits are walked along with the picture.

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <optional>
#include <vector>

#include "codec/decimal.h"
#include "exec/functions/to_char.h"

namespace sochdb {
namespace number_picture {

constexpr int kDoubleDigits = 15;
constexpr int kPlacesMax = 400;

enum class Key : uint8_t { kText, kNine, kZero, kPoint, kGroup, kSign, kMinus, kPlus, kAnySign, kBracket };

struct Part {
  Key key;
  std::string text;  // of kText
};

enum class SignPlace : uint8_t { kNone, kBefore, kAfter };

struct Picture {
  std::vector<Part> parts;
  int before = 0;  // digits in front of the point
  int after = 0;
  int first_zero = 0;  // the place of the first 0 in front of the point, from 1; 0: there is none
  int last_zero = 0;
  int before_sign = 0;  // digits in front of S
  bool has_zero = false;
  bool has_point = false;
  bool fill = false;  // FM
  bool has_sign = false;
  bool has_minus = false;
  bool has_plus = false;
  bool has_bracket = false;
  SignPlace sign_place = SignPlace::kNone;
};

constexpr const char* kTwoSigns = "the picture has several signs";

// What the part says of the whole. Null, or what is wrong with it.
const char* Note(Key key, Picture* picture) {
  const bool own_sign = picture->has_minus || picture->has_plus;
  switch (key) {
    case Key::kNine:
      if (picture->has_bracket) return "PR stands behind all digits";
      ++(picture->has_point ? picture->after : picture->before);
      return nullptr;
    case Key::kZero:
      if (picture->has_bracket) return "PR stands behind all digits";
      if (!picture->has_zero && !picture->has_point) {
        picture->has_zero = true;
        picture->first_zero = picture->before + 1;
      }
      ++(picture->has_point ? picture->after : picture->before);
      picture->last_zero = picture->before + picture->after;
      return nullptr;
    case Key::kPoint:
      if (picture->has_point) return "the picture has several decimal points";
      picture->has_point = true;
      return nullptr;
    case Key::kSign:
      if (picture->has_sign || own_sign || picture->has_bracket) return kTwoSigns;
      picture->has_sign = true;
      picture->sign_place = picture->has_point ? SignPlace::kAfter : SignPlace::kBefore;
      if (!picture->has_point) picture->before_sign = picture->before;
      return nullptr;
    case Key::kMinus:
    case Key::kPlus:
    case Key::kAnySign:
      if (picture->has_sign || picture->has_bracket) return kTwoSigns;
      picture->has_minus |= key != Key::kPlus;
      picture->has_plus |= key != Key::kMinus;
      return nullptr;
    case Key::kBracket:
      if (picture->has_sign || own_sign || picture->has_bracket) return kTwoSigns;
      picture->has_bracket = true;
      return nullptr;
    default:
      return nullptr;
  }
}

bool IsLetter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool StartsAs(std::string_view rest, std::string_view word) {
  if (rest.size() < word.size()) return false;
  const auto same = [](char a, char b) { return (a & ~0x20) == (b & ~0x20) && IsLetter(a); };
  return std::equal(word.begin(), word.end(), rest.begin(), same);
}

std::optional<Key> KeyOf(std::string_view rest, size_t* length) {
  static constexpr std::pair<std::string_view, Key> kWords[] = {
      {"MI", Key::kMinus}, {"PL", Key::kPlus}, {"SG", Key::kAnySign}, {"PR", Key::kBracket},
      {"S", Key::kSign},   {"D", Key::kPoint}, {"G", Key::kGroup}};
  for (const auto& [word, key] : kWords) {
    if (!StartsAs(rest, word)) continue;
    *length = word.size();
    return key;
  }
  *length = 1;
  switch (rest[0]) {
    case '9':
      return Key::kNine;
    case '0':
      return Key::kZero;
    case '.':
      return Key::kPoint;
    case ',':
      return Key::kGroup;
    default:
      return std::nullopt;
  }
}

bool Read(std::string_view given, Picture* picture, std::string* why) {
  for (size_t i = 0; i < given.size();) {
    const std::string_view rest = given.substr(i);
    if (rest[0] == '"') {
      const size_t end = given.find('"', i + 1);
      if (end == std::string_view::npos) return *why = "a quotation mark of the picture is not closed", false;
      picture->parts.push_back({Key::kText, std::string(given.substr(i + 1, end - i - 1))});
      i = end + 1;
      continue;
    }
    if (StartsAs(rest, "FM")) {
      picture->fill = true;
      i += 2;
      continue;
    }
    size_t length = 0;
    if (const auto key = KeyOf(rest, &length); key.has_value()) {
      if (const char* wrong = Note(*key, picture); wrong != nullptr) return *why = wrong, false;
      picture->parts.push_back({*key, {}});
      i += length;
      continue;
    }
    if (IsLetter(rest[0])) return *why = NoSuchField(rest), false;
    picture->parts.push_back({Key::kText, std::string(1, rest[0])});
    ++i;
  }
  if (picture->before + picture->after > kPlacesMax) return *why = "the picture has too many digits", false;
  return true;
}

// One more in the last place of digits and a point.
void CountUp(std::string* text) {
  for (size_t i = text->size(); i-- > 0;) {
    char& c = (*text)[i];
    if (c == '.') continue;
    if (c != '9') {
      ++c;
      return;
    }
    c = '0';
  }
  text->insert(0, 1, '1');
}

// The absolute value with so many digits behind the point, as text.
std::string Rounded(const Value& number, int* places) {
  if (number.tag == ValueTag::kReal) {
    const double value = std::fabs(number.f64);
    char digits[512];
    const int whole = std::snprintf(digits, sizeof digits, "%.0f", value);
    if (whole >= kDoubleDigits) *places = 0;
    else *places = std::min(*places, kDoubleDigits - whole);
    const int n = std::snprintf(digits, sizeof digits, "%.*f", *places, value);
    return {digits, static_cast<size_t>(n)};
  }
  std::string text = Decimal::FromNumber(number).Absolute().ToString();
  if (text.find('.') == std::string::npos) text += '.';
  const size_t wanted = text.find('.') + 1 + static_cast<size_t>(*places);
  const bool up = wanted < text.size() && text[wanted] >= '5';
  text.resize(wanted, '0');
  if (up) CountUp(&text);
  if (text.back() == '.') text.pop_back();
  return text;
}

bool IsNegative(const Value& number) {
  if (number.tag == ValueTag::kInteger) return number.i64 < 0;
  if (number.tag == ValueTag::kReal) return number.f64 < 0;
  return number.bytes.starts_with('-');
}

class Painter {
 public:
  Painter(Picture picture, std::string digits, bool negative, std::string* out)
      : picture_(std::move(picture)), digits_(std::move(digits)), negative_(negative), out_(*out) {}

  void Paint() {
    Prepare();
    for (const Part& part : picture_.parts) PaintPart(part);
  }

 private:
  static constexpr size_t kNowhere = std::string::npos;

  void Prepare() {
    size_t point = digits_.find('.');
    const auto whole = static_cast<int>(point == kNowhere ? digits_.size() : point);
    if (whole > picture_.before) {
      digits_ =
          std::string(static_cast<size_t>(picture_.before), '#') + "." + std::string(static_cast<size_t>(picture_.after), '#');
      point = static_cast<size_t>(picture_.before);
    }
    spaces_ = std::max(picture_.before - whole, 0);
    if (picture_.first_zero > 0) --picture_.first_zero;
    if (picture_.has_plus || picture_.has_minus) {
      signed_ = picture_.has_minus;
    } else {
      if (!negative_ && picture_.fill) picture_.has_bracket = false;
      signed_ = !negative_ && picture_.fill && !picture_.has_sign;
      const bool last = picture_.sign_place == SignPlace::kBefore && picture_.before == picture_.before_sign;
      if (last) picture_.sign_place = SignPlace::kAfter;
    }
    count_ = picture_.after + picture_.before - 1;
    if (picture_.fill && picture_.has_point && point != kNowhere) FindRelevant(point);
    if (!signed_ && spaces_ == 0) ++count_;
  }

  // The last digit that says something, or the point; a 0 of the picture keeps those up to its own place.
  void FindRelevant(size_t point) {
    relevant_ = digits_.find_last_not_of('0');
    if (relevant_ < point) relevant_ = point;
    if (picture_.last_zero <= spaces_) return;
    relevant_ = std::max(relevant_, std::min(digits_.size() - 1, static_cast<size_t>(picture_.last_zero - spaces_)));
  }

  void PaintPart(const Part& part) {
    switch (part.key) {
      case Key::kText:
        out_ += part.text;
        return;
      case Key::kGroup:
        if (any_) out_ += ',';
        else if (!picture_.fill) out_ += ' ';
        return;
      case Key::kMinus:
        PaintOr(negative_, '-');
        return;
      case Key::kPlus:
        PaintOr(!negative_, '+');
        return;
      case Key::kAnySign:
        out_ += negative_ ? '-' : '+';
        return;
      case Key::kSign:
      case Key::kBracket:
        return;
      default:
        PaintSign();
        PaintDigit(part.key);
        PaintEnd();
        ++place_;
    }
  }

  void PaintOr(bool wanted, char c) {
    if (wanted) out_ += c;
    else if (!picture_.fill) out_ += ' ';
  }

  [[nodiscard]] char Digit() const { return at_ < digits_.size() ? digits_[at_] : '\0'; }
  [[nodiscard]] bool EndsInPoint() const { return relevant_ != kNowhere && digits_[relevant_] == '.'; }
  // '0.1' as 9.9 is '.1'.
  [[nodiscard]] bool IsLeadingZero() const { return !picture_.has_zero && at_ == 0 && Digit() == '0' && picture_.after != 0; }

  void PaintSign() {
    const bool begins = place_ >= spaces_ || (picture_.has_zero && picture_.first_zero == place_);
    if (signed_ || !begins || (IsLeadingZero() && !EndsInPoint())) return;
    signed_ = true;
    if (picture_.has_sign) {
      if (picture_.sign_place == SignPlace::kBefore) out_ += negative_ ? '-' : '+';
    } else if (picture_.has_bracket) {
      out_ += negative_ ? '<' : ' ';
    } else if (negative_) {
      out_ += '-';
    } else if (!picture_.fill) {
      out_ += ' ';
    }
  }

  void PaintDigit(Key key) {
    if (place_ < spaces_) {
      if (!picture_.has_zero || picture_.first_zero > place_) {
        if (!picture_.fill) out_ += ' ';
      } else {
        out_ += '0';
        any_ = true;
      }
      return;
    }
    const char digit = Digit();
    if (digit == '.') {
      if (!EndsInPoint() || picture_.fill) out_ += '.';
    } else if (relevant_ != kNowhere && at_ > relevant_ && key != Key::kZero) {
      // Nothing: FM.
    } else if (IsLeadingZero()) {
      if (!picture_.fill) out_ += ' ';
      else if (EndsInPoint()) out_ += '0';
    } else if (digit != '\0') {
      out_ += digit;
      any_ = true;
    }
    if (digit != '\0') ++at_;
  }

  // What stands behind the last digit.
  void PaintEnd() {
    int end = count_ + (spaces_ > 0 ? 1 : 0) + (picture_.has_point ? 1 : 0);
    if (relevant_ != kNowhere && relevant_ == at_) end = place_;
    if (place_ + 1 != end) return;
    if (signed_ && picture_.has_bracket) out_ += negative_ ? '>' : ' ';
    else if (picture_.has_sign && picture_.sign_place == SignPlace::kAfter) out_ += negative_ ? '-' : '+';
  }

  Picture picture_;
  std::string digits_;
  const bool negative_;
  std::string& out_;
  int spaces_ = 0;  // places in front of the first digit
  int count_ = 0;   // of places
  int place_ = 0;   // in the picture
  size_t at_ = 0;   // in digits_
  size_t relevant_ = kNowhere;
  bool signed_ = false;
  bool any_ = false;  // a digit was written
};

}  // namespace number_picture

bool PictureNumber(const Value& number, std::string_view given, std::string* out, std::string* why) {
  number_picture::Picture picture;
  if (!number_picture::Read(given, &picture, why)) return false;
  if (number.tag == ValueTag::kReal && !std::isfinite(number.f64)) return *why = "there are no digits of infinity", false;
  std::string digits = number_picture::Rounded(number, &picture.after);
  number_picture::Painter(std::move(picture), std::move(digits), number_picture::IsNegative(number), out).Paint();
  return true;
}

}  // namespace sochdb
