// MD5 (RFC 1321), for what has to agree with sums made elsewhere. It protects nothing.

#pragma once

#include <string>
#include <string_view>

namespace sochdb {

// 32 hexadecimal digits, lower case.
std::string Md5Hex(std::string_view bytes);

}  // namespace sochdb
