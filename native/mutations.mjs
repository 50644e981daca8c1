/**
 * The steps that validate, each with what breaks it: `find` stands exactly once in `file`. Syncs are found by pattern
 * (mutation.mjs), so they are not listed here.
 *
 * `ci`: among the few that CI tries. `tests`: a filter, where the usual tests are not the ones that see it.
 *
 * @type {{ file: string, what: string, find: string, replace: string, ci?: boolean, tests?: string }[]}
 */
export const listed = [
  // --- what transactions promise
  {
    file: 'txn/validator.cc',
    what: 'a point that was read is not looked up again',
    find: 'if (newest > point.since) return ReadConflict(point.tree);',
    replace: '',
  },
  {
    file: 'txn/validator.cc',
    what: 'a range that was read is not looked up again',
    find: 'if (newest > range.since) return ReadConflict(range.tree);',
    replace: '',
  },
  {
    file: 'txn/validator.cc',
    what: 'a key that another has written since is overwritten',
    find: 'if (!IsBlindMerge(it->second)) return WriteConflict(it->first.tree);',
    replace: '',
  },
  {
    file: 'txn/validator.cc',
    what: 'a merge into what another has put since passes',
    find: 'if (conflict) return WriteConflict(it->first.tree);',
    replace: '',
  },
  {
    file: 'txn/validator.cc',
    what: 'the ring is not asked for reads',
    find: 'if (request.reads != nullptr && request.reads->InvalidatedBy(written.tree, written.key(), ts)) {',
    replace: 'if (false) {',
    ci: true,
  },
  {
    file: 'txn/validator.cc',
    what: 'the ring is not asked for writes',
    find: 'if (own != nullptr && !merges) conflict = WriteConflict(written.tree);',
    replace: '',
  },
  {
    file: 'txn/commit_pipeline.cc',
    what: 'what has expired between read and commit is not seen',
    find: 'if (min_expiry_ms != kNeverExpires && HlcMillis(*ts) >= min_expiry_ms) return Validator::ExpiryConflict();',
    replace: '',
  },
  {
    file: 'txn/commit_pipeline.cc',
    what: 'nothing is validated inside the gate',
    find: 'SOCHDB_TRY(ValidateInside(request, checked));',
    replace: '',
  },
  {
    file: 'txn/commit_pipeline.h',
    what: 'commits are published before their sync',
    find: 'return options_.wal_enabled && options_.sync_mode == SyncMode::kFull;',
    replace: 'return false;',
  },
  {
    file: 'txn/commit_pipeline.cc',
    what: 'mode normal does not hand the log to the system',
    find: 'if (Status status = wal_->Flush(); !status.ok()) return Poison(std::move(status));',
    replace: '',
  },
  {
    file: 'txn/publication.cc',
    what: 'a failed sync does not poison',
    find: 'else if (!status.ok()) status = PoisonLocked(std::move(status));',
    replace: 'else if (!status.ok()) return status;',
  },
  {
    file: 'txn/transaction_impl.cc',
    what: 'a key that was read is not noted',
    find: 'if (track) reads_.AddPoint(tree, key, at_.ts);',
    replace: '',
  },
  {
    file: 'txn/transaction_impl.cc',
    what: 'a scan is not noted',
    find: 'if (hi_included) reads_.AddRangeThrough(tree, lo, hi, since);',
    replace: 'if (hi_included) return;',
  },
  {
    file: 'txn/transaction_impl.cc',
    what: 'a footprint that ran out of memory is taken for whole',
    find: 'if (reads_.lost()) return OutOfMemory();',
    replace: '',
    tests: 'fail_nth,footprint',
  },
  {
    file: 'txn/transaction_impl.cc',
    what: 'the expiry of what was read is not noted',
    find: 'void TransactionImpl::RegisterExpiry(ExpiryMs expiry_ms) {',
    replace: 'void TransactionImpl::RegisterExpiry(ExpiryMs expiry_ms) {\n  return;',
  },
  {
    file: 'mem/commit_ring.h',
    what: 'the ring claims to reach back further than it does',
    find: 'if (ts > floor_) floor_ = ts;',
    replace: 'if (ts > floor_) floor_ = floor_;',
  },
  // --- the log
  {
    file: 'wal/wal_format.cc',
    what: "a record's checksum is not compared",
    find: 'if (check->stored_crc != check->computed_crc || !LooksLikeWalRecord(from)) return false;',
    replace: 'if (!LooksLikeWalRecord(from)) return false;',
    ci: true,
  },
  {
    file: 'wal/wal_format.cc',
    what: "a segment header's checksum is not compared",
    find: 'if (stored != computed) return damaged("wrong checksum", Hex(stored), Hex(computed));',
    replace: '',
  },
  {
    file: 'wal/wal_segment.cc',
    what: "a record's LSN is not compared with its place",
    find: 'if (out->header.lsn != LsnAt(offset)) {',
    replace: 'if (false) {',
  },
  {
    file: 'wal/wal_segment.cc',
    what: "a record's salt is not compared with its segment's",
    find: 'if (out->header.salt != header_.salt) {',
    replace: 'if (false) {',
  },
  {
    file: 'wal/wal_reader.cc',
    what: 'a break in the log is always taken for a torn tail',
    find: '*damaged = proven_lsn_ > Cut();',
    replace: '*damaged = false;',
  },
  {
    file: 'wal/wal_reader.cc',
    what: 'a log is gone on with where no record begins',
    find: 'if (begins) *offset = needed;',
    replace: '*offset = begins ? needed : needed;',
  },
  {
    file: 'wal/wal_writer.cc',
    what: 'what is synced does not end on a sector',
    find: '    PadToSector();\n',
    replace: '',
  },
  {
    file: 'wal/wal_space.cc',
    what: 'what was made in vain is left',
    find: '  if (!made.ok()) DropSparesBeyond(had);\n',
    replace: '',
  },
  {
    file: 'wal/wal_writer.cc',
    what: 'a failed write does not poison the log',
    find: 'if (status_.ok()) status_ = std::move(error);\n  return status_;',
    replace: 'return error;',
  },
  // --- what is read back
  {
    file: 'wal/blob_store.cc',
    what: "a blob's checksum is not compared when it is read",
    find: 'if (got != ref.size || crc != ref.crc) {',
    replace: 'if (got != ref.size) {',
    ci: true,
  },
  {
    file: 'wal/blob_store.cc',
    what: "a blob's header is not compared",
    find: 'if (got != kHeaderBytes || std::memcmp(header, expected, kHeaderBytes) != 0) {\n    return Damaged(path, 0, "its header is not the one its reference names"',
    replace: 'if (got != kHeaderBytes) {\n    return Damaged(path, 0, "its header is not the one its reference names"',
  },
  {
    file: 'engine/store_format.cc',
    what: 'the checksums of FORMAT and CLEAN are not compared',
    find: 'if (stored != computed) return Damaged(file, kCrcOffset, std::to_string(computed), std::to_string(stored));',
    replace: '',
  },
  {
    file: 'engine/open.cc',
    what: 'the mark of a clean close stays when the store is opened',
    find: 'RemoveCleanMarker(parts->env, parts->path)',
    replace: 'Status()',
  },
  {
    file: 'engine/recovery.cc',
    what: 'a log that is not in commit order is replayed',
    find: 'if (entry.commit_ts <= out->last_commit_ts) {',
    replace: 'if (false) {',
  },
  {
    file: 'sst/sst_format.cc',
    what: "a block's checksum is not compared",
    find: 'if (!out->crc_ok()) {',
    replace: 'if (false) {',
    ci: true,
  },
  {
    file: 'sst/sst_format.cc',
    what: "a table footer's checksum is not compared",
    find: '  if (expected != actual) {\n    return TableCorruption(name, offset, "the footer\'s checksum is wrong"',
    replace: '  if (false) {\n    return TableCorruption(name, offset, "the footer\'s checksum is wrong"',
  },
]
