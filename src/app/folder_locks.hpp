#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "runtime/data_lock.hpp"

namespace nearline::app {

/// The folders that a program holds for its embedded parts, for as long as this lives. Not thread-safe. What can't
/// be held throws std::runtime_error, with the name of the process in the way.
class FolderLocks {
public:
    /// `program` is what it is called to others; empty: the executable's name.
    explicit FolderLocks(std::string program = {}) : program_(std::move(program)) {}

    /// Holds the folder, unless it is held or known already; the lock where it is this one's.
    DataLock* hold(const std::string& folder, DataLock::Use use);
    /// The folder of sqlite:FILE, shared; nothing for URLs that name no file.
    void hold_file(const std::string& url);
    /// The folder is locked by what lies in it, as an embedded stream does.
    void add_known(const std::string& folder);

private:
    bool knows(const std::string& folder) const;

    const std::string program_;
    std::vector<std::filesystem::path> known_;
    std::vector<std::unique_ptr<DataLock>> locks_;
};

}  // namespace nearline::app
