// generate_series of integers.

#include "exec/table_function.h"

namespace sochdb {
namespace {

class GenerateSeries : public TableFunction {
 public:
  Status Open(std::span<const Value> args) override {
    done_ = true;
    for (const Value& arg : args)
      if (arg.is_null()) return {};
    next_ = args[0].i64;
    stop_ = args[1].i64;
    step_ = args.size() > 2 ? args[2].i64 : 1;
    if (step_ == 0) {
      return {Code::kInvalidArgument,
              "generate_series takes no step of 0. Give it one above 0 to count up, or below to count down."};
    }
    done_ = step_ > 0 ? next_ > stop_ : next_ < stop_;
    return {};
  }

  Status Next(uint32_t want, BatchStorage* out, uint32_t* rows) override {
    int64_t* values = out->column(0).data<int64_t>();
    for (*rows = 0; *rows < want && !done_; ++*rows) {
      values[*rows] = next_;
      const bool overflows = __builtin_add_overflow(next_, step_, &next_);
      done_ = overflows || (step_ > 0 ? next_ > stop_ : next_ < stop_);
    }
    return {};
  }

 private:
  int64_t next_ = 0;
  int64_t stop_ = 0;
  int64_t step_ = 1;
  bool done_ = true;
};

const char* CheckSeries(std::span<const ColumnType> args, std::span<const ColumnType> columns) {
  if (args.size() < 2 || args.size() > 3) return "generate_series takes a start, a stop and perhaps a step";
  for (const ColumnType arg : args)
    if (arg != ColumnType::kNull && !SameClass(arg, ColumnType::kInteger)) return "generate_series takes integers";
  if (columns.size() != 1 || !SameClass(columns[0], ColumnType::kInteger)) return "generate_series yields one INTEGER";
  return nullptr;
}

std::unique_ptr<TableFunction> MakeSeries(ExecContext*) { return std::make_unique<GenerateSeries>(); }

}  // namespace

const TableFunctionInfo kGenerateSeries{1, CheckSeries, MakeSeries};

}  // namespace sochdb
