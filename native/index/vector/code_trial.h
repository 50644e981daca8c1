// Codes on trial: what they learn from, how they are made, and whether they are good enough to lead searches.
//
// Thread safety: rows below the counts given are complete, and do not change meanwhile.

#pragma once

#include <cstdint>
#include <vector>

#include "index/vector/slot_vectors.h"

namespace sochdb {

// How many vectors the mean is taken of, which scalar codes take away.
inline constexpr uint32_t kMeanSample = 2000;

// At most so many of the slots below `published`, evenly spaced.
std::vector<const float*> SampleVectors(const FullVectors& full, uint32_t published, uint32_t most);

// Makes the codes of the slots [from, to). Throws std::bad_alloc.
void EncodeSlots(const FullVectors& full, uint32_t from, uint32_t to, CodeQuery* scratch, VectorCodes* codes);

// Whether the nearest by vector are among the first by code, of which a search compares as many again: vectors whose
// differences are small beside their largest value can be beyond what a byte tells apart.
bool CodesTellApart(const SlotVectors& vectors, const VectorCodes& codes, uint32_t encoded);

}  // namespace sochdb
