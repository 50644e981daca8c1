// What this processor can do, and the operating system lets it: the wide registers count only where XGETBV says that a
// context switch saves them.
//
// Thread safety: any thread. False on other architectures than x86-64.

#pragma once

namespace sochdb {

bool CpuHasAvx2();        // AVX2 and FMA
bool CpuHasAvx512();      // F, BW, VL and DQ
bool CpuHasAvx512Vnni();  // and VNNI

}  // namespace sochdb
