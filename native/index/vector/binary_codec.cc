#include "index/vector/binary_codec.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "base/hash.h"

namespace sochdb {
namespace {

constexpr float kLargestPlaneValue = 15;

// The Hadamard transform of `count` values, a power of two, scaled to keep lengths.
void MixByHadamard(float* values, size_t count) {
  for (size_t step = 1; step < count; step *= 2) {
    for (size_t block = 0; block < count; block += 2 * step) {
      for (size_t i = block; i < block + step; ++i) {
        const float a = values[i];
        const float b = values[i + step];
        values[i] = a + b;
        values[i + step] = a - b;
      }
    }
  }
  const float scale = 1 / std::sqrt(static_cast<float>(count));
  for (size_t i = 0; i < count; ++i) values[i] *= scale;
}

}  // namespace

BinaryCodec::BinaryCodec(Metric metric, size_t dimension, const std::vector<const float*>& sample)
    : kernels_(BestCodeKernels()),
      metric_(metric),
      dimension_(dimension),
      words_((dimension + 63) / 64),
      mixed_(std::bit_floor(words_ * 64)),
      product_factor_(metric == Metric::kEuclidean ? -2.0f : -1.0f),
      mean_(MeanOf(sample, dimension)),
      flips_(kRotationRounds * words_ * 64) {
  for (size_t i = 0; i < flips_.size(); ++i) flips_[i] = (HashNumber(i) & 1) != 0 ? 1 : -1;
}

// Rounds mix the first and the last values in turn, which overlap by more than half: together they mix all.
void BinaryCodec::Rotate(const float* prepared, float* rotated) const {
  const size_t count = words_ * 64;
  for (size_t i = 0; i < dimension_; ++i) rotated[i] = prepared[i] - mean_[i];
  std::fill(rotated + dimension_, rotated + count, 0.0f);
  for (size_t round = 0; round < kRotationRounds; ++round) {
    for (size_t i = 0; i < count; ++i) rotated[i] *= static_cast<float>(flips_[round * count + i]);
    MixByHadamard(round % 2 == 0 ? rotated : rotated + count - mixed_, mixed_);
  }
}

void BinaryCodec::Encode(const float* prepared, CodeQuery* scratch, uint8_t* row) const {
  const size_t count = words_ * 64;
  scratch->floats.resize(std::max(scratch->floats.size(), count));
  float* rotated = scratch->floats.data();
  Rotate(prepared, rotated);
  double squared = 0;
  double absolute = 0;
  int32_t ones = 0;
  for (size_t word = 0; word < words_; ++word) {
    uint64_t bits = 0;
    for (size_t i = 0; i < 64; ++i) {
      const float value = rotated[word * 64 + i];
      squared += static_cast<double>(value) * static_cast<double>(value);
      absolute += static_cast<double>(std::fabs(value));
      bits |= static_cast<uint64_t>(value >= 0) << i;
    }
    ones += std::popcount(bits);
    std::memcpy(row + word * sizeof(bits), &bits, sizeof(bits));
  }
  double bias = squared;
  if (metric_ != Metric::kEuclidean) {
    bias = 0;
    for (size_t i = 0; i < dimension_; ++i) {
      bias -= static_cast<double>(mean_[i]) * static_cast<double>(prepared[i] - mean_[i]);
    }
  }
  const auto scale = static_cast<float>(absolute == 0 ? 0 : static_cast<double>(product_factor_) * (squared / absolute));
  const auto stored_bias = static_cast<float>(bias);
  uint8_t* factors = row + words_ * sizeof(uint64_t);
  std::memcpy(factors, &scale, sizeof(scale));
  std::memcpy(factors + 4, &stored_bias, sizeof(stored_bias));
  std::memcpy(factors + 8, &ones, sizeof(ones));
}

void BinaryCodec::Begin(const float* prepared, CodeQuery* query) const {
  const size_t count = words_ * 64;
  query->floats.resize(count);
  float* rotated = query->floats.data();
  Rotate(prepared, rotated);
  const auto [lowest, highest] = std::minmax_element(rotated, rotated + count);
  const float low = *lowest;
  const float step = (*highest - low) / kLargestPlaneValue;
  const float factor = step > 0 && std::isfinite(1 / step) ? 1 / step : 0;
  query->planes.assign(4 * words_, 0);
  float sum = 0;
  double squared = 0;
  for (size_t i = 0; i < count; ++i) {
    sum += rotated[i];
    squared += static_cast<double>(rotated[i]) * static_cast<double>(rotated[i]);
    const auto value = static_cast<uint64_t>((rotated[i] - low) * factor + 0.5f);
    for (size_t plane = 0; plane < 4; ++plane) {
      query->planes[plane * words_ + i / 64] |= ((value >> plane) & 1) << (i % 64);
    }
  }
  double constant = squared;
  if (metric_ != Metric::kEuclidean) {
    constant = 0;
    for (size_t i = 0; i < dimension_; ++i) constant -= static_cast<double>(mean_[i]) * static_cast<double>(prepared[i]);
  }
  // The sum over signs is twice the sum over ones, less the sum over all.
  query->bits = {.planes = query->planes.data(),
                 .words = words_,
                 .step = factor == 0 ? 0 : 2 * step,
                 .ones = 2 * low,
                 .zeros = -sum,
                 .constant = static_cast<float>(constant)};
}

size_t BinaryCodec::Compared(size_t k, size_t ef) const { return std::max(ef, k + 16); }

}  // namespace sochdb
