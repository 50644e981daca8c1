#include "lsm/verify_tables.cc"
