/*
 * Adds SLOW_SYNC_US microseconds to every call that waits for the disk, for LD_PRELOAD. The call itself still runs, so
 * on a file system in memory the delay is the whole cost.
 *
 * The 64-bit numbers in the file SLOW_SYNC_COUNTS are incremented, also by child processes: calls, then microseconds
 * of delay. A file that is open with O_DSYNC or O_SYNC is not slowed: its writes call no sync.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

static long delay_us;
static _Atomic uint64_t *counts;

__attribute__((constructor)) static void start(void) {
  const char *delay = getenv("SLOW_SYNC_US");
  if (delay != NULL) delay_us = atol(delay);
  const char *path = getenv("SLOW_SYNC_COUNTS");
  if (path == NULL) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return;
  void *memory = mmap(NULL, 16, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  close(fd);
  if (memory != MAP_FAILED) counts = memory;
}

/* Sleeps until an absolute time, so that signals do not lengthen the delay. Keeps the errno of the real call. */
static int slowed(int result) {
  int error = errno;
  if (delay_us > 0) {
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += (delay_us % 1000000) * 1000;
    until.tv_sec += delay_us / 1000000 + until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {
    }
  }
  if (counts != NULL) {
    atomic_fetch_add(&counts[0], 1);
    atomic_fetch_add(&counts[1], delay_us);
  }
  errno = error;
  return result;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

int fsync(int fd) { return slowed(NEXT(fsync)(fd)); }

int fdatasync(int fd) { return slowed(NEXT(fdatasync)(fd)); }

int syncfs(int fd) { return slowed(NEXT(syncfs)(fd)); }

int msync(void *address, size_t length, int flags) {
  int result = NEXT(msync)(address, length, flags);
  return flags & MS_SYNC ? slowed(result) : result;
}

/* SYNC_FILE_RANGE_WRITE alone starts a write-back and does not wait for it. */
int sync_file_range(int fd, off64_t offset, off64_t length, unsigned int flags) {
  int result = NEXT(sync_file_range)(fd, offset, length, flags);
  return flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER) ? slowed(result) : result;
}
