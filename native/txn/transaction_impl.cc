#include "txn/transaction_impl.h"

#include <algorithm>
#include <new>
#include <set>
#include <utility>

#include "txn/prepared_commit.h"

namespace sochdb {
namespace {

uint64_t DeadlineOf(const TransactionContext& context, const TransactionSettings& settings) {
  const uint64_t timeout_ms = settings.timeout_ms != 0 ? settings.timeout_ms : context.limits.transaction_timeout_ms;
  return timeout_ms == 0 ? 0 : context.env->MonotonicMicros() + timeout_ms * 1000;
}

}  // namespace

Status CheckKey(TreeId tree, std::string_view key) {
  if (!Trees::IsTree(tree)) {
    return {Code::kInvalidArgument, "There is no tree " + std::to_string(static_cast<int>(tree)) + "."};
  }
  if (key.size() <= kMaxKeyBytes) return {};
  return Status(Code::kInvalidArgument, "The key is " + std::to_string(key.size()) + " bytes long; at most " +
                                            std::to_string(kMaxKeyBytes) + " are allowed.")
      .With("limit", "kMaxKeyBytes")
      .With("max", std::to_string(kMaxKeyBytes));
}

Status CheckEntry(TreeId tree, std::string_view key, std::string_view value) {
  SOCHDB_TRY(CheckKey(tree, key));
  if (value.size() <= kMaxValueBytes) return {};
  return Status(Code::kInvalidArgument, "The value is " + std::to_string(value.size()) + " bytes long; at most " +
                                            std::to_string(kMaxValueBytes) + " are allowed.")
      .With("limit", "kMaxValueBytes")
      .With("max", std::to_string(kMaxValueBytes));
}

TransactionImpl::TransactionImpl(const TransactionContext* context, const TransactionSettings& settings)
    : context_(context),
      settings_(settings),
      id_(context->stats->next_id.fetch_add(1, std::memory_order_relaxed)),
      deadline_micros_(DeadlineOf(*context, settings)),
      reads_(context->env->Buggify("txn.small-footprint") ? Footprint::Limits{8, 1024} : Footprint::Limits{}) {}

Result<std::unique_ptr<Transaction>> TransactionImpl::Begin(const TransactionContext* context,
                                                            const TransactionSettings& settings) {
  if (context->pipeline->closed()) return Status(Code::kClosed, "The database is closed.");
  std::unique_ptr<TransactionImpl> transaction(new TransactionImpl(context, settings));
  SOCHDB_TRY(transaction->Start());
  return std::unique_ptr<Transaction>(std::move(transaction));
}

// Until it has started there is nothing to release or to count.
Status TransactionImpl::Start() {
  if (settings_.take_writer) SOCHDB_TRY(TakeWriter());
  else context_->pipeline->AddValidating();
  writes_at_begin_ = context_->pipeline->applied_writes();
  try {
    at_ = settings_.read_applied && holds_writer_ ? AcquireAppliedPoint(*context_) : AcquireReadPoint(*context_);
  } catch (const std::bad_alloc&) {
    ReleaseWriter();
    if (!settings_.take_writer) context_->pipeline->RemoveValidating();
    throw;
  }
  context_->stats->active.fetch_add(1, std::memory_order_relaxed);
  state_ = State::kOpen;
  return {};
}

void TransactionImpl::ReleaseWriter() {
  if (holds_writer_) context_->pipeline->gate()->Release(this);
  holds_writer_ = false;
}

Status TransactionImpl::TakeWriter() {
  const uint64_t timeout_ms = settings_.timeout_ms != 0 ? settings_.timeout_ms : context_->limits.writer_timeout_ms;
  SOCHDB_TRY(context_->pipeline->Admit(0, timeout_ms));
  SOCHDB_TRY(context_->pipeline->gate()->Take(this, timeout_ms));
  holds_writer_ = true;
  // What was committed but not yet published must be seen: nobody validates a transaction that holds the writer.
  if (!settings_.read_applied) context_->pipeline->AwaitPublished();
  return {};
}

TransactionImpl::~TransactionImpl() {
  if (state_ == State::kOpen) End(State::kAborted);
}

Status TransactionImpl::CheckUsable() {
  if (state_ == State::kCommitted) return {Code::kTransaction, "The transaction has been committed. Begin another one."};
  if (state_ == State::kAborted) return {Code::kTransaction, "The transaction has been aborted. Begin another one."};
  if (context_->pipeline->closed()) [[unlikely]] {
    End(State::kAborted);
    return {Code::kClosed, "The database was closed, and the transaction aborted."};
  }
  if (deadline_micros_ != 0 && context_->env->MonotonicMicros() >= deadline_micros_) [[unlikely]] {
    End(State::kAborted);
    return {Code::kTimeout, "The transaction was open for longer than its time limit, and was aborted."};
  }
  return {};
}

// --- reading

void TransactionImpl::Refresh() {
  const ReadPoint fresh = AcquireReadPoint(*context_);  // first: on bad_alloc the old one stays
  views_.Clear();
  context_->snapshots->Release({at_.ts, at_.now_ms});
  at_ = fresh;
}

void TransactionImpl::RefreshOutsideStatement() {
  if (settings_.isolation == IsolationLevel::kReadCommitted && !in_statement_ && !settings_.take_writer) Refresh();
}

Status TransactionImpl::Get(TreeId tree, std::string_view key, ReadValue* out, bool* found) {
  return Read(tree, key, false, out, found);
}

Status TransactionImpl::GetForConstraint(TreeId tree, std::string_view key, ReadValue* out, bool* found) {
  return Read(tree, key, true, out, found);
}

Status TransactionImpl::Read(TreeId tree, std::string_view key, bool constraint, ReadValue* out, bool* found) {
  *found = false;
  SOCHDB_TRY(CheckUsable());
  SOCHDB_TRY(CheckKey(tree, key));
  RefreshOutsideStatement();
  context_->stats->reads.Add(1);
  const LatencyTimer timer(context_->env, context_->Sampled<&Latencies::get>());
  const OwnVersion* const own = writes_.Find(tree, key, kLatestSequence);
  if (own != nullptr && own->kind != ValueKind::kMerge)
    return context_->stats->EndRead(context_->reader->ResolveOwn(nullptr, tree, key, own, at_, false, out, found));
  const bool track = tracks_reads() || (constraint && validates());
  if (track) reads_.AddPoint(tree, key, at_.ts);
  const SuperVersion* const data = views_.Of(*context_->trees, tree);
  const VersionReader& reader = *context_->reader;
  SOCHDB_TRY(context_->stats->EndRead(own != nullptr ? reader.ResolveOwn(data, tree, key, own, at_, false, out, found)
                                                     : reader.Get(data, tree, key, at_, out, found)));
  if (*found && track && out->expiry_ms != kNeverExpires) {
    min_expiry_ms_ = min_expiry_ms_ == kNeverExpires ? out->expiry_ms : std::min(min_expiry_ms_, out->expiry_ms);
  }
  if (*found) context_->stats->bytes_read.Add(key.size() + out->data.size());
  return {};
}

Result<std::unique_ptr<Cursor>> TransactionImpl::NewCursor(TreeId tree, std::string_view lo, std::string_view hi,
                                                           const ScanOptions& options) {
  SOCHDB_TRY(CheckUsable());
  if (!Trees::IsTree(tree)) return CheckKey(tree, {});
  RefreshOutsideStatement();
  // Memory first: a cursor that is in no list cannot be forgotten.
  if (cursors_.size() == cursors_.capacity()) cursors_.reserve(cursors_.size() * 2 + 4);
  auto cursor = std::make_unique<CursorImpl>(context_, this, CursorImpl::Range{tree, std::string(lo), std::string(hi)}, options,
                                             at_, views_.Share(*context_->trees, tree));
  cursor->place = cursors_.size();
  cursors_.push_back(cursor.get());
  return std::unique_ptr<Cursor>(std::move(cursor));
}

// The last one takes its place: a transaction may have many thousand.
void TransactionImpl::Forget(CursorImpl* cursor) {
  SOCHDB_DCHECK(cursors_[cursor->place] == cursor);
  cursors_[cursor->place] = cursors_.back();
  cursors_[cursor->place]->place = cursor->place;
  cursors_.pop_back();
}

void TransactionImpl::RegisterScan(TreeId tree, std::string_view lo, std::string_view hi, bool hi_included, Timestamp since) {
  if (!tracks_reads() || state_ != State::kOpen) return;
  if (hi_included) reads_.AddRangeThrough(tree, lo, hi, since);
  else reads_.AddRange(tree, lo, hi, since);
}

void TransactionImpl::RegisterExpiry(ExpiryMs expiry_ms) {
  if (!tracks_reads()) return;
  min_expiry_ms_ = min_expiry_ms_ == kNeverExpires ? expiry_ms : std::min(min_expiry_ms_, expiry_ms);
}

void TransactionImpl::RegisterRangeRead(TreeId tree, std::string_view lo, std::string_view hi) {
  if (Trees::IsTree(tree)) RegisterScan(tree, lo, hi, false, at_.ts);
}

void TransactionImpl::RegisterConstraintRange(TreeId tree, std::string_view lo, std::string_view hi) {
  if (Trees::IsTree(tree) && validates() && state_ == State::kOpen) reads_.AddRange(tree, lo, hi, at_.ts);
}

// Snapshot isolation validates the write itself, and a serializable transaction has noted the read.
void TransactionImpl::RegisterReplacement(TreeId tree, std::string_view key) {
  if (settings_.isolation != IsolationLevel::kReadCommitted || !validates() || state_ != State::kOpen) return;
  if (Trees::IsTree(tree)) reads_.AddPoint(tree, key, at_.ts);
}

// --- writing

bool TransactionImpl::HasOwnWrites(TreeId tree, std::string_view lo, std::string_view hi) const {
  return state_ == State::kOpen && writes_.HasAny(tree, lo, hi);
}

Status TransactionImpl::VisitOwnWrites(TreeId tree, std::string_view lo, std::string_view hi,
                                       const OwnWriteVisitor& visit) const {
  if (state_ != State::kOpen) return {};
  const WriteSet::Position end = writes_.TreeEnd(tree);
  for (WriteSet::Position at = writes_.LowerBound(tree, lo); at != end; ++at) {
    if (!hi.empty() && at->first.key >= hi) break;
    const OwnVersion* version = WriteSet::VersionAt(at->second, kLatestSequence);
    if (version == nullptr || version->kind == ValueKind::kMerge) continue;
    std::optional<std::string_view> value;
    std::string blob;
    if (version->kind == ValueKind::kBlob) {
      SOCHDB_TRY(context_->reader->ReadBlob(version->value(), &blob));
      value = blob;
    } else if (version->kind != ValueKind::kDelete) {
      value = version->value();
    }
    SOCHDB_TRY(visit(at->first.key, value));
  }
  return {};
}

Status TransactionImpl::CheckRoom(std::string_view key, std::string_view value) const {
  if (writes_.bytes() + WriteSet::Cost(key, value) <= context_->limits.max_transaction_bytes) return {};
  return Status(Code::kLimit, "The transaction would hold more than " + std::to_string(context_->limits.max_transaction_bytes) +
                                  " bytes of writes. Split it, or raise maxTransactionBytes.")
      .With("limit", std::to_string(context_->limits.max_transaction_bytes));
}

Status TransactionImpl::Write(TreeId tree, std::string_view key, ValueKind kind, std::string_view value, ExpiryMs expiry_ms,
                              const AssignedField* assigned) {
  SOCHDB_TRY(CheckRoom(key, value));
  context_->stats->writes.Add(1);
  try {
    writes_.Add(tree, key, kind, value, expiry_ms, assigned);
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
  return {};
}

// The write set may have lost a version: nothing of it may be committed any more.
Status TransactionImpl::OutOfMemory() {
  if (state_ == State::kOpen) End(State::kAborted);
  return {Code::kOutOfMemory, "Memory ran out. The transaction was aborted; nothing of it was written."};
}

Status TransactionImpl::Put(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms) {
  SOCHDB_TRY(CheckUsable());
  SOCHDB_TRY(CheckEntry(tree, key, value));
  const bool early = tree == TreeId::kKeys && !value.empty() && context_->env->Buggify("txn.small-blob");
  if (value.size() > kBlobThresholdBytes || early) return WriteBlob(tree, key, value, expiry_ms);
  return Write(tree, key, ValueKind::kValue, value, expiry_ms, nullptr);
}

// The value goes to a file of its own at once, and is synced there: the log will name it only afterwards.
Status TransactionImpl::WriteBlob(TreeId tree, std::string_view key, std::string_view value, ExpiryMs expiry_ms) {
  SOCHDB_TRY(CheckRoom(key, {}));
  SOCHDB_TRY(context_->pipeline->CheckNotPoisoned());
  SOCHDB_ASSIGN(ref, context_->blobs->Write(value));
  blobs_.push_back(ref);
  std::string encoded;
  ref.EncodeTo(&encoded);
  return Write(tree, key, ValueKind::kBlob, encoded, expiry_ms, nullptr);
}

Status TransactionImpl::Delete(TreeId tree, std::string_view key) {
  SOCHDB_TRY(CheckUsable());
  SOCHDB_TRY(CheckKey(tree, key));
  return Write(tree, key, ValueKind::kDelete, {}, kNeverExpires, nullptr);
}

Status TransactionImpl::Merge(TreeId tree, std::string_view key, std::string_view operand) {
  SOCHDB_TRY(CheckUsable());
  SOCHDB_TRY(CheckKey(tree, key));
  if (context_->reader->merge_operator(tree) == nullptr) {
    return {Code::kUnsupported, "No merge operator is registered for the tree " + std::to_string(static_cast<int>(tree)) + "."};
  }
  if (operand.size() > kBlobThresholdBytes / 2) {
    return Status(Code::kInvalidArgument, "A merge operand may be at most 512 KiB long.")
        .With("limit", std::to_string(kBlobThresholdBytes / 2));
  }
  const OwnVersion* own = writes_.Find(tree, key, kLatestSequence);
  while (own != nullptr && own->kind == ValueKind::kMerge) own = own->older;
  if (own != nullptr && own->assigned != nullptr) {
    return {Code::kUnsupported, "A value that is numbered at commit cannot be merged into in the same transaction."};
  }
  return Write(tree, key, ValueKind::kMerge, operand, kNeverExpires, nullptr);
}

Status TransactionImpl::PutAssigned(TreeId tree, std::string_view key, std::string_view value, uint32_t value_offset,
                                    std::string_view sequence_key) {
  SOCHDB_TRY(CheckUsable());
  SOCHDB_TRY(CheckKey(tree, key));
  SOCHDB_TRY(CheckKey(TreeId::kSequences, sequence_key));
  if (tree == TreeId::kSequences) return {Code::kInvalidArgument, "A sequence cannot be numbered by a sequence."};
  if (value.size() > kBlobThresholdBytes) {
    return Status(Code::kInvalidArgument, "A value that is numbered at commit may be at most 1 MiB long.")
        .With("limit", std::to_string(kBlobThresholdBytes));
  }
  if (value_offset > value.size() || value.size() - value_offset < sizeof(uint64_t)) {
    return {Code::kInvalidArgument, "The value has no 8 bytes at the offset where the number goes."};
  }
  SOCHDB_TRY(CheckRoom(key, value));
  std::string zeroed(value);
  std::fill_n(zeroed.begin() + value_offset, sizeof(uint64_t), '\0');
  const AssignedField assigned{value_offset, sequence_key};
  return Write(tree, key, ValueKind::kValue, zeroed, kNeverExpires, &assigned);
}

// --- savepoints

SavepointId TransactionImpl::BeginStatement() {
  if (state_ == State::kOpen) {
    in_statement_ = true;
    if (settings_.isolation == IsolationLevel::kReadCommitted && !settings_.take_writer) Refresh();
    if (statement_ != 0 && writes_.IsNewestSavepoint(statement_)) (void)writes_.Release(statement_);
  }
  statement_ = writes_.SetSavepoint();
  return statement_;
}

SavepointId TransactionImpl::SetSavepoint() { return writes_.SetSavepoint(); }

Status TransactionImpl::RollbackTo(SavepointId savepoint) {
  SOCHDB_TRY(CheckUsable());
  try {
    for (CursorImpl* cursor : cursors_) cursor->KeepCurrent();
    return writes_.RollbackTo(savepoint);
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

Status TransactionImpl::Release(SavepointId savepoint) {
  SOCHDB_TRY(CheckUsable());
  return writes_.Release(savepoint);
}

// --- ending

Result<Timestamp> TransactionImpl::CommitAs(bool await_published) {
  SOCHDB_TRY(CheckUsable());
  for (CursorImpl* cursor : cursors_) cursor->RegisterProgress();
  if (writes_.empty()) {
    End(State::kCommitted);
    if (settings_.read_applied && await_published) SOCHDB_TRY(context_->pipeline->AwaitPublished(at_.ts));
    return at_.ts;
  }
  try {
    Result<Timestamp> committed = CommitWrites(await_published);
    if (committed.ok()) return committed;
    if (committed.status().code() == Code::kConflict) context_->stats->conflicts.fetch_add(1, std::memory_order_relaxed);
    if (state_ == State::kOpen) End(State::kAborted);
    return committed.status();
  } catch (const std::bad_alloc&) {
    return OutOfMemory();
  }
}

CommitPipeline::Request TransactionImpl::MakeRequest() {
  CommitPipeline::Request request;
  request.writer = holds_writer_ ? this : nullptr;
  request.gate_timeout_ms = settings_.timeout_ms != 0 ? settings_.timeout_ms : context_->limits.writer_timeout_ms;
  request.writes_at_begin = writes_at_begin_;
  if (validates()) {
    request.validation.reads = &reads_;
    request.min_expiry_ms = min_expiry_ms_;
    if (settings_.isolation == IsolationLevel::kSnapshot) {
      request.validation.written = &writes_;
      request.validation.snapshot = at_.ts;
    }
  }
  return request;
}

Result<Timestamp> TransactionImpl::CommitWrites(bool await_published) {
  if (reads_.lost()) return OutOfMemory();
  PreparedCommit prepared;
  SOCHDB_TRY(prepared.Prepare(writes_, *context_->reader, context_->blobs, &blobs_));
  std::vector<BlobRef> unused = BlobsNotIn(prepared);
  CommitPipeline::Request request = MakeRequest();
  request.await_published = await_published;
  holds_writer_ = false;  // the pipeline gives it back
  SOCHDB_ASSIGN(ts, context_->pipeline->Commit(request, &prepared));
  blobs_.swap(unused);
  End(State::kCommitted);
  return ts;
}

// The blobs it has written that the commit will not name.
std::vector<BlobRef> TransactionImpl::BlobsNotIn(const PreparedCommit& prepared) const {
  if (blobs_.empty()) return {};
  std::set<uint64_t> named;
  for (const CommittedWrite& write : prepared.writes()) {
    BlobRef blob;
    if (write.kind == ValueKind::kBlob && BlobRef::Decode(write.value, &blob)) named.insert(blob.file_number);
  }
  std::vector<BlobRef> unused = blobs_;
  std::erase_if(unused, [&](const BlobRef& blob) { return named.contains(blob.file_number); });
  return unused;
}

void TransactionImpl::Abort() {
  if (state_ == State::kOpen) End(State::kAborted);
}

void TransactionImpl::End(State state) noexcept {
  SOCHDB_DCHECK(state_ == State::kOpen && state != State::kOpen);
  state_ = state;
  for (CursorImpl* cursor : std::exchange(cursors_, {})) cursor->Detach();
  DeleteBlobs();
  writes_.Clear();
  reads_.Clear();
  views_.Clear();
  context_->snapshots->Release({at_.ts, at_.now_ms});
  ReleaseWriter();
  if (!settings_.take_writer) context_->pipeline->RemoveValidating();
  context_->stats->active.fetch_sub(1, std::memory_order_relaxed);
  (state == State::kCommitted ? context_->stats->committed : context_->stats->aborted).fetch_add(1, std::memory_order_relaxed);
}

// After a failed write nobody knows what the log names. A file that stays is deleted at the next open.
void TransactionImpl::DeleteBlobs() noexcept {
  try {
    if (!blobs_.empty() && context_->pipeline->CheckNotPoisoned().ok()) {
      for (const BlobRef& blob : blobs_) (void)context_->blobs->Delete(blob.file_number);
    }
  } catch (const std::bad_alloc&) {
  }
  blobs_.clear();
}

}  // namespace sochdb
