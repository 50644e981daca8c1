#include "binding/vector_results.h"

#include <cstring>

#include "base/bytes.h"
#include "binding/napi_util.h"
#include "codec/utf8.h"
#include "exec/json_write.h"

namespace sochdb::binding {
namespace {

// What is kept for the next results.
constexpr size_t kKeptBytes = 1024 * 1024;

constexpr size_t Align8(size_t n) { return (n + 7) & ~size_t{7}; }

template <typename T>
char* WriteAll(const std::vector<T>& values, char* to) {
  if (!values.empty()) std::memcpy(to, values.data(), values.size() * sizeof(T));
  return to + values.size() * sizeof(T);
}

}  // namespace

void VectorResults::Begin(bool scored, uint32_t dimension) {
  scored_ = scored;
  ascii_ = true;
  dimension_ = dimension;
  utf16_units_ = 0;
  micros_ = 0;
  text_.clear();
  ends_.clear();
  scores_.clear();
  distances_.clear();
  vectors_.clear();
  more_vectors_.clear();
  chunked_.clear();
  has_lists_ = false;
  ranked_by_vector_ = 0;
  ranked_scores_.clear();
  ranked_ends_.clear();
}

void VectorResults::Append(std::string_view text, std::vector<uint32_t>* ends) {
  text_.append(text);
  if (IsAscii(text)) {
    utf16_units_ += static_cast<uint32_t>(text.size());
  } else {
    ascii_ = false;
    utf16_units_ += static_cast<uint32_t>(Utf16Length(text));
  }
  ends->push_back(utf16_units_);
}

namespace {

Status TooMuch() {
  return Status(Code::kLimit, "The documents asked for take more than 256 MiB: ask for fewer at once, or for less of each.")
      .With("limit", std::to_string(kMaxResultTextBytes));
}

}  // namespace

Status VectorResults::Add(const Document& document) {
  const size_t at = ends_.size() / 2;
  SOCHDB_TRY(AddOne(document));
  if (!document.chunked) return {};
  if (document.vector.size() > kMaxResultFloats - vectors_.size() - more_vectors_.size()) return TooMuch();
  if (dimension_ != 0) more_vectors_.insert(more_vectors_.end(), document.vector.begin() + dimension_, document.vector.end());
  const size_t count = dimension_ == 0 ? 0 : document.vector.size() / dimension_;
  if (!chunked_.empty()) chunked_.push_back(',');
  chunked_.append("{\"at\":" + std::to_string(at) + ",\"vectors\":" + std::to_string(count));
  chunked_.append(",\"aggregate\":" + std::to_string(static_cast<int>(document.aggregate)));
  if (!document.texts.empty()) {
    chunked_.append(",\"texts\":");
    char before = '[';
    for (const std::string& text : document.texts) {
      chunked_.push_back(before);
      AppendJsonString(text, &chunked_);
      before = ',';
    }
    chunked_.push_back(']');
  }
  chunked_.push_back('}');
  return chunked_.size() > kMaxResultTextBytes ? TooMuch() : Status();
}

Status VectorResults::FinishDocuments() { return chunked_.empty() ? Status() : SetNotes("{\"documents\":[" + chunked_ + "]}"); }

Status VectorResults::AddOne(const Document& document) {
  if (document.id.size() + document.metadata.size() > kMaxResultTextBytes - text_.size() ||
      dimension_ > kMaxResultFloats - vectors_.size() - more_vectors_.size()) {
    return TooMuch();
  }
  Append(document.id, &ends_);
  Append(document.metadata, &ends_);
  if (dimension_ == 0) return {};
  SOCHDB_DCHECK(document.vector.size() >= dimension_);
  vectors_.insert(vectors_.end(), document.vector.begin(), document.vector.begin() + dimension_);
  return {};
}

Status VectorResults::AddScored(const Document& document, double score, double distance) {
  SOCHDB_TRY(AddOne(document));
  scores_.push_back(score);
  distances_.push_back(distance);
  return {};
}

Status VectorResults::AddRanked(bool by_words, std::string_view id, double score) {
  if (id.size() > kMaxResultTextBytes - text_.size()) {
    return Status(Code::kLimit, "The ids asked for take more than 256 MiB: ask for fewer at once.")
        .With("limit", std::to_string(kMaxResultTextBytes));
  }
  if (!by_words) ++ranked_by_vector_;
  ranked_scores_.push_back(score);
  Append(id, &ranked_ends_);
  return {};
}

Status VectorResults::SetNotes(std::string_view json) {
  if (json.empty()) return {};
  if (json.size() > kMaxResultTextBytes - text_.size()) {
    return Status(Code::kLimit, "What the search tells takes more than 256 MiB: ask for fewer hits at once.")
        .With("limit", std::to_string(kMaxResultTextBytes));
  }
  if (!IsAscii(json)) ascii_ = false;
  text_.append(json);
  return {};
}

void VectorResults::AddMissing() {
  ends_.push_back(utf16_units_);
  ends_.push_back(utf16_units_);
  vectors_.resize(vectors_.size() + dimension_);
}

size_t VectorResults::ListsAt() const {
  return Align8(Align8(EndsAt() + ends_.size() * sizeof(uint32_t)) + (vectors_.size() + more_vectors_.size()) * sizeof(float));
}

size_t VectorResults::TotalBytes() const {
  if (!has_lists_) return ListsAt();
  return ListsAt() + 16 + ranked_scores_.size() * sizeof(double) + Align8(ranked_ends_.size() * sizeof(uint32_t));
}

void VectorResults::Write(char* to) const {
  EncodeFixed32(to, static_cast<uint32_t>(ends_.size() / 2));
  EncodeFixed32(to + 4, dimension_);
  const auto micros = static_cast<double>(micros_);
  std::memcpy(to + 8, &micros, sizeof(micros));
  if (scored_) WriteAll(distances_, WriteAll(scores_, to + kHeaderBytes));
  WriteAll(ends_, to + EndsAt());
  WriteAll(more_vectors_, WriteAll(vectors_, to + Align8(EndsAt() + ends_.size() * sizeof(uint32_t))));
  if (!has_lists_) return;
  char* const lists = to + ListsAt();
  EncodeFixed32(lists, ranked_by_vector_);
  EncodeFixed32(lists + 4, static_cast<uint32_t>(ranked_ends_.size()) - ranked_by_vector_);
  const auto matches = static_cast<double>(matches_);
  std::memcpy(lists + 8, &matches, sizeof(matches));
  WriteAll(ranked_ends_, WriteAll(ranked_scores_, lists + 16));
}

void VectorResults::Release() {
  if (text_.capacity() > kKeptBytes) text_ = {};
  if (vectors_.capacity() * sizeof(float) > kKeptBytes) vectors_ = {};
  if (more_vectors_.capacity() * sizeof(float) > kKeptBytes) more_vectors_ = {};
  Begin(false, 0);
}

napi_value VectorResults::TakeText(napi_env env) {
  napi_value text = nullptr;
  if (!ascii_) {
    text = FromUtf8(env, text_);
  } else if (napi_create_string_latin1(env, text_.data(), text_.size(), &text) != napi_ok) {
    text = nullptr;
  }
  Release();
  return text;
}

napi_value VectorResults::Deliver(napi_env env, std::span<char> buffer, size_t offset) {
  const size_t bytes = TotalBytes();
  if (offset > buffer.size() || buffer.size() - offset < bytes) return FromDouble(env, static_cast<double>(bytes));
  Write(buffer.data() + offset);
  return TakeText(env);
}

napi_value ManyResults::Deliver(napi_env env, std::span<char> buffer, size_t offset) {
  size_t bytes = 0;
  for (const VectorResults& each : results_) bytes += Align8(each.TotalBytes());
  if (offset > buffer.size() || buffer.size() - offset < bytes) return FromDouble(env, static_cast<double>(bytes));
  napi_value texts = nullptr;
  if (napi_create_array_with_length(env, results_.size(), &texts) != napi_ok) return nullptr;
  for (size_t i = 0; i < results_.size(); ++i) {
    const size_t length = Align8(results_[i].TotalBytes());
    results_[i].Write(buffer.data() + offset);
    offset += length;
    napi_value text = results_[i].TakeText(env);
    if (text == nullptr || napi_set_element(env, texts, static_cast<uint32_t>(i), text) != napi_ok) return nullptr;
  }
  Clear();
  return texts;
}

}  // namespace sochdb::binding
