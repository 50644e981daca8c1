#include "exec/row_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace sochdb {
namespace {

constexpr uint32_t kLookAhead = 8;  // keys whose slots are fetched before they are looked at

// Decimals and the numbers of ANY are equal in more than one spelling; keys have one.
bool IsCoded(ColumnType type) { return type == ColumnType::kDecimal || type == ColumnType::kAny; }

bool IsAllNull(const ColumnVector& column) {
  return column.type() == ColumnType::kNull || (column.constant() && column.IsNull(0));
}

size_t FixedBytes(ColumnType type) {
  switch (PhysicalOf(type)) {
    case Physical::kBool:
      return 1;
    case Physical::kI64:
    case Physical::kF64:
      return 8;
    default:
      return 0;
  }
}

uint64_t WordOf(double v) { return std::bit_cast<uint64_t>(v + 0.0); }  // -0 is 0
uint64_t WordOf(int64_t v) { return static_cast<uint64_t>(v); }
uint64_t WordOf(uint8_t v) { return v != 0 ? 1 : 0; }

// Calls f(i, word) for the i-th selected row; the words of NULLs are any.
template <typename F>
void ForEachWord(const ColumnVector& column, const Selection& selection, F&& f) {
  const auto each = [&](const auto* data) {
    const uint32_t mask = column.at(~0u);
    if (selection.rows == nullptr) {
      for (uint32_t i = 0; i < selection.count; ++i) f(i, WordOf(data[i & mask]));
    } else {
      for (uint32_t i = 0; i < selection.count; ++i) f(i, WordOf(data[selection.rows[i] & mask]));
    }
  };
  switch (column.physical()) {
    case Physical::kI64:
      return each(column.data<int64_t>());
    case Physical::kF64:
      return each(column.data<double>());
    default:
      return each(column.data<uint8_t>());
  }
}

}  // namespace

RowTable::RowTable(std::span<const ColumnType> types, MemoryTracker* memory, uint64_t seed)
    : types_(types.begin(), types.end()), kind_(Kind::kRow), memory_(memory), words_(memory, seed), bytes_(memory, seed) {
  if (types.size() == 1 && FixedBytes(types[0]) > 0) kind_ = Kind::kWord;
  else if (types.size() == 1 && !IsCoded(types[0])) kind_ = Kind::kBytes;
}

RowTable::~RowTable() { memory_->Release(scratch_bytes_); }

void RowTable::Clear() {
  words_.Clear();
  bytes_.Clear();
  size_ = 0;
  null_id_ = kNone;
}

void RowTable::PrepareWords(const ColumnVector& column, const Selection& selection) {
  keys_.resize(selection.count);
  uint64_t* keys = keys_.data();
  uint64_t* hashes = hashes_.data();
  ForEachWord(column, selection, [&](uint32_t i, uint64_t word) {
    keys[i] = word;
    hashes[i] = words_.HashOf(word);
  });
}

void RowTable::PrepareBytes(const ColumnVector& column, const Selection& selection) {
  views_.resize(selection.count);
  const auto* data = column.data<std::string_view>();
  const uint32_t mask = column.at(~0u);
  for (uint32_t i = 0; i < selection.count; ++i) {
    const uint32_t r = selection[i];
    if (with_nulls_ != nullptr && column.IsNull(r)) continue;
    views_[i] = data[r & mask];
    hashes_[i] = bytes_.HashOf(views_[i]);
  }
}

// Adds the bytes of a column to the length of each row's key.
Status RowTable::MeasureColumn(size_t c, const ColumnVector& column, const Selection& selection) {
  uint64_t* lengths = ends_.data();
  const size_t fixed = FixedBytes(types_[c]);
  if (fixed > 0 || IsAllNull(column)) {
    const size_t bytes = fixed > 0 ? fixed : sizeof(uint32_t);
    for (uint32_t i = 0; i < selection.count; ++i) lengths[i] += bytes;
    return {};
  }
  if (!IsCoded(types_[c])) {
    const auto* data = column.data<std::string_view>();
    const uint32_t mask = column.at(~0u);
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      const size_t bytes = column.may_have_nulls() && column.IsNull(r) ? 0 : data[r & mask].size();
      lengths[i] += sizeof(uint32_t) + bytes;
    }
    return {};
  }
  for (uint32_t i = 0; i < selection.count; ++i) {
    const size_t before = coded_.size();
    const uint32_t r = selection[i];
    if (!column.IsNull(r)) SOCHDB_TRY(AppendKeyValue(&coded_, column.type(), column.Get(r), false));
    lengths[i] += sizeof(uint32_t) + coded_.size() - before;
    coded_ends_.push_back(coded_.size());
  }
  return {};
}

// Writes the bytes of a column where each row's key goes on: ends_ is how far it has come.
void RowTable::WriteColumn(size_t c, const ColumnVector& column, const Selection& selection) {
  char* out = scratch_.get();
  uint64_t* at = ends_.data();
  const auto put = [&](uint32_t i, std::string_view bytes) {
    EncodeFixed32(out + at[i], static_cast<uint32_t>(bytes.size()));
    if (!bytes.empty()) std::memcpy(out + at[i] + sizeof(uint32_t), bytes.data(), bytes.size());
    at[i] += sizeof(uint32_t) + bytes.size();
  };
  const size_t fixed = FixedBytes(types_[c]);
  const bool nulls = column.may_have_nulls();
  if (IsAllNull(column)) {
    const size_t bytes = fixed > 0 ? fixed : sizeof(uint32_t);
    for (uint32_t i = 0; i < selection.count; ++i) {
      std::memset(out + at[i], 0, bytes);
      at[i] += bytes;
    }
  } else if (fixed > 0) {
    ForEachWord(column, selection, [&](uint32_t i, uint64_t word) {
      const uint64_t value = nulls && column.IsNull(selection[i]) ? 0 : word;
      if (fixed == 1) out[at[i]] = static_cast<char>(value);
      else EncodeFixed64(out + at[i], value);
      at[i] += fixed;
    });
  } else if (!IsCoded(types_[c])) {
    const auto* data = column.data<std::string_view>();
    const uint32_t mask = column.at(~0u);
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      put(i, nulls && column.IsNull(r) ? std::string_view() : data[r & mask]);
    }
  } else {
    const size_t first = coded_columns_++ * selection.count;
    for (uint32_t i = 0; i < selection.count; ++i) {
      const size_t begin = first + i == 0 ? 0 : coded_ends_[first + i - 1];
      put(i, coded_.view().substr(begin, coded_ends_[first + i] - begin));
    }
  }
}

// Rows with a NULL end in a bit for each column.
void RowTable::MarkNulls(std::span<const ColumnVector* const> columns, const Selection& selection) {
  const size_t bytes = (columns.size() + 7) / 8;
  for (uint32_t i = 0; i < selection.count; ++i) {
    if (has_null_[i] == 0) continue;
    char* out = scratch_.get() + ends_[i];
    std::memset(out, 0, bytes);
    for (size_t c = 0; c < columns.size(); ++c) {
      const bool null = columns[c]->type() == ColumnType::kNull || columns[c]->IsNull(selection[i]);
      if (null) out[c / 8] = static_cast<char>(out[c / 8] | (1 << (c % 8)));
    }
    ends_[i] += bytes;
  }
}

Status RowTable::PrepareRows(std::span<const ColumnVector* const> columns, const Selection& selection) {
  const uint32_t n = selection.count;
  ends_.assign(n, 0);
  coded_.clear();
  coded_ends_.clear();
  coded_columns_ = 0;
  has_null_.assign(n, 0);
  bool any_null = false;
  for (size_t c = 0; c < columns.size(); ++c) {
    SOCHDB_TRY(MeasureColumn(c, *columns[c], selection));
    const bool all = IsAllNull(*columns[c]);
    if (!all && !columns[c]->may_have_nulls()) continue;
    any_null = true;
    for (uint32_t i = 0; i < n; ++i)
      if (all || columns[c]->IsNull(selection[i])) has_null_[i] = 1;
  }
  const size_t null_bytes = (columns.size() + 7) / 8;
  begins_.resize(n);
  uint64_t sum = 0;
  for (uint32_t i = 0; i < n; ++i) {
    begins_[i] = sum;
    sum += ends_[i] + (has_null_[i] != 0 ? null_bytes : 0);
    ends_[i] = begins_[i];
  }
  if (sum > scratch_bytes_) SOCHDB_TRY(GrowScratch(sum));
  for (size_t c = 0; c < columns.size(); ++c) WriteColumn(c, *columns[c], selection);
  if (any_null) MarkNulls(columns, selection);
  views_.resize(n);
  for (uint32_t i = 0; i < n; ++i) {
    views_[i] = {scratch_.get() + begins_[i], ends_[i] - begins_[i]};
    hashes_[i] = bytes_.HashOf(views_[i]);
  }
  return {};
}

Status RowTable::GrowScratch(uint64_t bytes) {
  const uint64_t room = bytes + bytes / 2;
  if (!memory_->Charge(room)) return memory_->LimitError();
  memory_->Release(scratch_bytes_);
  scratch_bytes_ = room;
  scratch_.reset(new char[room]);
  return {};
}

Status RowTable::Prepare(std::span<const ColumnVector* const> columns, const Selection& selection) {
  hashes_.resize(selection.count);
  if (kind_ == Kind::kRow) return PrepareRows(columns, selection);
  const ColumnVector& column = *columns[0];
  all_null_ = IsAllNull(column);
  with_nulls_ = column.may_have_nulls() ? &column : nullptr;
  if (all_null_) return {};
  if (kind_ == Kind::kWord) PrepareWords(column, selection);
  else PrepareBytes(column, selection);
  return {};
}

// Calls look(i) for each key of the batch that is no NULL by itself, and null(i) for the others.
template <typename Look, typename Null>
Status RowTable::ForEachKey(const Selection& selection, Look&& look, Null&& null) {
  const uint32_t n = selection.count;
  const bool alone = kind_ != Kind::kRow;
  if (alone && all_null_) {
    for (uint32_t i = 0; i < n; ++i) null(i);
    return {};
  }
  if (alone && with_nulls_ != nullptr) {
    for (uint32_t i = 0; i < n; ++i) {
      if (with_nulls_->IsNull(selection[i])) null(i);
      else SOCHDB_TRY(look(i));
    }
    return {};
  }
  for (uint32_t i = 0; i < n; ++i) SOCHDB_TRY(look(i));
  return {};
}

Status RowTable::FindOrInsert(std::span<const ColumnVector* const> columns, const Selection& selection, uint32_t* ids,
                              std::vector<uint16_t>* fresh) {
  SOCHDB_TRY(Prepare(columns, selection));
  const auto found = [&](uint32_t i) {
    if (ids[i] != size_) return;
    fresh->push_back(static_cast<uint16_t>(selection[i]));
    ++size_;
  };
  const auto null = [&](uint32_t i) {
    if (null_id_ == kNone) null_id_ = size_;
    ids[i] = null_id_;
    found(i);
  };
  const uint64_t* hashes = hashes_.data();
  const uint32_t last = selection.count == 0 ? 0 : selection.count - 1;
  if (kind_ == Kind::kWord) {
    const auto look = [&](uint32_t i) -> Status {
      words_.Prefetch(hashes[std::min(i + kLookAhead, last)]);
      SOCHDB_TRY(words_.FindOrInsert(keys_[i], hashes[i], size_, &ids[i]));
      found(i);
      return {};
    };
    return ForEachKey(selection, look, null);
  }
  const auto look = [&](uint32_t i) -> Status {
    bytes_.Prefetch(hashes[std::min(i + kLookAhead, last)]);
    uint32_t id = 0;
    bool inserted = false;
    SOCHDB_TRY(bytes_.FindOrInsertHashed(views_[i], hashes[i], &id, &inserted));
    ids[i] = BesideNull(id);
    found(i);
    return {};
  };
  return ForEachKey(selection, look, null);
}

Status RowTable::Find(std::span<const ColumnVector* const> columns, const Selection& selection, uint32_t* ids) {
  SOCHDB_TRY(Prepare(columns, selection));
  const uint64_t* hashes = hashes_.data();
  const uint32_t last = selection.count == 0 ? 0 : selection.count - 1;
  const auto null = [&](uint32_t i) { ids[i] = null_id_; };
  if (kind_ == Kind::kWord) {
    const auto look = [&](uint32_t i) -> Status {
      words_.Prefetch(hashes[std::min(i + kLookAhead, last)]);
      ids[i] = words_.Find(keys_[i], hashes[i]);
      return {};
    };
    return ForEachKey(selection, look, null);
  }
  const auto look = [&](uint32_t i) -> Status {
    bytes_.Prefetch(hashes[std::min(i + kLookAhead, last)]);
    ids[i] = BesideNull(bytes_.FindHashed(views_[i], hashes[i]));
    return {};
  };
  return ForEachKey(selection, look, null);
}

Selection WithoutNulls(std::span<const ColumnVector* const> columns, const Selection& selection, std::vector<uint16_t>* rows) {
  Selection left = selection;
  for (const ColumnVector* column : columns) {
    if (IsAllNull(*column)) return {nullptr, 0};
    if (!column->may_have_nulls()) continue;
    // Narrowing in place: what is written lies at or before what is read.
    rows->resize(std::max<size_t>(rows->size(), left.count));
    uint16_t* to = rows->data();
    uint32_t n = 0;
    for (uint32_t i = 0; i < left.count; ++i) {
      const uint32_t r = left[i];
      to[n] = static_cast<uint16_t>(r);
      n += column->IsNull(r) ? 0u : 1u;
    }
    left = {to, n};
  }
  return left;
}

}  // namespace sochdb
