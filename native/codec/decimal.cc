#include "codec/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace sochdb {
namespace {

// Natural numbers as digit strings, most significant first, without leading zeros.
using Digits = std::string;

void StripLeadingZeros(Digits* d) { d->erase(0, std::min(d->find_first_not_of('0'), d->size())); }

int CompareDigits(const Digits& a, const Digits& b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  const int order = a.compare(b);
  return order < 0 ? -1 : (order > 0 ? 1 : 0);
}

int DigitAt(const Digits& d, size_t from_right) { return from_right < d.size() ? d[d.size() - 1 - from_right] - '0' : 0; }
char DigitOf(int v) { return static_cast<char>('0' + v); }

Digits AddDigits(const Digits& a, const Digits& b) {
  Digits sum(std::max(a.size(), b.size()) + 1, '0');
  int carry = 0;
  for (size_t i = 0; i < sum.size(); ++i) {
    const int v = DigitAt(a, i) + DigitAt(b, i) + carry;
    sum[sum.size() - 1 - i] = DigitOf(v % 10);
    carry = v / 10;
  }
  StripLeadingZeros(&sum);
  return sum;
}

// REQUIRES: a >= b.
Digits SubtractDigits(const Digits& a, const Digits& b) {
  Digits difference(a.size(), '0');
  int borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    int v = DigitAt(a, i) - DigitAt(b, i) - borrow;
    borrow = v < 0 ? 1 : 0;
    if (v < 0) v += 10;
    difference[a.size() - 1 - i] = DigitOf(v);
  }
  StripLeadingZeros(&difference);
  return difference;
}

Digits MultiplyDigits(const Digits& a, const Digits& b) {
  std::string product(a.size() + b.size(), '\0');
  for (size_t i = 0; i < a.size(); ++i) {
    int carry = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      char& cell = product[product.size() - 1 - i - j];
      const int v = cell + DigitAt(a, i) * DigitAt(b, j) + carry;
      cell = static_cast<char>(v % 10);
      carry = v / 10;
    }
    product[product.size() - 1 - i - b.size()] = static_cast<char>(carry);
  }
  for (char& c : product) c = static_cast<char>(c + '0');
  StripLeadingZeros(&product);
  return product;
}

// REQUIRES: b is not zero.
Digits DivideDigits(const Digits& a, const Digits& b, Digits* remainder) {
  Digits quotient;
  Digits rest;
  for (const char c : a) {
    if (!rest.empty() || c != '0') rest.push_back(c);
    int times = 0;
    while (CompareDigits(rest, b) >= 0) {
      rest = SubtractDigits(rest, b);
      ++times;
    }
    quotient.push_back(DigitOf(times));
  }
  StripLeadingZeros(&quotient);
  *remainder = std::move(rest);
  return quotient;
}

Digits Shifted(const Digits& d, int32_t zeros) { return d.empty() ? d : d + Digits(static_cast<size_t>(zeros), '0'); }

bool ParseExponent(std::string_view text, int32_t* out) {
  if (text.size() > 1 && text[0] == '+' && text[1] != '-') text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), *out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty() && std::abs(*out) <= 10000;
}

}  // namespace

void Decimal::Normalize() {
  StripLeadingZeros(&digits_);
  if (scale_ < 0) {
    digits_ = Shifted(digits_, -scale_);
    scale_ = 0;
  }
  if (digits_.empty()) negative_ = false;
}

bool Decimal::Parse(std::string_view text, Decimal* out) {
  Decimal parsed;
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) {
    parsed.negative_ = text[0] == '-';
    text.remove_prefix(1);
  }
  int32_t exponent = 0;
  if (const size_t e = text.find_first_of("eE"); e != std::string_view::npos) {
    if (!ParseExponent(text.substr(e + 1), &exponent)) return false;
    text = text.substr(0, e);
  }
  if (text.size() > kDecimalDigitsMax + 1) return false;
  const size_t point = std::min(text.find('.'), text.size());
  parsed.digits_ = text.substr(0, point);
  if (point < text.size()) parsed.digits_ += text.substr(point + 1);
  if (parsed.digits_.empty() || parsed.digits_.find_first_not_of("0123456789") != std::string::npos) return false;
  parsed.scale_ = (point < text.size() ? static_cast<int32_t>(text.size() - point - 1) : 0) - exponent;
  StripLeadingZeros(&parsed.digits_);
  const int64_t places = static_cast<int64_t>(parsed.digits_.size()) + (parsed.scale_ < 0 ? -parsed.scale_ : 0);
  if (parsed.scale_ > static_cast<int32_t>(kDecimalDigitsMax)) return false;
  if (!parsed.digits_.empty() && places > static_cast<int64_t>(kDecimalDigitsMax)) return false;
  parsed.Normalize();
  *out = std::move(parsed);
  return true;
}

Decimal Decimal::FromInteger(int64_t value) {
  Decimal out;
  out.negative_ = value < 0;
  out.digits_ = std::to_string(value);
  if (out.negative_) out.digits_.erase(0, 1);
  out.Normalize();
  return out;
}

Decimal Decimal::FromReal(double value) {
  // A double has at most 767 significant decimal digits.
  char text[800];
  const auto end = std::to_chars(text, text + sizeof text, std::fabs(value), std::chars_format::scientific, 766).ptr;
  const std::string_view all(text, static_cast<size_t>(end - text));
  const size_t e = all.find('e');
  int32_t exponent = 0;
  if (e != std::string_view::npos) ParseExponent(all.substr(e + 1), &exponent);
  Decimal out;
  out.negative_ = value < 0;
  out.digits_ = all.substr(0, 1);
  if (e > 2) out.digits_ += all.substr(2, e - 2);
  out.digits_.erase(out.digits_.find_last_not_of('0') + 1);
  out.scale_ = static_cast<int32_t>(out.digits_.size()) - 1 - exponent;
  if (out.digits_.empty()) out.scale_ = 0;
  out.Normalize();
  return out;
}

Decimal Decimal::FromNumber(const Value& value) {
  if (value.tag == ValueTag::kReal) return FromReal(value.f64);
  if (value.tag != ValueTag::kDecimal) return FromInteger(value.i64);
  Decimal out;
  if (!Parse(value.bytes, &out)) return {};
  return out;
}

std::string Decimal::ToString() const {
  const auto places = static_cast<size_t>(scale_);
  std::string text = digits_;
  if (text.size() <= places) text.insert(0, places + 1 - text.size(), '0');
  if (places != 0) text.insert(text.size() - places, 1, '.');
  return negative_ ? "-" + text : text;
}

double Decimal::ToReal() const {
  const std::string text = ToString();
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::result_out_of_range) {
    const bool tiny = digits_.size() <= static_cast<size_t>(scale_);
    const double size = tiny ? 0 : std::numeric_limits<double>::infinity();
    return negative_ ? -size : size;
  }
  return value;
}

bool Decimal::ToInteger(int64_t* out) const {
  const auto places = static_cast<size_t>(scale_);
  const std::string whole = digits_.size() > places ? digits_.substr(0, digits_.size() - places) : "0";
  const std::string text = negative_ ? "-" + whole : whole;
  return std::from_chars(text.data(), text.data() + text.size(), *out).ec == std::errc();
}

bool Decimal::IsIntegral() const {
  const size_t last = digits_.find_last_not_of('0');
  return last == std::string::npos || digits_.size() - 1 - last >= static_cast<size_t>(scale_);
}

Decimal Decimal::Negated() const {
  Decimal out = *this;
  out.negative_ = !negative_ && !is_zero();
  return out;
}

Decimal Decimal::Absolute() const {
  Decimal out = *this;
  out.negative_ = false;
  return out;
}

int Decimal::Compare(const Decimal& a, const Decimal& b) {
  if (a.negative_ != b.negative_) return a.negative_ ? -1 : 1;
  const int32_t scale = std::max(a.scale_, b.scale_);
  const int order = CompareDigits(Shifted(a.digits_, scale - a.scale_), Shifted(b.digits_, scale - b.scale_));
  return a.negative_ ? -order : order;
}

bool Decimal::Add(const Decimal& a, const Decimal& b, Decimal* out) {
  Decimal sum;
  sum.scale_ = std::max(a.scale_, b.scale_);
  const Digits x = Shifted(a.digits_, sum.scale_ - a.scale_);
  const Digits y = Shifted(b.digits_, sum.scale_ - b.scale_);
  if (a.negative_ == b.negative_) {
    sum.digits_ = AddDigits(x, y);
    sum.negative_ = a.negative_;
  } else if (CompareDigits(x, y) >= 0) {
    sum.digits_ = SubtractDigits(x, y);
    sum.negative_ = a.negative_;
  } else {
    sum.digits_ = SubtractDigits(y, x);
    sum.negative_ = b.negative_;
  }
  sum.Normalize();
  *out = std::move(sum);
  return out->digits_.size() <= kDecimalDigitsMax;
}

bool Decimal::Multiply(const Decimal& a, const Decimal& b, Decimal* out) {
  Decimal product;
  product.scale_ = a.scale_ + b.scale_;
  if (product.scale_ > static_cast<int32_t>(kDecimalDigitsMax)) return false;
  product.negative_ = a.negative_ != b.negative_;
  if (!a.is_zero() && !b.is_zero()) product.digits_ = MultiplyDigits(a.digits_, b.digits_);
  product.Normalize();
  *out = std::move(product);
  return out->digits_.size() <= kDecimalDigitsMax;
}

bool Decimal::Divide(const Decimal& a, const Decimal& b, Decimal* out) {
  const int32_t kept = std::max(a.scale_, b.scale_);
  Decimal quotient;
  quotient.scale_ = std::max(kept, 16);
  quotient.negative_ = a.negative_ != b.negative_;
  // a / b to `scale` places and one more, to round by.
  const int32_t shift = quotient.scale_ + 1 + b.scale_ - a.scale_;
  Digits rest;
  quotient.digits_ = DivideDigits(Shifted(a.digits_, shift), b.digits_, &rest);
  const bool up = !quotient.digits_.empty() && quotient.digits_.back() >= '5';
  if (!quotient.digits_.empty()) quotient.digits_.pop_back();
  if (up) quotient.digits_ = AddDigits(quotient.digits_, "1");
  while (quotient.scale_ > kept && !quotient.digits_.empty() && quotient.digits_.back() == '0') {
    quotient.digits_.pop_back();
    --quotient.scale_;
  }
  if (quotient.digits_.empty()) quotient.scale_ = kept;
  quotient.Normalize();
  *out = std::move(quotient);
  return out->digits_.size() <= kDecimalDigitsMax;
}

bool Decimal::Remainder(const Decimal& a, const Decimal& b, Decimal* out) {
  Decimal remainder;
  remainder.scale_ = std::max(a.scale_, b.scale_);
  remainder.negative_ = a.negative_;
  DivideDigits(Shifted(a.digits_, remainder.scale_ - a.scale_), Shifted(b.digits_, remainder.scale_ - b.scale_),
               &remainder.digits_);
  remainder.Normalize();
  *out = std::move(remainder);
  return true;
}

}  // namespace sochdb
