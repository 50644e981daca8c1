// StatementHandle: a plan that was checked once, and what runs on it.
//
// Thread safety: the environment's thread; the plan itself is shared by all.

#pragma once

#include <memory>
#include <string>
#include <utility>

#include "binding/environment.h"
#include "binding/napi_util.h"
#include "exec/point.h"
#include "exec/prepared_plan.h"

namespace sochdb::binding {

struct StatementHandle : Handle {
  static constexpr HandleKind kKind = HandleKind::kStatement;
  StatementHandle(Engine* engine_, IdentityCounters* identities_, const ExecutionLimits& limits_,
                  std::shared_ptr<const PreparedPlan> plan_)
      : Handle(kKind), engine(engine_), identities(identities_), limits(limits_), plan(std::move(plan_)) {
    if (plan->is_point()) point = std::make_unique<PointStatement>(plan, limits);
  }
  Engine* engine;
  IdentityCounters* identities;
  ExecutionLimits limits;
  std::shared_ptr<const PreparedPlan> plan;
  std::unique_ptr<PointStatement> point;  // null unless the plan is of one row by its key
  std::string parameters;                 // of the point statement: the exchange is written over while they are in use
};

struct StatementArguments {
  Target target;
  StatementHandle* statement = nullptr;
};

// Arguments 0 and 1: the target and the statement, which may run on it.
Status ReadStatementArguments(Call& call, StatementArguments* out);

}  // namespace sochdb::binding
