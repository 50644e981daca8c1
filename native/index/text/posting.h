// Postings: which documents have a term, as entries of the store: written in the transaction that writes the document, and seen
// by exactly the snapshots that see it.
//
//   posting   kPostings   namespace u32 | collection u32 | field u32 | term (key_codec.h, text) | document id
//             -> varint 2 * frequency + (1: it expires) | varint length | frequency varints: positions, as distances
//   length    the same key with the empty term, which no text has -> the same value with frequency 0
//
// `length` is the number of words in the field of that document: the length entries of a field are the documents that have
// any. A posting repeats it, so that a document is scored from its postings alone. Numbers in keys are big-endian.
//
// A "list" here is the part of such a key between collection and document id: field and term.
//
// Thread safety: functions of their arguments.

#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "index/document/document_key.h"
#include "index/text/analyzer.h"

namespace sochdb {

struct Posting {
  uint32_t frequency = 0;  // 0: a length entry
  uint32_t length = 0;
  bool expires = false;
  std::string_view positions;  // undecoded
};

// Which text of a document is searched.
struct TextField {
  uint32_t number = 0;  // in keys: never reused within a collection
  std::string path;
  double weight = 1;                       // of its part of a document's score
  std::vector<std::string> segments = {};  // of path; filled in by Collection::Open
};

// Fixed when a collection is created. No fields: it has no keyword index.
struct TextConfig {
  std::vector<TextField> fields;
  AnalyzerOptions analyzer;
};

inline constexpr size_t kMaxTextFields = 64;
inline constexpr double kMaxTextWeight = 1e6;

// Appends to a key that ends with its collection.
void AppendList(uint32_t field, std::string_view term, std::string* key);
// Without the end of the term: where the lists of all terms begin that begin so.
void AppendListPrefix(uint32_t field, std::string_view prefix, std::string* key);
// Splits what follows the collection in a key. False when it is no such key.
bool SplitPostingKey(std::string_view list_and_id, std::string_view* list, std::string_view* document_id);
// Whether a list is that of lengths.
bool IsLengthList(std::string_view list);

std::string EncodePosting(uint32_t length, bool expires, std::span<const uint32_t> positions);
// False when the bytes are none.
bool DecodePosting(std::string_view bytes, Posting* posting);
// Of the posting's text, ascending.
bool DecodePositions(const Posting& posting, std::vector<uint32_t>* positions);

Status DamagedPosting();

}  // namespace sochdb
