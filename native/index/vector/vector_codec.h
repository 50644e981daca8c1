// VectorCodec: how a prepared vector (metric.h) becomes a short row of bytes, and how a query is compared with such rows.
//
// Distances of codes approximate those of RowDistance, on the same scale, smaller is nearer: they lead a search, and what it
// found is compared again by the vectors themselves.
//
// Thread safety: any thread, once trained; a CodeQuery belongs to one at a time.
// Limits: vectors of up to kMaxDimension values. Training and the first Begin of a CodeQuery throw std::bad_alloc.

#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "base/status.h"
#include "index/vector/code_kernels.h"

namespace sochdb {

// How the vectors of a collection are kept in memory. On disk in collection configurations: never renumber.
enum class Quantization : uint8_t { kNone = 0, kScalar = 1, kProduct = 2, kBinary = 3 };

// A query in the form that a codec compares with its rows; kept between queries, so that none of them allocates.
struct CodeQuery {
  ByteQuery bytes;
  BitQuery bits;
  float constant = 0;
  std::vector<int8_t> values;
  std::vector<float> floats;
  std::vector<uint64_t> planes;

  [[nodiscard]] uint64_t memory_bytes() const {
    return values.capacity() + floats.capacity() * sizeof(float) + planes.capacity() * sizeof(uint64_t);
  }
};

class VectorCodec {
 public:
  virtual ~VectorCodec() = default;

  // Of a row, which may lie at any address.
  [[nodiscard]] virtual size_t row_bytes() const = 0;
  // Of what the codec itself holds: means, centroids.
  [[nodiscard]] virtual uint64_t memory_bytes() const = 0;
  // What was learned from the sample: all that a codec of the same options needs to be made again.
  [[nodiscard]] virtual const std::vector<float>& learned() const = 0;
  // scratch: any, of one thread.
  virtual void Encode(const float* prepared, CodeQuery* scratch, uint8_t* row) const = 0;
  virtual void Begin(const float* prepared, CodeQuery* query) const = 0;
  // REQUIRES: Begin. Fetches rows ahead of their use.
  virtual void Compare(const CodeQuery& query, const uint8_t* const* rows, size_t count, float* out) const = 0;

  // Whether two rows can be compared with each other, nearly as well as their vectors can.
  [[nodiscard]] virtual bool compares_rows() const { return false; }
  [[nodiscard]] virtual float Between(const uint8_t* /*a*/, const uint8_t* /*b*/) const { return 0; }

  // How many of the nearest by code have to be compared again by their vectors, for the k nearest of a search with ef places.
  [[nodiscard]] virtual size_t Compared(size_t k, size_t ef) const = 0;
  // How many places of a search by these codes do what one does by full vectors.
  [[nodiscard]] virtual size_t widening() const { return 1; }
};

// Zeros when there is no vector.
inline std::vector<float> MeanOf(const std::vector<const float*>& vectors, size_t dimension) {
  std::vector<double> sums(dimension);
  for (const float* vector : vectors) {
    for (size_t i = 0; i < dimension; ++i) sums[i] += static_cast<double>(vector[i]);
  }
  std::vector<float> mean(dimension);
  const double count = vectors.empty() ? 1 : static_cast<double>(vectors.size());
  for (size_t i = 0; i < dimension; ++i) mean[i] = static_cast<float>(sums[i] / count);
  return mean;
}

}  // namespace sochdb
