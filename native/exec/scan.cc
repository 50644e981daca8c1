// kScan: the entries of one range of an index, in key order or against it.

#include "exec/key_range.h"
#include "exec/operator.h"

namespace sochdb {
namespace {

class Scan : public Operator {
 public:
  Scan(const ScanNode& node, ExecContext* context)
      : node_(node),
        context_(context),
        evaluator_(context),
        reader_(context, &node.access),
        storage_(&context->memory),
        by_runs_(node.access.index == nullptr && !node.reverse && !context->rows_one_by_one) {
    storage_.Init(node.columns);
  }

  Status Open() override {
    cursor_.reset();
    done_ = false;
    evaluator_.Restart();
    SOCHDB_TRY(BuildKeyRange(node_, reader_, &evaluator_, &range_));
    done_ = range_.empty;
    if (done_ || range_.point) return {};
    ScanOptions options;
    options.reverse = node_.reverse;
    SOCHDB_ASSIGN(cursor, context_->reader->NewCursor(reader_.tree(), range_.lo.view(), range_.hi.view(), options));
    cursor_ = std::move(cursor);
    return {};
  }

  Status Next(uint32_t want, Batch* out) override {
    out->Clear();
    reader_.BeginBatch();
    if (done_) cursor_.reset();  // not before: the last batch may have been of what it holds
    if (done_) return {};
    SOCHDB_TRY(storage_.Reset(range_.point ? 1 : want));
    uint32_t rows = 0;
    if (range_.point) {
      bool found = false;
      SOCHDB_TRY(reader_.LoadPoint(range_.lo.view(), 0, 0, &storage_, &found));
      rows = found ? 1 : 0;
      done_ = true;
    } else {
      SOCHDB_TRY(by_runs_ ? FillByRuns(want, &rows) : Fill(want, &rows));
    }
    storage_.Expose(rows, out);
    return {};
  }

 private:
  Status Fill(uint32_t want, uint32_t* rows) {
    while (*rows < want) {
      SOCHDB_TRY(context_->Tick());
      bool found = false;
      SOCHDB_TRY(cursor_->Next(&found));
      if (!found) {
        done_ = true;
        cursor_.reset();
        break;
      }
      SOCHDB_TRY(reader_.AddEntry(cursor_->key(), cursor_->value(), *rows, &storage_));
      ++*rows;
    }
    return reader_.Finish(&storage_);
  }

  Status FillByRuns(uint32_t want, uint32_t* rows) {
    for (bool full = false; *rows < want && !full;) {
      bool found = false;
      SOCHDB_TRY(cursor_->NextRun(want - *rows, &run_, &found));
      if (!found) {
        done_ = true;
        return {};
      }
      SOCHDB_TRY(context_->Tick(run_.rows));
      SOCHDB_TRY(reader_.LoadRun(&run_, *rows, &storage_, &full));
      *rows += run_.rows;
    }
    return {};
  }

  const ScanNode& node_;
  ExecContext* context_;
  Evaluator evaluator_;
  AccessReader reader_;
  BatchStorage storage_;
  const bool by_runs_;  // the rows themselves, in their order
  KeyRange range_;
  EntryRun run_;
  std::unique_ptr<Cursor> cursor_;
  bool done_ = true;
};

}  // namespace

OperatorPtr MakeScan(const ScanNode& node, ExecContext* context) { return std::make_unique<Scan>(node, context); }

}  // namespace sochdb
