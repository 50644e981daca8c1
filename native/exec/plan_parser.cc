#include "exec/plan_parser.h"

#include "codec/tagged_value.h"
#include "exec/profile.h"

namespace sochdb {
namespace {

Timestamp Join(int32_t high, int32_t low) {
  return static_cast<uint64_t>(static_cast<uint32_t>(high)) << 32 | static_cast<uint32_t>(low);
}

}  // namespace

PlanParser::PlanParser(std::span<const int32_t> words, std::string_view constants)
    : words_(words), given_constants_(constants), plan_(new PreparedPlan()) {}

Status PlanParser::Fail(int32_t word, const std::string& what) const {
  return {Code::kInvalidArgument, "Word " + std::to_string(word) + " of the plan: " + what, {{"word", std::to_string(word)}}};
}

Result<std::shared_ptr<const PreparedPlan>> PlanParser::Parse() {
  int32_t root = 0;
  SOCHDB_TRY(ParseHeader(&root));
  SOCHDB_TRY(ParseConstants());
  SOCHDB_TRY(NodeAt(root, kHeaderWords - 1, 3, 0, &plan_->root_));
  const bool writes = plan_->written_table_ != nullptr;
  if (writes != plan_->is_write_) return Fail(6, "the flags do not say whether the plan writes");
  for (const auto& table : plan_->tables_) {
    if (table->catalog_ts == 0) plan_->has_own_entry_ = true;
    if (table->catalog_ts > plan_->newest_entry_ts_) plan_->newest_entry_ts_ = table->catalog_ts;
  }
  plan_->point_ = plan_->analyzes_ ? PointKind::kNone : ClassifyPoint(*plan_->root_);
  return std::shared_ptr<const PreparedPlan>(std::move(plan_));
}

Status PlanParser::ParseHeader(int32_t* root) {
  if (words_.size() < kHeaderWords) return Fail(static_cast<int32_t>(words_.size()), "the header is cut short");
  if (words_.size() > kPlanWordsMax) return Fail(2, "a plan has at most " + std::to_string(kPlanWordsMax) + " words");
  if (words_[0] != kPlanMagic) return Fail(0, "this is no plan");
  if (words_[1] != kPlanVersion) return Fail(1, "plan version " + std::to_string(words_[1]) + " is not understood");
  if (words_[2] != static_cast<int32_t>(words_.size())) return Fail(2, "the plan does not have the length it says");
  if (words_[4] < 0 || words_[4] > kPlanWordsMax) return Fail(4, "the parameter count is out of range");
  if ((words_[6] & ~(kPlanWrites | kPlanAnalyzes)) != 0) return Fail(6, "there are unknown flags");
  *root = words_[3];
  plan_->parameter_count_ = static_cast<uint32_t>(words_[4]);
  plan_->is_write_ = (words_[6] & kPlanWrites) != 0;
  plan_->analyzes_ = (words_[6] & kPlanAnalyzes) != 0;
  plan_->namespace_id_ = static_cast<uint32_t>(words_[7]);
  plan_->catalog_ts_ = Join(words_[8], words_[9]);
  plan_->validated_ts_.store(plan_->catalog_ts_, std::memory_order_relaxed);
  return {};
}

Status PlanParser::ParseConstants() {
  const int32_t count = words_[5];
  if (count < 0 || static_cast<size_t>(count) > given_constants_.size()) return Fail(5, "the constants are cut short");
  plan_->constants_ = given_constants_;
  std::string_view rest = plan_->constants_;
  for (int32_t i = 0; i < count; ++i) {
    Value value;
    if (Status status = DecodeTagged(&rest, &value); !status.ok()) {
      return Fail(5, "constant " + std::to_string(i) + " is unreadable: " + status.message());
    }
    constants_.push_back(value);
  }
  if (!rest.empty()) return Fail(5, "there are more constants than it says");
  return {};
}

Status PlanParser::CheckOffset(int32_t offset, int32_t parent, int32_t word) const {
  if (offset <= parent || offset >= static_cast<int32_t>(words_.size())) {
    return Fail(word, "offset " + std::to_string(offset) + " does not point forward into the plan");
  }
  return {};
}

Status PlanParser::Constant(int32_t index, int32_t word, Value* out) const {
  if (index < 0 || static_cast<size_t>(index) >= constants_.size()) {
    return Fail(word, "there is no constant " + std::to_string(index));
  }
  *out = constants_[static_cast<size_t>(index)];
  return {};
}

Status PlanParser::Name(Words* words, std::string* out) const {
  int32_t index = 0;
  SOCHDB_TRY(words->Next(&index));
  Value value;
  SOCHDB_TRY(Constant(index, words->last(), &value));
  if (value.tag != ValueTag::kText && value.tag != ValueTag::kBlob) return Fail(words->last(), "a name must be text");
  *out = value.bytes;
  return {};
}

Status PlanParser::Words::Next(int32_t* out) {
  if (at_ >= static_cast<int32_t>(parser_->words_.size())) return parser_->Fail(at_, "the plan is cut short");
  // A tree reads each word once; shared leaves a few times. More means that nodes overlap.
  if (++parser_->words_read_ > parser_->words_.size() * 4) return parser_->Fail(at_, "nodes overlap");
  *out = parser_->words_[static_cast<size_t>(at_++)];
  return {};
}

Status PlanParser::Words::NextCount(int32_t words_each, int32_t* out) {
  SOCHDB_TRY(Next(out));
  const int64_t left = static_cast<int64_t>(parser_->words_.size()) - at_;
  if (*out < 0 || int64_t{*out} * words_each > left) {
    return parser_->Fail(last(), "a count of " + std::to_string(*out) + " passes the end of the plan");
  }
  return {};
}

Status PlanParser::Words::NextFlag(bool* out) {
  int32_t word = 0;
  SOCHDB_TRY(NextFlags(1, &word));
  *out = word != 0;
  return {};
}

Status PlanParser::Words::NextFlags(int32_t allowed, int32_t* out) {
  SOCHDB_TRY(Next(out));
  if ((*out & ~allowed) != 0) return parser_->Fail(last(), "there are unknown flags");
  return {};
}

Status PlanParser::Words::NextIndex(size_t max, const char* what, uint32_t* out) {
  int32_t word = 0;
  SOCHDB_TRY(Next(&word));
  if (word < 0 || static_cast<size_t>(word) >= max) {
    return parser_->Fail(last(), std::string("there is no ") + what + " " + std::to_string(word));
  }
  *out = static_cast<uint32_t>(word);
  return {};
}

const std::vector<ColumnType>& PreparedPlan::output_types() const { return analyzes_ ? ProfileTypes() : root_->columns; }

Result<std::shared_ptr<const PreparedPlan>> PreparedPlan::Parse(std::span<const int32_t> words, std::string_view constants) {
  return PlanParser(words, constants).Parse();
}

}  // namespace sochdb
