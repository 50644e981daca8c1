// libFuzzer target: a transaction as the log holds it, and lists of merge operands. What is accepted is written back to
// the same bytes' meaning.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "txn/write_batch.h"

namespace {

using namespace sochdb;

void Require(bool condition) {
  if (!condition) std::abort();
}

bool ReadAll(std::string_view payload, std::vector<BatchOperation>* out) {
  WriteBatchReader reader(payload);
  Status status = reader.Start();
  for (bool found = true; status.ok() && found;) {
    BatchOperation operation;
    status = reader.Next(&operation, &found);
    if (status.ok() && found) out->push_back(operation);
  }
  Require(status.ok() || status.code() == Code::kCorruption || status.code() == Code::kFormatVersion);
  return status.ok();
}

bool Same(const BatchOperation& a, const BatchOperation& b) {
  return a.tree == b.tree && a.kind == b.kind && a.key == b.key && a.value == b.value && a.expiry_ms == b.expiry_ms;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  std::vector<BatchOperation> operations;
  if (ReadAll(bytes, &operations)) {
    WriteBatchBuilder builder;
    builder.Start(operations.size());
    for (const BatchOperation& op : operations) builder.Add(op.tree, op.kind, op.key, op.value, op.expiry_ms);
    const std::string again(builder.payload());
    std::vector<BatchOperation> reread;
    Require(ReadAll(again, &reread) && reread.size() == operations.size());
    for (size_t i = 0; i < reread.size(); ++i) Require(Same(reread[i], operations[i]));
  }
  std::string_view list = bytes;
  std::string_view operand;
  std::string copied;
  size_t taken = 0;
  while (!list.empty() && TakeOperand(&list, &operand)) {
    AppendOperand(&copied, operand);
    ++taken;
  }
  std::string_view rest = copied;
  for (; taken > 0; --taken) Require(TakeOperand(&rest, &operand));
  Require(rest.empty());
  return 0;
}
