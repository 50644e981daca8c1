#include "index/vector/code_kernels.h"

#include <initializer_list>

namespace sochdb {
namespace {

const CodeKernels& FastestCodeKernels() {
  for (const CodeKernels* kernels : {Avx512VnniCodeKernels(), Avx2CodeKernels(), NeonCodeKernels()}) {
    if (kernels != nullptr) return *kernels;
  }
  return *ScalarCodeKernels();
}

}  // namespace

const CodeKernels& BestCodeKernels() {
  static const CodeKernels& kernels = FastestCodeKernels();
  return kernels;
}

}  // namespace sochdb
