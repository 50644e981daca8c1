// GraphAnswer: what is said to a request: JSON text, or nothing. What a traversal found comes in parts, each of which can be
// read when it is wanted, and quickly: V8 looks up every short string of a JSON text by itself, names of members too.
//
//   text        {"types":[…],"runs":[type,count,…]}   types of nodes and edges; and those of the nodes, by their numbers, run
//   by run ids         of the nodes: a control character that none of them has, then they with it in between; or a JSON array
//   properties  of the nodes: a JSON array
//   edges       a JSON array of [from,type,to,properties(,valid from,valid until)]: ends and types are numbers
//
// Thread safety: a value.

#pragma once

#include <cstddef>
#include <optional>
#include <string>

namespace sochdb {

struct GraphAnswer {
  std::optional<std::string> text;
  bool has_parts = false;
  std::string ids;
  std::string properties;
  std::string edges;
};

}  // namespace sochdb
