#include "binding/vector_results.h"

#include <cstring>

#include "base/bytes.h"
#include "binding/napi_util.h"
#include "codec/utf8.h"

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
}

void VectorResults::Append(std::string_view text) {
  text_.append(text);
  if (IsAscii(text)) {
    utf16_units_ += static_cast<uint32_t>(text.size());
  } else {
    ascii_ = false;
    utf16_units_ += static_cast<uint32_t>(Utf16Length(text));
  }
  ends_.push_back(utf16_units_);
}

Status VectorResults::Add(const Document& document) {
  if (document.id.size() + document.metadata.size() > kMaxResultTextBytes - text_.size() ||
      dimension_ > kMaxResultFloats - vectors_.size()) {
    return Status(Code::kLimit, "The documents asked for take more than 256 MiB: ask for fewer at once, or for less of each.")
        .With("limit", std::to_string(kMaxResultTextBytes));
  }
  Append(document.id);
  Append(document.metadata);
  if (dimension_ == 0) return {};
  SOCHDB_DCHECK(document.vector.size() == dimension_);
  vectors_.insert(vectors_.end(), document.vector.begin(), document.vector.end());
  return {};
}

Status VectorResults::AddScored(const Document& document, double score, double distance) {
  SOCHDB_TRY(Add(document));
  scores_.push_back(score);
  distances_.push_back(distance);
  return {};
}

void VectorResults::AddMissing() {
  ends_.push_back(utf16_units_);
  ends_.push_back(utf16_units_);
  vectors_.resize(vectors_.size() + dimension_);
}

void VectorResults::Write(char* to) const {
  EncodeFixed32(to, static_cast<uint32_t>(ends_.size() / 2));
  EncodeFixed32(to + 4, dimension_);
  const auto micros = static_cast<double>(micros_);
  std::memcpy(to + 8, &micros, sizeof(micros));
  if (scored_) WriteAll(distances_, WriteAll(scores_, to + kHeaderBytes));
  WriteAll(ends_, to + EndsAt());
  WriteAll(vectors_, to + Align8(EndsAt() + ends_.size() * sizeof(uint32_t)));
}

void VectorResults::Release() {
  if (text_.capacity() > kKeptBytes) text_ = {};
  if (vectors_.capacity() * sizeof(float) > kKeptBytes) vectors_ = {};
  Begin(false, 0);
}

napi_value VectorResults::Deliver(napi_env env, std::span<char> buffer, size_t offset) {
  const size_t bytes = Align8(EndsAt() + ends_.size() * sizeof(uint32_t)) + vectors_.size() * sizeof(float);
  if (offset > buffer.size() || buffer.size() - offset < bytes) return FromDouble(env, static_cast<double>(bytes));
  Write(buffer.data() + offset);
  napi_value text = nullptr;
  if (!ascii_) {
    text = FromUtf8(env, text_);
  } else if (napi_create_string_latin1(env, text_.data(), text_.size(), &text) != napi_ok) {
    text = nullptr;
  }
  Release();
  return text;
}

}  // namespace sochdb::binding
