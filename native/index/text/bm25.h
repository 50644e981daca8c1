// BM25: how well a document fits a term.
//
//   score  = idf * impact
//   idf    = ln(1 + (N - n + 0.5) / (n + 0.5))       N documents have the field, n of them the term
//   impact = f * (k1 + 1) / (f + k1 * (1 - b + b * length / average))       f times in a field of `length` words
//
// k1 = 1.2, b = 0.75. In double precision, in this order of operations: whatever path a search takes, a score is the same
// number.
//
// Thread safety: functions of their arguments.

#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace sochdb {

inline constexpr double kBm25K1 = 1.2;
inline constexpr double kBm25B = 0.75;

// Of a field, as a snapshot sees it.
struct FieldStats {
  uint64_t documents = 0;  // that have any words in it
  uint64_t words = 0;

  [[nodiscard]] double average_length() const {
    return documents == 0 ? 1 : static_cast<double>(words) / static_cast<double>(documents);
  }
};

inline double Bm25Idf(uint64_t documents, uint64_t with_term) {
  const auto all = static_cast<double>(documents);
  const auto with = static_cast<double>(with_term);
  return std::log(1 + (all - with + 0.5) / (with + 0.5));
}

inline double Bm25Norm(uint32_t length, double average_length) {
  return kBm25K1 * (1 - kBm25B + kBm25B * static_cast<double>(length) / average_length);
}

inline double Bm25Impact(uint32_t frequency, double norm) {
  const auto f = static_cast<double>(frequency);
  return f * (kBm25K1 + 1) / (f + norm);
}

// By what factor, at most, impacts grow when the average length goes from one to another.
inline double ImpactGrowth(double from_average, double to_average) { return std::max(1.0, to_average / from_average); }
// And to what part of them, at least, they fall.
inline double ImpactDecline(double from_average, double to_average) { return std::min(1.0, to_average / from_average); }

}  // namespace sochdb
