// ForeignKeys: what a statement's changes mean to rows that name others, and to those they name.
//
// TableWriter tells of each change as it happens. A row that names one that is there needs no more thought, nor does one that
// goes and is named by none. The rest is settled at the end of the statement: first the actions, which change rows in their
// turn (a queue: no depth of tables or rows is a depth of calls), then what may name nothing. RESTRICT alone refuses at once.
// What is deferred is left to the commit.
//
// All looks are constraint reads: that a row is there, and that none names it, is validated at commit in every isolation level.
//
// Thread safety: one thread. Ownership: the context outlives it.

#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "codec/key_codec.h"
#include "exec/exec_context.h"
#include "exec/table_writer.h"

namespace sochdb {

// An action that leads to an action, and so on.
inline constexpr uint32_t kCascadeDepthMax = 10'000;
inline constexpr size_t kDeferredKeysMax = 1 << 20;

// The rows of a transaction that must name others when it commits.
class DeferredForeignKeys {
 public:
  Status Add(std::shared_ptr<const PreparedPlan> plan, const ForeignKeyInfo* key, std::string_view primary_key);
  [[nodiscard]] bool empty() const { return pending_.empty(); }
  // kForeignKey when one of them does not. Then, too, nothing is left to be checked.
  Status Check(Engine* engine, Transaction* txn);
  // Before the schema changes, under which the plans of these rows mean nothing any more: kForeignKey when one of them names
  // none yet. The others are settled, unless what they rest on is rolled back.
  Status Settle(Engine* engine, Transaction* txn);
  void RolledBackTo(SavepointId savepoint);

 private:
  struct Pending {
    std::shared_ptr<const PreparedPlan> plan;
    const ForeignKeyInfo* key;
    std::string primary_key;  // of the row
    SavepointId settled = 0;  // a savepoint of that moment; 0: it is not
  };
  static Status CheckOne(const Pending& row, Engine* engine, Transaction* txn);
  std::vector<Pending> pending_;
};

class ForeignKeys {
 public:
  using Row = TableWriter::Row;

  explicit ForeignKeys(ExecContext* context) : context_(context) {}

  void BeginStatement();
  Status Inserted(const TableInfo& table, Row row);
  Status Deleted(const TableInfo& table, Row row);
  Status Updated(const TableInfo& table, Row before, Row after);
  Status EndStatement();
  // kForeignKey when the row is there and names none.
  Status CheckRow(const ForeignKeyInfo& key, std::string_view primary_key);

 private:
  using Values = std::vector<Value>;  // of the columns of a key, in its order
  // Rows of the child named `before`, and the parent has gone from there (to `after`, of an update).
  struct Gone {
    const ForeignKeyInfo* key;
    std::string before;  // tagged values
    std::string after;
    bool deleted;
    uint32_t depth;
    // The rows, where they must be known before other actions run.
    std::vector<std::string> children = {};
    bool has_children = false;
  };
  struct Orphan {
    const ForeignKeyInfo* key;
    std::string primary_key;
  };

  // False when one is NULL.
  static bool Pick(Row row, const std::vector<uint32_t>& columns, Values* out);
  static Status Decode(std::string_view tagged, Values* out);
  Status ParentExists(const ForeignKeyInfo& key, const Values& values, bool* exists);
  Status CheckChild(const ForeignKeyInfo& key, Row row);
  Status Went(const ForeignKeyInfo& key, Row before, const Row* after);
  // Visits the primary keys of rows that name the values, up to `most`.
  Status FindChildren(const ForeignKeyInfo& key, const Values& values, size_t most, std::vector<std::string>* primary_keys);
  Status FindByIndex(const ForeignKeyInfo& key, const Values& values, size_t most, std::vector<std::string>* primary_keys);
  Status FindByScan(const ForeignKeyInfo& key, const Values& values, size_t most, std::vector<std::string>* primary_keys);
  // Keys that change places: whoever named the one must not be taken for who named the other.
  Status TellApart();
  Status Act(const Gone& gone);
  Status ActOnRow(const Gone& gone, const Values& after, TableWriter* writer, Row row);
  Status Settle(const Gone& gone);
  Status Settle(const Orphan& orphan);
  TableWriter* WriterOf(const TableInfo* table);

  ExecContext* context_;
  std::deque<Gone> actions_;
  std::vector<Gone> gone_;  // without an action
  std::vector<Orphan> orphans_;
  std::map<const TableInfo*, std::unique_ptr<TableWriter>> writers_;
  uint32_t depth_ = 0;  // of the action that is running
  KeyBuffer key_;
};

}  // namespace sochdb
