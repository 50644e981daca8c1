#include "exec/plan_parser.h"

namespace sochdb {
namespace {

const std::vector<ColumnType> kNoColumnsHere;

bool IsIntegralHere(ColumnType type) { return type == ColumnType::kNull || SameClass(type, ColumnType::kInteger); }

bool IsSummable(ColumnType type) {
  return IsIntegralHere(type) || type == ColumnType::kReal || type == ColumnType::kDecimal || type == ColumnType::kAny;
}

bool IsOrNull(ColumnType type, ColumnType wanted) { return type == ColumnType::kNull || SameClass(type, wanted); }

bool IsJsonable(ColumnType type) { return type != ColumnType::kBlob && type != ColumnType::kVector; }

bool TakesTwo(AggregateFn fn) {
  return fn == AggregateFn::kGroupConcat || fn == AggregateFn::kJsonGroupObject || fn == AggregateFn::kJsonObjectAgg;
}

// Of kLag and the like: how many arguments, least and most.
std::pair<size_t, size_t> ArgumentCounts(WindowFn fn) {
  switch (fn) {
    case WindowFn::kNtile:
    case WindowFn::kFirstValue:
    case WindowFn::kLastValue:
      return {1, 1};
    case WindowFn::kNthValue:
      return {2, 2};
    case WindowFn::kLag:
    case WindowFn::kLead:
      return {1, 3};
    default:
      return {0, 0};
  }
}

bool SkipsNulls(WindowFn fn) { return fn >= WindowFn::kLag && fn <= WindowFn::kNthValue; }

}  // namespace

Status PlanParser::NextSortKeys(Words* words, int depth, const Types& scope, std::vector<SortNode::Key>* out) {
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(2, &count));
  for (int32_t i = 0; i < count; ++i) {
    SortNode::Key& key = out->emplace_back();
    int32_t flags = 0;
    SOCHDB_TRY(NextExpr(words, depth, scope, &key.expr));
    SOCHDB_TRY(words->NextFlags(kSortDescending | kSortNullsLast, &flags));
    key.descending = (flags & kSortDescending) != 0;
    key.nulls_last = (flags & kSortNullsLast) != 0;
  }
  return {};
}

Status PlanParser::CheckAggregate(int32_t word, AggregateNode::Function* fn) const {
  if ((fn->arg == nullptr) != (fn->fn == AggregateFn::kCountRows)) {
    return Fail(word, "an aggregate has an argument, COUNT(*) has none");
  }
  if ((fn->arg2 != nullptr) != TakesTwo(fn->fn)) return Fail(word, "the aggregate has another number of arguments");
  fn->type = ColumnType::kInteger;
  if (fn->arg == nullptr || fn->fn == AggregateFn::kCount) return {};
  const ColumnType type = fn->arg->type;
  const auto no = [&](const char* what) {
    return Fail(fn->arg->word, std::string("there is no ") + what + " of " + ColumnTypeName(type));
  };
  switch (fn->fn) {
    case AggregateFn::kSum:
      fn->type = type;
      return IsSummable(type) ? Status() : no("sum");
    case AggregateFn::kAvg:
      fn->type = type == ColumnType::kDecimal ? type : ColumnType::kReal;
      return IsSummable(type) ? Status() : no("sum");
    case AggregateFn::kTotal:
    case AggregateFn::kStddevSamp:
    case AggregateFn::kStddevPop:
    case AggregateFn::kVarSamp:
    case AggregateFn::kVarPop:
      fn->type = ColumnType::kReal;
      return IsSummable(type) ? Status() : no("sum");
    case AggregateFn::kGroupConcat:
      fn->type = ColumnType::kText;
      return IsOrNull(type, ColumnType::kText) && IsOrNull(fn->arg2->type, ColumnType::kText) ? Status() : no("text");
    case AggregateFn::kJsonGroupArray:
    case AggregateFn::kJsonArrayAgg:
      fn->type = ColumnType::kJson;
      return IsJsonable(type) ? Status() : no("JSON");
    case AggregateFn::kJsonGroupObject:
    case AggregateFn::kJsonObjectAgg:
      fn->type = ColumnType::kJson;
      return IsOrNull(type, ColumnType::kText) && IsJsonable(fn->arg2->type) ? Status() : no("JSON");
    case AggregateFn::kBoolAnd:
    case AggregateFn::kBoolOr:
      fn->type = ColumnType::kBoolean;
      return IsOrNull(type, ColumnType::kBoolean) ? Status() : no("truth");
    case AggregateFn::kBitAnd:
    case AggregateFn::kBitOr:
      fn->type = type;
      return IsIntegralHere(type) ? Status() : no("bits");
    case AggregateFn::kMedian:
      fn->type = ColumnType::kReal;
      return IsOrNull(type, ColumnType::kReal) ? Status() : no("median");
    default:
      fn->type = type;
      return {};
  }
}

Status PlanParser::ParseFunction(Words* words, int depth, const Types& scope, AggregateNode::Function* fn) {
  uint32_t number = 0;
  SOCHDB_TRY(words->NextIndex(static_cast<size_t>(kLastAggregateFn) + 1, "aggregate", &number));
  fn->fn = static_cast<AggregateFn>(number);
  const int32_t word = words->last();
  SOCHDB_TRY(NextOptionalExpr(words, depth, scope, &fn->arg));
  int32_t flags = 0;
  SOCHDB_TRY(words->NextFlags(kAggregateDistinct, &flags));
  fn->distinct = flags != 0;
  SOCHDB_TRY(NextPredicate(words, depth, scope, &fn->filter));
  SOCHDB_TRY(NextOptionalExpr(words, depth, scope, &fn->arg2));
  SOCHDB_TRY(NextSortKeys(words, depth, scope, &fn->order));
  if (!fn->order.empty() && fn->arg == nullptr) return Fail(word, "there is nothing that COUNT(*) could be ordered by");
  return CheckAggregate(word, fn);
}

Status PlanParser::ParseAggregate(Words* words, int depth, AggregateNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  const Types& scope = node->child->columns;
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  SOCHDB_TRY(NextExprs(words, count, depth, scope, &node->groups));
  for (const Expr* group : node->groups) node->columns.push_back(group->type);
  SOCHDB_TRY(words->NextCount(6, &count));
  for (int32_t i = 0; i < count; ++i) {
    SOCHDB_TRY(ParseFunction(words, depth, scope, &node->functions.emplace_back()));
    node->columns.push_back(node->functions.back().type);
  }
  return {};
}

Status PlanParser::ParseWindow(Words* words, int depth, WindowNode* node) {
  SOCHDB_TRY(NextNode(words, depth, &node->child));
  const Types& scope = node->child->columns;
  int32_t count = 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  SOCHDB_TRY(NextExprs(words, count, depth, scope, &node->partition));
  SOCHDB_TRY(NextSortKeys(words, depth, scope, &node->order));
  SOCHDB_TRY(words->NextCount(11, &count));
  node->columns = scope;
  for (int32_t i = 0; i < count; ++i) {
    WindowNode::Function& fn = node->functions.emplace_back();
    SOCHDB_TRY(ParseWindowFunction(words, depth, *node, &fn));
    node->columns.push_back(fn.aggregate.type);
  }
  return {};
}

Status PlanParser::ParseWindowFunction(Words* words, int depth, const WindowNode& node, WindowNode::Function* fn) {
  const Types& scope = node.child->columns;
  int32_t number = 0;
  int32_t type = 0;
  int32_t flags = 0;
  int32_t count = 0;
  SOCHDB_TRY(words->Next(&number));
  const int32_t word = words->last();
  fn->is_aggregate = number >= 0 && number <= static_cast<int32_t>(kLastAggregateFn);
  const bool ranking =
      number >= static_cast<int32_t>(WindowFn::kRowNumber) && number <= static_cast<int32_t>(WindowFn::kNthValue);
  if (!fn->is_aggregate && !ranking) return Fail(word, "there is no window function " + std::to_string(number));
  SOCHDB_TRY(words->Next(&type));
  if (type < 0 || type > kColumnTypeMax) return Fail(words->last(), "there is no type " + std::to_string(type));
  SOCHDB_TRY(words->NextFlags(kWindowIgnoreNulls, &flags));
  fn->ignore_nulls = flags != 0;
  SOCHDB_TRY(words->NextCount(1, &count));
  SOCHDB_TRY(NextExprs(words, count, depth, scope, &fn->args));
  SOCHDB_TRY(NextPredicate(words, depth, scope, &fn->aggregate.filter));
  if (fn->is_aggregate) {
    if (fn->ignore_nulls || fn->args.size() > 2)
      return Fail(word, "an aggregate takes two arguments at most, and passes over NULLs");
    fn->aggregate.fn = static_cast<AggregateFn>(number);
    if (!fn->args.empty()) fn->aggregate.arg = fn->args[0];
    if (fn->args.size() > 1) fn->aggregate.arg2 = fn->args[1];
    SOCHDB_TRY(CheckAggregate(word, &fn->aggregate));
  } else {
    fn->fn = static_cast<WindowFn>(number);
    SOCHDB_TRY(CheckRanking(word, fn));
  }
  if (!SameClass(fn->aggregate.type, static_cast<ColumnType>(type))) {
    return Fail(word, std::string("the function yields ") + ColumnTypeName(fn->aggregate.type) + ", not " +
                          ColumnTypeName(static_cast<ColumnType>(type)));
  }
  fn->aggregate.type = static_cast<ColumnType>(type);
  return ParseFrame(words, depth, node, &fn->frame);
}

// Sets the type of the result.
Status PlanParser::CheckRanking(int32_t word, WindowNode::Function* fn) const {
  const auto [least, most] = ArgumentCounts(fn->fn);
  if (fn->args.size() < least || fn->args.size() > most) return Fail(word, "the function takes another number of arguments");
  if (fn->aggregate.filter != nullptr) return Fail(word, "only aggregates have a filter");
  if (fn->ignore_nulls && !SkipsNulls(fn->fn)) return Fail(word, "the function cannot pass over NULLs");
  ColumnType& type = fn->aggregate.type;
  type = ColumnType::kInteger;
  if (fn->fn == WindowFn::kPercentRank || fn->fn == WindowFn::kCumeDist) type = ColumnType::kReal;
  if (SkipsNulls(fn->fn)) type = fn->args[0]->type;
  const Expr* number = fn->fn == WindowFn::kNtile ? fn->args[0] : (fn->args.size() > 1 ? fn->args[1] : nullptr);
  if (number != nullptr && !IsIntegralHere(number->type)) return Fail(number->word, "a number of rows is INTEGER");
  if (fn->args.size() > 2) {
    const ColumnType instead = fn->args[2]->type;
    if (type == ColumnType::kNull) type = instead;
    else if (!IsOrNull(instead, type)) return Fail(fn->args[2]->word, "what stands for a missing row has another type");
  }
  return {};
}

Status PlanParser::ParseFrame(Words* words, int depth, const WindowNode& node, WindowNode::Frame* frame) {
  uint32_t number = 0;
  SOCHDB_TRY(words->NextIndex(3, "frame", &number));
  frame->mode = static_cast<FrameMode>(number);
  const int32_t word = words->last();
  ColumnType offset = ColumnType::kInteger;
  if (frame->mode == FrameMode::kRange && node.order.size() == 1) {
    offset = node.order[0].expr->type;
    if (offset == ColumnType::kTimestamp) offset = ColumnType::kInteger;
  }
  SOCHDB_TRY(ParseEdge(words, depth, offset, &frame->start));
  SOCHDB_TRY(ParseEdge(words, depth, offset, &frame->end));
  SOCHDB_TRY(words->NextIndex(4, "exclusion", &number));
  frame->exclude = static_cast<FrameExclude>(number);
  if (frame->start.kind == FrameBound::kUnboundedFollowing || frame->end.kind == FrameBound::kUnboundedPreceding ||
      frame->start.kind > frame->end.kind) {
    return Fail(word, "the frame ends before it starts");
  }
  const bool offsets = frame->start.offset != nullptr || frame->end.offset != nullptr;
  const bool distances = offset == ColumnType::kNull || SameClass(offset, ColumnType::kInteger) ||
                         offset == ColumnType::kReal || offset == ColumnType::kDecimal;
  if (frame->mode == FrameMode::kRange && offsets && (node.order.size() != 1 || !distances)) {
    return Fail(word, "a distance takes one key that has distances");
  }
  return {};
}

Status PlanParser::ParseEdge(Words* words, int depth, ColumnType offset, WindowNode::Edge* edge) {
  uint32_t number = 0;
  SOCHDB_TRY(words->NextIndex(5, "frame bound", &number));
  edge->kind = static_cast<FrameBound>(number);
  SOCHDB_TRY(NextOptionalExpr(words, depth, kNoColumnsHere, &edge->offset));
  const bool wanted = edge->kind == FrameBound::kPreceding || edge->kind == FrameBound::kFollowing;
  if (wanted != (edge->offset != nullptr)) return Fail(words->last(), "a frame bound has an offset, or none");
  if (wanted && !IsOrNull(edge->offset->type, offset)) {
    return Fail(words->last(), std::string("an offset of the frame is ") + ColumnTypeName(offset));
  }
  return {};
}

}  // namespace sochdb
