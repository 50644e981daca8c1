// A small table with a unique and an ordinary index, five rows in it: what the executor's examples are about.

#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "test/exec_fixture.h"

namespace sochdb::test {

inline constexpr ColumnType kInt = ColumnType::kInteger;
inline constexpr ColumnType kTxt = ColumnType::kText;
inline constexpr ColumnType kBool = ColumnType::kBoolean;
inline constexpr ColumnType kReal = ColumnType::kReal;

// users(id PRIMARY KEY, name NOT NULL, email UNIQUE, age), index on (age DESC, name).
inline TestTable Users() {
  TestTable t;
  t.id = 7;
  t.name = "users";
  t.columns = {{"id", kInt}, {"name", kTxt, kColumnNotNull}, {"email", kTxt}, {"age", kInt, 0, Value::Integer(18)}};
  t.primary_key = {0};
  t.indexes = {{21, "users_email", true, {{2}}}, {22, "users_age", false, {{3, true}, {1}}}};
  return t;
}
inline const std::vector<int32_t> kAll = {0, 1, 2, 3};

inline std::vector<Part> UserRow(int64_t id, std::string_view name, std::string_view email, int64_t age) {
  return {Int(id), Text(name), email.empty() ? NullOf(kTxt) : Text(email), age < 0 ? NullOf(kInt) : Int(age)};
}
inline std::vector<Part> UserColumns(int32_t offset = 0) {
  return {Col(offset, kInt), Col(offset + 1, kTxt), Col(offset + 2, kTxt), Col(offset + 3, kInt)};
}

class UsersWorld : public ExecWorld {
 public:
  TestTable users = Users();

  UsersWorld() {
    AddTable(users);
    std::vector<Part> rows;
    for (const auto& row : {UserRow(1, "ann", "ann@x", 30), UserRow(2, "bob", "", 25), UserRow(3, "cat", "cat@x", 30),
                            UserRow(4, "dan", "", -1), UserRow(5, "eve", "eve@x", 41)}) {
      rows.insert(rows.end(), row.begin(), row.end());
    }
    const Outcome inserted = Run(Insert(users, Values(5, 4, rows), kAll));
    EXPECT_OK(inserted.status);
    EXPECT_EQ(inserted.affected, 5u);
    txn.ForgetReads();
  }
  std::string All() { return Show(Scan(users, -1, kAll)); }
  // Every entry of every index leads to its row, and every row has its entries.
  void ExpectIndexesWhole() {
    const std::string by_key = ShowSorted(Scan(users, -1, kAll));
    EXPECT_EQ(ShowSorted(Scan(users, 0, kAll)), by_key);
    EXPECT_EQ(ShowSorted(Scan(users, 1, kAll)), by_key);
  }
  std::string ShowSorted(const Part& scan) { return Show(Sort(scan, {{Col(0, kInt)}})); }
};

}  // namespace sochdb::test
