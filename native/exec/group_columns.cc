#include "exec/group_columns.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "base/hash.h"
#include "codec/key_codec.h"
#include "codec/tagged_value.h"

namespace sochdb {

// What a kept column is of, for its tag is but a hash; and what is in it.
struct GroupColumns::ColumnHead {
  char prefix[kRowPrefixBytes];
  uint32_t group;
  uint32_t position;
  uint32_t physical;
  uint32_t first;        // the first live entry of the group that is a row of the table
  uint32_t rows;         // so many are
  uint32_t columns_max;  // of any of them
  uint32_t any_null;
  uint32_t any_missing;

  [[nodiscard]] bool marked() const { return any_null != 0 || any_missing != 0; }
  [[nodiscard]] size_t values_at() const {
    constexpr size_t kAlign = alignof(Value);
    return sizeof(ColumnHead) + ((marked() ? size_t{rows} : 0) + kAlign - 1) / kAlign * kAlign;
  }
};

namespace {

constexpr uint8_t kMissing = 2;
constexpr std::array<uint8_t, kBatchRows> kNoNulls{};

size_t ElementBytes(Physical physical) {
  switch (physical) {
    case Physical::kBool:
      return 1;
    case Physical::kI64:
    case Physical::kF64:
      return 8;
    case Physical::kBytes:
      return sizeof(std::string_view);
    case Physical::kAny:
      return sizeof(Value);
  }
  return 0;
}

bool IsVariable(Physical physical) { return physical == Physical::kBytes || physical == Physical::kAny; }

// Writes the value of a row into a column; bytes go to *bytes, which moves on. False where they make no value.
bool PutValue(const RowReader& row, const RowLayout::Column& layout, uint32_t r, char* values, char** bytes) {
  std::string_view stored;
  if (IsVariable(layout.physical)) {
    if (!row.Bytes(layout, &stored)) return false;
    if (layout.type == ColumnType::kUuid && stored.size() != kUuidBytes) return false;
    if (!stored.empty()) std::memcpy(*bytes, stored.data(), stored.size());
    stored = {*bytes, stored.size()};
    *bytes += stored.size();
  }
  switch (layout.physical) {
    case Physical::kBool:
      values[r] = row.Boolean(layout) ? 1 : 0;
      break;
    case Physical::kI64:
      reinterpret_cast<int64_t*>(values)[r] = row.Int64(layout);
      break;
    case Physical::kF64:
      reinterpret_cast<double*>(values)[r] = row.Real(layout);
      break;
    case Physical::kBytes:
      reinterpret_cast<std::string_view*>(values)[r] = stored;
      break;
    case Physical::kAny:
      return DecodeStoredTagged(stored, &reinterpret_cast<Value*>(values)[r]);
  }
  return true;
}

}  // namespace

GroupColumns::GroupColumns(const TableInfo* table, std::span<const uint32_t> projection, std::string_view prefix)
    : table_(table), prefix_(prefix) {
  KeyBuffer behind;
  behind.assign(prefix);
  MakePrefixSuccessor(&behind);
  behind_ = behind.view();
  std::vector<uint32_t> positions(projection.begin(), projection.end());
  if (positions.empty()) {  // rows that are only counted must be rows that this plan can read: one column tells
    uint32_t least = 0;
    while (least + 1 < table->layout.size() && IsVariable(table->layout.column(least).physical)) ++least;
    positions.push_back(least);
  }
  for (const uint32_t position : positions) {
    columns_.push_back({position, table->layout.column(position), &table->columns[position].default_value, {}});
  }
}

GroupColumns::~GroupColumns() = default;

uint64_t GroupColumns::TagOfColumn(const Column& column, uint32_t group) const {
  const uint64_t place = uint64_t{group} << 32 | column.position << 3 | static_cast<uint64_t>(column.layout.physical);
  return EntryGroup::kTagBit | Hash64(prefix_, HashNumber(place)) >> 2;
}

// False when the block is none of this column: two tags may be equal.
bool GroupColumns::Open(BlockRef block, uint32_t group, Column* column) const {
  const auto* const head = reinterpret_cast<const ColumnHead*>(block.data().data());
  if (std::memcmp(head->prefix, prefix_.data(), kRowPrefixBytes) != 0 || head->group != group ||
      head->position != column->position || head->physical != static_cast<uint32_t>(column->layout.physical)) {
    return false;
  }
  column->head = head;
  column->marks = head->marked() ? reinterpret_cast<const uint8_t*>(head + 1) : nullptr;
  column->values = reinterpret_cast<const char*>(head) + head->values_at();
  column->block = std::move(block);
  return true;
}

Status GroupColumns::Enter(const std::shared_ptr<const EntryGroup>& group, bool* usable) {
  *usable = usable_;
  if (group == group_) return {};
  *usable = usable_ = false;
  for (Column& column : columns_) {
    if (column.block) shown_.push_back(std::move(column.block));
  }
  group_ = group;
  std::vector<Column*> missing;
  for (Column& column : columns_) {
    BlockRef kept = group->FindMade(TagOfColumn(column, group->number()));
    if (!kept || !Open(std::move(kept), group->number(), &column)) missing.push_back(&column);
  }
  bool made = true;
  if (!missing.empty()) SOCHDB_TRY(Make(*group, missing, &made));
  usable_ = made;
  for (const Column& column : columns_) {
    // A row with more columns than the plan knows is for the binder.
    usable_ = usable_ && column.head->columns_max <= table_->layout.size();
  }
  *usable = usable_;
  return {};
}

Status GroupColumns::Make(const EntryGroup& group, std::span<Column* const> missing, bool* usable) {
  *usable = false;
  const std::vector<std::string_view>* values = nullptr;
  SOCHDB_TRY(group.Values(&values));
  const uint32_t first_key = group.LowerBound(0, prefix_);
  const uint32_t end_key = behind_.empty() ? group.keys() : group.LowerBound(first_key, behind_);
  const uint32_t first = group.RowOf(first_key);
  readers_.resize(group.RowOf(end_key) - first);
  for (size_t i = 0; i < readers_.size(); ++i) {
    if (!readers_[i].Init(table_->layout, (*values)[first + i]).ok()) return {};
  }
  for (Column* const column : missing) {
    BlockRef block = MakeColumn(group, first, *column);
    if (!block) return {};
    group.KeepMade(TagOfColumn(*column, group.number()), block);
    (void)Open(std::move(block), group.number(), column);
  }
  *usable = true;
  return {};
}

// Empty where some row does not decode.
BlockRef GroupColumns::MakeColumn(const EntryGroup& group, uint32_t first, const Column& column) const {
  const Physical physical = column.layout.physical;
  ColumnHead head{
      {}, group.number(), column.position, static_cast<uint32_t>(physical), first, static_cast<uint32_t>(readers_.size()), 0, 0,
      0};
  std::memcpy(head.prefix, prefix_.data(), kRowPrefixBytes);
  uint64_t bytes = 0;
  for (const RowReader& row : readers_) {
    head.columns_max = std::max(head.columns_max, static_cast<uint32_t>(row.count()));
    if (!row.Has(column.position)) {
      head.any_missing = 1;
    } else if (row.IsNull(column.position)) {
      head.any_null = 1;
    } else if (std::string_view stored; IsVariable(physical)) {
      if (!row.Bytes(column.layout, &stored)) return {};
      bytes += stored.size();
    }
  }
  const size_t size = head.values_at() + head.rows * ElementBytes(physical) + bytes;
  std::unique_ptr<char[]> made(new char[size]);
  std::memcpy(made.get(), &head, sizeof(head));
  auto* const marks = reinterpret_cast<uint8_t*>(made.get() + sizeof(head));
  char* const data = made.get() + head.values_at();
  std::memset(data, 0, head.rows * ElementBytes(physical));
  char* at = data + head.rows * ElementBytes(physical);
  for (uint32_t r = 0; r < head.rows; ++r) {
    const RowReader& row = readers_[r];
    const bool missing = !row.Has(column.position);
    const bool null = !missing && row.IsNull(column.position);
    if (head.marked()) marks[r] = missing ? kMissing : (null ? 1 : 0);
    if (!missing && !null && !PutValue(row, column.layout, r, data, &at)) return {};
  }
  return BlockRef(Block::New(std::move(made), static_cast<uint32_t>(size)));
}

void GroupColumns::Show(uint32_t first, uint32_t n, BatchStorage* out) const {
  for (size_t c = 0; c < out->size(); ++c) {
    const Column& column = columns_[c];
    if (column.head->any_missing != 0) {
      CopyColumn(column, first, n, 0, &out->column(c));
      continue;
    }
    const uint32_t at = first - column.head->first;
    out->column(c).Borrow(column.values + at * ElementBytes(column.layout.physical),
                          column.marks == nullptr ? kNoNulls.data() : column.marks + at, column.marks != nullptr);
  }
}

void GroupColumns::Copy(uint32_t first, uint32_t n, uint32_t r, BatchStorage* out) const {
  for (size_t c = 0; c < out->size(); ++c) CopyColumn(columns_[c], first, n, r, &out->column(c));
}

void GroupColumns::CopyColumn(const Column& column, uint32_t first, uint32_t n, uint32_t r, ColumnVector* to) const {
  const size_t element = ElementBytes(column.layout.physical);
  const uint32_t at = first - column.head->first;
  std::memcpy(to->data<char>() + r * element, column.values + at * element, n * element);
  if (column.marks == nullptr) return;
  for (uint32_t i = 0; i < n; ++i) {
    const uint8_t mark = column.marks[at + i];
    if (mark == 0) continue;
    to->Set(r + i, mark == kMissing ? *column.default_value : Value());  // its bytes live in the plan
  }
}

}  // namespace sochdb
