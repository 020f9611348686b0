// Records every change below one directory, in the order in which it happened, so that the state of the disk after
// a power cut at any of them can be rebuilt. Preloaded into a process; see trace.ts for the records.
//
//   POWERCUT_ROOT   directory that is watched (absolute)
//   POWERCUT_TRACE  file that receives the records (outside of the directory)
//   POWERCUT_KILL   number of the record that is not made: the process is killed in its place
//   POWERCUT_FAULT  file; while it exists and holds "<kind> <errno>" calls of that kind fail. Kinds: write, sync, any.
//
// LevelDB writes through stdio, whose own writes cannot be preloaded, so its buffering is done here for its files.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

// Optimized builds have macros of these names.
#undef fwrite_unlocked
#undef fflush_unlocked

#define MAX_FD 4096
#define STDIO_BYTES 4096

typedef struct {
  FILE *file;
  int fd;
  size_t used;
  char bytes[STDIO_BYTES];
} Stream;

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *root;
static size_t root_length;
static const char *fault_path;
static int trace_fd = -1;
static long kill_at;
static long records;
static struct {
  dev_t device;
  ino_t inode;
} watched[MAX_FD];
static Stream *streams[MAX_FD];

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_link)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_rmdir)(const char *);
static FILE *(*real_fopen)(const char *, const char *);
static size_t (*real_fwrite)(const void *, size_t, size_t, FILE *);
static int (*real_fflush)(FILE *);
static int (*real_fclose)(FILE *);

__attribute__((constructor)) static void begin(void) {
  if (real_open) return;
  real_open = dlsym(RTLD_NEXT, "open");
  real_openat = dlsym(RTLD_NEXT, "openat");
  real_close = dlsym(RTLD_NEXT, "close");
  real_write = dlsym(RTLD_NEXT, "write");
  real_pwrite = dlsym(RTLD_NEXT, "pwrite");
  real_ftruncate = dlsym(RTLD_NEXT, "ftruncate");
  real_fsync = dlsym(RTLD_NEXT, "fsync");
  real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
  real_rename = dlsym(RTLD_NEXT, "rename");
  real_link = dlsym(RTLD_NEXT, "link");
  real_unlink = dlsym(RTLD_NEXT, "unlink");
  real_mkdir = dlsym(RTLD_NEXT, "mkdir");
  real_rmdir = dlsym(RTLD_NEXT, "rmdir");
  real_fopen = dlsym(RTLD_NEXT, "fopen");
  real_fwrite = dlsym(RTLD_NEXT, "fwrite_unlocked");
  real_fflush = dlsym(RTLD_NEXT, "fflush_unlocked");
  real_fclose = dlsym(RTLD_NEXT, "fclose");
  root = getenv("POWERCUT_ROOT");
  fault_path = getenv("POWERCUT_FAULT");
  const char *trace = getenv("POWERCUT_TRACE");
  const char *kill_text = getenv("POWERCUT_KILL");
  if (kill_text) kill_at = atol(kill_text);
  if (!root || !trace) return;
  root_length = strlen(root);
  trace_fd = real_open(trace, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int below(const char *path) {
  if (trace_fd < 0 || !path || strncmp(path, root, root_length) != 0) return 0;
  if (path[root_length] != '/' && path[root_length] != 0) return 0;
  // The engine's chatter and its lock hold nothing that matters.
  const char *name = strrchr(path, '/');
  name = name ? name + 1 : path;
  return strcmp(name, "LOG") != 0 && strcmp(name, "LOG.old") != 0 && strcmp(name, "LOCK") != 0;
}

// Descriptors are also closed by system calls that cannot be preloaded, so the number alone says nothing.
static int is_watched(int fd) {
  struct stat found;
  if (fd < 0 || fd >= MAX_FD || watched[fd].inode == 0 || fstat(fd, &found) != 0) return 0;
  return watched[fd].inode == found.st_ino && watched[fd].device == found.st_dev;
}

static void put_all(const void *data, size_t length) {
  const char *at = data;
  while (length > 0) {
    ssize_t done = real_write(trace_fd, at, length);
    if (done <= 0) _exit(99);
    at += done;
    length -= (size_t)done;
  }
}

// kind, fd, a number (offset, size or flags), and one or two strings of bytes.
static void record(char kind, int fd, int64_t number, const void *data, size_t length) {
  records += 1;
  if (kill_at > 0 && records >= kill_at) kill(getpid(), SIGKILL);
  unsigned char head[17];
  head[0] = (unsigned char)kind;
  int32_t small = fd;
  uint32_t size = (uint32_t)length;
  memcpy(head + 1, &small, 4);
  memcpy(head + 5, &number, 8);
  memcpy(head + 13, &size, 4);
  put_all(head, sizeof head);
  put_all(data, length);
}

static void record_pair(char kind, const char *a, const char *b) {
  char pair[8192];
  size_t length = strlen(a);
  if (length + strlen(b) + 1 > sizeof pair) _exit(98);
  memcpy(pair, a, length + 1);
  memcpy(pair + length + 1, b, strlen(b));
  record(kind, -1, 0, pair, length + 1 + strlen(b));
}

// The errno that calls of a kind fail with now, or 0.
static int fault(const char *kind) {
  if (!fault_path) return 0;
  int fd = real_open(fault_path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return 0;
  char text[64] = {0};
  ssize_t got = read(fd, text, sizeof text - 1);
  real_close(fd);
  char what[32];
  int code = 0;
  if (got <= 0 || sscanf(text, "%31s %d", what, &code) != 2) return 0;
  return strcmp(what, kind) == 0 || strcmp(what, "any") == 0 ? code : 0;
}

static int fails(const char *kind) {
  int code = fault(kind);
  if (!code) return 0;
  errno = code;
  return 1;
}

static void watch(int fd, const char *path, int flags) {
  struct stat found;
  if (fd < 0 || fd >= MAX_FD || fstat(fd, &found) != 0) return;
  watched[fd].device = found.st_dev;
  watched[fd].inode = found.st_ino;
  record('O', fd, flags, path, strlen(path));
}

static int opened(int fd, const char *path, int flags) {
  int saved = errno;
  if (fd >= 0) watch(fd, path, flags);
  errno = saved;
  return fd;
}

static int do_open(const char *path, int flags, mode_t mode) {
  begin();
  if (!below(path)) return real_open(path, flags, mode);
  pthread_mutex_lock(&lock);
  int fd = -1;
  if (!((flags & O_CREAT) && access(path, F_OK) != 0 && fails("write"))) fd = opened(real_open(path, flags, mode), path, flags);
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE(flags)                  \
  mode_t mode = 0;                   \
  if ((flags) & (O_CREAT)) {         \
    va_list list;                    \
    va_start(list, flags);           \
    mode = (mode_t)va_arg(list, int);\
    va_end(list);                    \
  }

int open(const char *path, int flags, ...) {
  MODE(flags)
  return do_open(path, flags, mode);
}
int open64(const char *path, int flags, ...) {
  MODE(flags)
  return do_open(path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
  MODE(flags)
  begin();
  return path[0] == '/' ? do_open(path, flags, mode) : real_openat(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
  MODE(flags)
  begin();
  return path[0] == '/' ? do_open(path, flags, mode) : real_openat(at, path, flags, mode);
}

int close(int fd) {
  begin();
  if (!is_watched(fd)) return real_close(fd);
  pthread_mutex_lock(&lock);
  record('c', fd, 0, "", 0);
  watched[fd].inode = 0;
  int result = real_close(fd);
  pthread_mutex_unlock(&lock);
  return result;
}

// Where a write without an offset goes.
static off_t end_of(int fd) {
  if (fcntl(fd, F_GETFL) & O_APPEND) {
    struct stat found;
    return fstat(fd, &found) == 0 ? found.st_size : 0;
  }
  return lseek(fd, 0, SEEK_CUR);
}

// Called with the lock held.
static ssize_t write_at(int fd, const void *data, size_t length, off_t at, int placed) {
  int code = fault("write");
  if (code) {
    // A disk that fills up takes a part of the bytes first.
    size_t part = code == ENOSPC ? length / 2 : 0;
    if (part > 0 && !placed) {
      record('W', fd, at, data, part);
      ssize_t done = real_write(fd, data, part);
      (void)done;
    }
    errno = code;
    return -1;
  }
  record('W', fd, at, data, length);
  return placed ? real_pwrite(fd, data, length, at) : real_write(fd, data, length);
}

ssize_t write(int fd, const void *data, size_t length) {
  begin();
  int acknowledges = fd == 1 && trace_fd >= 0;
  if (!acknowledges && !is_watched(fd)) return real_write(fd, data, length);
  pthread_mutex_lock(&lock);
  ssize_t result;
  if (acknowledges) {
    record('A', fd, 0, data, length);
    result = real_write(fd, data, length);
  } else {
    result = write_at(fd, data, length, end_of(fd), 0);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static ssize_t do_pwrite(int fd, const void *data, size_t length, off_t at) {
  begin();
  if (!is_watched(fd)) return real_pwrite(fd, data, length, at);
  pthread_mutex_lock(&lock);
  ssize_t result = write_at(fd, data, length, at, 1);
  pthread_mutex_unlock(&lock);
  return result;
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t at) { return do_pwrite(fd, data, length, at); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t at) { return do_pwrite(fd, data, length, at); }

ssize_t writev(int fd, const struct iovec *parts, int count) {
  ssize_t total = 0;
  for (int i = 0; i < count; i++) {
    ssize_t done = write(fd, parts[i].iov_base, parts[i].iov_len);
    if (done < 0) return total > 0 ? total : -1;
    total += done;
    if ((size_t)done < parts[i].iov_len) break;
  }
  return total;
}

static int do_truncate(int fd, off_t size) {
  begin();
  if (!is_watched(fd)) return real_ftruncate(fd, size);
  pthread_mutex_lock(&lock);
  record('T', fd, size, "", 0);
  int result = real_ftruncate(fd, size);
  pthread_mutex_unlock(&lock);
  return result;
}
int ftruncate(int fd, off_t size) { return do_truncate(fd, size); }
int ftruncate64(int fd, off_t size) { return do_truncate(fd, size); }

static int do_sync(int fd, int (*real)(int)) {
  if (!is_watched(fd)) return real(fd);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (!fails("sync")) {
    record('S', fd, 0, "", 0);
    // The disk of the test needs no real sync: what survives is what the records say.
    result = 0;
  }
  pthread_mutex_unlock(&lock);
  return result;
}
int fsync(int fd) {
  begin();
  return do_sync(fd, real_fsync);
}
int fdatasync(int fd) {
  begin();
  return do_sync(fd, real_fdatasync);
}

int rename(const char *from, const char *to) {
  begin();
  if (!below(from)) return real_rename(from, to);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (!fails("write")) {
    record_pair('R', from, to);
    result = real_rename(from, to);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

int link(const char *from, const char *to) {
  begin();
  if (!below(from)) return real_link(from, to);
  pthread_mutex_lock(&lock);
  int result = -1;
  if (!fails("write")) {
    result = real_link(from, to);
    if (result == 0) record_pair('L', from, to);
  }
  pthread_mutex_unlock(&lock);
  return result;
}

static int do_named(char kind, const char *path, int (*call)(const char *), mode_t mode) {
  pthread_mutex_lock(&lock);
  int result = call ? call(path) : real_mkdir(path, mode);
  int saved = errno;
  if (result == 0) record(kind, -1, 0, path, strlen(path));
  errno = saved;
  pthread_mutex_unlock(&lock);
  return result;
}
int unlink(const char *path) {
  begin();
  return below(path) ? do_named('U', path, real_unlink, 0) : real_unlink(path);
}
int rmdir(const char *path) {
  begin();
  return below(path) ? do_named('X', path, real_rmdir, 0) : real_rmdir(path);
}
int mkdir(const char *path, mode_t mode) {
  begin();
  return below(path) ? do_named('M', path, NULL, mode) : real_mkdir(path, mode);
}

static FILE *do_fopen(const char *path, const char *how) {
  begin();
  if (!below(path) || how[0] == 'r') return real_fopen(path, how);
  pthread_mutex_lock(&lock);
  FILE *file = NULL;
  if (!fails("write")) {
    int saved;
    file = real_fopen(path, how);
    saved = errno;
    int fd = file ? fileno(file) : -1;
    if (fd >= 0 && fd < MAX_FD) {
      watch(fd, path, O_WRONLY | O_CREAT | (how[0] == 'w' ? O_TRUNC : O_APPEND));
      streams[fd] = calloc(1, sizeof(Stream));
      streams[fd]->file = file;
      streams[fd]->fd = fd;
    }
    errno = saved;
  }
  pthread_mutex_unlock(&lock);
  return file;
}
FILE *fopen(const char *path, const char *how) { return do_fopen(path, how); }
FILE *fopen64(const char *path, const char *how) { return do_fopen(path, how); }

static Stream *stream_of(FILE *file) {
  int fd = file ? fileno(file) : -1;
  if (fd < 0 || fd >= MAX_FD || !streams[fd] || streams[fd]->file != file) return NULL;
  return streams[fd];
}

// Called with the lock held. What could not be written stays in the buffer, as in stdio.
static int flush_stream(Stream *stream) {
  if (stream->used == 0) return 0;
  size_t used = stream->used;
  off_t before = end_of(stream->fd);
  ssize_t done = write_at(stream->fd, stream->bytes, used, before, 0);
  if (done < 0) {
    int saved = errno;
    size_t landed = (size_t)(end_of(stream->fd) - before);
    memmove(stream->bytes, stream->bytes + landed, used - landed);
    stream->used = used - landed;
    errno = saved;
    return EOF;
  }
  stream->used = 0;
  return 0;
}

size_t fwrite_unlocked(const void *data, size_t size, size_t count, FILE *file) {
  begin();
  Stream *stream = stream_of(file);
  if (!stream) return real_fwrite(data, size, count, file);
  const char *at = data;
  size_t left = size * count;
  pthread_mutex_lock(&lock);
  while (left > 0) {
    size_t room = STDIO_BYTES - stream->used;
    size_t part = left < room ? left : room;
    memcpy(stream->bytes + stream->used, at, part);
    stream->used += part;
    at += part;
    left -= part;
    if (stream->used == STDIO_BYTES && flush_stream(stream) != 0) break;
  }
  pthread_mutex_unlock(&lock);
  return left == 0 ? count : (size * count - left) / size;
}

int fflush_unlocked(FILE *file) {
  begin();
  Stream *stream = stream_of(file);
  if (!stream) return real_fflush(file);
  pthread_mutex_lock(&lock);
  int result = flush_stream(stream);
  pthread_mutex_unlock(&lock);
  return result;
}

int fclose(FILE *file) {
  begin();
  Stream *stream = stream_of(file);
  if (!stream) return real_fclose(file);
  pthread_mutex_lock(&lock);
  int fd = stream->fd;
  int result = flush_stream(stream);
  record('c', fd, 0, "", 0);
  watched[fd].inode = 0;
  streams[fd] = NULL;
  free(stream);
  int closed = real_fclose(file);
  pthread_mutex_unlock(&lock);
  return result != 0 ? result : closed;
}
