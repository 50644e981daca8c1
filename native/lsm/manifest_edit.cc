// Edits as bytes, and what they do to the state.
//
//   edit := (tag (1 byte) | length (varint) | payload)* | zeros
//   file := tree (1 byte) | level (1 byte) | run id | number | properties

#include <algorithm>
#include <unordered_map>

#include "base/bytes.h"
#include "lsm/level_state.h"
#include "lsm/manifest.h"

namespace sochdb {
namespace {

enum class Tag : uint8_t {
  kAdded = 1,
  kRemoved = 2,
  kFlushed = 3,
  kLastWrite = 4,
  kPolicy = 5,
  kNextFileNumber = 6,
  kNextRunId = 7,
  kLastTs = 8,
  kHistoryFloor = 9,
  kCheckpointLsn = 10,
};

Status Malformed(const char* what) {
  return Status(Code::kCorruption, std::string("An edit of the manifest is malformed: ") + what + ".")
      .With("expected", what)
      .With("actual", "other bytes");
}

void PutField(std::string* out, Tag tag, std::string_view payload) {
  out->push_back(static_cast<char>(tag));
  PutLengthPrefixed(out, payload);
}

void PutNumber(std::string* out, Tag tag, uint64_t value) {
  std::string payload;
  PutVarint64(&payload, value);
  PutField(out, tag, payload);
}

void PutOfTree(std::string* out, Tag tag, TreeId tree, uint64_t value) {
  std::string payload(1, static_cast<char>(tree));
  PutVarint64(&payload, value);
  PutField(out, tag, payload);
}

bool ReadTree(ByteReader* reader, TreeId* out) {
  uint8_t tree = 0;
  if (!reader->ReadByte(&tree) || tree >= kTreeCount) return false;
  *out = static_cast<TreeId>(tree);
  return true;
}

bool ReadOfTree(std::string_view payload, std::pair<TreeId, uint64_t>* out) {
  ByteReader reader(payload);
  return ReadTree(&reader, &out->first) && reader.ReadVarint64(&out->second) && reader.empty();
}

bool ReadNumber(std::string_view payload, uint64_t* out) {
  ByteReader reader(payload);
  return reader.ReadVarint64(out) && reader.empty();
}

bool ReadFile(std::string_view payload, FileEntry* out) {
  ByteReader reader(payload);
  if (!ReadTree(&reader, &out->tree) || !reader.ReadByte(&out->level) || out->level >= kLevels) return false;
  if (!reader.ReadVarint64(&out->run_id) || !reader.ReadVarint64(&out->number)) return false;
  std::string_view rest = reader.rest();
  return TableProperties::Decode(&rest, &out->properties) && rest.empty();
}

bool DecodeField(Tag tag, std::string_view payload, ManifestEdit* out) {
  std::pair<TreeId, uint64_t> of_tree;
  uint64_t number = 0;
  switch (tag) {
    case Tag::kAdded:
      return ReadFile(payload, &out->added.emplace_back());
    case Tag::kRemoved:
      if (!ReadOfTree(payload, &of_tree)) return false;
      out->removed.push_back(of_tree);
      return true;
    case Tag::kFlushed:
      if (!ReadOfTree(payload, &of_tree)) return false;
      out->flushed.push_back(of_tree);
      return true;
    case Tag::kLastWrite:
      if (!ReadOfTree(payload, &of_tree)) return false;
      out->last_writes.push_back(of_tree);
      return true;
    case Tag::kPolicy:
      if (!ReadOfTree(payload, &of_tree) || of_tree.second >= static_cast<uint64_t>(kIndexPolicyCount)) return false;
      out->policies.emplace_back(of_tree.first, static_cast<IndexPolicy>(of_tree.second));
      return true;
    default:
      break;
  }
  if (!ReadNumber(payload, &number)) return false;
  switch (tag) {
    case Tag::kNextFileNumber:
      out->next_file_number = number;
      return true;
    case Tag::kNextRunId:
      out->next_run_id = number;
      return true;
    case Tag::kLastTs:
      out->last_ts = number;
      return true;
    case Tag::kHistoryFloor:
      out->history_floor = number;
      return true;
    case Tag::kCheckpointLsn:
      out->checkpoint_lsn = number;
      return true;
    default:
      return false;
  }
}

}  // namespace

void ManifestEdit::EncodeTo(std::string* out) const {
  for (const auto& [tree, number] : removed) PutOfTree(out, Tag::kRemoved, tree, number);
  std::string payload;
  for (const FileEntry& file : added) {
    payload.clear();
    payload.push_back(static_cast<char>(file.tree));
    payload.push_back(static_cast<char>(file.level));
    PutVarint64(&payload, file.run_id);
    PutVarint64(&payload, file.number);
    file.properties.EncodeTo(&payload);
    PutField(out, Tag::kAdded, payload);
  }
  for (const auto& [tree, lsn] : flushed) PutOfTree(out, Tag::kFlushed, tree, lsn);
  for (const auto& [tree, ts] : last_writes) PutOfTree(out, Tag::kLastWrite, tree, ts);
  for (const auto& [tree, policy] : policies) PutOfTree(out, Tag::kPolicy, tree, static_cast<uint64_t>(policy));
  if (next_file_number) PutNumber(out, Tag::kNextFileNumber, *next_file_number);
  if (next_run_id) PutNumber(out, Tag::kNextRunId, *next_run_id);
  if (last_ts) PutNumber(out, Tag::kLastTs, *last_ts);
  if (history_floor) PutNumber(out, Tag::kHistoryFloor, *history_floor);
  if (checkpoint_lsn) PutNumber(out, Tag::kCheckpointLsn, *checkpoint_lsn);
}

Status ManifestEdit::Decode(std::string_view body, ManifestEdit* out) {
  *out = {};
  ByteReader reader(body);
  while (!reader.empty()) {
    uint8_t tag = 0;
    std::string_view payload;
    if (reader.rest().front() == '\0') {
      const bool padding = reader.rest().find_first_not_of('\0') == std::string_view::npos;
      return padding ? Status() : Malformed("padding");
    }
    if (!reader.ReadByte(&tag) || !reader.ReadLengthPrefixed(&payload)) return Malformed("a field");
    if (tag > static_cast<uint8_t>(Tag::kCheckpointLsn)) return Malformed("the tag of a field");
    if (!DecodeField(static_cast<Tag>(tag), payload, out)) return Malformed("the payload of a field");
  }
  return {};
}

// The files are kept in order of their numbers.
Status ManifestState::ApplyFiles(const ManifestEdit& edit) {
  const auto unfit = [](const char* what, uint64_t number) {
    return Status(Code::kCorruption, "An edit of the manifest does not fit the state before it: it " + std::string(what) +
                                         " table " + std::to_string(number) + ".");
  };
  const auto find = [this](uint64_t number) {
    return std::lower_bound(files.begin(), files.end(), number,
                            [](const FileEntry& file, uint64_t wanted) { return file.number < wanted; });
  };
  std::vector<uint64_t> removed;
  for (const auto& [tree, number] : edit.removed) {
    const auto found = find(number);
    if (found == files.end() || found->number != number || found->tree != tree) return unfit("removes the unknown", number);
    removed.push_back(number);
  }
  std::sort(removed.begin(), removed.end());
  if (std::adjacent_find(removed.begin(), removed.end()) != removed.end()) return unfit("removes twice a", removed.front());
  std::vector<uint64_t> added;
  for (const FileEntry& file : edit.added) {
    const auto found = find(file.number);
    const bool there = found != files.end() && found->number == file.number;
    if (there && !std::binary_search(removed.begin(), removed.end(), file.number)) return unfit("adds a second", file.number);
    if (file.level >= kLevels) return unfit("gives no possible level to", file.number);
    added.push_back(file.number);
  }
  std::sort(added.begin(), added.end());
  if (std::adjacent_find(added.begin(), added.end()) != added.end()) return unfit("adds twice a", added.front());

  if (!removed.empty()) {
    files.erase(
        std::remove_if(find(removed.front()), files.end(),
                       [&](const FileEntry& file) { return std::binary_search(removed.begin(), removed.end(), file.number); }),
        files.end());
  }
  for (const FileEntry& file : edit.added) files.insert(find(file.number), file);
  return {};
}

Status ManifestState::Apply(const ManifestEdit& edit) {
  SOCHDB_TRY(ApplyFiles(edit));
  for (const auto& [tree, lsn] : edit.flushed) flushed[static_cast<size_t>(tree)] = lsn;
  for (const auto& [tree, ts] : edit.last_writes) last_writes[static_cast<size_t>(tree)] = ts;
  for (const auto& [tree, policy] : edit.policies) policies[static_cast<size_t>(tree)] = policy;
  if (edit.next_file_number) next_file_number = *edit.next_file_number;
  if (edit.next_run_id) next_run_id = *edit.next_run_id;
  if (edit.last_ts) last_ts = *edit.last_ts;
  if (edit.history_floor) history_floor = *edit.history_floor;
  if (edit.checkpoint_lsn) checkpoint_lsn = *edit.checkpoint_lsn;
  return {};
}

}  // namespace sochdb
