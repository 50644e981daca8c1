#include "mem/ordered_index.h"

#include <new>

namespace sochdb {
namespace {

// A node that is rebuilt with at most this many entries stays one node: it then has room for two more splits below it.
constexpr int kCompactEntriesMax = 11;
// When the newest slots of a full leaf, this many, lie in order just below a new key, the key goes on an ascending run.
constexpr int kAscendingRun = 3;

size_t SkipBetween(const KeyRecord* low, const KeyRecord* high) {
  return low == nullptr || high == nullptr ? 0 : CommonPrefix(low->key(), high->key());
}

void PrefetchNode(const OrderedNode* node) {
  const char* bytes = reinterpret_cast<const char*>(node);
  __builtin_prefetch(bytes);
  __builtin_prefetch(bytes + 64);
  __builtin_prefetch(bytes + 128);
  __builtin_prefetch(bytes + 192);
}

// Whether neighbouring entries have the same head, so that searches read keys. Nodes made at the end of an ascending run do not
// know their upper bound; once they do, a longer prefix may part their heads.
bool HeadsTie(NodeOrder order, int from, const uint64_t* heads) {
  for (int i = from + 1; i < order.count(); ++i) {
    if (heads[order.slot(i - 1)] == heads[order.slot(i)]) return true;
  }
  return false;
}

const OrderedNode* ChildAt(const OrderedNode* node, NodeOrder order, int position) {
  const OrderedNode* child = static_cast<const OrderedInner*>(node)->children[order.slot(position)];
  PrefetchNode(child);
  return child;
}

}  // namespace

OrderedIndex::OrderedIndex(Arena* arena) : arena_(arena), root_(&first_leaf_), last_leaf_(&first_leaf_) {
  Init(&first_leaf_, nullptr, nullptr);
}

// ---- Readers ----

const OrderedLeaf* OrderedIndex::LeafFor(std::string_view target) const {
  const OrderedNode* node = root_.load(std::memory_order_acquire);
  while (node->level > 0) {
    const NodeOrder order = node->LoadOrder();
    node = ChildAt(node, order, static_cast<const OrderedInner*>(node)->ChildOf(order, target));
  }
  return static_cast<const OrderedLeaf*>(node);
}

void OrderedIndex::Cursor::SeekToFirst() {
  const OrderedNode* node = index_->root_.load(std::memory_order_acquire);
  while (node->level > 0) node = ChildAt(node, node->LoadOrder(), 0);
  Enter(static_cast<const OrderedLeaf*>(node));
  position_ = 0;
  if (order_.count() == 0) leaf_ = nullptr;  // only the first leaf of an empty index has no entries
}

void OrderedIndex::Cursor::SeekToLast() {
  const OrderedNode* node = index_->root_.load(std::memory_order_acquire);
  while (node->level > 0) {
    const NodeOrder order = node->LoadOrder();
    node = ChildAt(node, order, order.count() - 1);
  }
  Enter(static_cast<const OrderedLeaf*>(node));
  position_ = order_.count() - 1;
  if (position_ < 0) leaf_ = nullptr;
}

void OrderedIndex::Cursor::Seek(std::string_view target) {
  Enter(index_->LeafFor(target));
  position_ = leaf_->LowerBound(order_, target);
  if (position_ < order_.count()) return;
  EnterNext();
  // A leaf that was appended just now may begin before the target, which is outside its bounds: compare whole keys.
  while (Valid() && record()->key() < target) Next();
}

void OrderedIndex::Cursor::SeekForPrev(std::string_view target) {
  Enter(index_->LeafFor(target));
  position_ = leaf_->LowerBound(order_, target) - 1;
  if (position_ < 0) EnterPrev();
}

void OrderedIndex::Cursor::EnterNext() {
  const OrderedLeaf* next = leaf_->next.load(std::memory_order_acquire);
  if (next == nullptr) {
    leaf_ = nullptr;
    return;
  }
  Enter(next);
  position_ = 0;
  SOCHDB_DCHECK(order_.count() > 0);
  PrefetchRecords();
  if (const OrderedLeaf* after = next->next.load(std::memory_order_acquire); after != nullptr) PrefetchNode(after);
}

void OrderedIndex::Cursor::EnterPrev() {
  const OrderedLeaf* prev = leaf_->prev.load(std::memory_order_acquire);
  if (prev == nullptr) {
    leaf_ = nullptr;
    return;
  }
  Enter(prev);
  position_ = order_.count() - 1;
  SOCHDB_DCHECK(position_ >= 0);
  PrefetchRecords();
  if (const OrderedLeaf* before = prev->prev.load(std::memory_order_acquire); before != nullptr) PrefetchNode(before);
}

void OrderedIndex::Cursor::PrefetchRecords() {
  prefetched_ = true;
  for (int i = 0; i < order_.count(); ++i) leaf_->records[order_.slot(i)]->Prefetch();
}

// ---- The writer ----

void OrderedIndex::Insert(const KeyRecord* record) {
  const std::string_view key = record->key();
  const bool ascends = greatest_ == nullptr || greatest_->key() < key;
  if (ascends && last_leaf_->used < OrderedLeaf::kSlots) {
    InsertAt(last_leaf_, last_leaf_->LoadOrder(), last_leaf_->used, record);
  } else {
    Path path;
    DescendTo(key, &path);
    const NodeOrder order = path.leaf->LoadOrder();
    const int position = ascends ? order.count() : path.leaf->LowerBound(order, key);
    SOCHDB_DCHECK(position == order.count() || path.leaf->records[order.slot(position)]->key() != key);
    if (path.leaf->used < OrderedLeaf::kSlots) InsertAt(path.leaf, order, position, record);
    else SplitLeaf(path, order, position, record);
  }
  if (ascends) greatest_ = record;
}

void OrderedIndex::DescendTo(std::string_view key, Path* path) const {
  OrderedNode* node = root_.load(std::memory_order_relaxed);
  while (node->level > 0) {
    auto* inner = static_cast<OrderedInner*>(node);
    const NodeOrder order = inner->LoadOrder();
    const int position = inner->ChildOf(order, key);
    SOCHDB_CHECK(path->depth < kMaxDepth);
    path->steps[path->depth++] = {inner, path->low, path->high, position};
    if (position > 0) path->low = inner->separators[order.slot(position)];
    if (position + 1 < order.count()) path->high = inner->separators[order.slot(position + 1)];
    node = inner->children[order.slot(position)];
    PrefetchNode(node);
  }
  path->leaf = static_cast<OrderedLeaf*>(node);
}

void OrderedIndex::InsertAt(OrderedLeaf* leaf, NodeOrder order, int position, const KeyRecord* record) {
  SOCHDB_DCHECK(leaf->used == order.count());
  const int slot = leaf->used++;
  leaf->Write(slot, record);
  leaf->Publish(order.Insert(position, slot));
}

void OrderedIndex::SplitLeaf(const Path& path, NodeOrder order, int position, const KeyRecord* record) {
  constexpr int kSlots = OrderedLeaf::kSlots;
  bool ascending = position >= kAscendingRun;
  for (int i = 1; ascending && i <= kAscendingRun; ++i) ascending = order.slot(position - i) == kSlots - i;
  if (ascending && position == kSlots) return AppendLeaf(path, order, record);

  const OrderedLeaf* old = path.leaf;
  const KeyRecord* sorted[kSlots + 1];
  for (int i = 0, from = 0; i <= kSlots; ++i) sorted[i] = i == position ? record : old->records[order.slot(from++)];
  // An ascending run is parted from what lies behind it: the next keys of the run are appended.
  const int middle = ascending ? position + 1 : (kSlots + 1) / 2;
  const KeyRecord* separator = sorted[middle];
  OrderedLeaf* left = NewLeaf(path.low, separator);
  OrderedLeaf* right = NewLeaf(separator, path.high);
  for (int i = 0; i < middle; ++i) left->Write(i, sorted[i]);
  for (int i = middle; i <= kSlots; ++i) right->Write(i - middle, sorted[i]);
  left->used = static_cast<uint16_t>(middle);
  right->used = static_cast<uint16_t>(kSlots + 1 - middle);
  left->Publish(NodeOrder::Identity(left->used));
  right->Publish(NodeOrder::Identity(right->used));
  PutInPlace(path, left, separator, right);
}

void OrderedIndex::AppendLeaf(const Path& path, NodeOrder order, const KeyRecord* record) {
  OrderedLeaf* left = path.leaf;
  OrderedLeaf* right = NewLeaf(record, path.high);
  right->Write(0, record);
  right->used = 1;
  right->Publish(NodeOrder::Identity(1));
  if (HeadsTie(order, 0, left->heads) && SkipBetween(path.low, record) > left->skip) {
    left = NewLeaf(path.low, record);
    for (int i = 0; i < order.count(); ++i) left->Write(i, path.leaf->records[order.slot(i)]);
    left->used = path.leaf->used;
    left->Publish(NodeOrder::Identity(left->used));
  }
  PutInPlace(path, left, record, right);
}

// Puts `left` (complete; it may be the old leaf itself) and `right` in the place of the path's leaf, in the tree and between
// its neighbours.
void OrderedIndex::PutInPlace(const Path& path, OrderedLeaf* left, const KeyRecord* separator, OrderedLeaf* right) {
  OrderedLeaf* prev = path.leaf->prev.load(std::memory_order_relaxed);
  OrderedLeaf* next = path.leaf->next.load(std::memory_order_relaxed);
  right->prev.store(left, std::memory_order_relaxed);
  right->next.store(next, std::memory_order_relaxed);
  if (left != path.leaf) {
    left->prev.store(prev, std::memory_order_relaxed);
    left->next.store(right, std::memory_order_relaxed);
  }
  Apply(path, {left, separator, right});
  if (left == path.leaf) left->next.store(right, std::memory_order_release);
  else if (prev != nullptr) prev->next.store(left, std::memory_order_release);
  if (next != nullptr) next->prev.store(right, std::memory_order_release);
  else last_leaf_ = right;
}

// Carries an edit up from the leaf to the first node that has room for it, or to the root. Everything is allocated before the
// one store that publishes.
void OrderedIndex::Apply(const Path& path, Edit edit) {
  for (int i = path.depth - 1; i >= 0; --i) {
    const Step& step = path.steps[i];
    if (EditInPlace(step, edit)) return;
    edit = Rebuild(step, edit);
  }
  OrderedNode* root = edit.left;
  if (edit.right != nullptr) {
    const OrderedInner::Entry entries[] = {{nullptr, edit.left}, {edit.separator, edit.right}};
    root = NewInner(static_cast<uint16_t>(edit.left->level + 1), nullptr, nullptr, entries, 2);
  }
  root_.store(root, std::memory_order_release);
}

bool OrderedIndex::EditInPlace(const Step& step, const Edit& edit) {
  OrderedInner* node = step.node;
  NodeOrder order = node->LoadOrder();
  const OrderedInner::Entry old = node->Read(order.slot(step.position));
  const bool replaces = edit.left != old.child;
  const int needed = (replaces ? 1 : 0) + (edit.right != nullptr ? 1 : 0);
  if (node->used + needed > OrderedInner::kSlots) return false;
  if (replaces) {
    node->Write(node->used, {old.separator, edit.left}, step.position == 0);
    order = order.Replace(step.position, node->used++);
  }
  if (edit.right != nullptr) {
    node->Write(node->used, {edit.separator, edit.right}, false);
    order = order.Insert(step.position + 1, node->used++);
  }
  node->Publish(order);
  return true;
}

// What takes the place of a node that has too few free slots for the edit of one of its children: one or two new ones.
OrderedIndex::Edit OrderedIndex::Rebuild(const Step& step, const Edit& edit) {
  OrderedInner* node = step.node;
  const NodeOrder order = node->LoadOrder();
  OrderedInner::Entry entries[OrderedInner::kSlots + 1];
  int n = 0;
  for (int i = 0; i < order.count(); ++i) {
    entries[n++] = node->Read(order.slot(i));
    if (i != step.position) continue;
    entries[n - 1].child = edit.left;
    if (edit.right != nullptr) entries[n++] = {edit.separator, edit.right};
  }
  const bool keeps_children = node->children[order.slot(step.position)] == edit.left;
  const bool appends = edit.right != nullptr && edit.right->LoadOrder().count() == 1 && step.position == order.count() - 1;
  if (n <= kCompactEntriesMax && !(appends && keeps_children)) {
    return {NewInner(node->level, step.low, step.high, entries, n), nullptr, nullptr};
  }
  // As with leaves: at the end of an ascending run the node keeps its entries, and the new child starts the next one.
  const int middle = appends ? n - 1 : n / 2;
  const KeyRecord* separator = entries[middle].separator;
  OrderedNode* right = NewInner(node->level, separator, step.high, entries + middle, n - middle);
  const bool keeps =
      appends && keeps_children && (!HeadsTie(order, 1, node->heads) || SkipBetween(step.low, separator) <= node->skip);
  return {keeps ? node : NewInner(node->level, step.low, separator, entries, middle), separator, right};
}

void OrderedIndex::Init(OrderedLeaf* leaf, const KeyRecord* low, const KeyRecord* high) {
  leaf->order.store(0, std::memory_order_relaxed);
  leaf->skip = static_cast<uint32_t>(SkipBetween(low, high));
  leaf->level = 0;
  leaf->used = 0;
  leaf->next.store(nullptr, std::memory_order_relaxed);
  leaf->prev.store(nullptr, std::memory_order_relaxed);
}

OrderedLeaf* OrderedIndex::NewLeaf(const KeyRecord* low, const KeyRecord* high) {
  auto* leaf = new (arena_->AllocateAligned(sizeof(OrderedLeaf), alignof(OrderedLeaf))) OrderedLeaf;
  Init(leaf, low, high);
  return leaf;
}

OrderedInner* OrderedIndex::NewInner(uint16_t level, const KeyRecord* low, const KeyRecord* high,
                                     const OrderedInner::Entry* entries, int n) {
  auto* node = new (arena_->AllocateAligned(sizeof(OrderedInner), alignof(OrderedInner))) OrderedInner;
  node->skip = static_cast<uint32_t>(SkipBetween(low, high));
  node->level = level;
  for (int i = 0; i < n; ++i) node->Write(i, entries[i], i == 0);
  node->used = static_cast<uint16_t>(n);
  node->Publish(NodeOrder::Identity(n));
  return node;
}

}  // namespace sochdb
