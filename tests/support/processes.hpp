#pragma once

#include <cstdio>
#include <functional>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>

namespace nearline::test {

/// Runs `work` with 0, 1, ... in as many processes, which begin together; gives how many did not end well. One that
/// throws says why on standard error. Before the fork this process should have no other threads that hold locks.
inline int failures_in_processes(int processes, const std::function<void(int)>& work) {
    int pipe_ends[2];
    if (::pipe(pipe_ends) != 0) throw std::runtime_error("no pipe");
    std::vector<pid_t> children;
    for (int i = 0; i < processes; ++i) {
        const pid_t child = ::fork();
        if (child < 0) throw std::runtime_error("no process");
        if (child == 0) {
            ::close(pipe_ends[1]);
            char byte = 0;
            if (::read(pipe_ends[0], &byte, 1) != 0) ::_exit(2);  // until the parent closes its end
            try {
                work(i);
                ::_exit(0);
            } catch (const std::exception& error) {
                std::fprintf(stderr, "%s\n", error.what());
                ::_exit(1);
            }
        }
        children.push_back(child);
    }
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    int failed = 0;
    for (const pid_t child : children) {
        int status = -1;
        if (::waitpid(child, &status, 0) != child || status != 0) ++failed;
    }
    return failed;
}

}  // namespace nearline::test
