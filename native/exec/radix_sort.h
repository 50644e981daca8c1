// RadixSort: sorts by some bits of a key, digit after digit from the least; equal ones stay as they are.
//
// Thread safety: a function of its arguments.

#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "exec/exec_context.h"

namespace sochdb {

struct KeyedRow {
  uint64_t key;
  uint32_t row;
};

// By the `bits` bits of key_of(element) from bit `first` on. Takes as much memory again.
template <typename Element, typename KeyOf>
Status RadixSort(std::vector<Element>* elements, int first, int bits, ExecContext* context, KeyOf key_of) {
  constexpr int kDigitBits = 11;
  constexpr size_t kDigits = size_t{1} << kDigitBits;
  constexpr size_t kFew = 512;  // are sorted by comparing
  if (elements->size() < kFew) {
    const uint64_t mask = bits == 64 ? ~uint64_t{0} : (uint64_t{1} << bits) - 1;
    std::stable_sort(elements->begin(), elements->end(), [&](const Element& a, const Element& b) {
      return ((key_of(a) >> first) & mask) < ((key_of(b) >> first) & mask);
    });
    return {};
  }
  std::vector<Element> other(elements->size());
  std::vector<uint32_t> places(kDigits);
  for (int bit = 0; bit < bits; bit += kDigitBits) {
    SOCHDB_TRY(context->Tick(static_cast<uint32_t>(elements->size())));
    const int shift = first + bit;
    const uint64_t mask = (uint64_t{1} << std::min(kDigitBits, bits - bit)) - 1;
    const auto digit = [&](const Element& element) { return static_cast<size_t>((key_of(element) >> shift) & mask); };
    std::fill(places.begin(), places.end(), 0);
    for (const Element& element : *elements) ++places[digit(element)];
    if (places[digit(elements->front())] == elements->size()) continue;
    uint32_t place = 0;
    for (uint32_t& count : places) {
      const uint32_t here = count;
      count = place;
      place += here;
    }
    for (const Element& element : *elements) other[places[digit(element)]++] = element;
    elements->swap(other);
  }
  return {};
}

}  // namespace sochdb
