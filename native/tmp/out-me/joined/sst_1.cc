#include "sst/table_verify.cc"
