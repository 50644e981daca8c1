#include "exec/sort_keys.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "codec/key_codec.h"
#include "exec/radix_sort.h"

namespace sochdb {
namespace {

constexpr uint32_t kRunRows = 16384;  // sorted without asking whether to go on

uint64_t OrderedWord(int64_t v) { return static_cast<uint64_t>(v) ^ (uint64_t{1} << 63); }
uint64_t OrderedWord(double v) {
  const auto bits = std::bit_cast<uint64_t>(v + 0.0);  // -0 is 0
  return bits ^ (bits >> 63 != 0 ? ~uint64_t{0} : uint64_t{1} << 63);
}
uint64_t OrderedWord(uint8_t v) { return v != 0 ? 1 : 0; }
uint64_t OrderedWord(std::string_view v) {
  if (v.size() >= 8) return DecodeBigEndian64(v.data());
  char bytes[8] = {};
  if (!v.empty()) std::memcpy(bytes, v.data(), v.size());
  return DecodeBigEndian64(bytes);
}

bool IsSpelled(ColumnType type) { return type == ColumnType::kDecimal || type == ColumnType::kAny; }
bool IsNumber64(ColumnType type) { return PhysicalOf(type) != Physical::kBytes && PhysicalOf(type) != Physical::kAny; }

std::vector<ColumnType> InexactTypes(std::span<const SortKeys::Key> keys) {
  std::vector<ColumnType> types;
  for (const SortKeys::Key& key : keys)
    if (!IsNumber64(key.type)) types.push_back(IsSpelled(key.type) ? ColumnType::kBlob : key.type);
  return types;
}

// Calls f(i, null, word) for the i-th selected row; the word of a NULL is any.
template <typename F>
void ForEachOrdered(const ColumnVector& values, const Selection& selection, F&& f) {
  const auto each = [&](const auto* data) {
    const uint32_t mask = values.at(~0u);
    const uint32_t n = selection.count;
    if (!values.may_have_nulls()) {
      for (uint32_t i = 0; i < n; ++i) f(i, false, OrderedWord(data[selection[i] & mask]));
    } else {
      for (uint32_t i = 0; i < n; ++i) {
        const bool null = values.IsNull(selection[i]);
        f(i, null, null ? 0 : OrderedWord(data[selection[i] & mask]));
      }
    }
  };
  switch (values.physical()) {
    case Physical::kBool:
      return each(values.data<uint8_t>());
    case Physical::kI64:
      return each(values.data<int64_t>());
    case Physical::kF64:
      return each(values.data<double>());
    default:
      return each(values.data<std::string_view>());
  }
}

}  // namespace

SortKeys::SortKeys(std::span<const Key> keys, ExecContext* context)
    : context_(context), bytes_(InexactTypes(keys), &context->memory), encoded_(&context->memory) {
  size_t inexact = 0;
  for (const Key& key : keys) {
    const bool exact = IsNumber64(key.type);
    columns_.push_back({key, exact, inexact, false, false, {}, {}});
    inexact += exact ? 0 : 1;
    coded_ = coded_ || IsSpelled(key.type);
    exact_ = exact_ && exact;
  }
  encoded_.Init(std::vector<ColumnType>(inexact, ColumnType::kBlob));
}

void SortKeys::Clear() {
  for (Column& column : columns_) {
    column.words.clear();
    column.words.shrink_to_fit();
    column.ranks.clear();
    column.ranks.shrink_to_fit();
    column.any_null = column.settled = false;
  }
  bytes_.Clear();
  context_->memory.Release(charged_);
  charged_ = 0;
  charged_rows_ = 0;
  rows_ = 0;
  has_last_ = false;
}

Status SortKeys::ChargeRows(size_t rows) {
  if (rows <= charged_rows_) return {};
  const size_t room = std::max(rows, charged_rows_ * 2);
  const uint64_t charge = room * columns_.size() * (sizeof(uint64_t) + sizeof(uint8_t));
  if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
  context_->memory.Release(charged_);
  charged_ = charge;
  charged_rows_ = room;
  for (Column& column : columns_) {
    column.words.reserve(room);
    column.ranks.reserve(room);
  }
  return {};
}

Status SortKeys::Append(std::span<const ColumnVector* const> columns, const Selection& selection) {
  if (selection.count == 0) return {};
  SOCHDB_TRY(ChargeRows(rows_ + selection.count));
  if (!exact_) SOCHDB_TRY(AppendBytes(columns, selection));
  for (size_t k = 0; k < columns_.size(); ++k) AppendColumn(&columns_[k], *columns[k], selection);
  rows_ += selection.count;
  return {};
}

Status SortKeys::AppendBytes(std::span<const ColumnVector* const> columns, const Selection& selection) {
  Batch batch;
  batch.selection = selection;
  if (coded_) SOCHDB_TRY(encoded_.Reset(kBatchRows));
  KeyBuffer key;
  for (size_t k = 0; k < columns_.size(); ++k) {
    const Column& column = columns_[k];
    if (column.exact) continue;
    const ColumnVector& values = *columns[k];
    if (!IsSpelled(column.key.type) || values.type() == ColumnType::kNull) {
      batch.columns.push_back(&values);
      continue;
    }
    for (uint32_t i = 0; i < selection.count; ++i) {
      const uint32_t r = selection[i];
      Value coded;
      if (!values.IsNull(r)) {
        key.clear();
        SOCHDB_TRY(AppendKeyValue(&key, values.type(), values.Get(r), false));
        coded = Value::Bytes(ColumnType::kBlob, key.view());
      }
      SOCHDB_TRY(encoded_.Set(column.bytes_column, r, coded));
    }
    batch.columns.push_back(&encoded_.column(column.bytes_column));
  }
  return bytes_.Append(batch);
}

void SortKeys::AppendColumn(Column* column, const ColumnVector& values, const Selection& selection) {
  const uint32_t n = selection.count;
  column->words.resize(rows_ + n);
  column->ranks.resize(rows_ + n);
  uint64_t* words = column->words.data() + rows_;
  uint8_t* ranks = column->ranks.data() + rows_;
  const uint64_t flip = column->key.descending ? ~uint64_t{0} : 0;
  const bool all_null = values.type() == ColumnType::kNull;
  const uint8_t rank = column->key.nulls_last ? 0 : 1;
  std::memset(ranks, all_null ? rank ^ 1 : rank, n);
  if (all_null) {
    column->any_null = true;
    return;
  }
  const auto put = [&](uint32_t i, bool null, uint64_t word) {
    words[i] = null ? 0 : word ^ flip;
    if (!null) return;
    ranks[i] = rank ^ 1;
    column->any_null = true;
  };
  if (!IsSpelled(column->key.type)) return ForEachOrdered(values, selection, put);
  for (uint32_t i = 0; i < n; ++i) {
    const bool null = values.IsNull(selection[i]);
    put(i, null, null ? 0 : OrderedWord(Bytes(*column, rows_ + i)));
  }
}

bool SortKeys::Less(uint32_t a, uint32_t b) const {
  for (const Column& column : columns_) {
    if (column.any_null && column.ranks[a] != column.ranks[b]) return column.ranks[a] < column.ranks[b];
    if (column.words[a] != column.words[b]) return column.words[a] < column.words[b];
    if (column.exact || bytes_.IsNull(a, column.bytes_column)) continue;
    const int order = Bytes(column, a).compare(Bytes(column, b));
    if (order != 0) return column.key.descending ? order > 0 : order < 0;
  }
  return a < b;
}

// Texts of one beginning ("user 1", "user 2", …) would have the same words: what they all begin with is left out. Where seven
// bytes are left of each at most, there is room for the length too, and words tell all.
void SortKeys::SkipCommonBytes(Column* column) {
  std::string_view common;
  size_t longest = 0;
  bool first = true;
  for (uint32_t row = 0; row < rows_; ++row) {
    if (bytes_.IsNull(row, column->bytes_column)) continue;
    const std::string_view bytes = Bytes(*column, row);
    if (first) common = bytes;
    first = false;
    longest = std::max(longest, bytes.size());
    if (bytes.starts_with(common)) continue;
    const auto end = std::mismatch(common.begin(), common.end(), bytes.begin(), bytes.end()).first;
    common = common.substr(0, static_cast<size_t>(end - common.begin()));
  }
  const size_t skipped = common.size();
  column->settled = longest - skipped <= 7;
  if (skipped == 0 && !column->settled) return;
  const uint64_t flip = column->key.descending ? ~uint64_t{0} : 0;
  for (uint32_t row = 0; row < rows_; ++row) {
    if (bytes_.IsNull(row, column->bytes_column)) continue;
    const std::string_view bytes = Bytes(*column, row).substr(skipped);
    column->words[row] = (OrderedWord(bytes) | (column->settled ? bytes.size() : 0)) ^ flip;
  }
}

// Chooses what of the keys is packed into words of how many bits. False: the words leave some order open.
bool SortKeys::Pack(std::vector<Field>* fields, int* bits) const {
  *bits = 0;
  for (const Column& column : columns_) {
    uint64_t low = ~uint64_t{0};
    uint64_t high = 0;
    const uint8_t null = column.key.nulls_last ? 1 : 0;
    for (uint32_t row = 0; row < rows_; ++row) {
      if (column.any_null && column.ranks[row] == null) continue;
      low = std::min(low, column.words[row]);
      high = std::max(high, column.words[row]);
    }
    Field field{low, 0, 0, column.any_null};
    if (low > high) field.low = 0;  // all are NULL
    else field.bits = 64 - std::countl_zero(high - low);
    const int room = 64 - *bits - (field.ranked ? 1 : 0);
    if (room <= 0) return false;
    const bool fits = field.bits <= room;
    if (!fits) {
      field.shift = field.bits - room;
      field.bits = room;
    }
    field.bits += field.ranked ? 1 : 0;
    *bits += field.bits;
    fields->push_back(field);
    if (!fits || !(column.exact || column.settled)) return false;
  }
  return true;
}

void SortKeys::PackWords(std::span<const Field> fields, std::vector<uint64_t>* packed) const {
  packed->assign(rows_, 0);
  uint64_t* to = packed->data();
  for (size_t k = 0; k < fields.size(); ++k) {
    const Field field = fields[k];
    const uint64_t* words = columns_[k].words.data();
    const uint8_t* ranks = columns_[k].ranks.data();
    const uint8_t null = columns_[k].key.nulls_last ? 1 : 0;
    const int shift = field.bits == 64 ? 0 : field.bits;  // then it is the only one
    for (uint32_t row = 0; row < rows_; ++row) {
      uint64_t part = (words[row] - field.low) >> field.shift;
      if (field.ranked) {
        if (ranks[row] == null) part = 0;
        part |= uint64_t{ranks[row]} << (field.bits - 1);
      }
      to[row] = (to[row] << shift) | part;
    }
  }
}

Status SortKeys::Order(std::vector<uint32_t>* rows) {
  rows->clear();
  if (rows_ == 0) return {};
  for (Column& column : columns_)
    if (!column.exact) SkipCommonBytes(&column);
  std::vector<Field> fields;
  int bits = 0;
  const bool exact = Pack(&fields, &bits);
  // The words and as much again to sort them with, and the rows.
  const uint64_t charge = uint64_t{rows_} * (2 * sizeof(KeyedRow) + sizeof(uint32_t));
  if (!context_->memory.Charge(charge)) return context_->memory.LimitError();
  charged_ += charge;
  SOCHDB_TRY(context_->Tick(rows_));
  return OrderByWords(fields, bits, exact, rows);
}

Status SortKeys::OrderByWords(std::span<const Field> fields, int bits, bool exact, std::vector<uint32_t>* rows) {
  const int row_bits = 32 - std::countl_zero(rows_);
  rows->resize(rows_);
  std::vector<uint64_t> packed;
  PackWords(fields, &packed);
  if (bits + row_bits <= 64) {  // the row's number fits beside
    for (uint32_t row = 0; row < rows_; ++row) packed[row] = (packed[row] << row_bits) | row;
    SOCHDB_TRY(RadixSort(&packed, row_bits, bits, context_, [](uint64_t word) { return word; }));
    const uint64_t mask = (uint64_t{1} << row_bits) - 1;
    for (uint32_t i = 0; i < rows_; ++i) (*rows)[i] = static_cast<uint32_t>(packed[i] & mask);
    for (uint64_t& word : packed) word >>= row_bits;
  } else {
    std::vector<KeyedRow> keyed(rows_);
    for (uint32_t row = 0; row < rows_; ++row) keyed[row] = {packed[row], row};
    SOCHDB_TRY(RadixSort(&keyed, 0, bits, context_, [](const KeyedRow& k) { return k.key; }));
    for (uint32_t i = 0; i < rows_; ++i) {
      (*rows)[i] = keyed[i].row;
      packed[i] = keyed[i].key;
    }
  }
  if (exact) return {};
  for (size_t from = 0; from < rows_;) {
    size_t to = from + 1;
    while (to < rows_ && packed[to] == packed[from]) ++to;
    if (to - from > 1) SOCHDB_TRY(OrderTies({rows->data() + from, to - from}));
    from = to;
  }
  return {};
}

// Sorts runs, then merges pairs of them, asking between whether to go on.
Status SortKeys::OrderTies(std::span<uint32_t> rows) {
  const auto less = [this](uint32_t a, uint32_t b) { return Less(a, b); };
  const size_t n = rows.size();
  SOCHDB_TRY(context_->Tick(static_cast<uint32_t>(n)));
  if (std::is_sorted(rows.begin(), rows.end(), less)) return {};  // mostly they are equal
  for (size_t from = 0; from < n; from += kRunRows) {
    const size_t to = std::min<size_t>(n, from + kRunRows);
    SOCHDB_TRY(context_->Tick(static_cast<uint32_t>(to - from)));
    std::sort(rows.begin() + static_cast<ptrdiff_t>(from), rows.begin() + static_cast<ptrdiff_t>(to), less);
  }
  std::vector<uint32_t> merged;
  for (size_t width = kRunRows; width < n; width *= 2) {
    merged.clear();
    merged.reserve(n);
    for (size_t from = 0; from < n; from += 2 * width) {
      SOCHDB_TRY(context_->Tick(kRunRows));
      const auto at = [&](size_t i) { return rows.begin() + static_cast<ptrdiff_t>(std::min(n, i)); };
      std::merge(at(from), at(from + width), at(from + width), at(from + 2 * width), std::back_inserter(merged), less);
    }
    std::copy(merged.begin(), merged.end(), rows.begin());
  }
  return {};
}

Status SortKeys::Prune(uint32_t top, std::vector<uint32_t>* kept) {
  kept->resize(rows_);
  std::iota(kept->begin(), kept->end(), 0u);
  const auto last = kept->begin() + static_cast<ptrdiff_t>(top - 1);
  std::nth_element(kept->begin(), last, kept->end(), [this](uint32_t a, uint32_t b) { return Less(a, b); });
  last_words_.resize(columns_.size());
  last_ranks_.resize(columns_.size());
  for (size_t k = 0; k < columns_.size(); ++k) {
    last_words_[k] = columns_[k].words[*last];
    last_ranks_[k] = columns_[k].ranks[*last];
  }
  has_last_ = true;
  kept->resize(top);
  // In their old order, so that equal rows stay as they came.
  std::sort(kept->begin(), kept->end());
  for (Column& column : columns_) {
    for (uint32_t i = 0; i < top; ++i) {
      column.words[i] = column.words[(*kept)[i]];
      column.ranks[i] = column.ranks[(*kept)[i]];
    }
    column.words.resize(top);
    column.ranks.resize(top);
  }
  rows_ = top;
  return exact_ ? Status() : bytes_.Keep(*kept);
}

Selection SortKeys::NotBehind(std::span<const ColumnVector* const> columns, const Selection& selection,
                              std::vector<uint16_t>* rows) const {
  if (!has_last_) return selection;
  rows->resize(selection.count);
  uint16_t* to = rows->data();
  uint32_t n = 0;
  const ColumnVector& first = *columns[0];
  const Column& key = columns_[0];
  if (IsSpelled(key.key.type) || first.type() == ColumnType::kNull) return selection;
  const bool decides = columns_.size() == 1;  // rows that come later are behind those they equal
  const uint8_t rank = key.key.nulls_last ? 0 : 1;
  const uint8_t null_rank = rank ^ 1;
  const uint8_t last_rank = last_ranks_[0];
  const bool keeps_null = null_rank < last_rank || (null_rank == last_rank && !decides);
  const uint64_t flip = key.key.descending ? ~uint64_t{0} : 0;
  // The least word that is behind; of texts, equal words leave the order open.
  const uint64_t last = last_words_[0];
  const bool keeps_equal = !decides || !key.exact;
  ForEachOrdered(first, selection, [&](uint32_t i, bool null, uint64_t word) {
    const uint64_t w = word ^ flip;
    const bool before = rank < last_rank || (rank == last_rank && (w < last || (keeps_equal && w == last)));
    to[n] = static_cast<uint16_t>(selection[i]);
    n += (null ? keeps_null : before) ? 1u : 0u;
  });
  return {to, n};
}

}  // namespace sochdb
