// kv_rows: the keys under a prefix, and members of the JSON objects that are their values.

#include <cstring>
#include <string>
#include <vector>

#include "codec/key_codec.h"
#include "exec/functions/json_tree.h"
#include "exec/table_function.h"

namespace sochdb {
namespace {

constexpr size_t kFixedColumns = 2;  // key, value

class KvRows : public TableFunction {
 public:
  explicit KvRows(ExecContext* context) : context_(context) {}

  Status Open(std::span<const Value> args) override {
    cursor_.reset();
    names_.clear();
    for (const Value& name : args.subspan(1)) names_.emplace_back(name.bytes);
    const uint32_t ns = context_->ns();
    const char space[] = {static_cast<char>(ns >> 24), static_cast<char>(ns >> 16), static_cast<char>(ns >> 8),
                          static_cast<char>(ns)};
    space_bytes_ = sizeof(space);
    KeyBuffer lo;
    lo.append({space, sizeof(space)});
    lo.append(args[0].bytes);
    KeyBuffer hi;
    hi.append(lo.view());
    MakePrefixSuccessor(&hi);
    SOCHDB_ASSIGN(cursor, context_->reader->NewCursor(TreeId::kKeys, lo.view(), hi.view(), {}));
    cursor_ = std::move(cursor);
    return {};
  }

  Status Next(uint32_t want, BatchStorage* out, uint32_t* rows) override {
    *rows = 0;
    while (*rows < want && cursor_ != nullptr) {
      SOCHDB_TRY(context_->Tick());
      bool found = false;
      SOCHDB_TRY(cursor_->Next(&found));
      if (!found) {
        cursor_.reset();
        return {};
      }
      bool taken = true;
      if (!names_.empty()) SOCHDB_TRY(TakeMembers(cursor_->value(), *rows, out, &taken));
      if (!taken) continue;
      SOCHDB_TRY(out->Set(0, *rows, Value::Bytes(ColumnType::kBlob, cursor_->key().substr(space_bytes_))));
      SOCHDB_TRY(out->Set(1, *rows, Value::Bytes(ColumnType::kBlob, cursor_->value())));
      ++*rows;
    }
    return {};
  }

 private:
  // *taken false: the value is no JSON object.
  Status TakeMembers(std::string_view value, uint32_t row, BatchStorage* out, bool* taken) {
    tree_.Clear();
    int32_t root = -1;
    *taken = tree_.Parse(value, &root) && tree_.at(root).kind == JsonKind::kObject;
    if (!*taken) return {};
    for (size_t i = 0; i < names_.size(); ++i) {
      const size_t column = kFixedColumns + i;
      SOCHDB_TRY(out->Set(column, row, Member(root, names_[i], out->column(column).type())));
    }
    return {};
  }

  // A member by its name; where there is none, by the names between dots. NULL where it is not of the column's type.
  Value Member(int32_t root, std::string_view name, ColumnType type) {
    int32_t node = tree_.Member(root, name);
    if (node < 0 && name.find('.') != std::string_view::npos) node = Nested(root, name);
    if (node < 0) return {};
    scratch_.clear();
    const Value value = tree_.ToValue(node, &scratch_);
    if (type == ColumnType::kAny) return value;
    if (type == ColumnType::kReal && value.tag == ColumnType::kInteger) return Value::Real(static_cast<double>(value.i64));
    return value.tag == type ? value : Value();
  }

  int32_t Nested(int32_t node, std::string_view path) const {
    while (node >= 0 && !path.empty()) {
      if (tree_.at(node).kind != JsonKind::kObject) return -1;
      const size_t dot = path.find('.');
      node = tree_.Member(node, path.substr(0, dot));
      path = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    }
    return node;
  }

  ExecContext* context_;
  std::unique_ptr<Cursor> cursor_;
  std::vector<std::string> names_;
  size_t space_bytes_ = 0;
  JsonTree tree_;
  std::string scratch_;
};

const char* CheckRows(std::span<const ColumnType> args, std::span<const ColumnType> columns) {
  if (args.empty() || args[0] != ColumnType::kBlob) return "kv_rows takes a prefix, and names of members";
  for (const ColumnType arg : args.subspan(1))
    if (arg != ColumnType::kText) return "kv_rows takes names of members as TEXT";
  if (columns.size() != args.size() - 1 + kFixedColumns) return "kv_rows yields a key, a value and a column for each name";
  for (size_t i = 0; i < kFixedColumns; ++i)
    if (columns[i] != ColumnType::kBlob) return "kv_rows yields keys and values as BLOB";
  for (const ColumnType type : columns.subspan(kFixedColumns)) {
    if (type != ColumnType::kAny && type != ColumnType::kReal && type != ColumnType::kText && type != ColumnType::kBoolean)
      return "kv_rows yields members as ANY, REAL, TEXT or BOOLEAN";
  }
  return nullptr;
}

std::unique_ptr<TableFunction> MakeRows(ExecContext* context) { return std::make_unique<KvRows>(context); }

}  // namespace

const TableFunctionInfo kKvRows{4, CheckRows, MakeRows};

}  // namespace sochdb
