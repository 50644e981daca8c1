// The learned navigator of a collection: training it, and the record it is stored in.

#include <utility>

#include "index/document/collection.h"

namespace sochdb {

Status Collection::TrainNavigator(Engine* engine, NavigatorTraining training, NavigatorReport* report) const {
  const size_t dimension = config_.dimension;
  const size_t count = training.queries.size() / dimension;
  const size_t padded = PaddedDimension(dimension);
  std::vector<float> prepared(count * padded);
  for (size_t i = 0; i < count; ++i) {
    const float* query = training.queries.data() + i * dimension;
    const Status status = CheckVector(config_.metric, dimension, query, dimension);
    if (!status.ok()) return Status(status).With("query", std::to_string(i));
    PrepareVector(config_.metric, query, dimension, prepared.data() + i * padded);
  }
  training.queries = prepared;
  SOCHDB_ASSIGN(snapshot, engine->NewSnapshot());
  if (!index_->Covers(snapshot->read_ts())) {
    return {Code::kOutOfMemory, "The collection's index ran out of memory; there is nothing to train a navigator on."};
  }
  training.ef = config_.ef_search;
  training.read_ts = snapshot->read_ts();
  training.now_ms = snapshot->now_ms();
  return index_->TrainNavigator(std::move(training), report);
}

Status Collection::StoreNavigator(Transaction* transaction, const NavigatorReport& report) const {
  if (!report.accepted) return transaction->Delete(TreeId::kMetadata, config_.id.NavigatorKey());
  return transaction->Put(TreeId::kMetadata, config_.id.NavigatorKey(), report.model.Encode(), kNeverExpires);
}

void Collection::UseNavigator(const NavigatorReport& report) const {
  index_->UseNavigator(report.accepted ? std::optional(report.model) : std::nullopt, true);
}

Status Collection::LoadNavigator(Engine* engine) const {
  if (index_->navigator() != nullptr) return {};
  SOCHDB_ASSIGN(snapshot, engine->NewSnapshot());
  ReadValue record;
  bool found = false;
  SOCHDB_TRY(snapshot->Get(TreeId::kMetadata, config_.id.NavigatorKey(), &record, &found));
  NavigatorModel model;
  if (found && NavigatorModel::Decode(record.data, &model)) index_->UseNavigator(std::move(model), false);
  return {};
}

}  // namespace sochdb
