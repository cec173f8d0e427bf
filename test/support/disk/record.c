/*
 * Records the writes and syncs of a process, for LD_PRELOAD. RECORD_FOLDER is an absolute path without symbolic links,
 * and RECORD_JOURNAL a file outside of it. The journal has, in one total order:
 *
 * - each change of the folder's files and names, AFTER the call has returned;
 * - each sync, as a begin before the call and an end after it;
 * - the bytes of each write to a TCP socket, BEFORE the call.
 *
 * So a sync in the journal covers the changes that are recorded before its begin, and everything that a client has
 * seen is recorded after the syncs that the process waited for. `journal.ts` reads the format.
 *
 * Only the calls that Node imports are here. A change by another call (a mapping, sendfile) is not seen, so a test
 * compares the files that it rebuilds from the whole journal with the real ones.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind {
  STARTED = 1,
  OPENED,
  CLOSED,
  WRITTEN,
  TRUNCATED,
  SYNC_BEGAN,
  SYNC_ENDED,
  RENAMED,
  UNLINKED,
  FOLDER_MADE,
  FOLDER_REMOVED,
  SENT
};

struct entry {
  uint32_t kind;
  int32_t fd;
  uint64_t offset;
  uint64_t length;
};

enum state { UNSEEN, FILE_OF_FOLDER, TCP, OTHER };

#define MAX_FDS 65536
static unsigned char states[MAX_FDS];
static const char *folder;
static size_t folder_length;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void put(enum kind kind, int fd, uint64_t offset, const struct iovec *parts, int count) {
  if (journal < 0) return;
  int error = errno;
  uint64_t length = 0;
  for (int i = 0; i < count; i++) length += parts[i].iov_len;
  struct entry entry = {kind, fd, offset, length};
  pthread_mutex_lock(&lock);
  int whole = NEXT(syscall)(SYS_write, journal, &entry, sizeof entry) == sizeof entry;
  for (int i = 0; i < count; i++) {
    long size = parts[i].iov_len;
    whole = whole && NEXT(syscall)(SYS_write, journal, parts[i].iov_base, size) == size;
  }
  pthread_mutex_unlock(&lock);
  if (!whole) {
    fprintf(stderr, "record.c: cannot write the journal\n");
    abort();
  }
  errno = error;
}

static void put_text(enum kind kind, int fd, uint64_t number, const char *text) {
  struct iovec part = {(void *)text, strlen(text)};
  put(kind, fd, number, &part, 1);
}

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("RECORD_JOURNAL");
  folder = getenv("RECORD_FOLDER");
  if (path == NULL || folder == NULL) return;
  folder_length = strlen(folder);
  journal = NEXT(syscall)(SYS_openat, AT_FDCWD, path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
  put(STARTED, -1, 0, NULL, 0);
}

static int within(const char *path) {
  return folder != NULL && strncmp(path, folder, folder_length) == 0 &&
         (path[folder_length] == '/' || path[folder_length] == 0);
}

/* Relative paths are not resolved: Node and SQLite pass the absolute path that the test gave to the process. */
static int known(int fd) { return fd >= 0 && fd < MAX_FDS && states[fd] == FILE_OF_FOLDER; }

static int opened(int fd, int flags) {
  if (journal < 0 || fd < 0) return fd;
  int error = errno;
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  errno = error;
  if (length < 0) return fd;
  path[length] = 0;
  if (!within(path)) return fd;
  if (fd >= MAX_FDS) abort();
  states[fd] = FILE_OF_FOLDER;
  put_text(OPENED, fd, flags, path);
  return fd;
}

static mode_t mode_of(int flags, va_list more) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
}

#define OPEN(name)                                    \
  int name(const char *path, int flags, ...) {        \
    va_list more;                                     \
    va_start(more, flags);                            \
    mode_t mode = mode_of(flags, more);               \
    va_end(more);                                     \
    return opened(NEXT(name)(path, flags, mode), flags); \
  }
OPEN(open)
OPEN(open64)

int openat(int at, const char *path, int flags, ...) {
  va_list more;
  va_start(more, flags);
  mode_t mode = mode_of(flags, more);
  va_end(more);
  return opened(NEXT(openat)(at, path, flags, mode), flags);
}

/* Before the call: afterwards another thread may have the number. */
static void closing(int fd) {
  if (known(fd)) put(CLOSED, fd, 0, NULL, 0);
  if (fd >= 0 && fd < MAX_FDS) states[fd] = UNSEEN;
}

int close(int fd) {
  closing(fd);
  return NEXT(close)(fd);
}

/* libuv closes with it. No system call has more than six arguments. */
long syscall(long number, ...) {
  va_list more;
  va_start(more, number);
  long a[6];
  for (int i = 0; i < 6; i++) a[i] = va_arg(more, long);
  va_end(more);
  if (number == SYS_close) closing(a[0]);
  return NEXT(syscall)(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

static int is_tcp(int fd) {
  if (journal < 0 || fd < 0 || fd >= MAX_FDS || states[fd] == FILE_OF_FOLDER) return 0;
  if (states[fd] == UNSEEN) {
    struct sockaddr_storage address = {0};
    socklen_t length = sizeof address;
    int error = errno;
    int is_socket = getsockname(fd, (struct sockaddr *)&address, &length) == 0;
    errno = error;
    int is_inet = address.ss_family == AF_INET || address.ss_family == AF_INET6;
    states[fd] = is_socket && is_inet ? TCP : OTHER;
  }
  return states[fd] == TCP;
}

static void sent(int fd, const struct iovec *parts, int count) {
  if (is_tcp(fd)) put(SENT, fd, 0, parts, count);
}

/* A write may be shorter than its parts. */
static ssize_t written(int fd, const struct iovec *parts, int count, off_t offset, ssize_t result) {
  if (!known(fd) || result <= 0) return result;
  off_t at = offset >= 0 ? offset : lseek(fd, 0, SEEK_CUR) - result;
  ssize_t left = result;
  for (int i = 0; i < count && left > 0; i++) {
    ssize_t size = (ssize_t)parts[i].iov_len < left ? (ssize_t)parts[i].iov_len : left;
    struct iovec part = {parts[i].iov_base, size};
    put(WRITTEN, fd, at, &part, 1);
    at += size;
    left -= size;
  }
  return result;
}

ssize_t write(int fd, const void *bytes, size_t size) {
  struct iovec part = {(void *)bytes, size};
  sent(fd, &part, 1);
  return written(fd, &part, 1, -1, NEXT(write)(fd, bytes, size));
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  sent(fd, parts, count);
  return written(fd, parts, count, -1, NEXT(writev)(fd, parts, count));
}

ssize_t send(int fd, const void *bytes, size_t size, int flags) {
  struct iovec part = {(void *)bytes, size};
  sent(fd, &part, 1);
  return NEXT(send)(fd, bytes, size, flags);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
  sent(fd, message->msg_iov, message->msg_iovlen);
  return NEXT(sendmsg)(fd, message, flags);
}

#define PWRITE(name)                                                       \
  ssize_t name(int fd, const void *bytes, size_t size, off_t offset) {     \
    struct iovec part = {(void *)bytes, size};                             \
    return written(fd, &part, 1, offset, NEXT(name)(fd, bytes, size, offset)); \
  }
PWRITE(pwrite)
PWRITE(pwrite64)

#define PWRITEV(name)                                                        \
  ssize_t name(int fd, const struct iovec *parts, int count, off_t offset) { \
    return written(fd, parts, count, offset, NEXT(name)(fd, parts, count, offset)); \
  }
PWRITEV(pwritev)
PWRITEV(pwritev64)

#define FTRUNCATE(name)                                          \
  int name(int fd, off_t length) {                               \
    int result = NEXT(name)(fd, length);                         \
    if (result == 0 && known(fd)) put(TRUNCATED, fd, length, NULL, 0); \
    return result;                                               \
  }
FTRUNCATE(ftruncate)
FTRUNCATE(ftruncate64)

/* Threads may sync one file at the same time, so both entries have the thread's id. */
#define SYNC(name)                                       \
  int name(int fd) {                                     \
    if (!known(fd)) return NEXT(name)(fd);               \
    put(SYNC_BEGAN, fd, gettid(), NULL, 0);              \
    int result = NEXT(name)(fd);                         \
    if (result == 0) put(SYNC_ENDED, fd, gettid(), NULL, 0); \
    return result;                                       \
  }
SYNC(fsync)
SYNC(fdatasync)

int rename(const char *from, const char *to) {
  int result = NEXT(rename)(from, to);
  if (result != 0 || journal < 0 || !(within(from) || within(to))) return result;
  char both[2 * PATH_MAX];
  snprintf(both, sizeof both, "%s\n%s", from, to);
  put_text(RENAMED, -1, 0, both);
  return result;
}

#define NAMED(name, kind)                                            \
  int name(const char *path) {                                       \
    int result = NEXT(name)(path);                                   \
    if (result == 0 && within(path)) put_text(kind, -1, 0, path);    \
    return result;                                                   \
  }
NAMED(unlink, UNLINKED)
NAMED(rmdir, FOLDER_REMOVED)

int mkdir(const char *path, mode_t mode) {
  int result = NEXT(mkdir)(path, mode);
  if (result == 0 && within(path)) put_text(FOLDER_MADE, -1, 0, path);
  return result;
}
