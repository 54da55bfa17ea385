/*
 * Loaded before libc (LD_PRELOAD): makes system calls fail as broken disks, network file systems and jumping clocks do.
 *   FAULT_PATH   only files whose path holds this text
 *   FAULT_CALL   write, read, rename or fsync
 *   FAULT_ERROR  the errno to fail with; 0: write one byte only
 *   FAULT_AFTER  calls on such files that still succeed
 *   FAULT_TIMES  calls that fail then (default: all)
 *   CLOCK_JUMPS  seconds that the wall clock jumps to and fro, every 100 ms
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static int strikes(const char *call, const char *path) {
  static int seen = 0;
  const char *wanted = getenv("FAULT_CALL"), *part = getenv("FAULT_PATH"), *after = getenv("FAULT_AFTER"), *times = getenv("FAULT_TIMES");
  if (!wanted || strcmp(wanted, call) != 0 || !part || !path || !strstr(path, part)) return 0;
  int at = __sync_fetch_and_add(&seen, 1), from = after ? atoi(after) : 0;
  return at >= from && (!times || at < from + atoi(times));
}

static int strikes_file(const char *call, int file) {
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return strikes(call, path);
}

static int number(void) {
  const char *given = getenv("FAULT_ERROR");
  return given ? atoi(given) : EIO;
}

#define REAL(name) (__typeof__(&name)) dlsym(RTLD_NEXT, #name)
#define FAIL(name, file) if (strikes_file(name, file)) { errno = number(); if (errno) return -1; }

ssize_t write(int file, const void *bytes, size_t count) {
  __typeof__(&write) real = REAL(write);
  if (strikes_file("write", file)) {
    if (number()) { errno = number(); return -1; }
    return real(file, bytes, count > 0 ? 1 : 0);
  }
  return real(file, bytes, count);
}
ssize_t pwrite64(int file, const void *bytes, size_t count, off64_t at) {
  __typeof__(&pwrite64) real = REAL(pwrite64);
  FAIL("write", file)
  return real(file, bytes, count, at);
}
ssize_t writev(int file, const struct iovec *parts, int count) {
  __typeof__(&writev) real = REAL(writev);
  FAIL("write", file)
  return real(file, parts, count);
}
ssize_t read(int file, void *bytes, size_t count) {
  __typeof__(&read) real = REAL(read);
  FAIL("read", file)
  return real(file, bytes, count);
}
ssize_t pread64(int file, void *bytes, size_t count, off64_t at) {
  __typeof__(&pread64) real = REAL(pread64);
  FAIL("read", file)
  return real(file, bytes, count, at);
}
int fsync(int file) {
  __typeof__(&fsync) real = REAL(fsync);
  FAIL("fsync", file)
  return real(file);
}
int rename(const char *from, const char *to) {
  __typeof__(&rename) real = REAL(rename);
  if (strikes("rename", to)) { errno = number(); return -1; }
  return real(from, to);
}

static long jump(void) {
  const char *given = getenv("CLOCK_JUMPS");
  if (!given) return 0;
  struct timespec now;
  __typeof__(&clock_gettime) real = REAL(clock_gettime);
  real(CLOCK_MONOTONIC, &now);
  return (now.tv_nsec / 100000000) % 2 ? atol(given) : -atol(given);
}
int clock_gettime(clockid_t clock, struct timespec *time) {
  __typeof__(&clock_gettime) real = REAL(clock_gettime);
  int result = real(clock, time);
  if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += jump();
  return result;
}
int gettimeofday(struct timeval *time, void *zone) {
  int (*real)(struct timeval *, void *) = dlsym(RTLD_NEXT, "gettimeofday");
  int result = real(time, zone);
  time->tv_sec += jump();
  return result;
}
time_t time(time_t *into) {
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  if (into) *into = now.tv_sec;
  return now.tv_sec;
}
