#include "binding/napi_util.h"

#include <cmath>
#include <cstring>
#include <new>

#include "binding/environment.h"

namespace sochdb::binding {
namespace {

bool IsPending(napi_env env) {
  bool pending = false;
  napi_is_exception_pending(env, &pending);
  return pending;
}

Status WrongType(napi_env env, napi_value value, const char* name, const std::string& wanted) {
  return {Code::kInvalidArgument,
          std::string(name) + " must be " + wanted + "; this one is " + DescribeType(env, value) + ".",
          {{"argument", name}}};
}

Status TooLong(const char* name, uint64_t bytes, uint64_t max_bytes) {
  return {Code::kInvalidArgument,
          std::string(name) + " is " + std::to_string(bytes) + " bytes long; the limit is " + std::to_string(max_bytes) + ".",
          {{"argument", name}, {"limit", std::to_string(max_bytes)}}};
}

Status Detached(const char* name) {
  return {
      Code::kInvalidArgument, std::string(name) + " is detached: its memory was transferred elsewhere.", {{"argument", name}}};
}

// As ThrowStatus, for when there may be no memory for a Status.
napi_value ThrowPlain(napi_env env, Code code, const char* message) {
  napi_value text = nullptr;
  napi_value error = nullptr;
  if (IsPending(env) || napi_create_string_utf8(env, message, NAPI_AUTO_LENGTH, &text) != napi_ok ||
      napi_create_error(env, nullptr, text, &error) != napi_ok) {
    return nullptr;
  }
  const napi_property_descriptor property = {
      "nativeCode", nullptr, nullptr, nullptr, nullptr, FromInt32(env, static_cast<int32_t>(code)), napi_default_jsproperty,
      nullptr};
  if (napi_define_properties(env, error, 1, &property) == napi_ok) napi_throw(env, error);
  return nullptr;
}

// What a Uint8Array refers to. `shared` memory may change while it is read.
struct ByteView {
  std::string_view bytes;
  bool shared = false;
};

Status ViewBytes(napi_env env, napi_value value, const char* name, const char* wanted, ByteView* out) {
  napi_typedarray_type type{};
  size_t length = 0;
  void* data = nullptr;
  napi_value buffer = nullptr;
  if (napi_get_typedarray_info(env, value, &type, &length, &data, &buffer, nullptr) != napi_ok ||
      (type != napi_uint8_array && type != napi_uint8_clamped_array)) {
    return WrongType(env, value, name, wanted);
  }
  bool unshared = false;
  if (length == 0) {
    bool detached = false;
    if (napi_is_detached_arraybuffer(env, buffer, &detached) == napi_ok && detached) return Detached(name);
    *out = {};
    return {};
  }
  if (length > BytesArgument::kBorrowBytes) napi_is_arraybuffer(env, buffer, &unshared);
  *out = {{static_cast<const char*>(data), length}, !unshared};
  return {};
}

}  // namespace

const char* DescribeType(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  napi_typeof(env, value, &type);
  bool is = false;
  switch (type) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return "a boolean";
    case napi_number:
      return "a number";
    case napi_string:
      return "a string";
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    case napi_external:
      return "an external value";
    case napi_object:
      break;
  }
  if (napi_is_array(env, value, &is) == napi_ok && is) return "an array";
  if (napi_is_arraybuffer(env, value, &is) == napi_ok && is) return "an ArrayBuffer";
  if (napi_is_dataview(env, value, &is) == napi_ok && is) return "a DataView";
  if (napi_is_typedarray(env, value, &is) == napi_ok && is) return "a typed array of another kind";
  if (napi_is_promise(env, value, &is) == napi_ok && is) return "a promise";
  if (napi_is_date(env, value, &is) == napi_ok && is) return "a Date";
  return "an object";
}

napi_value ThrowStatus(napi_env env, const Status& status) {
  SOCHDB_DCHECK(!status.ok());
  if (IsPending(env)) return nullptr;
  napi_value error = nullptr;
  if (napi_create_error(env, nullptr, FromUtf8(env, status.message()), &error) != napi_ok) return nullptr;
  ObjectBuilder details(env);
  for (const auto& [name, value] : status.details()) details.Text(name.c_str(), value);
  const napi_property_attributes attributes = napi_default_jsproperty;
  const napi_property_descriptor properties[] = {
      {"nativeCode", nullptr, nullptr, nullptr, nullptr, FromInt32(env, static_cast<int32_t>(status.code())), attributes,
       nullptr},
      {"details", nullptr, nullptr, nullptr, nullptr, details.value(), attributes, nullptr}};
  if (napi_define_properties(env, error, 2, properties) == napi_ok) napi_throw(env, error);
  return nullptr;
}

Status ReadUint64(napi_env env, napi_value value, const char* name, uint64_t max, uint64_t* out) {
  double number = 0;
  if (napi_get_value_double(env, value, &number) != napi_ok) {
    return WrongType(env, value, name, "a whole number from 0 to " + std::to_string(max));
  }
  if (!(number >= 0 && number <= static_cast<double>(kMaxSafeInteger)) || std::floor(number) != number ||
      static_cast<uint64_t>(number) > max) {
    return {Code::kInvalidArgument,
            std::string(name) + " must be a whole number from 0 to " + std::to_string(max) + ".",
            {{"argument", name}}};
  }
  *out = static_cast<uint64_t>(number);
  return {};
}

Status ReadUint32(napi_env env, napi_value value, const char* name, uint32_t min, uint32_t max, uint32_t* out) {
  uint64_t wide = 0;
  SOCHDB_TRY(ReadUint64(env, value, name, max, &wide));
  if (wide < min) {
    return {Code::kInvalidArgument, std::string(name) + " must be at least " + std::to_string(min) + ".", {{"argument", name}}};
  }
  *out = static_cast<uint32_t>(wide);
  return {};
}

Status ReadDouble(napi_env env, napi_value value, const char* name, double* out) {
  if (napi_get_value_double(env, value, out) != napi_ok) return WrongType(env, value, name, "a number");
  return {};
}

Status ReadBool(napi_env env, napi_value value, const char* name, bool* out) {
  if (napi_get_value_bool(env, value, out) != napi_ok) return WrongType(env, value, name, "true or false");
  return {};
}

Status ReadString(napi_env env, napi_value value, const char* name, size_t max_bytes, std::string* out) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return WrongType(env, value, name, "a string");
  if (length > max_bytes) return TooLong(name, length, max_bytes);
  out->resize(length + 1);
  napi_get_value_string_utf8(env, value, out->data(), length + 1, &length);
  out->resize(length);
  return {};
}

Status ReadBytes(napi_env env, napi_value value, const char* name, std::string_view* out) {
  ByteView view;
  SOCHDB_TRY(ViewBytes(env, value, name, "a Uint8Array", &view));
  *out = view.bytes;
  return {};
}

Status ReadArrayBuffer(napi_env env, napi_value value, const char* name, std::span<char>* out) {
  // Asked for its kind first: Node-API may not be asked for the memory of anything else.
  bool is_buffer = false;
  void* data = nullptr;
  size_t length = 0;
  if (napi_is_arraybuffer(env, value, &is_buffer) != napi_ok || !is_buffer ||
      napi_get_arraybuffer_info(env, value, &data, &length) != napi_ok) {
    return WrongType(env, value, name, "an ArrayBuffer");
  }
  *out = {static_cast<char*>(data), data == nullptr ? 0 : length};
  return {};
}

Status BytesArgument::Read(napi_env env, napi_value value, const char* name, std::string_view prefix, uint64_t max_bytes) {
  SOCHDB_DCHECK(prefix.size() <= 16);
  const size_t room = kInlineBytes - prefix.size();
  size_t length = 0;
  const napi_status status = napi_get_value_string_utf8(env, value, inline_ + prefix.size(), room, &length);
  if (status == napi_string_expected) return ReadView(env, value, name, prefix, max_bytes);
  if (status != napi_ok) return WrongType(env, value, name, "a string or a Uint8Array");
  // A longer string is cut at a character, so up to four bytes before the end of the room.
  if (length + 5 >= room) return ReadLongString(env, value, name, prefix, max_bytes);
  if (length > max_bytes) return TooLong(name, length, max_bytes);
  if (!prefix.empty()) std::memcpy(inline_, prefix.data(), prefix.size());
  view_ = {inline_, prefix.size() + length};
  return {};
}

Status BytesArgument::ReadLongString(napi_env env, napi_value value, const char* name, std::string_view prefix,
                                     uint64_t max_bytes) {
  size_t length = 0;
  if (napi_get_value_string_utf8(env, value, nullptr, 0, &length) != napi_ok) return WrongType(env, value, name, "a string");
  if (length > max_bytes) return TooLong(name, length, max_bytes);
  heap_.assign(prefix);
  heap_.resize(prefix.size() + length + 1);  // Node-API ends it with a NUL
  napi_get_value_string_utf8(env, value, heap_.data() + prefix.size(), length + 1, &length);
  view_ = std::string_view(heap_).substr(0, prefix.size() + length);
  return {};
}

Status BytesArgument::ReadView(napi_env env, napi_value value, const char* name, std::string_view prefix, uint64_t max_bytes) {
  ByteView view;
  SOCHDB_TRY(ViewBytes(env, value, name, "a string or a Uint8Array", &view));
  if (view.bytes.size() > max_bytes) return TooLong(name, view.bytes.size(), max_bytes);
  const size_t total = prefix.size() + view.bytes.size();
  char* to = inline_;
  if (total > kInlineBytes) {
    if (prefix.empty() && !view.shared) {
      view_ = view.bytes;
      return {};
    }
    heap_.resize(total);
    to = heap_.data();
  }
  if (!prefix.empty()) std::memcpy(to, prefix.data(), prefix.size());
  if (!view.bytes.empty()) std::memcpy(to + prefix.size(), view.bytes.data(), view.bytes.size());
  view_ = {to, total};
  return {};
}

napi_value Undefined(napi_env env) {
  napi_value value = nullptr;
  napi_get_undefined(env, &value);
  return value;
}

napi_value FromBool(napi_env env, bool value) {
  napi_value result = nullptr;
  napi_get_boolean(env, value, &result);
  return result;
}

napi_value FromDouble(napi_env env, double value) {
  napi_value result = nullptr;
  napi_create_double(env, value, &result);
  return result;
}

napi_value FromInt32(napi_env env, int32_t value) {
  napi_value result = nullptr;
  napi_create_int32(env, value, &result);
  return result;
}

napi_value FromUint64(napi_env env, uint64_t value) {
  napi_value result = nullptr;
  napi_create_bigint_uint64(env, value, &result);
  return result;
}

napi_value FromUtf8(napi_env env, std::string_view text) {
  napi_value result = nullptr;
  if (napi_create_string_utf8(env, text.data(), text.size(), &result) == napi_ok) return result;
  return ThrowStatus(env, {Code::kLimit,
                           "The value is longer than a JavaScript string may be: read it as bytes.",
                           {{"bytes", std::to_string(text.size())}}});
}

ObjectBuilder::ObjectBuilder(napi_env env) : env_(env) { napi_create_object(env, &object_); }

ObjectBuilder& ObjectBuilder::Set(const char* name, napi_value value) {
  if (object_ == nullptr || value == nullptr) return *this;
  const napi_property_descriptor property = {name, nullptr, nullptr, nullptr, nullptr, value, napi_default_jsproperty, nullptr};
  napi_define_properties(env_, object_, 1, &property);
  return *this;
}

napi_value Invoke(napi_env env, napi_callback_info info, Function function, std::span<napi_value> arguments) noexcept {
  size_t count = arguments.size();
  void* data = nullptr;
  if (napi_get_cb_info(env, info, &count, arguments.data(), nullptr, &data) != napi_ok) return nullptr;
  try {
    Call call(env, static_cast<Environment*>(data), arguments);
    return function(call);
  } catch (const std::bad_alloc&) {
    return ThrowPlain(env, Code::kOutOfMemory, "The process is out of memory.");
  } catch (...) {
    return ThrowPlain(env, Code::kInternal, "The engine failed in a way it should not; please report it.");
  }
}

bool DefineFunction(Environment* environment, napi_value exports, const char* name, napi_callback callback) {
  napi_env env = environment->env();
  napi_value function = nullptr;
  return napi_create_function(env, name, NAPI_AUTO_LENGTH, callback, environment, &function) == napi_ok &&
         napi_set_named_property(env, exports, name, function) == napi_ok;
}

}  // namespace sochdb::binding
