// Documents on their way to JavaScript: numbers into a buffer that JavaScript allocated, ids and metadata into one string.
//
// Layout from the offset on, which is a multiple of 8; little-endian:
//   0   u32 documents          4   u32 values of each vector that follows, 0: no vectors
//   8   f64 microseconds that the operation took
//   16  scored: f64 score of each, then f64 distance of each
//       u32 end of its id, u32 end of its metadata, of each: UTF-16 units of the string, in which they stand in turn
//       (an id that ends where it begins: there is no such document), padded to 8 bytes
//       f32 vectors
//   then, padded to 8 bytes, of searches with words: u32 documents nearest the vector, u32 documents with the words that were
//       fused | f64 documents that match the words | f64 score of each of the former, then of the latter | u32 end of the id of
//       each, in the same string, padded to 8 bytes
// What the string has after all of these are notes: JSON, if there are any. Of documents that are not scored they tell what
// those in chunks have more: {"documents": [{"at": which, "vectors": how many, "texts": [...], "aggregate": number}]}. Their
// further vectors follow the first ones of all.
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
  // kLimit when there is too much. Of a document in chunks all that it has.
  Status Add(const Document& document);
  // After the last of these.
  Status FinishDocuments();
  // One vector and the metadata.
  Status AddScored(const Document& document, double score, double distance);
  // A document that was asked for and is not there.
  void AddMissing();
  // A document of one of the lists that were fused: after the hits, those by vector first.
  Status AddRanked(bool by_words, std::string_view id, double score);
  void set_matches(uint64_t matches) {
    has_lists_ = true;
    matches_ = matches;
  }
  // After everything else.
  Status SetNotes(std::string_view json);
  void set_micros(uint64_t micros) { micros_ = micros; }

  // What all of it takes.
  [[nodiscard]] size_t bytes() const { return TotalBytes() + text_.size(); }

  // Writes what there is at the offset and returns the string; a number when the buffer is too small: the bytes it
  // takes from the offset on. nullptr with an exception pending when V8 refuses.
  napi_value Deliver(napi_env env, std::span<char> buffer, size_t offset);

 private:
  friend class ManyResults;
  // The string, and what it says no more.
  napi_value TakeText(napi_env env);
  [[nodiscard]] size_t EndsAt() const { return kHeaderBytes + (scored_ ? ends_.size() / 2 * 2 * sizeof(double) : 0); }
  // From where the results begin.
  [[nodiscard]] size_t ListsAt() const;
  [[nodiscard]] size_t TotalBytes() const;
  Status AddOne(const Document& document);
  void Append(std::string_view text, std::vector<uint32_t>* ends);
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
  std::vector<float> more_vectors_;
  std::string chunked_;  // notes of documents in chunks, one after the other
  bool has_lists_ = false;
  uint64_t matches_ = 0;
  uint32_t ranked_by_vector_ = 0;
  std::vector<double> ranked_scores_;
  std::vector<uint32_t> ranked_ends_;
};

// Results of several searches, one after the other in the buffer, each from a multiple of 8 on.
class ManyResults {
 public:
  VectorResults* Add() { return &results_.emplace_back(); }
  [[nodiscard]] bool empty() const { return results_.empty(); }
  void Clear() { results_.clear(); }
  // An array of strings; as VectorResults::Deliver.
  napi_value Deliver(napi_env env, std::span<char> buffer, size_t offset);

 private:
  std::vector<VectorResults> results_;
};

}  // namespace sochdb::binding
