/* Preloaded into a process, it makes a folder look like a file system that went read-only: what Linux does to one whose
 * device fails. READ_ONLY_FOLDER is it, and it is so for as long as the file READ_ONLY_SWITCH is there. Only what SQLite
 * and Nearline write with is covered; what is mapped stays writable, as it does then. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int is_on(void) {
    const char* file = getenv("READ_ONLY_SWITCH");
    return file != NULL && access(file, F_OK) == 0;
}

static int is_inside(const char* path) {
    const char* folder = getenv("READ_ONLY_FOLDER");
    return folder != NULL && strncmp(path, folder, strlen(folder)) == 0;
}

static int refuses(int descriptor) {
    char link[64], path[4096];
    if (!is_on()) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    const ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    if (!is_inside(path)) return 0;
    errno = EROFS;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t write(int descriptor, const void* bytes, size_t count) {
    return refuses(descriptor) ? -1 : REAL(write)(descriptor, bytes, count);
}

ssize_t pwrite64(int descriptor, const void* bytes, size_t count, off64_t at) {
    return refuses(descriptor) ? -1 : REAL(pwrite64)(descriptor, bytes, count, at);
}

int ftruncate64(int descriptor, off64_t size) {
    return refuses(descriptor) ? -1 : REAL(ftruncate64)(descriptor, size);
}

int unlink(const char* path) {
    if (is_on() && is_inside(path)) {
        errno = EROFS;
        return -1;
    }
    return REAL(unlink)(path);
}

int open64(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) ? va_arg(more, mode_t) : 0;
    va_end(more);
    if ((flags & (O_WRONLY | O_RDWR | O_CREAT)) && is_inside(path) && is_on()) {
        errno = EROFS;
        return -1;
    }
    return REAL(open64)(path, flags, mode);
}

int open(const char* path, int flags, ...) {
    va_list more;
    va_start(more, flags);
    const mode_t mode = (flags & O_CREAT) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return open64(path, flags, mode);
}
