#include "mem/hash_index.cc"
#include "mem/memtable.cc"
#include "mem/ordered_index.cc"
#include "mem/run_index.cc"
