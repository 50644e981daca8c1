// Documents on their way to JavaScript: numbers into a buffer that JavaScript allocated, ids and metadata into one string.
//
// Layout from the offset on, which is a multiple of 8; little-endian:
//   0   u32 documents          4   u32 values of each vector that follows, 0: no vectors
//   8   f64 microseconds that the operation took
//   16  scored: f64 score of each, then f64 distance of each
//       u32 end of its id, u32 end of its metadata, of each: UTF-16 units of the string, in which they stand in turn
//       (an id that ends where it begins: there is no such document), padded to 8 bytes
//       f32 vectors
//
// Results stay here until they have been written: when the buffer is too small JavaScript comes again with a larger one.
//
// Thread safety: the environment's thread. Limits: kMaxResultTextBytes of text, kMaxResultFloats of vectors.

#pragma once

#include <node_api.h>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/status.h"
#include "index/document/collection.h"

namespace sochdb::binding {

inline constexpr size_t kMaxResultTextBytes = 256 * 1024 * 1024;
inline constexpr size_t kMaxResultFloats = kMaxResultTextBytes / sizeof(float);

class VectorResults {
 public:
  // Empties it. `dimension` is 0 when vectors were not asked for.
  void Begin(bool scored, uint32_t dimension);
  // kLimit when there is too much.
  Status Add(const Document& document);
  Status AddScored(const Document& document, double score, double distance);
  // A document that was asked for and is not there.
  void AddMissing();
  void set_micros(uint64_t micros) { micros_ = micros; }

  // Writes what there is at the offset and returns the string; a number when the buffer is too small: the bytes it
  // takes from the offset on. nullptr with an exception pending when V8 refuses.
  napi_value Deliver(napi_env env, std::span<char> buffer, size_t offset);

 private:
  [[nodiscard]] size_t EndsAt() const { return kHeaderBytes + (scored_ ? ends_.size() / 2 * 2 * sizeof(double) : 0); }
  void Append(std::string_view text);
  void Write(char* to) const;
  void Release();

  static constexpr size_t kHeaderBytes = 16;

  bool scored_ = false;
  bool ascii_ = true;
  uint32_t dimension_ = 0;
  uint32_t utf16_units_ = 0;
  uint64_t micros_ = 0;
  std::string text_;
  std::vector<uint32_t> ends_;  // two a document
  std::vector<double> scores_;
  std::vector<double> distances_;
  std::vector<float> vectors_;
};

}  // namespace sochdb::binding
