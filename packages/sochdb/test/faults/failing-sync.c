// A disk whose syncs fail: preloaded into a process (LD_PRELOAD), for as long as the file that FAILING_SYNC names is there.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

static int fails(void) {
  const char *file = getenv("FAILING_SYNC");
  return file != NULL && access(file, F_OK) == 0;
}

#define FAILING(name)                                   \
  int name(int descriptor) {                            \
    static int (*real)(int);                            \
    if (fails()) {                                      \
      errno = EIO;                                      \
      return -1;                                        \
    }                                                   \
    if (real == NULL) real = dlsym(RTLD_NEXT, #name);   \
    return real(descriptor);                            \
  }

FAILING(fsync)
FAILING(fdatasync)
