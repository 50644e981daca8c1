// The learned navigator of collections: training it, letting go of it, what it does.

#include "binding/async_long.h"
#include "binding/vector_collection.h"

namespace sochdb::binding {
namespace {

// Asks what it works on, trains, and stores what came of it; any thread may call Run.
class NavigatorWork {
 public:
  // From the arguments: target, collection, k, sample, queries or undefined, minRecall, seed, whether time matters.
  Status Read(Call& call) {
    napi_env env = call.env();
    SOCHDB_TRY(use_.ReadWritable(call));
    if (use_.target.transaction != nullptr) {
      return {Code::kInvalidArgument, "A navigator is trained on a database; transactions see what it is trained on too late."};
    }
    const uint32_t most_k = std::min<uint32_t>(kMaxNavigatorK, use_.handle->collection->config().ef_search);
    SOCHDB_TRY(ReadUint32(env, call[2], "k", 1, most_k, &how_.k));
    SOCHDB_TRY(ReadUint32(env, call[3], "sample", kLeastNavigatorQueries, kMostNavigatorQueries, &how_.sample));
    SOCHDB_TRY(ReadDouble(env, call[5], "minRecall", &how_.min_recall));
    uint32_t seed = 0;
    SOCHDB_TRY(ReadUint32(env, call[6], "seed", 0, UINT32_MAX, &seed));
    how_.seed = seed;
    bool check_time = true;
    SOCHDB_TRY(ReadBool(env, call[7], "checkTime", &check_time));
    if (check_time) how_.clock = [clock = use_.target.engine->env()] { return clock->MonotonicNanos(); };
    napi_valuetype type{};
    if (napi_typeof(env, call[4], &type) == napi_ok && type == napi_undefined) return {};
    std::span<const float> queries;
    SOCHDB_TRY(ViewFloats(env, call[4], "queries", &queries));
    queries_.assign(queries.begin(), queries.end());
    how_.queries = queries_;
    return {};
  }

  [[nodiscard]] CollectionHandle* handle() const { return use_.handle; }
  [[nodiscard]] Handle* target() const { return use_.target.handle; }

  Status Run(const CancelToken* cancel, std::function<void(uint64_t, uint64_t)> progress, NavigatorReport* report) {
    Engine* const engine = use_.target.engine;
    const Collection& collection = *use_.handle->collection;
    SOCHDB_TRY(use_.handle->indexes->WaitUntilLinked(cancel));
    NavigatorTraining training = how_;
    training.cancel = cancel;
    training.progress = std::move(progress);
    SOCHDB_TRY(collection.TrainNavigator(engine, std::move(training), report));
    return Store(*report);
  }
  Status Store(const NavigatorReport& report) const {
    const Collection& collection = *use_.handle->collection;
    SOCHDB_ASSIGN(transaction, use_.target.engine->Begin({}));
    SOCHDB_TRY(use_.handle->CheckCurrent(transaction.get()));
    SOCHDB_TRY(collection.StoreNavigator(transaction.get(), report));
    SOCHDB_TRY(transaction->Commit().status());
    collection.UseNavigator(report);
    return {};
  }
  Status ReadUse(Call& call) { return use_.ReadWritable(call); }

 private:
  CollectionUse use_;
  NavigatorTraining how_;
  std::vector<float> queries_;
};

void AddMeasures(const NavigatorMeasures& measured, ObjectBuilder* object) {
  object->Number("queries", measured.queries)
      .Number("recall", measured.recall)
      .Number("hnswRecall", measured.plain_recall)
      .Number("worstRecall", measured.worst_recall)
      .Number("hnswWorstRecall", measured.plain_worst_recall)
      .Number("distances", measured.evaluations)
      .Number("hnswDistances", measured.plain_evaluations);
}

napi_value DescribeReport(napi_env env, const NavigatorReport& report) {
  napi_value checks = nullptr;
  if (napi_create_array(env, &checks) != napi_ok) return nullptr;
  for (uint32_t i = 0; i < report.checks.size(); ++i) {
    const NavigatorCheck& check = report.checks[i];
    napi_value each = ObjectBuilder(env)
                          .Text("check", check.name)
                          .Bool("passed", check.passed)
                          .Number("measured", check.measured)
                          .Number("limit", check.limit)
                          .value();
    if (napi_set_element(env, checks, i, each) != napi_ok) return nullptr;
  }
  ObjectBuilder object(env);
  object.Bool("accepted", report.accepted).Set("checks", checks).Number("k", report.model.k);
  AddMeasures(report.model.measures, &object);
  return object.value();
}

// collectionTrainNavigator(target, collection, k, sample, queries as a Float32Array, end to end, or undefined, minRecall, seed,
// whether time matters, timeout in milliseconds or 0): the report.
napi_value CollectionTrainNavigator(Call& call) {
  NavigatorWork work;
  TimeLimit limit;
  NavigatorReport report;
  Status status = work.Read(call);
  if (status.ok()) status = limit.Read(call, 8, work.handle()->engine);
  if (status.ok()) status = work.Run(limit.token(), {}, &report);
  return status.ok() ? DescribeReport(call.env(), report) : call.Throw(status);
}

// asyncCollectionTrainNavigator(the first eight of those arguments, operation, timeout, progress): the report.
napi_value AsyncCollectionTrainNavigator(Call& call) {
  auto work = std::make_shared<NavigatorWork>();
  AsyncEnvironment::Options options;
  Status status = work->Read(call);
  if (status.ok()) status = ReadNumber(call, 8, &options);
  if (status.ok()) status = ReadTimeLimit(call, 9, &options);
  if (status.ok()) status = ReadProgress(call, 10, &options);
  if (!status.ok()) return call.Throw(status);
  options.first_pin = work->handle();
  options.second_pin = work->target();
  return RunLong<NavigatorReport>(
      call, options,
      [work](const CancelToken* cancel, const LongProgress& progress) -> Result<NavigatorReport> {
        NavigatorReport report;
        SOCHDB_TRY(work->Run(
            cancel, [&progress](uint64_t done, uint64_t total) { progress(done, total); }, &report));
        return report;
      },
      DescribeReport);
}

// collectionDropNavigator(target, collection): lets go of what was learned. Harmless when there is nothing.
napi_value CollectionDropNavigator(Call& call) {
  NavigatorWork work;
  Status status = work.ReadUse(call);
  if (status.ok()) status = work.Store(NavigatorReport{});
  return status.ok() ? nullptr : call.Throw(status);
}

const char* NameOf(NavigatorState state) {
  switch (state) {
    case NavigatorState::kNone:
      return "none";
    case NavigatorState::kActive:
      return "active";
    case NavigatorState::kSuspendedByChanges:
      return "suspendedByChanges";
    case NavigatorState::kSuspendedByQueries:
      return "suspendedByQueries";
  }
  return "";
}

// collectionNavigator(target, collection): how it does.
napi_value CollectionNavigator(Call& call) {
  CollectionUse use;
  if (const Status status = use.Read(call); !status.ok()) return call.Throw(status);
  ObjectBuilder object(call.env());
  const std::shared_ptr<Navigator> navigator = use.handle->collection->index().navigator();
  if (navigator == nullptr) return object.Text("state", NameOf(NavigatorState::kNone)).value();
  const NavigatorModel& model = navigator->model();
  object.Text("state", NameOf(navigator->state()))
      .Number("k", model.k)
      .Count("trainedVectors", model.trained_vectors)
      .Count("changedVectors", navigator->changes())
      .Count("searches", navigator->searches())
      .Count("fallbacks", navigator->fallbacks());
  AddMeasures(model.measures, &object);
  return object.value();
}

}  // namespace

bool InitNavigators(Environment* environment, napi_value exports) {
  return Define<CollectionTrainNavigator, 9>(environment, exports, "collectionTrainNavigator") &&
         Define<AsyncCollectionTrainNavigator, 11>(environment, exports, "asyncCollectionTrainNavigator") &&
         Define<CollectionDropNavigator, 2>(environment, exports, "collectionDropNavigator") &&
         Define<CollectionNavigator, 2>(environment, exports, "collectionNavigator");
}

}  // namespace sochdb::binding
